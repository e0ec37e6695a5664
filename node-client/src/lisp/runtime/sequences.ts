// Sequence functions that call no function of the program.

import { concat, seq } from './collections.js'
import { compare, equal } from './equality.js'
import { truthy } from './truth.js'
import { toSet } from './collections.js'
import { random } from './world.js'

type Items = readonly unknown[]

export function range(start: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, start] : [start, end]
  const length = Math.max(0, Math.ceil((to - from) / step))
  if (!Number.isFinite(length)) throw new RangeError('a range needs an end and a step that is not 0')
  return Array.from({ length }, (_, i) => from + i * step)
}
export const repeat = (n: number, x: unknown): unknown[] => Array.from({ length: n }, () => x)
export const first = (coll: unknown): unknown => seq(coll)[0] ?? null
export const second = (coll: unknown): unknown => seq(coll)[1] ?? null
export const last = (coll: unknown): unknown => seq(coll).at(-1) ?? null
export const rest = (coll: unknown): Items => seq(coll).slice(1)
export const next = (coll: unknown): Items | null => seqOrNil(rest(coll))
export const butlast = (coll: unknown): Items => seq(coll).slice(0, -1)
export const seqOrNil = (coll: unknown): Items | null => {
  const items = seq(coll)
  return items.length > 0 ? items : null
}
export const subvec = (coll: unknown, start: number, end?: number): Items => seq(coll).slice(start, end)
export const take = (n: number, coll: unknown): Items => seq(coll).slice(0, Math.max(0, n))
export const drop = (n: number, coll: unknown): Items => seq(coll).slice(Math.max(0, n))
export const takeLast = (n: number, coll: unknown): Items => (n > 0 ? seq(coll).slice(-n) : [])
export const dropLast = (n: number, coll: unknown): Items => (n > 0 ? seq(coll).slice(0, -n) : seq(coll))
export const takeNth = (n: number, coll: unknown): Items => seq(coll).filter((_, i) => i % n === 0)
export const reverse = (coll: unknown): Items => seq(coll).slice().reverse()
export const distinct = (coll: unknown): Items => [...toSet(coll)]
export const dedupe = (coll: unknown): Items => seq(coll).filter((x, i, all) => i === 0 || !equal(x, all[i - 1]))
export const flatten = (coll: unknown): Items => seq(coll).flatMap((x) => (Array.isArray(x) ? flatten(x) : [x]))
export const interpose = (separator: unknown, coll: unknown): Items =>
  seq(coll).flatMap((x, i) => (i === 0 ? [x] : [separator, x]))
export const interleave = (...colls: unknown[]): Items => {
  const all = colls.map(seq)
  const length = Math.min(...all.map((items) => items.length))
  return concat(...Array.from({ length: all.length === 0 ? 0 : length }, (_, i) => all.map((items) => items[i])))
}
export const partitionAll = (n: number, coll: unknown): Items[] => {
  if (!(n > 0)) throw new RangeError('a partition needs at least one item')
  const items = seq(coll)
  return Array.from({ length: Math.ceil(items.length / n) }, (_, i) => items.slice(i * n, (i + 1) * n))
}
export const partition = (n: number, coll: unknown): Items[] =>
  partitionAll(n, coll).filter((part) => part.length === n)
export const splitAt = (n: number, coll: unknown): [Items, Items] => [take(n, coll), drop(n, coll)]
export const shuffle = (coll: unknown): Items => {
  const items = [...seq(coll)]
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[items[i], items[j]] = [items[j], items[i]]
  }
  return items
}

/** (sort xs) or (sort compare xs); a comparison gives a number, or true when its first comes first. */
export function sort(by: unknown, coll?: unknown): Items {
  if (coll === undefined && typeof by !== 'function') return [...seq(by)].sort(compare)
  const order = by as (a: unknown, b: unknown) => unknown
  return [...seq(coll)].sort((a, b) => {
    const found = order(a, b)
    return typeof found === 'number' ? found : truthy(found) ? -1 : truthy(order(b, a)) ? 1 : 0
  })
}
