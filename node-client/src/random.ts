/** Numbers that look random, the same ones for the same seed: sfc32 of Chris Doty-Humphrey (PractRand), public domain. */

const WARM_UP = 12 // rounds after which the seed is mixed

/** Return a function that gives numbers from 0 up to 1; `seed` is hexadecimal, 16 digits count. */
export function randomFrom(seed: string): () => number {
  const digits = seed.padEnd(16, '0')
  let a = parseInt(digits.slice(0, 8), 16) | 0
  let b = parseInt(digits.slice(8, 16), 16) | 0
  let c = 0x9e3779b9 | 0
  let count = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < WARM_UP; round++) next()
  return next
}
