// Strings and regular expressions.

import { display, print } from '../print.js'
import { seq } from './collections.js'

export const str = (...xs: unknown[]): string => xs.map(display).join('')
export const prStr = (...xs: unknown[]): string => xs.map(print).join(' ')
export const subs = (text: string, start: number, end?: number): string => text.slice(start, end)
export const upper = (text: string): string => text.toUpperCase()
export const lower = (text: string): string => text.toLowerCase()
export const capitalize = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()
export const trim = (text: string): string => text.trim()
export const split = (text: string, separator: string | RegExp, limit?: number): string[] => {
  if (limit === undefined) return text.split(separator)
  const parts: string[] = []
  let rest = text
  while (parts.length + 1 < limit) {
    const at = typeof separator === 'string' ? rest.indexOf(separator) : rest.search(separator)
    if (at < 0) break
    const length = typeof separator === 'string' ? separator.length : separator.exec(rest)![0].length
    parts.push(rest.slice(0, at))
    rest = rest.slice(at + length)
  }
  return [...parts, rest]
}
export const splitLines = (text: string): string[] => text.split(/\r?\n/)
export const join = (separator: unknown, coll?: unknown): string =>
  coll === undefined && typeof separator !== 'string'
    ? seq(separator).map(display).join('')
    : seq(coll).map(display).join(display(separator))
export const replace = (text: string, match: string | RegExp, by: unknown): string => {
  const all = typeof match === 'string' || match.global ? match : new RegExp(match.source, `${match.flags}g`)
  const result =
    typeof by === 'function' ? (found: string): string => display((by as (s: string) => unknown)(found)) : display(by)
  return text.replaceAll(all, result as string)
}
export const startsWith = (text: string, part: string): boolean => text.startsWith(part)
export const endsWith = (text: string, part: string): boolean => text.endsWith(part)
export const includes = (text: string, part: string): boolean => text.includes(part)
export const isBlank = (text: unknown): boolean => display(text).trim() === ''
export const padLeft = (text: unknown, width: number, fill = ' '): string => display(text).padStart(width, fill)
export const padRight = (text: unknown, width: number, fill = ' '): string => display(text).padEnd(width, fill)

type Match = string | (string | null)[]
const matched = (found: RegExpExecArray | null): Match | null =>
  found === null
    ? null
    : found.length === 1
      ? found[0]
      : Array.from(found as (string | undefined)[], (group) => group ?? null)
const fresh = (regex: RegExp, flags = regex.flags.replace('g', '')): RegExp => new RegExp(regex.source, flags)

export const reFind = (regex: RegExp, text: string): Match | null => matched(fresh(regex).exec(text))
export const reMatches = (regex: RegExp, text: string): Match | null =>
  matched(new RegExp(`^(?:${regex.source})$`, regex.flags.replace('g', '')).exec(text))
export const reSeq = (regex: RegExp, text: string): Match[] =>
  Array.from(text.matchAll(fresh(regex, `${regex.flags.replace('g', '')}g`)), (found) => matched(found)!)
export const rePattern = (source: string, flags = ''): RegExp => new RegExp(source, flags)
