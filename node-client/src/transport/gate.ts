/** Which entries of its mailbox a client with a secret takes (§16.3, §16.4). */

import { SignatureError } from '../errors.js'
import { FIELD_SIGNATURE } from '../keys.js'
import { Seen } from '../seen.js'
import { HINT, type Signer } from '../signing.js'

const PERIOD_MS = 10_000 // between two warnings

export class Gate {
  readonly #seen = new Seen()
  #known = false // an entry of the worker was verified
  #dropped = 0 // since the last warning
  #warned = -Infinity // when, in ms of the monotonic clock

  constructor(
    readonly signer: Signer,
    readonly worker: string,
  ) {}

  /** The number of an entry that bears the worker's id and is to be taken; undefined for one to be dropped. */
  check(fields: readonly Buffer[]): number | undefined {
    const number = this.signer.number(fields)
    if (number === undefined) {
      if (!this.#known) throw this.#unverified(fields)
      this.#drop()
    } else this.#known = true
    return number === undefined || this.#seen.has(number) ? undefined : number
  }

  /** Note that an entry was taken. Until then it may be read again. */
  take(number: number): void {
    if (!this.#seen.has(number)) this.#seen.add(number)
  }

  #unverified(fields: readonly Buffer[]): SignatureError {
    const signed = fields.at(-2)?.toString('latin1') === FIELD_SIGNATURE
    const reason = signed ? 'it has another secret' : 'it does not sign, so it has no secret'
    return new SignatureError(`the answer of the worker ${this.worker} cannot be verified: ${reason}`, { hint: HINT })
  }

  #drop(): void {
    this.#dropped++
    const now = performance.now()
    if (now - this.#warned < PERIOD_MS) return
    const entries = `${this.#dropped} ${this.#dropped === 1 ? 'entry' : 'entries'}`
    process.emitWarning(`polyloom dropped ${entries} in the name of the worker ${this.worker} that it did not sign`)
    this.#warned = now
    this.#dropped = 0
  }
}
