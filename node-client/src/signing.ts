/** Signatures of entries (§16). Mirrors `signing.py`, which signs jobs and what a worker says of itself, too. */

import { createHash, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'

import { FIELD_MOMENT, FIELD_NUMBER, FIELD_SIGNATURE } from './keys.js'
import { PROTOCOL } from './ops.js'

const ENTRY = `polyloom/${PROTOCOL}/entry`
export const HINT =
  'set the same POLYLOOM_SECRET on both sides, or on neither; `polyloom doctor` tells which workers share yours'

const WORD = 4 // bytes of a length
const NUMBER = /^[0-9]{1,16}$/

/** A name or a value of a stream entry. */
export type Field = string | Buffer

/** The signature of parts, each taken with its length, so that no two lists of parts have the same bytes (§16.2). */
export function sign(secret: KeyObject, parts: readonly Field[]): string {
  const hmac = createHmac('sha256', secret)
  for (const part of parts) {
    const length = Buffer.allocUnsafe(WORD)
    length.writeUInt32BE(Buffer.byteLength(part))
    hmac.update(length).update(part)
  }
  return hmac.digest('hex')
}

/** Tell whether a signature is that of these parts. */
export function matches(secret: KeyObject, signature: Field, parts: readonly Field[]): boolean {
  const [given, wanted] = [Buffer.from(signature), Buffer.from(sign(secret, parts))]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** What stands for the bytes of a blob in a signed entry. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Signs the entries of one sender, and knows those that are for it. */
export class Signer {
  readonly #numbers = new Map<string, number>() // the last one by receiver

  constructor(
    readonly secret: KeyObject,
    readonly own: string,
  ) {}

  /** The fields of an entry with those that sign it; `moment` is the server's time in ms, for a beginning (§16.4). */
  seal(receiver: string, fields: readonly Field[], moment?: number): Field[] {
    const begin = moment === undefined ? [] : [FIELD_MOMENT, String(moment)]
    const sealed = [...fields, ...begin, FIELD_NUMBER, String(this.#next(receiver))]
    return [...sealed, FIELD_SIGNATURE, sign(this.secret, [ENTRY, receiver, ...sealed])]
  }

  /** The number of an entry that came; undefined where its signature is missing or wrong. */
  number(fields: readonly Buffer[]): number | undefined {
    const [name, number, last, signature] = fields.slice(-4)
    if (name?.toString('latin1') !== FIELD_NUMBER || last?.toString('latin1') !== FIELD_SIGNATURE) return undefined
    const text = number!.toString('latin1')
    if (!NUMBER.test(text) || !matches(this.secret, signature!, [ENTRY, this.own, ...fields.slice(0, -2)]))
      return undefined
    return Number(text)
  }

  #next(receiver: string): number {
    const number = (this.#numbers.get(receiver) ?? microseconds()) + 1
    this.#numbers.set(receiver, number)
    return number
  }
}

/** From where numbers go on that nobody knows any more: nobody sends an entry in each microsecond (§16.3). */
function microseconds(): number {
  return Math.round(1000 * (performance.timeOrigin + performance.now()))
}
