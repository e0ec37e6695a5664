// The pieces of an interpolated string: "x = {x}, {{literal}}".

import { readEmbedded } from '../reader/reader.js'
import type { Span } from '../syntax.js'
import type { Expander } from './expander.js'
import { text, type Template } from './template.js'

/** The end of the form that opens at `start`: the brace that closes it, outside of nested braces. */
function closing(source: string, start: number): number {
  let depth = 1
  for (let i = start; i < source.length; i++) {
    if (source[i] === '{') depth++
    else if (source[i] === '}' && --depth === 0) return i
  }
  return -1
}

export function interpolate(source: string, span: Span, expander: Expander): Template[] {
  const parts: Template[] = []
  let literal = ''
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!
    if ((char === '{' || char === '}') && source[i + 1] === char) {
      literal += char
      i++
      continue
    }
    const end = char === '{' ? closing(source, i + 1) : -1
    if (end < 0) {
      literal += char
      continue
    }
    if (literal) parts.push(text(literal))
    literal = ''
    parts.push(...readEmbedded(source.slice(i + 1, end), span.start + 2 + i, expander.reporter))
    i = end
  }
  return literal ? [...parts, text(literal)] : parts
}
