// The same 8 MB for every contestant: random bytes, and a million float64.
import { randomFillSync } from 'node:crypto'

export const BYTES = randomFillSync(Buffer.alloc(8_000_000))
export const ARRAY = Float64Array.from({ length: 1_000_000 }, () => Math.random())

export const asBuffer = (view) => Buffer.from(view.buffer, view.byteOffset, view.byteLength)
export const same = (left, right) => asBuffer(left).equals(asBuffer(right))
