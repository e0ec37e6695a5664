/**
 * Python values that JavaScript lacks. They print as Python prints them, are immutable, and go back unchanged.
 * Times live in `times.ts`, arrays of numpy in `arrays.ts`.
 */

import { octetsOf } from './octets.js'
import { PyDate, PyDateTime, PyTime, TimeDelta } from './times.js'

/** A Python tuple: an Array that goes back as a tuple. */
export class Tuple<T = unknown> extends Array<T> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
}

/** Make a tuple: `tuple(1, 'a')`. */
export function tuple<T extends unknown[]>(...items: T): Tuple<T[number]> {
  const made = new Tuple<T[number]>()
  for (const item of items) made.push(item)
  return made
}

/** A Python frozenset. */
export class FrozenSet<T = unknown> extends Set<T> {}

/** A Python dict whose keys are not all strings: a Map that finds tuples, dates and the like by value. */
export class Dict<K = unknown, V = unknown> extends Map<K, V> {
  #composite = new Map<string, K>()

  constructor(entries: Iterable<readonly [K, V]> = []) {
    super()
    for (const [key, value] of entries) this.set(key, value)
  }

  override get(key: K): V | undefined {
    return super.get(this.#find(key))
  }

  override has(key: K): boolean {
    return super.has(this.#find(key))
  }

  override set(key: K, value: V): this {
    const known = this.#find(key)
    if (isComposite(key) && known === key) this.#composite.set(keyText(key), key)
    return super.set(known, value)
  }

  override delete(key: K): boolean {
    const known = this.#find(key)
    if (isComposite(key)) this.#composite.delete(keyText(key))
    return super.delete(known)
  }

  override clear(): void {
    this.#composite.clear()
    super.clear()
  }

  #find(key: K): K {
    return isComposite(key) ? (this.#composite.get(keyText(key)) ?? key) : key
  }
}

function isComposite(key: unknown): boolean {
  return typeof key === 'object' && key !== null
}

/**
 * One text for all keys that Python holds equal, as far as that is cheap to tell; Python itself tells the rest. A NaN, a
 * Remote and an object of a registered class are equal to nothing but themselves.
 */
export function keyText(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key)
  if (typeof key === 'boolean') return key ? '1' : '0'
  if (typeof key === 'number') return Number.isInteger(key) ? String(BigInt(key)) : String(key)
  const text = (typeof key === 'object' || typeof key === 'function') && key !== null && objectText(key)
  return text || String(key)
}

function objectText(key: object): string {
  if (ArrayBuffer.isView(key) || key instanceof ArrayBuffer) return `bytes ${latin(octetsOf(key))}`
  const prototype = Object.getPrototypeOf(key) as object | null
  return KEY_TEXTS.get(prototype)?.(key as never) ?? own(key)
}

function latin(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += String.fromCharCode(octet)
  return text
}

const NUMBERS = new WeakMap<object, number>()
let numbered = 0

/** A text that no other object has. */
function own(key: object): string {
  const number = NUMBERS.get(key) ?? ++numbered
  NUMBERS.set(key, number)
  return `#${number}`
}

/** A Python float, where JavaScript would send an int: `float(1)` is 1.0. */
export class Float {
  constructor(readonly value: number) {
    needNumber(value, 'a float')
  }

  valueOf(): number {
    return this.value
  }

  toString(): string {
    return floatText(this.value)
  }
}

function needNumber(value: unknown, what: string): void {
  if (typeof value !== 'number') throw new TypeError(`${what} is made of a number, not of ${describe(value)}`)
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`
}

export function float(value: number): Float {
  return new Float(value)
}

/** The text of a float as Python prints it. */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
  if (!Number.isInteger(value)) return String(value)
  return Math.abs(value) < 1e16 ? `${value}.0` : value.toExponential()
}

/** A value that is kept as the text that Python prints. */
abstract class Text {
  readonly #text: string

  constructor(text: string, pattern: RegExp) {
    if (typeof text !== 'string' || !pattern.test(text)) throw new TypeError(`no ${new.target.name}: ${text}`)
    this.#text = text
  }

  toString(): string {
    return this.#text
  }

  toJSON(): string {
    return this.#text
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name}(${this.#text})`
  }
}

const DECIMAL = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)$/i

/** decimal.Decimal, exact. */
export class Decimal extends Text {
  constructor(text: string) {
    super(text, DECIMAL)
  }
}

/** fractions.Fraction, exact: `1/3`. */
export class Fraction extends Text {
  readonly numerator: bigint
  readonly denominator: bigint

  constructor(text: string) {
    super(text, /^-?\d+(?:\/0*[1-9]\d*)?$/)
    const [above, below] = text.split('/')
    this.numerator = BigInt(above!)
    this.denominator = BigInt(below ?? 1)
  }
}

/** uuid.UUID. */
export class UUID extends Text {
  constructor(text: string) {
    super(text, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
  }
}

/** A Python complex number. */
export class Complex {
  constructor(
    readonly re: number,
    readonly im: number,
  ) {
    needNumber(re, 'each part of a complex')
    needNumber(im, 'each part of a complex')
  }

  toString(): string {
    const sign = this.im < 0 || Object.is(this.im, -0) ? '' : '+'
    return `(${floatText(this.re)}${sign}${floatText(this.im)}j)`
  }
}

type Int = number | bigint

/** A Python range; iterable. */
export class Range {
  constructor(
    readonly start: Int,
    readonly stop: Int,
    readonly step: Int = 1,
  ) {
    for (const part of [start, stop, step])
      if (typeof part !== 'bigint' && !Number.isSafeInteger(part)) throw new TypeError('a range is made of integers')
    if (Number(step) === 0) throw new TypeError('the step of a range is not 0')
  }

  *[Symbol.iterator](): Generator<Int> {
    const step = this.step
    for (let at = this.start; step > 0 ? at < this.stop : at > this.stop; at = plus(at, step)) yield at
  }

  toString(): string {
    return `range(${this.start}, ${this.stop}${Number(this.step) === 1 ? '' : `, ${this.step}`})`
  }
}

function plus(a: Int, b: Int): Int {
  return typeof a === 'number' && typeof b === 'number' ? a + b : BigInt(a) + BigInt(b)
}

/** A Python slice: `item(xs, slice(1, null, 2))` is `xs[1::2]`. */
export class Slice {
  constructor(
    readonly start: unknown = null,
    readonly stop: unknown = null,
    readonly step: unknown = null,
  ) {}

  toString(): string {
    return `slice(${String(this.start)}, ${String(this.stop)}, ${String(this.step)})`
  }
}

export function slice(start: unknown = null, stop: unknown = null, step: unknown = null): Slice {
  return new Slice(start, stop, step)
}

class EllipsisType {
  toString(): string {
    return 'Ellipsis'
  }
}

/** Python's `...`. */
export const Ellipsis = new EllipsisType()

type KeyText = (key: never) => string | undefined

/** The texts of all members in one, or undefined where NaN is among them. */
function membersText(members: Iterable<unknown>, arrange: (texts: string[]) => string[]): string | undefined {
  const texts = Array.from(members, keyText)
  return texts.includes('NaN') ? undefined : arrange(texts).join()
}

const tupleText: KeyText = (key: Tuple) => {
  const text = membersText(key, (texts) => texts)
  return text === undefined ? undefined : `(${text})`
}

const frozenSetText: KeyText = (key: FrozenSet) => {
  const text = membersText(key, (texts) => texts.sort())
  return text === undefined ? undefined : `{${text}}`
}

const complexText: KeyText = (key: Complex) => {
  if (Number.isNaN(key.re) || Number.isNaN(key.im)) return undefined
  return key.im === 0 ? keyText(key.re) : `Complex ${key.toString()}`
}

const namedText: KeyText = (key: { toString(): string }) => `${key.constructor.name} ${key.toString()}`

/** By prototype: the texts of values that are equal to others. */
const KEY_TEXTS = new Map<object | null, KeyText>([
  [Tuple.prototype, tupleText],
  [FrozenSet.prototype, frozenSetText],
  [Float.prototype, (key: Float) => (Number.isNaN(key.value) ? undefined : keyText(key.value))],
  [Complex.prototype, complexText],
  [Decimal.prototype, (key: Decimal) => (/nan/i.test(key.toString()) ? undefined : namedText(key as never))],
  [Date.prototype, (key: Date) => `Date ${key.getTime()}`],
  [PyDateTime.prototype, (key: PyDateTime) => `PyDateTime ${key.iso} ${key.zone ?? ''}`],
  ...[PyDate, PyTime, TimeDelta, Fraction, UUID, Range].map((kind) => [kind.prototype, namedText] as const),
])
