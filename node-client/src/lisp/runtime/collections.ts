// Reading and copying collections: vectors and lists (Array), maps (plain object or Map), sets, nil as the empty one.

import { isRemote, remoteBrand } from './brands.js'
import { equal, hasItem, keyIn } from './equality.js'
import { LispList, isKeyword, keyword, list, nameOf } from './names.js'
import { isRecord } from './truth.js'

type Rec = Record<string, unknown>
interface NdArray {
  readonly data: ArrayLike<unknown> & { subarray?: (from: number, to: number) => ArrayLike<unknown> }
  readonly shape: readonly number[]
  readonly dtype: string
}

/** A keyword and its name are the same key. */
const keyOf = (key: unknown): unknown => (isKeyword(key) ? nameOf(key) : key)

export const isNdArray = (x: unknown): x is NdArray =>
  typeof x === 'object' &&
  x !== null &&
  'shape' in x &&
  'dtype' in x &&
  ArrayBuffer.isView((x as { data?: unknown }).data)

export function notData(what: string): TypeError {
  return new TypeError(`${what} is a Python value that was not awaited, or is not data: await it first`)
}

/** The items of anything, as an array that must not be changed. */
export function seq(coll: unknown): readonly unknown[] {
  if (coll == null) return []
  if (Array.isArray(coll)) return coll
  if (typeof coll === 'string') return Array.from(coll)
  if (isRemote(coll)) throw notData('the collection')
  if (isNdArray(coll)) return rows(coll)
  if (typeof (coll as Iterable<unknown>)[Symbol.iterator] === 'function') return [...(coll as Iterable<unknown>)]
  if (typeof coll === 'object' && !(Symbol.asyncIterator in coll)) return Object.entries(coll)
  throw new TypeError(`${typeof coll} is not a collection`)
}

function rows({ data, shape, dtype }: NdArray): unknown[] {
  const [count = 0, ...rest] = shape
  if (rest.length === 0) return Array.from(data)
  const size = rest.reduce((a, b) => a * b, 1)
  const part = (i: number): ArrayLike<unknown> => data.subarray!(i * size, (i + 1) * size)
  return Array.from({ length: count }, (_, i) => ({ data: part(i), shape: rest, dtype }))
}

export function get(coll: unknown, key: unknown, fallback: unknown = null): unknown {
  if (coll == null) return fallback
  if (isRemote(coll)) return item(coll, key)
  const k = keyOf(key)
  if (coll instanceof Map) {
    const found = keyIn(coll, k)
    return coll.has(found) ? coll.get(found) : fallback
  }
  if (coll instanceof Set) return fromSet(coll, key, fallback)
  if (isRecord(coll)) return Object.hasOwn(coll, k as PropertyKey) ? (coll[k as string] ?? null) : fallback
  if (isNdArray(coll) && typeof k === 'number') return seq(coll)[k] ?? fallback
  return (coll as Rec)[k as string] ?? fallback
}

function fromSet(set: Set<unknown>, key: unknown, fallback: unknown): unknown {
  if (hasItem(set, key)) return key
  const named = typeof key === 'string' ? keyword(key) : key
  return set.has(named) ? named : fallback
}

/** remote[key], as Python's operator.getitem. */
export function item(remote: unknown, key: unknown): unknown {
  const brand = remoteBrand(remote)
  if (brand.item) return brand.item(keyOf(key))
  return (remote as { __getitem__: (key: unknown) => unknown }).__getitem__(keyOf(key))
}

export const getIn = (coll: unknown, path: unknown, fallback: unknown = null): unknown => {
  let found = coll
  for (const key of seq(path)) {
    found = get(found, key, undefined)
    if (found == null) return fallback
  }
  return found
}

export function nth(coll: unknown, index: number, fallback?: unknown): unknown {
  const items = typeof coll === 'string' ? coll : seq(coll)
  if (index >= 0 && index < items.length) return items[index] ?? null
  if (fallback !== undefined || coll == null) return fallback ?? null
  throw new RangeError(`index ${index} is outside of ${items.length} item(s)`)
}

export function contains(coll: unknown, key: unknown): boolean {
  if (coll == null) return false
  const k = keyOf(key)
  if (coll instanceof Map) return coll.has(keyIn(coll, k))
  if (coll instanceof Set) return hasItem(coll, key)
  if (Array.isArray(coll)) return typeof k === 'number' && k >= 0 && k < coll.length
  return typeof coll === 'object' && Object.hasOwn(coll, k as PropertyKey)
}

export const count = (coll: unknown): number => {
  if (coll instanceof Map || coll instanceof Set) return coll.size
  return typeof coll === 'string' ? coll.length : seq(coll).length
}
export const isEmpty = (coll: unknown): boolean => count(coll) === 0
export const keys = (map: unknown): unknown[] => (map instanceof Map ? [...map.keys()] : Object.keys(map ?? {}))
export const vals = (map: unknown): unknown[] => (map instanceof Map ? [...map.values()] : Object.values(map ?? {}))

// making

export const vector = (...items: unknown[]): unknown[] => items
export const vec = (coll: unknown): unknown[] => [...seq(coll)]
export const hashSet = (...items: unknown[]): Set<unknown> => toSet(items)

export function toSet(coll: unknown): Set<unknown> {
  const made = new Set<unknown>()
  for (const x of seq(coll)) if (!hasItem(made, x)) made.add(x)
  return made
}

/** A map of keys and values in turn: a plain object if all keys are strings or keywords, else a Map. */
export function hashMap(...pairs: unknown[]): unknown {
  const entries: [unknown, unknown][] = []
  for (let i = 0; i < pairs.length; i += 2) entries.push([pairs[i], pairs[i + 1] ?? null])
  return mapOf(entries)
}

export function mapOf(entries: Iterable<readonly [unknown, unknown]>): unknown {
  let made: unknown = {}
  for (const [key, value] of entries) made = put(made, key, value)
  return made
}

/** Puts a value into a map made here: changes it, or moves to a Map when the key asks for one. */
function put(target: unknown, key: unknown, value: unknown): unknown {
  const k = keyOf(key)
  if (target instanceof Map) return target.set(keyIn(target, k), value)
  if (Array.isArray(target)) return putIndex(target, k, value)
  if (typeof k !== 'string') return put(new Map<unknown, unknown>(Object.entries(target as Rec)), k, value)
  Object.defineProperty(target, k, { value, writable: true, enumerable: true, configurable: true })
  return target
}

function putIndex(target: unknown[], index: unknown, value: unknown): unknown[] {
  if (!Number.isInteger(index) || (index as number) < 0 || (index as number) > target.length) {
    throw new RangeError(`index ${String(index)} is outside of ${target.length} item(s)`)
  }
  target[index as number] = value
  return target
}

function copy(coll: unknown): unknown {
  if (coll == null) return {}
  if (coll instanceof LispList) return list(...coll)
  if (Array.isArray(coll)) return coll.slice()
  if (coll instanceof Map) return new Map(coll)
  if (coll instanceof Set) return new Set(coll)
  if (typeof coll !== 'object' || isRemote(coll)) throw new TypeError(`${typeof coll} is not a collection`)
  return Object.assign(Object.create(Object.getPrototypeOf(coll) as object | null) as object, coll)
}

// changing copies

export const assoc = (coll: unknown, ...pairs: unknown[]): unknown => putAll(copy(coll), pairs)
export const assocMut = (coll: unknown, ...pairs: unknown[]): unknown => putAll(coll, pairs)

function putAll(target: unknown, pairs: readonly unknown[]): unknown {
  let made = target
  for (let i = 0; i < pairs.length; i += 2) made = put(made, pairs[i], pairs[i + 1] ?? null)
  return made
}

export const dissoc = (map: unknown, ...ks: unknown[]): unknown => (map == null ? null : dissocMut(copy(map), ...ks))
export function dissocMut(map: unknown, ...ks: unknown[]): unknown {
  for (const key of ks.map(keyOf)) {
    if (map instanceof Map) map.delete(keyIn(map, key))
    else Reflect.deleteProperty(map as Rec, key as string)
  }
  return map
}

export const cons = (x: unknown, coll: unknown): LispList => list(x, ...seq(coll))
export const conj = (coll: unknown, ...items: unknown[]): unknown =>
  conjMut(coll == null ? list() : copy(coll), ...items)
export function conjMut(coll: unknown, ...items: unknown[]): unknown {
  let made = coll
  for (const x of items) made = addItem(made, x)
  return made
}

function addItem(coll: unknown, x: unknown): unknown {
  if (coll instanceof LispList) coll.unshift(x)
  else if (Array.isArray(coll)) coll.push(x)
  else if (coll instanceof Set) coll.add(keyIn(coll, x))
  else if (Array.isArray(x)) return put(coll, x[0], x[1] ?? null)
  else return seq(x).reduce((made, entry) => addItem(made, entry), coll)
  return coll
}

export const disj = (set: unknown, ...items: unknown[]): unknown => {
  const made = copy(set) as Set<unknown>
  for (const x of items) made.delete(keyIn(made, x))
  return made
}
export const assocIn = (coll: unknown, path: unknown, value: unknown): unknown => {
  const [key, ...more] = seq(path)
  return assoc(coll, key, more.length > 0 ? assocIn(get(coll, key), more, value) : value)
}
export const merge = (...maps: unknown[]): unknown =>
  maps.reduce((made, map) => (map == null ? made : into(made, map)), {})
export const into = (to: unknown, from: unknown): unknown => conjMut(to == null ? [] : copy(to), ...seq(from))
export const concat = (...colls: unknown[]): unknown[] => colls.flatMap((coll) => seq(coll))
export const selectKeys = (map: unknown, ks: unknown): unknown =>
  mapOf(seq(ks).flatMap((key): [unknown, unknown][] => (contains(map, key) ? [[key, get(map, key)]] : [])))
export const union = (...sets: unknown[]): Set<unknown> => toSet(concat(...sets))
export const intersection = (set: unknown, ...sets: unknown[]): Set<unknown> =>
  toSet(seq(set).filter((x) => sets.every((other) => hasItem(other as Set<unknown>, x))))
export const difference = (set: unknown, ...sets: unknown[]): Set<unknown> =>
  toSet(seq(set).filter((x) => !sets.some((other) => hasItem(other as Set<unknown>, x))))
export const zipmap = (ks: unknown, vs: unknown): unknown => {
  const values = seq(vs)
  return mapOf(
    seq(ks)
      .slice(0, values.length)
      .map((key, i): [unknown, unknown] => [key, values[i]]),
  )
}
export const frequencies = (coll: unknown): unknown =>
  seq(coll).reduce((made, x) => put(made, x, (get(made, x, 0) as number) + 1), {})
export const indexOf = (coll: unknown, x: unknown): number | null => {
  const found = typeof coll === 'string' ? coll.indexOf(String(x)) : seq(coll).findIndex((other) => equal(other, x))
  return found < 0 ? null : found
}

/** {axis 0} of [:axis 0]; also of one map. */
export function keywordsToMap(pairs: readonly unknown[]): unknown {
  return pairs.length === 1 && !isKeyword(pairs[0]) ? pairs[0] : hashMap(...pairs)
}
export { put as putKey }
