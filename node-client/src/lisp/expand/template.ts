// Templates of the core macros: nested arrays are lists, strings are core symbols, syntax objects stand for themselves.

import { atom, key, list, seq, sym, type Mark, type Span, type Syntax } from '../syntax.js'

export type Template = null | boolean | number | string | Syntax | Wrapped | readonly Template[]
interface Wrapped {
  readonly wrap: 'vector' | 'text' | 'key' | 'map'
  readonly parts: readonly Template[]
}

/** A vector of template parts. */
export const vec = (...parts: Template[]): Wrapped => ({ wrap: 'vector', parts })
/** A string constant (a bare string in a template is a symbol). */
export const text = (value: string): Wrapped => ({ wrap: 'text', parts: [value] })

export function build(template: Template, mark: Mark, span: Span): Syntax {
  if (typeof template === 'string') return sym(template, span, mark)
  if (template === null || typeof template !== 'object') return atom(template, span)
  if (Array.isArray(template)) return list(template.map((part: Template) => build(part, mark, span)), span)
  if ('type' in template) return template
  return wrapped(template as Wrapped, mark, span)
}

function wrapped({ wrap, parts }: Wrapped, mark: Mark, span: Span): Syntax {
  if (wrap === 'text') return atom(parts[0] as string, span)
  if (wrap === 'key') return key(parts[0] as string, span)
  return seq(wrap, parts.map((part) => build(part, mark, span)), span) // prettier-ignore
}
