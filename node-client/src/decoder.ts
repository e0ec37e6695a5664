/** Wire forms to values (§3); see `codec.ts`. The table DECODERS goes by tag. */

import { unpack } from './arrays.js'
import { PolyloomError, ValueRefused, errorFrom, type Own } from './errors.js'
import type { Exposed } from './exposed.js'
import { DEFAULT_LIMITS, type Limits } from './limits.js'
import { checkDigits, step, tooDeep } from './paths.js'
import { PyDate, PyTime, TimeDelta, datetimeFrom } from './times.js'
import { Complex, Decimal, Dict, Ellipsis, Fraction, FrozenSet, Range, Slice, Tuple, UUID } from './values.js'

type Wire = unknown // what JSON.parse returns
export type Decode = (decoder: Decoder, wire: Wire[], depth: number) => unknown

/**
 * Turns wire forms into values. `live` makes the Remote of a `handle` form, `exposed` has the client's own objects; without
 * them such forms are refused.
 */
export class Decoder {
  constructor(
    readonly attachments: readonly Uint8Array[] = [],
    readonly live?: (slot: number, type: string, identity: number) => unknown,
    readonly limits: Limits = DEFAULT_LIMITS,
    readonly exposed?: Exposed,
  ) {}

  /** Return the value; ValueRefused or LimitExceeded with the path to the offending part. */
  decode(wire: Wire, depth = 0): unknown {
    if (typeof wire !== 'object' || wire === null) return wire
    if (depth > 0) return this.#form(wire, depth)
    try {
      return this.#form(wire, depth)
    } catch (error) {
      this.#giveBack(wire)
      throw error
    }
  }

  #form(wire: object, depth: number): unknown {
    return Array.isArray(wire) ? this.#tagged(wire, depth) : this.#dict(wire as Record<string, Wire>, depth)
  }

  /** Make the Remotes of a value that cannot be read, for nobody: so the garbage collector gives their objects back. */
  #giveBack(wire: Wire): void {
    if (typeof wire !== 'object' || wire === null || ArrayBuffer.isView(wire)) return
    const [tag, slot] = Array.isArray(wire) ? (wire as Wire[]) : []
    if (tag === 'handle' && typeof slot === 'number' && slot < 0) this.live?.(slot, '', 0)
    else for (const part of Object.values(wire)) this.#giveBack(part)
  }

  /** Replace the forms of a sequence, from `start`, by their values, one level deeper. */
  items(wires: Wire[], depth: number, start = 0): Wire[] {
    this.#check(depth + 1)
    let index = start
    try {
      for (; index < wires.length; index++) {
        const wire = wires[index]
        if (typeof wire === 'object' && wire !== null) wires[index] = this.decode(wire, depth + 1)
      }
    } catch (error) {
      if (error instanceof PolyloomError) error.within(step(index - start))
      throw error
    }
    return wires
  }

  #tagged(wire: Wire[], depth: number): unknown {
    const tag = wire[0]
    if (Array.isArray(tag)) {
      if (wire.length !== 1) throw new ValueRefused('a list is written as an array around one array')
      return this.items(tag, depth)
    }
    const decode = DECODERS.get(tag as string)
    if (decode === undefined) throw unknown(tag)
    try {
      return decode(this, wire, depth)
    } catch (error) {
      if (error instanceof PolyloomError) throw error
      throw new ValueRefused(`a "${tag as string}" form of the wrong shape: ${(error as Error).message}`)
    }
  }

  #dict(wire: Record<string, Wire>, depth: number): unknown {
    this.#check(depth + 1)
    let key = ''
    try {
      for (key of Object.keys(wire)) {
        const item = wire[key]
        if (typeof item === 'object' && item !== null) wire[key] = this.decode(item, depth + 1)
      }
    } catch (error) {
      if (error instanceof PolyloomError) error.within(step(key))
      throw error
    }
    return wire
  }

  /** Return an attachment of this frame by its number. */
  attachment(number: unknown): Uint8Array {
    const data = this.attachments[number as number]
    if (data === undefined) throw new ValueRefused(`the frame has no attachment ${String(number)}`)
    return data
  }

  #check(depth: number): void {
    if (depth > this.limits.depth) throw tooDeep(this.limits)
  }
}

interface Types {
  string: string
  number: number
  object: unknown[] | Readonly<Record<string, unknown>>
}

/** Return what follows the tag, if there are as many parts as kinds and each is of its kind. */
function exactly<K extends (keyof Types)[]>(wire: Wire[], ...kinds: K): { [I in keyof K]: Types[K[I]] } {
  const parts = wire.slice(1)
  const fits =
    parts.length === kinds.length && parts.every((part, index) => typeof part === kinds[index] && part !== null)
  if (!fits) throw new TypeError(`it takes ${kinds.join(', ') || 'nothing'}`)
  return parts as never
}

function unknown(tag: unknown): ValueRefused {
  const own = typeof tag === 'string' && tag.startsWith('x:')
  const name = tag === undefined ? 'nothing' : JSON.stringify(tag).slice(0, 60)
  if (!own) return new ValueRefused(`unknown tag ${name}`)
  const hint = `registerCodec('${tag.slice(2, 60)}', …), or keep(…) the object there`
  return new ValueRefused(`a value under the tag ${name}, which nobody registered here`, { code: 'NotData', hint })
}

/** Return the one text after the tag, if it has the form that Python prints (§3.2). */
function textOf(wire: Wire[], pattern: RegExp): string {
  const [text] = exactly(wire, 'string')
  if (!pattern.test(text)) throw new TypeError(`${JSON.stringify(text.slice(0, 40))} is not of the form that it takes`)
  return text
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is no integer`)
  return value
}

const decodeTuple: Decode = (decoder, wire, depth) => tuple_(decoder.items(wire, depth, 1))

function tuple_(wire: Wire[]): Tuple {
  const made = new Tuple()
  for (let index = 1; index < wire.length; index++) made.push(wire[index])
  return made
}

const decodeSet: Decode = (decoder, wire, depth) => members(new Set(decoder.items(wire, depth, 1).slice(1)), wire)
const decodeFrozenSet: Decode = (decoder, wire, depth) =>
  members(new FrozenSet(decoder.items(wire, depth, 1).slice(1)), wire)

function members(made: Set<unknown>, wire: Wire[]): Set<unknown> {
  checkNaN(wire, 1)
  if (made.size + 1 !== wire.length || hasTwins(made)) throw new TypeError('two members are equal in Python')
  return made
}

/** Python tells one NaN from another as keys, JavaScript does not; every `stride`th part is a key. */
function checkNaN(parts: Wire[], stride: number): void {
  let seen = 0
  for (let index = 1; index < parts.length; index += stride) if (Number.isNaN(parts[index])) seen++
  if (seen > 1)
    throw new ValueRefused('NaN is a key of JavaScript only once', { code: 'NotData', hint: 'keep it there' })
}

/** Tell whether a bool stands beside the number that Python holds equal to it. */
function hasTwins(keys: { has: (key: unknown) => boolean }): boolean {
  return (keys.has(true) && keys.has(1)) || (keys.has(false) && keys.has(0))
}

const decodeDict: Decode = (decoder, wire, depth) => {
  const parts = decoder.items(wire, depth, 1)
  if (parts.length % 2 === 0) throw new TypeError('keys and values come in pairs')
  const values = new Dict()
  for (let index = 1; index < parts.length; index += 2) values.set(parts[index], parts[index + 1])
  checkNaN(parts, 2)
  if (values.size * 2 + 1 !== parts.length || hasTwins(values)) throw new TypeError('two keys are equal in Python')
  return values
}

const INT = /^-?\d+$/
const FLOAT = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

const decodeInt: Decode = (decoder, wire) => {
  const text = textOf(wire, INT)
  checkDigits(text, decoder.limits)
  return BigInt(text)
}

const FLOATS = new Map<unknown, number>([
  ['nan', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
])

const decodeFloat: Decode = (_, wire) => FLOATS.get(wire[1]) ?? Number(textOf(wire, FLOAT))

const decodeComplex: Decode = (decoder, wire, depth) => {
  if (wire.some((part) => Array.isArray(part) && part[0] !== 'float'))
    throw new TypeError('its parts are numbers or float forms')
  decoder.items(wire, depth, 1)
  return new Complex(...exactly(wire, 'number', 'number'))
}

const decodeBytes: Decode = (decoder, wire) => {
  const data = decoder.attachment(...exactly(wire, 'number'))
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

const decodeDateTime: Decode = (_, wire) => {
  const [, iso, fold, zone] = wire
  if (wire.length !== 4) throw new TypeError('it takes a text, a fold and a zone')
  return datetimeFrom(iso as string, fold as 0, zone as null)
}

const decodeTime: Decode = (_, wire) => {
  if (wire.length === 3) return new PyTime(...(exactly(wire, 'string', 'number') as [string, 0]))
  return new PyTime(...(exactly(wire, 'string', 'number', 'string') as [string, 0, string]))
}

const decodeFraction: Decode = (decoder, wire) => {
  const [text] = exactly(wire, 'string')
  for (const digits of text.split('/')) checkDigits(digits, decoder.limits)
  return new Fraction(text)
}

const decodeRange: Decode = (decoder, wire, depth) => {
  const [, start, stop, stride] = decoder.items(wire, depth, 1)
  if (wire.length !== 4) throw new TypeError('it takes three integers')
  for (const part of [start, stop, stride]) if (typeof part !== 'bigint') integer(part as number)
  return new Range(start as number, stop as number, stride as number)
}

const decodeSlice: Decode = (decoder, wire, depth) => {
  if (wire.length !== 4) throw new TypeError('it takes three values')
  const [, start, stop, stride] = decoder.items(wire, depth, 1)
  return new Slice(start, stop, stride)
}

const decodeArray: Decode = (decoder, wire) => {
  const [number, dtype, shape] = exactly(wire, 'number', 'string', 'object')
  if (!Array.isArray(shape)) throw new TypeError('a shape is an array')
  return unpack(decoder.attachment(number), dtype, shape as number[])
}

const decodeRef: Decode = () => {
  throw new ValueRefused('a reference has no meaning here')
}

const decodeHandle: Decode = (decoder, wire) => {
  const [slot, type, identity] = exactly(wire, 'number', 'string', 'number')
  if (!decoder.live) throw new ValueRefused('a handle has no meaning here')
  return decoder.live(integer(slot), type, identity)
}

const decodeExposed: Decode = (decoder, wire) => {
  if (!decoder.exposed) throw new ValueRefused('an object of this client has no meaning here')
  return decoder.exposed.get(...exactly(wire, 'number'))
}

const decodeError: Decode = (decoder, wire, depth) => {
  const [error] = exactly(wire, 'object')
  if (Array.isArray(error)) throw new TypeError('it takes an object')
  const own: Own = (id) => decoder.exposed?.thrownAs(id)
  return errorFrom(error, (value) => decoder.decode(value, depth + 1), own)
}

/** By tag; `registerCodec` adds to it. */
export const DECODERS = new Map<string, Decode>([
  ['tuple', decodeTuple],
  ['set', decodeSet],
  ['frozenset', decodeFrozenSet],
  ['dict', decodeDict],
  ['int', decodeInt],
  ['float', decodeFloat],
  ['complex', decodeComplex],
  ['bytes', decodeBytes],
  ['bytearray', decodeBytes],
  ['datetime', decodeDateTime],
  ['date', (_, wire) => new PyDate(...exactly(wire, 'string'))],
  ['time', decodeTime],
  ['timedelta', (_, wire) => new TimeDelta(...exactly(wire, 'number', 'number', 'number'))],
  ['decimal', (_, wire) => new Decimal(...exactly(wire, 'string'))],
  ['fraction', decodeFraction],
  ['uuid', (_, wire) => new UUID(...exactly(wire, 'string'))],
  ['range', decodeRange],
  ['slice', decodeSlice],
  ['ellipsis', (_, wire) => (exactly(wire), Ellipsis)],
  ['ndarray', decodeArray],
  ['ref', decodeRef],
  ['far', decodeRef],
  ['exposed', decodeExposed],
  ['handle', decodeHandle],
  ['error', decodeError],
])

/** The tags that this peer reads (§3.2). */
export const TAGS: readonly string[] = [...DECODERS.keys(), 'pending'] // the last one stands for a whole result (§5.7)
