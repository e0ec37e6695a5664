/** Half floats (IEEE 754 binary16), which JavaScript of today lacks: their 16 bits, to and from numbers. */

/** Return the number of 16 bits: one of sign, five of exponent, ten of fraction. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Return the bits of the half float nearest to a number, the even one of two. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (size >= 65_520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | even(size * 2 ** 24) // subnormal; it may round up to the smallest normal one
  const exponent = Math.floor(Math.log2(size))
  const power = 2 ** exponent > size ? exponent - 1 : exponent
  return sign | (((power + 15) << 10) + even((size / 2 ** power - 1) * 1024)) // a carry goes on into the exponent
}

/** Round to the nearest integer, and halves to the even one. */
function even(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
