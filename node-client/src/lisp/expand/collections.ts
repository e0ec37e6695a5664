// Literals of collections, and quasiquote, which makes collections too.

import type { Arg, Node } from '../nodes.js'
import { isList, isSym, isSymNamed, list, sym, type Seq, type Syntax } from '../syntax.js'
import { itemArg } from './calls.js'
import type { Expander } from './expander.js'
import type { Scope } from './scope.js'

export function expandCollection(form: Seq, expander: Expander, scope: Scope): Node {
  if (form.type === 'map') return mapNode(form, (item) => expander.expand(item, scope))
  const items = form.items.map((item) => itemArg(item, expander, scope))
  return { op: form.type === 'set' ? 'set' : 'vector', items, span: form.span }
}

function mapNode(form: Seq, each: (item: Syntax) => Node): Node {
  const entries: [Node, Node][] = []
  for (let i = 0; i + 1 < form.items.length; i += 2) entries.push([each(form.items[i]!), each(form.items[i + 1]!)])
  return { op: 'map', entries, span: form.span }
}

/** Quasiquote: the datum with its unquoted parts evaluated. */
export function expandQuasi(datum: Syntax, depth: number, expander: Expander, scope: Scope): Node {
  if (!('items' in datum)) return { op: 'quote', datum, template: true, span: datum.span }
  const head = isList(datum) ? datum.items[0] : undefined
  if (isSym(head) && datum.items.length === 2) {
    if (head.name === 'unquote') return unquote(datum, depth, expander, scope)
    if (head.name === 'quasiquote') return nested(datum, head.name, depth + 1, expander, scope)
    if (head.name === 'unquote-splicing') return expander.error('L207', datum.span)
  }
  if (datum.type === 'map') return mapNode(datum, (item) => expandQuasi(item, depth, expander, scope))
  const items = datum.items.map((item) => quasiItem(item, depth, expander, scope))
  return { op: datum.type, items, span: datum.span }
}

function unquote(datum: Seq, depth: number, expander: Expander, scope: Scope): Node {
  if (depth > 1) return nested(datum, 'unquote', depth - 1, expander, scope)
  return expander.expand(datum.items[1]!, scope)
}

function nested(datum: Seq, name: string, depth: number, expander: Expander, scope: Scope): Node {
  const head = list([sym('quote', datum.span), sym(name, datum.span)], datum.span)
  const items: Arg[] = [
    { as: 'value', value: { op: 'quote', datum: head.items[1]!, span: datum.span } },
    { as: 'value', value: expandQuasi(datum.items[1]!, depth, expander, scope) },
  ]
  return { op: 'list', items, span: datum.span }
}

function quasiItem(item: Syntax, depth: number, expander: Expander, scope: Scope): Arg {
  const splices = isList(item) && isSymNamed(item.items[0], 'unquote-splicing') && item.items.length === 2
  if (!splices || depth > 1) return { as: 'value', value: expandQuasi(item, depth, expander, scope) }
  return { as: 'spread', value: expander.expand(item.items[1]!, scope) }
}
