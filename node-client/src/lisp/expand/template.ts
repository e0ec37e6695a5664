// Templates of the core macros: nested arrays are lists, strings are core symbols, syntax objects stand for themselves.

import { atom, list, seq, sym, type Mark, type Span, type Syntax } from '../syntax.js'

export type Template = null | boolean | number | string | Syntax | Wrapped | readonly Template[]
interface Wrapped {
  readonly wrap: 'vector' | 'text' | 'list'
  readonly parts: readonly Template[]
  readonly span?: Span // where the form stands, if not at the use of the macro
}

/** A vector of template parts. */
export const vec = (...parts: Template[]): Wrapped => ({ wrap: 'vector', parts })
/** A string constant (a bare string in a template is a symbol). */
export const text = (value: string): Wrapped => ({ wrap: 'text', parts: [value] })

/** A list that stands where a form of the program does. */
export const listAt = (span: Span, ...parts: Template[]): Wrapped => ({ wrap: 'list', parts, span })

export function build(template: Template, mark: Mark, span: Span): Syntax {
  if (typeof template === 'string') return sym(template, span, mark)
  if (template === null || typeof template !== 'object') return atom(template, span)
  if (Array.isArray(template))
    return list(
      template.map((part: Template) => build(part, mark, span)),
      span,
    )
  if ('type' in template) return template
  return wrapped(template as Wrapped, mark, span)
}

function wrapped({ wrap, parts, span }: Wrapped, mark: Mark, use: Span): Syntax {
  if (wrap === 'text') return atom(parts[0] as string, use)
  return seq(
    wrap,
    parts.map((part) => build(part, mark, use)),
    span ?? use,
  )
}
