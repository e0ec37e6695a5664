/** numpy at the border (§3.2 `ndarray`): items in C order, little-endian. Mirrors `arrays.py`. */

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
const BYTES = kind(Uint8Array)

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
    if (product(shape) * itemBytes(dtype, data) !== data.byteLength) {
      throw new TypeError(`${data.byteLength} bytes are no array of dtype ${dtype} and shape [${shape.join(', ')}]`)
    }
    this.shape = shape
    this.dtype = dtype
  }

  toString(): string {
    return `NdArray(${this.dtype}, [${this.shape.join(', ')}])`
  }
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
  return KINDS.get(dtype) ?? (/^(?:datetime|timedelta)64/.test(dtype) ? TICKS : BYTES)
}

/** Bytes of one item of numpy; the names of texts and structures (`str32`, `void96`) say their bits. */
function itemBytes(dtype: string, data: TypedArray): number {
  const known = kindOf(dtype)
  if (known !== BYTES) return known.width * known.parts
  const bits = /^(?:str|bytes|void)(\d+)$/.exec(dtype)
  return bits ? Number(bits[1]) / 8 : data.BYTES_PER_ELEMENT
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1)
}
