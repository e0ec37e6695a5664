/** One program under construction (§5): its text, its attachments, and who waits for its results. */

import type { Frame } from './frames.js'
import type { Mode } from './ops.js'

/** Somebody who waits for the object in a slot. */
export interface Pull {
  readonly slot: number
  settle(value: unknown): void
  fail(error: Error): void
  /** Make the Remote of a handle that names this very slot (§6.3). */
  live(type: string, identity: number): unknown
}

export class Program implements Frame {
  text: string
  ops = 0
  readonly attachments: Uint8Array[] = []
  readonly pulls: Pull[] = []
  /** How many pulls stood before the first op with slot 0: its failure is told to the next one. */
  silentAt = -1
  receipt?: string
  #mode: Mode | undefined // of the pull op that is still open

  constructor(
    session: string,
    readonly n: number,
  ) {
    this.text = `{"t":"program","session":"${session}","n":${n},"ops":[`
  }

  /** Add the text of an op. */
  add(op: string): void {
    this.#endPull()
    this.text += this.ops++ ? `,${op}` : op
  }

  /** Add a slot to the pull op that is open, or open one. */
  pull(mode: Mode, pull: Pull): void {
    if (this.#mode === mode) this.text += `,${pull.slot}`
    else {
      this.add(`["pull","${mode}",${pull.slot}`)
      this.#mode = mode
    }
    this.pulls.push(pull)
  }

  /** Note that the op added last has slot 0. */
  markSilent(): void {
    if (this.silentAt < 0) this.silentAt = this.pulls.length
  }

  /** Complete the text. */
  seal(ack: string | undefined): this {
    this.#endPull()
    this.text += ack === undefined ? ']}' : `],"ack":"${ack}"}`
    return this
  }

  #endPull(): void {
    if (this.#mode === undefined) return
    this.text += ']'
    this.#mode = undefined
  }
}
