/** numpy at the border (§3.2 `ndarray`): items in C order, little-endian. Mirrors `arrays.py`. */

import { fromHalf, toHalf } from './halves.js'
import { Complex } from './values.js'

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

interface Kind {
  readonly array: new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray
  readonly width: number // bytes of one item of the typed array
  readonly parts: number // items of the typed array in one item of numpy
}

const kind = (array: Kind['array'] & { BYTES_PER_ELEMENT: number }, parts = 1): Kind => ({
  array,
  width: array.BYTES_PER_ELEMENT,
  parts,
})

const KINDS = new Map<string, Kind>([
  ['bool', kind(Uint8Array)],
  ['int8', kind(Int8Array)],
  ['uint8', kind(Uint8Array)],
  ['int16', kind(Int16Array)],
  ['uint16', kind(Uint16Array)],
  ['int32', kind(Int32Array)],
  ['uint32', kind(Uint32Array)],
  ['int64', kind(BigInt64Array)],
  ['uint64', kind(BigUint64Array)],
  ['float16', kind(Uint16Array)], // the bits: JavaScript of today has no Float16Array
  ['float32', kind(Float32Array)],
  ['float64', kind(Float64Array)],
  ['complex64', kind(Float32Array, 2)], // real and imaginary part in turn
  ['complex128', kind(Float64Array, 2)],
])
const TICKS = kind(BigInt64Array) // datetime64[…] and timedelta64[…]: the count of units

const DTYPES = new Map<string, string>([
  ['Int8Array', 'int8'],
  ['Uint8Array', 'uint8'],
  ['Uint8ClampedArray', 'uint8'],
  ['Int16Array', 'int16'],
  ['Uint16Array', 'uint16'],
  ['Int32Array', 'int32'],
  ['Uint32Array', 'uint32'],
  ['BigInt64Array', 'int64'],
  ['BigUint64Array', 'uint64'],
  ['Float16Array', 'float16'], // of newer engines
  ['Float32Array', 'float32'],
  ['Float64Array', 'float64'],
])

/** A numpy array by value: `data` in C order. int64 comes as BigInt64Array, float16 as its bits, complex in pairs. */
export class NdArray {
  readonly shape: readonly number[]
  readonly dtype: string

  constructor(
    readonly data: TypedArray,
    shape: readonly number[] = [data.length],
    dtype: string = dtypeOf(data),
  ) {
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw new TypeError('a shape is made of integers from 0')
    const { width, parts } = kindOf(dtype)
    if (product(shape) * width * parts !== data.byteLength) {
      throw new TypeError(`${data.byteLength} bytes are no array of dtype ${dtype} and shape [${shape.join(', ')}]`)
    }
    this.shape = Object.freeze([...shape])
    this.dtype = dtype
  }

  /** Nested arrays of plain values, as numpy's `tolist`: int64 as number where it is safe, moments as their counts. */
  toList(): unknown {
    return nested(this.shape, Array.from({ length: product(this.shape) }, itemsOf(this)))
  }

  toString(): string {
    return `NdArray(${this.dtype}, [${this.shape.join(', ')}])`
  }
}

type Read = (_: unknown, index: number) => unknown

/** Return what reads one item of numpy. */
function itemsOf({ data, dtype }: NdArray): Read {
  if (dtype === 'bool') return (_, index) => data[index] !== 0
  if (dtype === 'float16' && data instanceof Uint16Array) return (_, index) => fromHalf(data[index]!)
  if (dtype.startsWith('complex')) {
    return (_, index) => new Complex(data[2 * index] as number, data[2 * index + 1] as number)
  }
  return (_, index) => plain(data[index]!)
}

function plain(item: number | bigint): number | bigint {
  return typeof item === 'bigint' && Number.isSafeInteger(Number(item)) ? Number(item) : item
}

function nested(shape: readonly number[], items: unknown[]): unknown {
  const [size, ...inner] = shape
  if (size === undefined) return items[0]
  if (!inner.length) return items
  const step = product(inner)
  return Array.from({ length: size }, (_, index) => nested(inner, items.slice(index * step, (index + 1) * step)))
}

/** An array of half floats, rounded as numpy does; `data` holds their bits. */
export function float16(numbers: Iterable<number>, shape?: readonly number[]): NdArray {
  const data = Uint16Array.from(numbers, (number: unknown) => {
    if (typeof number !== 'number') throw new TypeError(`half floats are made of numbers, not of a ${typeof number}`)
    return toHalf(number)
  })
  return new NdArray(data, shape ?? [data.length], 'float16')
}

/** The dtype of a typed array by its name; typed arrays of another realm count too. */
export function dtypeOf(data: TypedArray): string {
  const dtype = DTYPES.get(data[Symbol.toStringTag])
  if (dtype === undefined) throw new TypeError(`numpy has no counterpart of ${data[Symbol.toStringTag]}`)
  return dtype
}

/** Return the array of an attachment: a view where its address allows, else a copy. */
export function unpack(bytes: Uint8Array, dtype: string, shape: readonly number[]): NdArray {
  const { array, width } = kindOf(dtype)
  const fits = bytes.byteOffset % width === 0
  const source = fits ? bytes : new Uint8Array(bytes)
  if (source.byteLength % width) throw new TypeError(`${source.byteLength} bytes hold no whole number of ${dtype}`)
  return new NdArray(new array(source.buffer, source.byteOffset, source.byteLength / width), shape, dtype)
}

function kindOf(dtype: string): Kind {
  const known = KINDS.get(dtype) ?? (/^(?:datetime|timedelta)64(?:\[\w+\])?$/.test(dtype) ? TICKS : undefined)
  if (known === undefined) throw new TypeError(`arrays of dtype ${dtype} stay on the Python side`)
  return known
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1)
}
