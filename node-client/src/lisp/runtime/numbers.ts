// Numbers as functions; the compiler inlines most of them where they are called.

import { random } from './world.js'

type N = number

export const add = (...xs: N[]): N =>
  xs.length === 0 ? 0 : xs.reduce((a, b) => a + checked(b), checked(xs[0]!) - checked(xs[0]!))
export const multiply = (...xs: N[]): N => (xs.length === 0 ? 1 : xs.reduce((a, b) => a * b))
export const subtract = (x: N, ...xs: N[]): N => (xs.length === 0 ? -x : xs.reduce((a, b) => a - b, x))
export const divide = (x: N, ...xs: N[]): N => (xs.length === 0 ? 1 / x : xs.reduce((a, b) => a / b, x))
export const power = (x: N, y: N): N => x ** y

/** + never joins strings. */
function checked(x: N): N {
  if (typeof x === 'string') throw new TypeError('+ does not join strings: use str')
  return x
}

export const quot = (x: N, y: N): N => (typeof x === 'bigint' ? x / y : Math.trunc(x / y))
export const rem = (x: N, y: N): N => x % y
export const mod = (x: N, y: N): N => {
  const found = x % y
  return Boolean(found) && found < 0 !== y < 0 ? found + y : found
}
/** Of BigInts too: both operands have one type. */
const sum = <T extends N | bigint>(x: T, y: T): N => (x as N) + (y as N)
export const inc = (x: N): N => (typeof x === 'bigint' ? sum(x, 1n) : x + 1)
export const dec = (x: N): N => (typeof x === 'bigint' ? sum(x, -1n) : x - 1)
export const min = (...xs: N[]): N => xs.reduce((a, b) => (b < a ? b : a))
export const max = (...xs: N[]): N => xs.reduce((a, b) => (b > a ? b : a))
export const abs = (x: N): N => (x < 0 ? -x : x)
export const floor = (x: N): N => Math.floor(x)
export const ceil = (x: N): N => Math.ceil(x)
export const round = (x: N): N => Math.round(x)
export const sqrt = (x: N): N => Math.sqrt(x)
export const bitAnd = (x: N, y: N): N => x & y
export const bitOr = (x: N, y: N): N => x | y
export const bitXor = (x: N, y: N): N => x ^ y
export const bitNot = (x: N): N => ~x
export const shiftLeft = (x: N, y: N): N => x << y
export const shiftRight = (x: N, y: N): N => x >> y
export const rand = (n: N = 1): N => random() * n
export const randInt = (n: N): N => Math.floor(random() * n)
export const parseLong = (text: unknown): N | null => (/^\s*[+-]?\d+\s*$/.test(String(text)) ? Number(text) : null)
export const parseDouble = (text: unknown): N | null => {
  const value = String(text).trim() === '' ? NaN : Number(text)
  return Number.isNaN(value) ? null : value
}

const chain =
  (test: (a: N, b: N) => boolean) =>
  (...xs: N[]): boolean => {
    for (let i = 1; i < xs.length; i++) if (!test(xs[i - 1]!, xs[i]!)) return false
    return true
  }
export const less = /* #__PURE__ */ chain((a, b) => a < b)
export const greater = /* #__PURE__ */ chain((a, b) => a > b)
export const atMost = /* #__PURE__ */ chain((a, b) => a <= b)
export const atLeast = /* #__PURE__ */ chain((a, b) => a >= b)

export const isZero = (x: unknown): boolean => x === 0 || x === 0n
export const isPositive = (x: N): boolean => x > 0
export const isNegative = (x: N): boolean => x < 0
export const isEven = (x: N): boolean => (typeof x === 'bigint' ? x % 2n === 0n : x % 2 === 0)
export const isOdd = (x: N): boolean => (typeof x === 'bigint' ? x % 2n !== 0n : Math.abs(x % 2) === 1)
export const isNotANumber = (x: unknown): boolean => Number.isNaN(x)
