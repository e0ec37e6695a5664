/**
 * Values to wire forms and back (§3). Mirrors `codec.py`: same tags, same order, same names.
 *
 * Both directions are tables: a prototype or a tag, and a function of a few lines. Encoding writes JSON text at once, so
 * that a call takes a snapshot of its arguments; decoding fills the parsed JSON in place. Paths of errors are put
 * together while an error leaves the containers, so that the way of good values costs nothing.
 */

import { NdArray, dtypeOf, unpack, type TypedArray } from './arrays.js'
import { LimitExceeded, PolyloomError, ValueRefused, errorFrom, type ErrorObject } from './errors.js'
import { DEFAULT_LIMITS, type Limits } from './limits.js'
import { PyDate, PyDateTime, PyTime, TimeDelta, dateText, datetimeFrom } from './times.js'
import {
  Complex,
  Decimal,
  Dict,
  Ellipsis,
  Float,
  Fraction,
  FrozenSet,
  Range,
  Slice,
  Tuple,
  UUID,
  floatText,
  keyText,
} from './values.js'

/** A text that stands for a value of its own: Lisp keywords carry it. */
export const NAME = Symbol.for('polyloom.name')

const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u
const ENCODE_HINT = 'send its data as a plain object, or keep such objects on the Python side'

/** Return one segment of a path: `[2]`, `.name` or `["odd name"]`. */
export function step(key: unknown): string {
  if (typeof key === 'number') return `[${key}]`
  const text = String(key)
  return IDENTIFIER.test(text) ? `.${text}` : `["${text}"]`
}

type Encode = (encoder: Encoder, value: never, depth: number) => string

/**
 * Writes values as wire text; `attachments` collects the bytes of one frame. `refer` is called with functions and
 * returns the text of a reference where one is a Remote.
 */
export class Encoder {
  attachments: Uint8Array[] = []
  readonly #open: object[] = [] // the containers around the current value, to find cycles

  constructor(
    readonly refer: (value: object) => string | undefined = () => undefined,
    readonly limits: Limits = DEFAULT_LIMITS,
  ) {}

  /** Return the wire text; ValueRefused or LimitExceeded with the path to the offending part. */
  encode(value: unknown, depth = 0): string {
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value === 'number') return numberText(value)
    if (value === null || value === undefined) return 'null'
    if (typeof value === 'boolean') return value ? 'true' : 'false'
    if (typeof value === 'bigint') return encodeInt(this, value)
    if (typeof value === 'object') return this.#object(value, depth)
    if (typeof value === 'function') return this.refer(value) ?? refuse('a function', 'functions are not sent yet')
    return refuse('a symbol', '')
  }

  /** Return the wire texts of a sequence one level deeper, with commas between. */
  items(values: readonly unknown[], depth: number): string {
    this.enter(values, depth + 1)
    let text = ''
    let index = 0
    try {
      for (; index < values.length; index++) {
        if (index > 0) text += ','
        text += this.encode(values[index], depth + 1)
      }
    } catch (error) {
      throw this.leave(error, step(index))
    }
    this.#open.length = depth
    return text
  }

  /** Note a container at its depth; it may be neither too deep nor inside itself. */
  enter(container: object, depth: number): void {
    if (this.#open.includes(container)) throw new ValueRefused('a value that contains itself has no wire form')
    if (depth > this.limits.depth) throw tooDeep(this.limits)
    this.#open[depth - 1] = container
  }

  exit(depth: number): void {
    this.#open.length = depth
  }

  leave(error: unknown, segment: string): unknown {
    this.#open.length = 0
    if (error instanceof PolyloomError) error.within(segment)
    return error
  }

  /** Add an attachment, copied, and return its number. */
  attach(view: ArrayBufferView | ArrayBufferLike): number {
    const [buffer, start, size] = ArrayBuffer.isView(view)
      ? [view.buffer, view.byteOffset, view.byteLength]
      : [view, 0, view.byteLength]
    if (!isArrayBuffer(buffer)) return refuse('memory that is shared between threads', 'copy it: new Uint8Array(shared)')
    if (size > this.limits.attachmentBytes) throw tooLong('attachment_bytes', size, this.limits.attachmentBytes)
    return this.attachments.push(new Uint8Array(new Uint8Array(buffer, start, size))) - 1
  }

  #object(value: object, depth: number): string {
    const prototype = Object.getPrototypeOf(value) as object | null
    const encode = ENCODERS.get(prototype) ?? foreign(value, prototype)
    return encode(this, value as never, depth)
  }
}

/** A number without fraction is an int where it is safe, else a float (§3.2). */
function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return value === 0 && Object.is(value, -0) ? '["float","-0.0"]' : String(value)
  if (Number.isInteger(value)) return `["float","${value.toExponential()}"]`
  return Number.isFinite(value) ? String(value) : `["float","${floatText(value)}"]`
}

function encodeInt(encoder: Encoder, value: bigint): string {
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return String(value)
  const text = String(value)
  checkDigits(text, encoder.limits)
  return `["int","${text}"]`
}

const encodeFloat: Encode = (_, value: Float) => {
  const text = numberText(value.value)
  return Number.isSafeInteger(value.value) && text !== '["float","-0.0"]' ? `["float","${text}.0"]` : text
}

const encodeComplex: Encode = (_, value: Complex) => `["complex",${numberText(value.re)},${numberText(value.im)}]`

const encodeList: Encode = (encoder, value: unknown[], depth) =>
  depth < encoder.limits.depth && isPlain(value) ? `[${JSON.stringify(value)}]` : `[[${encoder.items(value, depth)}]]`

const encodeTuple: Encode = (encoder, value: Tuple, depth) => tagged('tuple', encoder.items(value, depth))

const encodeSet: Encode = (encoder, value: Set<unknown>, depth) => tagged('set', encodeMembers(encoder, value, depth))

const encodeFrozenSet: Encode = (encoder, value: FrozenSet, depth) =>
  tagged('frozenset', encodeMembers(encoder, value, depth))

function encodeMembers(encoder: Encoder, value: Set<unknown>, depth: number): string {
  for (const member of value) checkHashable(member)
  return encoder.items([...value], depth)
}

const encodeDict: Encode = (encoder, value: Readonly<Record<string, unknown>>, depth) => {
  const name = (value as { [NAME]?: unknown })[NAME]
  return typeof name === 'string' ? JSON.stringify(name) : `{${encodeEntries(encoder, value, depth)}}`
}

function encodeEntries(encoder: Encoder, value: Readonly<Record<string, unknown>>, depth: number): string {
  encoder.enter(value, depth + 1)
  let text = ''
  let key = ''
  try {
    for (key of Object.keys(value)) {
      text += `${text && ','}${JSON.stringify(key)}:${encoder.encode(value[key], depth + 1)}`
    }
  } catch (error) {
    throw encoder.leave(error, step(key))
  }
  encoder.exit(depth)
  return text
}

const encodeMap: Encode = (encoder, value: Map<unknown, unknown>, depth) => {
  encoder.enter(value, depth + 1)
  const seen = new Set<string>()
  let text = '["dict"'
  let key: unknown
  try {
    for (const entry of value) {
      key = entry[0]
      checkKey(key, seen)
      text += `,${encoder.encode(key, depth + 1)},${encoder.encode(entry[1], depth + 1)}`
    }
  } catch (error) {
    throw encoder.leave(error, step(key))
  }
  encoder.exit(depth)
  return `${text}]`
}

const encodeBytes: Encode = (encoder, value: ArrayBufferView | ArrayBufferLike) => `["bytes",${encoder.attach(value)}]`

const encodeDate: Encode = (_, value: Date) => {
  try {
    return `["datetime","${dateText(value)}",0,null]`
  } catch (error) {
    throw new ValueRefused((error as Error).message)
  }
}

const encodeDateTime: Encode = (_, value: PyDateTime) =>
  `["datetime",${JSON.stringify(value.iso)},${value.fold},${JSON.stringify(value.zone)}]`
const encodePyDate: Encode = (_, value: PyDate) => `["date",${JSON.stringify(value.iso)}]`
const encodeTime: Encode = (_, value: PyTime) => `["time",${JSON.stringify(value.iso)},${value.fold}]`
const encodeTimeDelta: Encode = (_, value: TimeDelta) =>
  `["timedelta",${value.days},${value.seconds},${value.microseconds}]`

const encodeText =
  (tag: string): Encode =>
  (_, value: object) =>
    `["${tag}",${JSON.stringify(String(value))}]`

const encodeRange: Encode = (encoder, value: Range, depth) =>
  tagged('range', encoder.items([value.start, value.stop, value.step], depth))
const encodeSlice: Encode = (encoder, value: Slice, depth) =>
  tagged('slice', encoder.items([value.start, value.stop, value.step], depth))

const encodeArray: Encode = (encoder, value: NdArray) =>
  `["ndarray",${encoder.attach(value.data)},${JSON.stringify(value.dtype)},[${value.shape.join()}]]`

const encodeTyped: Encode = (encoder, value: TypedArray) =>
  `["ndarray",${encoder.attach(value)},"${dtypeOf(value)}",[${value.length}]]`

const ENCODERS = new Map<object | null, Encode>([
  [Array.prototype, encodeList],
  [Tuple.prototype, encodeTuple],
  [Set.prototype, encodeSet],
  [FrozenSet.prototype, encodeFrozenSet],
  [Object.prototype, encodeDict],
  [null, encodeDict],
  [Map.prototype, encodeMap],
  [Dict.prototype, encodeMap],
  [Float.prototype, encodeFloat],
  [Complex.prototype, encodeComplex],
  [Uint8Array.prototype, encodeBytes],
  [ArrayBuffer.prototype, encodeBytes],
  [DataView.prototype, encodeBytes],
  [Date.prototype, encodeDate],
  [PyDateTime.prototype, encodeDateTime],
  [PyDate.prototype, encodePyDate],
  [PyTime.prototype, encodeTime],
  [TimeDelta.prototype, encodeTimeDelta],
  [Decimal.prototype, encodeText('decimal')],
  [Fraction.prototype, encodeText('fraction')],
  [UUID.prototype, encodeText('uuid')],
  [Range.prototype, encodeRange],
  [Slice.prototype, encodeSlice],
  [Object.getPrototypeOf(Ellipsis) as object, () => '["ellipsis"]'],
  [NdArray.prototype, encodeArray],
])

/** Find the encoder of a subclass of bytes (Buffer), a typed array, or an object of another realm. */
function foreign(value: object, prototype: object | null): Encode {
  if (Array.isArray(value)) return encodeList
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (ArrayBuffer.isView(value)) return tag === 'Uint8Array' || tag === 'DataView' ? encodeBytes : encodeTyped
  const known = FOREIGN.get(tag)
  if (known && Object.getPrototypeOf(Object.getPrototypeOf(prototype)) === null) return known
  if (prototype && Object.getPrototypeOf(prototype) === null && tag === 'Object') return encodeDict
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name
  const what = typeof name === 'string' && name ? name : tag
  return refuse(`an object of class ${what}`, what === 'Promise' ? 'await it first' : ENCODE_HINT)
}

const FOREIGN = new Map<string, Encode>([
  ['Map', encodeMap],
  ['Set', encodeSet],
  ['Date', encodeDate],
  ['ArrayBuffer', encodeBytes],
  ['SharedArrayBuffer', encodeBytes],
])

/** Tell whether JSON.stringify writes every item as the wire does. */
function isPlain(values: readonly unknown[]): boolean {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value) ? Object.is(value, -0) : Number.isInteger(value) || !Number.isFinite(value)) return false
    } else if (typeof value !== 'string' && typeof value !== 'boolean' && value !== null) return false
  }
  return true
}

function isArrayBuffer(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return Object.prototype.toString.call(buffer) === '[object ArrayBuffer]'
}

function checkHashable(key: unknown): void {
  const unhashable = typeof key === 'object' && key !== null && UNHASHABLE.has(ENCODERS.get(Object.getPrototypeOf(key) as object))
  if (unhashable) refuse('an unhashable value as a key or in a set', 'use tuple(…) or a FrozenSet')
}

const UNHASHABLE = new Set<Encode | undefined>([encodeList, encodeSet, encodeDict, encodeMap, encodeArray])

/** Two keys that Python holds equal (`1`, `1n` and `true`) cannot both stand in one dict (§3.5). */
function checkKey(key: unknown, seen: Set<string>): void {
  if (typeof key === 'string') return
  checkHashable(key)
  const text = typeof key === 'function' ? undefined : keyText(key)
  if (text === undefined) return
  if (seen.has(text)) refuse('a key that Python holds equal to an earlier one', '')
  seen.add(text)
}

function tagged(tag: string, items: string): string {
  return items ? `["${tag}",${items}]` : `["${tag}"]`
}

function refuse(what: string, hint: string): never {
  throw new ValueRefused(`${what} has no wire form`, { hint })
}

type Wire = unknown // what JSON.parse returns
type Decode = (decoder: Decoder, wire: Wire[], depth: number) => unknown

/** Turns wire forms into values. `live` makes the Remote of a `handle` form; without it handles are refused. */
export class Decoder {
  constructor(
    readonly attachments: readonly Uint8Array[] = [],
    readonly live?: (slot: number, type: string, identity: number) => unknown,
    readonly limits: Limits = DEFAULT_LIMITS,
  ) {}

  /** Return the value; ValueRefused or LimitExceeded with the path to the offending part. */
  decode(wire: Wire, depth = 0): unknown {
    if (typeof wire !== 'object' || wire === null) return wire
    return Array.isArray(wire) ? this.#tagged(wire, depth) : this.#dict(wire as Record<string, Wire>, depth)
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
    if (decode === undefined) throw new ValueRefused(`unknown tag ${JSON.stringify(tag) ?? 'nothing'}`)
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
  object: unknown[]
}

/** Return what follows the tag, if there are as many parts as kinds and each is of its kind. */
function exactly<K extends (keyof Types)[]>(wire: Wire[], ...kinds: K): { [I in keyof K]: Types[K[I]] } {
  const parts = wire.slice(1)
  const fits = parts.length === kinds.length && parts.every((part, index) => typeof part === kinds[index] && part !== null)
  if (!fits) throw new TypeError(`it takes ${kinds.join(', ') || 'nothing'}`)
  return parts as never
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

const decodeSet: Decode = (decoder, wire, depth) => new Set(decoder.items(wire, depth, 1).slice(1))
const decodeFrozenSet: Decode = (decoder, wire, depth) => new FrozenSet(decoder.items(wire, depth, 1).slice(1))

const decodeDict: Decode = (decoder, wire, depth) => {
  const parts = decoder.items(wire, depth, 1)
  if (parts.length % 2 === 0) throw new TypeError('keys and values come in pairs')
  const values = new Dict()
  for (let index = 1; index < parts.length; index += 2) values.set(parts[index], parts[index + 1])
  if (values.size * 2 + 1 !== parts.length) throw new TypeError('two keys are equal in Python')
  return values
}

const decodeInt: Decode = (decoder, wire) => {
  const [text] = exactly(wire, 'string')
  checkDigits(text, decoder.limits)
  if (!/^-?\d+$/.test(text)) throw new TypeError(`${JSON.stringify(text.slice(0, 20))} is no decimal integer`)
  return BigInt(text)
}

const FLOATS = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
])

const decodeFloat: Decode = (_, wire) => {
  const [text] = exactly(wire, 'string')
  const value = FLOATS.get(text) ?? (/\d/.test(text) ? Number(text) : NaN)
  if (Number.isNaN(value) && text !== 'nan') throw new TypeError(`${JSON.stringify(text.slice(0, 20))} is no float`)
  return value
}

const decodeComplex: Decode = (decoder, wire, depth) => {
  decoder.items(wire, depth, 1)
  return new Complex(...exactly(wire, 'number', 'number'))
}

const decodeBytes: Decode = (decoder, wire) => {
  const data = decoder.attachment(...exactly(wire, 'number'))
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

const decodeDateTime: Decode = (_, wire) => {
  const [, iso, fold, zone] = wire
  return datetimeFrom(iso as string, fold as 0, zone as null)
}

const decodeTime: Decode = (_, wire) => {
  const [text, fold] = exactly(wire, 'string', 'number')
  return new PyTime(text, fold as 0)
}

const decodeRange: Decode = (decoder, wire, depth) => {
  const [, start, stop, stride] = decoder.items(wire, depth, 1)
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

const decodeError: Decode = (decoder, wire, depth) => {
  const [error] = exactly(wire, 'object')
  if (Array.isArray(error)) throw new TypeError('it takes an object')
  return errorFrom(error as ErrorObject, (value) => decoder.decode(value, depth + 1))
}

const DECODERS = new Map<string, Decode>([
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
  ['fraction', (_, wire) => new Fraction(...exactly(wire, 'string'))],
  ['uuid', (_, wire) => new UUID(...exactly(wire, 'string'))],
  ['range', decodeRange],
  ['slice', decodeSlice],
  ['ellipsis', (_, wire) => (exactly(wire), Ellipsis)],
  ['ndarray', decodeArray],
  ['ref', decodeRef],
  ['handle', decodeHandle],
  ['error', decodeError],
])

/** The tags that this peer reads (§3.2). */
export const TAGS: readonly string[] = [...DECODERS.keys()]

function checkDigits(text: string, { intDigits }: Limits): void {
  const digits = text.startsWith('-') ? text.length - 1 : text.length
  if (digits > intDigits) throw tooLong('int_digits', digits, intDigits)
}

function tooDeep(limits: Limits): LimitExceeded {
  return new LimitExceeded(`depth: nested deeper than ${limits.depth} levels`)
}

function tooLong(name: string, size: number, limit: number): LimitExceeded {
  return new LimitExceeded(`${name}: ${size} are above ${limit}`)
}
