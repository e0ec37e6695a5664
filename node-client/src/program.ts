/** One program under construction (§5): its text, its attachments, and who waits for its results. */

import type { Call } from './calls.js'
import type { Body, Frame } from './frames.js'
import { placesOf, type Loan } from './loan.js'
import type { Pulling } from './ops.js'
import type { Site } from './site.js'

/** Somebody who waits for the object in a slot. */
export interface Pull {
  readonly slot: number
  /** Take the result; `marked` says of a number that it is a float, whatever it looks like (§6.2). */
  settle(value: unknown, marked: boolean): void
  fail(error: Error): void
  /** Make the Remote of a handle that names this very slot (§6.3). */
  live(type: string, identity: number): unknown
}

const PROGRAM_OPS = 512 // after these a program is sent, so that the host begins early
export const PROGRAM_TEXT = 1 << 20 // UTF-16 units, likewise
const PROGRAM_ATTACHMENTS = 1024

export class Program implements Frame {
  text: string
  ops = 0
  readonly attachments: Uint8Array[] = []
  readonly pulls: Pull[] = []
  /** Ops with slot 0 by their index: where they were asked for, and how many pulls stood before; the next one is told. */
  readonly silent = new Map<number, { readonly pulls: number; readonly site: Site | undefined }>()
  receipt?: string
  accepted?: () => void
  /** Objects of other sessions that it uses. */
  readonly loans: Loan[] = []
  sealed = false
  /** Ids of objects of this client that it names (§12.7). */
  named: readonly number[] | undefined
  /** Slots of ops that may be given up while they run (§5.8). */
  guarded: number[] | undefined
  /** Slots of ops that must never run twice (§15.5). */
  once: number[] | undefined
  /** Slots that are given back beside the ops (§15.8). */
  released: readonly number[] | undefined
  /** In a session with threads: the programs that it comes after (§4.5), until it has ended. */
  after: Set<Program> | undefined
  /** And the slots that it uses. */
  readonly slots: number[] = []
  /** After the reply: the pulls whose results come later, by their index (§5.7). */
  waiting: Map<number, Pull> | undefined
  /** Frames with late results that came before the reply. */
  early: [Body, Frame][] | undefined
  #mode: Pulling | undefined // of the pull op that is still open

  constructor(
    session: string,
    readonly n: number,
    readonly within: number | undefined, // the call of this session that it is made in (§12.5)
    readonly around: Call | undefined, // the innermost call that it is made in
  ) {
    const inside = within === undefined ? '' : `"in":${within},`
    this.text = `{"t":"program","session":"${session}","n":${n},${inside}"ops":[`
  }

  /** Whether it is large enough to be sent. */
  get full(): boolean {
    return this.ops >= PROGRAM_OPS || this.text.length >= PROGRAM_TEXT || this.attachments.length >= PROGRAM_ATTACHMENTS
  }

  /** Add the text of an op. */
  add(op: string): void {
    this.#endPull()
    this.text += this.ops++ ? `,${op}` : op
  }

  /** Add a slot to the pull op that is open, or open one. */
  pull(mode: Pulling, pull: Pull): void {
    if (this.#mode === mode) this.text += `,${pull.slot}`
    else {
      this.add(`["pull",${typeof mode === 'string' ? `"${mode}"` : JSON.stringify(mode)},${pull.slot}`)
      this.#mode = mode
    }
    this.pulls.push(pull)
  }

  /** Add the text of an op with slot 0. */
  addSilent(op: string, site: Site | undefined): void {
    this.add(op)
    this.silent.set(this.ops - 1, { pulls: this.pulls.length, site })
  }

  /** Complete the text, with further keys. */
  seal(extras: string): this {
    this.#endPull()
    if (this.guarded) this.text += `],"guarded":[${this.guarded.join()}`
    if (this.after) this.text += `],"after":[${[...this.after].map((one) => one.n).join()}`
    this.text += `]${placesOf(this.loans)}${extras && `,${extras}`}}`
    this.sealed = true
    return this
  }

  /** Tell whether it waits for the end of program `n` of its session, directly or not (§4.2, §4.5). */
  waits(n: number): boolean {
    if (!this.after) return this.n > n
    const seen = new Set<Program>([this])
    for (const one of seen) {
      if (one.n === n) return this.n > n
      for (const before of one.after ?? []) seen.add(before)
    }
    return false
  }

  /** Who has not been answered yet. */
  get unanswered(): Iterable<Pull> {
    return this.waiting?.values() ?? this.pulls
  }

  #endPull(): void {
    if (this.#mode === undefined) return
    this.text += ']'
    this.#mode = undefined
  }
}
