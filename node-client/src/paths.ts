/** What encoding and decoding say about where a value is refused, and by which limit. */

import { LimitExceeded } from './errors.js'
import type { Limits } from './limits.js'

const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u

/** Return one segment of a path: `[2]`, `.name` or `["odd name"]`. */
export function step(key: unknown): string {
  if (typeof key === 'number') return `[${key}]`
  const text = String(key)
  return IDENTIFIER.test(text) ? `.${text}` : `["${text}"]`
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
