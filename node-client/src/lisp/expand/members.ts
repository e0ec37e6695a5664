// Property paths: a.b.c, (. o k1 k2), (.m o a), (.-k o), (?. o k). In the place of a property a `-` becomes `_`,
// because neither Python nor JavaScript names can contain one; (get o "a-b") reaches any other name.

import { constant, ref, type Node } from '../nodes.js'
import { isKey, isList, isString, isSym, sym, type Seq, type Span, type Sym, type Syntax } from '../syntax.js'
import { callArgs } from './calls.js'
import type { Expander } from './expander.js'
import type { Scope } from './scope.js'

export const propertyName = (name: string): string => name.replace(/-/g, '_')

export const get = (object: Node, key: string | Node, span: Span, optional = false): Node => ({
  op: 'get',
  object,
  key,
  optional,
  span,
})

/** a.b.c: the first part is a variable, or py for the builtins of Python. */
export function expandDotted(symbol: Sym, expander: Expander, scope: Scope): Node {
  const [head, ...path] = symbol.name.split('.')
  const first = sym(head!, { start: symbol.span.start, end: symbol.span.start + head!.length }, symbol.mark)
  const isPython = head === 'py' && scope.lookup('py', symbol.mark) === undefined
  let node = isPython ? pythonModule('builtins', symbol.span, expander, 'py.…') : expander.resolve(first, scope)
  for (const name of path) {
    if (name === '') return expander.unknown(symbol, scope)
    node = get(node, propertyName(name), symbol.span)
  }
  return node
}

/** $py("name") */
export function pythonModule(name: string, span: Span, expander: Expander, form: string): Node {
  const meaning = expander.top.lookup('$py', undefined)
  if (meaning?.what !== 'variable') return expander.error('L503', span, { form })
  return expander.call(ref(meaning.binding, span), [constant(name, span)], span)
}

/** One step of a path: a name, an index, or a call ((. o (m a))). */
function step(object: Node, part: Syntax, optional: boolean, expander: Expander, scope: Scope, span: Span): Node {
  if (isSym(part)) {
    return part.name.split('.').reduce((node, name) => get(node, propertyName(name), span, optional), object)
  }
  if (isString(part)) return get(object, part.value, span, optional)
  if (isKey(part)) return get(object, propertyName(part.name), span, optional)
  const method = isList(part) ? part.items[0] : undefined
  if (!isList(part) || !method || !isSym(method)) return get(object, expander.expand(part, scope), span, optional)
  const callee = get(object, propertyName(method.name), span, optional)
  const args = callArgs(part.items.slice(1), expander, scope)
  return { op: 'call', callee, args, optional: false, auto: expander.auto, awaited: false, span }
}

/** (. o k1 k2) and (?. o k1 k2) */
export function expandPath(form: Seq, expander: Expander, scope: Scope, optional: boolean): Node {
  const object = expander.expand(form.items[1]!, scope)
  return form.items.slice(2).reduce((node, part) => step(node, part, optional, expander, scope, form.span), object)
}

/** (.m o a …) is a method call, (.-k o) a property. */
export function expandMethod(form: Seq, head: Sym, expander: Expander, scope: Scope): Node {
  const [object, ...rest] = form.items.slice(1)
  const isProperty = head.name.startsWith('.-')
  if (!object || (isProperty && rest.length > 0)) {
    const shape = isProperty ? '(.-name object)' : '(.name object arguments…)'
    return expander.error('L101', form.span, { form: head.name, reason: 'it needs an object', shape })
  }
  const target = expander.expand(object, scope)
  const names = head.name.slice(isProperty ? 2 : 1).split('.')
  const callee = names.reduce((node, name) => get(node, propertyName(name), isProperty ? form.span : head.span), target)
  if (isProperty) return callee
  const args = callArgs(rest, expander, scope)
  return { op: 'call', callee, args, optional: false, auto: expander.auto, awaited: false, span: form.span }
}
