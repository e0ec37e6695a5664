// Deep equality and the order of values.

import { NAME } from './brands.js'
import { LispSymbol, isKeyword, nameOf } from './names.js'
import { isRecord } from './truth.js'

type Typed = ArrayLike<unknown>

export function equals(...xs: unknown[]): boolean {
  for (let i = 1; i < xs.length; i++) if (!equal(xs[i - 1], xs[i])) return false
  return true
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b || (a == null && b == null)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b)
  if (a instanceof Map) return b instanceof Map && sameMaps(a, b)
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((item) => hasItem(b, item))
  if (a instanceof LispSymbol) return b instanceof LispSymbol && a[NAME] === b[NAME]
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime()
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && sameViews(a, b)
  return isRecord(a) && isRecord(b) && sameRecords(a, b)
}

const sameViews = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  a.constructor === b.constructor && sameItems(a as unknown as Typed, b as unknown as Typed)

function sameItems(a: Typed, b: Typed): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false
  return true
}

function sameRecords(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

function sameMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) {
    const other = keyIn(b, key)
    if (!b.has(other) || !equal(value, b.get(other))) return false
  }
  return true
}

/** The key of a map or set that equals `key`, or `key` itself: collections are found by their content. */
export function keyIn(coll: { has(key: unknown): boolean; keys(): Iterable<unknown> }, key: unknown): unknown {
  if (typeof key !== 'object' || key === null || coll.has(key)) return key
  for (const candidate of coll.keys()) if (equal(candidate, key)) return candidate
  return key
}

export const hasItem = (set: Set<unknown>, item: unknown): boolean => set.has(keyIn(set, item))

const rank = (x: unknown): number => {
  if (x == null) return 0
  const ranks: Record<string, number> = { boolean: 1, number: 2, bigint: 2, string: 3 }
  return (
    ranks[typeof x] ??
    (isKeyword(x) ? 4 : x instanceof LispSymbol ? 5 : x instanceof Date ? 6 : Array.isArray(x) ? 7 : -1)
  )
}

const order = (a: unknown, b: unknown): number =>
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0

/** -1, 0 or 1; values without an order are an error. */
export function compare(a: unknown, b: unknown): number {
  const kind = rank(a)
  if (kind === -1 || rank(b) === -1) throw new TypeError('these values have no order')
  if (kind !== rank(b)) return order(kind, rank(b))
  if (kind === 0) return 0
  if (kind === 7) return compareItems(a as unknown[], b as unknown[])
  return kind === 4 || kind === 5 ? order(nameOf(a), nameOf(b)) : order(a, b)
}

function compareItems(a: unknown[], b: unknown[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const found = compare(a[i], b[i])
    if (found !== 0) return found
  }
  return order(a.length, b.length)
}
