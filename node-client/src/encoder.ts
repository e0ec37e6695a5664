/** Values to wire text (§3); see `codec.ts`. The table ENCODERS goes by prototype: the exact type alone decides. */

import { NdArray, dtypeOf, type TypedArray } from './arrays.js'
import { brandOf } from './brand.js'
import { copyOf } from './copies.js'
import { ValueRefused, type PolyloomError } from './errors.js'
import { Exposure } from './exposure.js'
import { DEFAULT_LIMITS, type Limits } from './limits.js'
import { HashableCheck } from './hashable.js'
import { octetsOf } from './octets.js'
import { checkDigits, refusalOf, step, tooDeep, tooLong } from './paths.js'
import { PyDate, PyDateTime, PyTime, TimeDelta, dateText } from './times.js'
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
} from './values.js'

/** A text that stands for a value of its own: Lisp keywords carry it. */
export const NAME = Symbol.for('polyloom.name')
/** What `kw` and `opts` give is marked by these; it is no data. */
export const KW = Symbol.for('polyloom.kw')
export const OPTS = Symbol.for('polyloom.opts')

const ENCODE_HINT = 'send its data as a plain object, or give Python the object itself: expose(it)'

const FUNCTION_HINT = 'functions are passed as arguments: Python calls them by their session'

export type Encode = (encoder: Encoder, value: never, depth: number) => string

/**
 * Writes values as wire text; `attachments` collects the bytes of one frame. `refer` is called with functions, Remotes among
 * them, and with exposed objects, and returns the text that stands for one.
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
    if (typeof value === 'string') return encodeString(this, value)
    if (typeof value === 'number') return numberText(value)
    if (value === null || value === undefined) return 'null'
    if (typeof value === 'boolean') return value ? 'true' : 'false'
    if (typeof value === 'bigint') return encodeInt(this, value)
    if (typeof value === 'object') return this.#object(value, depth)
    if (typeof value === 'function') return this.refer(value) ?? refuse('a function', FUNCTION_HINT)
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

  leave(error: unknown, segment: string): PolyloomError {
    this.#open.length = 0
    const refusal = refusalOf(error)
    refusal.within(segment)
    return refusal
  }

  /** Add an attachment, copied, and return its number. */
  attach(view: ArrayBufferView | ArrayBufferLike): number {
    const octets = octetsOf(view)
    const size = octets.byteLength
    if (size > this.limits.attachmentBytes) throw tooLong('attachment_bytes', size, this.limits.attachmentBytes)
    if (this.attachments.length >= this.limits.attachments)
      throw tooLong('attachments', this.attachments.length + 1, this.limits.attachments)
    return this.attachments.push(copyOf(octets)) - 1
  }

  #object(value: object, depth: number): string {
    const prototype = Object.getPrototypeOf(value) as object | null
    const encode = ENCODERS.get(prototype) ?? foreign(value)
    return encode(this, value as never, depth)
  }
}

function encodeString({ limits }: Encoder, value: string): string {
  if (value.length > limits.frameBytes) throw tooLong('frame_bytes', value.length, limits.frameBytes)
  return JSON.stringify(value)
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
  const check = new HashableCheck('member of the set')
  let index = 0
  try {
    for (const member of value) {
      check.add(member)
      index++
    }
  } catch (error) {
    throw encoder.leave(error, step(index))
  }
  return encoder.items([...value], depth)
}

const encodeDict: Encode = (encoder, value: Readonly<Record<string, unknown>>, depth) => {
  const name = (value as { [NAME]?: unknown })[NAME]
  return typeof name === 'string' ? JSON.stringify(name) : `{${encodeEntries(encoder, value, depth)}}`
}

function encodeEntries(encoder: Encoder, value: Readonly<Record<string, unknown>>, depth: number): string {
  const keys = Object.keys(value)
  if (!keys.length && (KW in value || OPTS in value)) return refuse('what kw or opts gives', 'it is an argument itself')
  encoder.enter(value, depth + 1)
  let text = ''
  let key = ''
  try {
    for (key of keys) {
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
  const check = new HashableCheck('key')
  let text = '["dict"'
  let key: unknown
  try {
    for (const entry of value) {
      key = entry[0]
      check.add(key)
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
const encodeTime: Encode = (_, { iso, fold, zone }: PyTime) =>
  `["time",${JSON.stringify(iso)},${fold}${zone === null ? '' : `,${JSON.stringify(zone)}`}]`
const encodeTimeDelta: Encode = (_, value: TimeDelta) =>
  `["timedelta",${value.days},${value.seconds},${value.microseconds}]`

const encodeText =
  (tag: string): Encode =>
  (_, value: Decimal | UUID) =>
    `["${tag}","${value.toString()}"]`

const encodeFraction: Encode = (encoder, value: Fraction) => {
  for (const digits of value.toString().split('/')) checkDigits(digits, encoder.limits)
  return `["fraction","${value.toString()}"]`
}

const encodeRange: Encode = (encoder, value: Range, depth) =>
  tagged('range', encoder.items([value.start, value.stop, value.step], depth))
const encodeSlice: Encode = (encoder, value: Slice, depth) =>
  tagged('slice', encoder.items([value.start, value.stop, value.step], depth))

const encodeExposure: Encode = (encoder, value: Exposure) => encoder.refer(value) ?? refuse('an exposed object', '')

const encodeArray: Encode = (encoder, value: NdArray) =>
  `["ndarray",${encoder.attach(value.data)},${JSON.stringify(value.dtype)},[${value.shape.join()}]]`

const encodeTyped: Encode = (encoder, value: TypedArray) =>
  `["ndarray",${encoder.attach(value)},"${dtypeOf(value)}",[${value.length}]]`

/** By prototype; `registerCodec` adds to it. */
export const ENCODERS = new Map<object | null, Encode>([
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
  [Fraction.prototype, encodeFraction],
  [UUID.prototype, encodeText('uuid')],
  [Range.prototype, encodeRange],
  [Slice.prototype, encodeSlice],
  [Object.getPrototypeOf(Ellipsis) as object, () => '["ellipsis"]'],
  [NdArray.prototype, encodeArray],
  [Exposure.prototype, encodeExposure],
])

/** Find the encoder of a subclass of bytes (Buffer), a typed array, or an object of another realm. */
function foreign(value: object): Encode {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (ArrayBuffer.isView(value)) return tag === 'Uint8Array' || tag === 'DataView' ? encodeBytes : encodeTyped
  const known = FOREIGN.get(brandOf(value))
  if (known) return known
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name
  const what = typeof name === 'string' && name ? name : tag
  return refuse(`an object of class ${what}`, what === 'Promise' ? 'await it first' : ENCODE_HINT)
}

const FOREIGN = new Map<string | undefined, Encode>([
  ...[Object, Array, Map, Set, Date, ArrayBuffer].map(
    ({ name, prototype }) => [name, ENCODERS.get(prototype)!] as const,
  ),
  ['SharedArrayBuffer', encodeBytes],
])

/** Tell whether JSON.stringify writes every item as the wire does. */
function isPlain(values: readonly unknown[]): boolean {
  if ('toJSON' in values) return false // it would be asked
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value) ? Object.is(value, -0) : Number.isInteger(value) || !Number.isFinite(value))
        return false
    } else if (typeof value !== 'string' && typeof value !== 'boolean' && value !== null) return false
  }
  return true
}

/** Write a form whose items, if any, are written already. */
export function tagged(tag: string, items: string): string {
  return items ? `["${tag}",${items}]` : `["${tag}"]`
}

function refuse(what: string, hint: string): never {
  throw new ValueRefused(`${what} has no wire form`, { hint })
}
