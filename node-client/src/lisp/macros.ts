// Macros at compile time: a macro's function is compiled like any other and run on data, under a step limit.
// Forms become data on the way in and syntax again on the way out, with their spans.

import { NAME } from './runtime/brands.js'
import { LispList, LispSymbol, isKeyword, keyword, list as dataList } from './runtime/names.js'
import { isRecord } from './runtime/truth.js'
import { atom, key, seq, type Mark, type Seq, type Span, type Syntax } from './syntax.js'

export const STEP_LIMIT = 1_000_000 // function calls and loop turns of one expansion: seconds, not minutes

/** Thrown by $step when a macro has run for too long. */
export class StepLimit extends Error {}

const spans = new WeakMap<object, Span>()

/** The data a macro sees: lists, arrays, symbols, keywords, plain values. */
export function toData(form: Syntax): unknown {
  switch (form.type) {
    case 'atom':
      return form.value
    case 'symbol':
      return new LispSymbol(form.name, form.mark, form.span)
    case 'keyword':
      return keyword(form.name)
    case 'regex':
      return new RegExp(form.source, form.flags)
    default:
      return remember(collection(form, form.items.map(toData)), form.span)
  }
}

function collection(form: Seq, items: unknown[]): object {
  if (form.type === 'list') return dataList(...items)
  if (form.type === 'vector') return items
  if (form.type === 'set') return new Set(items)
  return new Map(Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i], items[2 * i + 1]]))
}

function remember<T extends object>(data: T, span: Span): T {
  spans.set(data, span)
  return data
}

/** What a macro cannot return. */
export class NotSyntax extends Error {}

/** Syntax of data; what has no span of its own stands at the use of the macro. */
export function toSyntax(data: unknown, use: Span): Syntax {
  if (data == null) return atom(null, use)
  if (typeof data === 'string' || typeof data === 'number' || typeof data === 'boolean' || typeof data === 'bigint')
    return atom(data, use)
  if (isKeyword(data)) return key(data[NAME], use)
  if (data instanceof LispSymbol) {
    return {
      type: 'symbol',
      name: data[NAME],
      span: (data.span as Span | undefined) ?? use,
      mark: data.mark as Mark | undefined,
    }
  }
  if (data instanceof RegExp) return { type: 'regex', source: data.source, flags: data.flags, span: use }
  return collectionSyntax(data, use)
}

function collectionSyntax(data: unknown, use: Span): Syntax {
  const span = (typeof data === 'object' && spans.get(data!)) || use
  const items = (values: Iterable<unknown>): Syntax[] => Array.from(values, (item) => toSyntax(item, use))
  if (data instanceof LispList) return seq('list', items(data), span)
  if (Array.isArray(data)) return seq('vector', items(data), span)
  if (data instanceof Set) return seq('set', items(data), span)
  if (data instanceof Map)
    return seq(
      'map',
      [...data].flatMap((entry) => items(entry)),
      span,
    )
  if (!isRecord(data)) throw new NotSyntax(typeof data === 'function' ? 'a function' : 'an object')
  return seq(
    'map',
    Object.entries(data).flatMap(([name, value]) => [key(name, use), toSyntax(value, use)]),
    span,
  )
}
