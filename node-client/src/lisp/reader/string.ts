// String literals: scans from the opening quote, decodes the escapes, keeps line breaks.

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  b: '\b',
  f: '\f',
  '"': '"',
  '\\': '\\',
  "'": "'",
  '\n': '',
}

export interface ScannedString {
  readonly value: string
  readonly end: number // offset after the closing quote, or the end of the text
  readonly closed: boolean
  readonly badEscapes: readonly { readonly start: number; readonly end: number; readonly text: string }[]
}

/** Reads one escape at `at` (the backslash): its text and the offset after it, or undefined. */
function readEscape(text: string, at: number): [string, number] | undefined {
  const simple = SIMPLE[text[at + 1] ?? '']
  if (simple !== undefined) return [simple, at + 2]
  const code = /^\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|x([\da-fA-F]{2}))/.exec(text.slice(at, at + 10))
  if (!code) return undefined
  const point = parseInt(code[1] ?? code[2] ?? code[3]!, 16)
  if (point > 0x10ffff) return undefined
  return [code[1] ? String.fromCodePoint(point) : String.fromCharCode(point), at + code[0].length]
}

/** Scans the string that opens at `start`. */
export function scanString(text: string, start: number): ScannedString {
  const badEscapes: { start: number; end: number; text: string }[] = []
  let value = ''
  let at = start + 1
  while (at < text.length) {
    const char = text[at]!
    if (char === '"') return { value, end: at + 1, closed: true, badEscapes }
    if (char !== '\\') {
      const from = at
      while (at < text.length && text[at] !== '"' && text[at] !== '\\') at++
      value += text.slice(from, at)
      continue
    }
    const escape = readEscape(text, at)
    if (escape) value += escape[0]
    else badEscapes.push({ start: at, end: Math.min(at + 2, text.length), text: text.slice(at, at + 2) })
    at = escape ? escape[1] : at + 2
  }
  return { value, end: text.length, closed: false, badEscapes }
}

/** Scans a regular expression literal body after `#`: only \" is an escape of the reader, the rest is the engine's. */
export function scanRegex(text: string, start: number): { source: string; end: number; closed: boolean } {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  const closed = at < text.length
  const source = text.slice(start + 1, Math.min(at, text.length)).replace(/\\"/g, '"')
  return { source, end: closed ? at + 1 : text.length, closed }
}
