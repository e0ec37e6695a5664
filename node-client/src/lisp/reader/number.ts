// Numeric literals: 1 -2.5 1e3 0xff 0b101 0o17 1_000 12n. Anything else is not a number.

const DECIMAL = /^[+-]?\d+(_\d+)*(\.\d+(_\d+)*)?([eE][+-]?\d+)?$/
const RADIX = /^[+-]?0(?:[xX][\da-fA-F]+(_[\da-fA-F]+)*|[bB][01]+(_[01]+)*|[oO][0-7]+(_[0-7]+)*)$/
const BIG = /^[+-]?(?:\d+(_\d+)*|0[xX][\da-fA-F]+)[nN]$/

const signed = (text: string): [boolean, string] =>
  text[0] === '-' ? [true, text.slice(1)] : [false, text[0] === '+' ? text.slice(1) : text]

export const startsNumber = (text: string): boolean => /^[+-]?\d/.test(text)

export function parseNumber(text: string): number | bigint | undefined {
  const [negative, digits] = signed(text.replace(/_/g, ''))
  if (BIG.test(text)) {
    const value = BigInt(digits.slice(0, -1))
    return negative ? -value : value
  }
  if (!DECIMAL.test(text) && !RADIX.test(text)) return undefined
  const value = Number(digits)
  return negative ? -value : value
}
