/** What encoding and decoding say about where a value is refused, and by which limit. */

import { LimitExceeded, PolyloomError, ValueRefused } from './errors.js'
import type { Limits } from './limits.js'

const LONGEST_NAME = 200 // characters of a key in a path
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u

/** Return one segment of a path: `[2]`, `.name` or `["odd name"]`. */
export function step(key: unknown): string {
  if (typeof key === 'number') return `[${key}]`
  const text = textOf(key)
  return IDENTIFIER.test(text) ? `.${text}` : `["${text}"]`
}

/** Return what a key is called in a path, whatever it is: no key may hinder telling where it stands. */
function textOf(key: unknown): string {
  try {
    return String(key).slice(0, LONGEST_NAME)
  } catch {
    return typeof key
  }
}

/** Return the error of a value that cannot be encoded: what its getters or its Proxy throw is the cause of a refusal. */
export function refusalOf(error: unknown): PolyloomError {
  if (error instanceof PolyloomError) return error
  if (error instanceof RangeError && error.message === 'Invalid string length')
    return new LimitExceeded('frame_bytes: no string of this engine is so long', { cause: error })
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : textOf(error)
  return new ValueRefused(`a value that throws when it is read has no wire form: ${reason}`, { cause: error })
}

/** Throw LimitExceeded for the decimal text of an int that is too long. */
export function checkDigits(text: string, { intDigits }: Limits): void {
  const digits = text.startsWith('-') ? text.length - 1 : text.length
  if (digits > intDigits) throw tooLong('int_digits', digits, intDigits)
}

export function tooDeep(limits: Limits): LimitExceeded {
  return new LimitExceeded(`depth: nested deeper than ${limits.depth} levels`)
}

export function tooLong(name: string, size: number, limit: number): LimitExceeded {
  return new LimitExceeded(`${name}: ${size} are above ${limit}`)
}
