// Special forms of control: if, do, let, loop, recur, while, and, or, try, throw.

import { constant, type CatchClause, type LoopTarget, type Node, type Pair } from '../nodes.js'
import { isList, isSym, isSymNamed, type Seq, type Span, type Sym, type Syntax } from '../syntax.js'
import { destructure } from './destructure.js'
import type { Expander } from './expander.js'
import { Scope, type Special } from './scope.js'
import { sourceText } from './text.js'

type Expand = Special['expand']

export const ifForm: Expand = (form, expander, scope) => ({
  op: 'if',
  test: expander.expand(form.items[1]!, scope),
  then: expander.expand(form.items[2]!, scope),
  otherwise: form.items[3] ? expander.expand(form.items[3], scope) : constant(null, form.span),
  span: form.span,
})

export const doForm: Expand = (form, expander, scope) => expander.expandBody(form.items.slice(1), scope, form.span)

/** The pairs of [a 1 b 2], ((a 1) (b 2)) or (a 1 b 2). */
export function bindingPairs(form: Syntax, expander: Expander): [Syntax, Syntax][] {
  if (form.type !== 'list' && form.type !== 'vector') {
    expander.error('L103', form.span)
    return []
  }
  const nested = form.type === 'list' && isList(form.items[0])
  return nested ? nestedPairs(form, expander) : flatPairs(form, expander)
}

function nestedPairs(form: Seq, expander: Expander): [Syntax, Syntax][] {
  return form.items.flatMap((item): [Syntax, Syntax][] => {
    if ('items' in item && item.items.length === 2) return [[item.items[0]!, item.items[1]!]]
    expander.error('L103', item.span)
    return []
  })
}

function flatPairs(form: Seq, expander: Expander): [Syntax, Syntax][] {
  const pairs: [Syntax, Syntax][] = []
  for (let i = 0; i < form.items.length; i += 2) {
    const value = form.items[i + 1]
    if (value) pairs.push([form.items[i]!, value])
    else expander.error('L103', form.items[i]!.span)
  }
  return pairs
}

export const letForm: Expand = (form, expander, scope) => {
  const pairs: Pair[] = []
  let inner = scope
  for (const [pattern, value] of bindingPairs(form.items[1]!, expander)) {
    const node = expander.expand(value, inner)
    inner = new Scope(inner) // each value sees the names before it only
    destructure(pattern, node, expander, inner, pairs)
  }
  const body = expander.expandBody(form.items.slice(2), inner, form.span)
  return { op: 'let', rec: false, pairs, body, span: form.span }
}

export const letrecForm: Expand = (form, expander, scope) => {
  const inner = new Scope(scope)
  const named = bindingPairs(form.items[1]!, expander).filter((pair): pair is [Sym, Syntax] => {
    if (isSym(pair[0])) return true
    expander.error('L104', pair[0].span, { text: sourceText(pair[0], expander) })
    return false
  })
  const bindings = named.map(([name]) => expander.bind(name, 'local', inner))
  const pairs = named.map(([, value], i): Pair => {
    const binding = bindings[i]!
    const node = (binding.init = expander.expand(value, inner))
    return { binding, value: node }
  })
  const body = expander.expandBody(form.items.slice(2), inner, form.span)
  return { op: 'let', rec: true, pairs, body, span: form.span }
}

export const loopForm: Expand = (form, expander, scope) => {
  const pairs: Pair[] = []
  const inner = new Scope(scope)
  const patterns: [Syntax, Node][] = []
  let seen = scope
  for (const [pattern, value] of bindingPairs(form.items[1]!, expander)) {
    const node = expander.expand(value, seen)
    seen = new Scope(seen)
    const name = isSym(pattern) ? pattern : undefined
    const binding = name ? expander.bind(name, 'loop', inner) : expander.hidden('item', pattern.span, 'loop')
    if (name) seen.define(name, { what: 'variable', binding })
    pairs.push({ binding, value: node })
    if (!name) patterns.push([pattern, { op: 'ref', binding, span: pattern.span }])
  }
  const target: LoopTarget = { bindings: pairs.map((pair) => pair.binding), used: false }
  const body = withPatterns(patterns, inner, expander, form.span, (bodyScope) =>
    withTarget(expander, target, () => expander.expandBody(form.items.slice(2), bodyScope, form.span)),
  )
  return { op: 'loop', target, pairs, body, span: form.span }
}

/** Wraps a body in the lets that take patterns apart. */
export function withPatterns(
  patterns: readonly [Syntax, Node][],
  scope: Scope,
  expander: Expander,
  span: Span,
  body: (scope: Scope) => Node,
): Node {
  if (patterns.length === 0) return body(scope)
  const pairs: Pair[] = []
  const inner = new Scope(scope)
  for (const [pattern, value] of patterns) destructure(pattern, value, expander, inner, pairs)
  return { op: 'let', rec: false, pairs, body: body(inner), span }
}

/** Expands a body in which recur goes to `target`. */
export function withTarget<T>(expander: Expander, target: LoopTarget | undefined, body: () => T): T {
  const outer = expander.target
  expander.target = target
  const result = body()
  expander.target = outer
  return result
}

export const recurForm: Expand = (form, expander, scope) => {
  const { target } = expander
  if (!target) return expander.error('L110', form.span)
  const args = form.items.slice(1).map((item) => expander.expand(item, scope))
  const expected = target.bindings.length
  if (args.length !== expected) return expander.error('L109', form.span, { expected, found: args.length })
  return { op: 'recur', target, args, span: form.span }
}

export const whileForm: Expand = (form, expander, scope) => ({
  op: 'while',
  test: expander.expand(form.items[1]!, scope),
  body: expander.expandBody(form.items.slice(2), scope, form.span),
  span: form.span,
})

export const forEachForm =
  (awaits: boolean): Expand =>
  (form, expander, scope) => {
    const items = expander.expand(form.items[2]!, scope)
    const inner = new Scope(scope)
    const pattern = form.items[1]!
    const binding = isSym(pattern) ? expander.bind(pattern, 'local', inner) : expander.hidden('item', pattern.span)
    const patterns: [Syntax, Node][] = isSym(pattern) ? [] : [[pattern, { op: 'ref', binding, span: pattern.span }]]
    const body = withPatterns(patterns, inner, expander, form.span, (bodyScope) =>
      expander.expandBody(form.items.slice(3), bodyScope, form.span),
    )
    return { op: 'forEach', binding, items, body, awaits, span: form.span }
  }

export const logicForm =
  (op: 'and' | 'or'): Expand =>
  (form, expander, scope) => {
    const args = form.items.slice(1).map((item) => expander.expand(item, scope))
    if (args.length === 0) return constant(op === 'and' ? true : null, form.span)
    return args.length === 1 ? args[0]! : { op, args, span: form.span }
  }

export const throwForm: Expand = (form, expander, scope) => ({
  op: 'throw',
  value: expander.expand(form.items[1]!, scope),
  span: form.span,
})

const isClause = (form: Syntax, name: string): form is Seq => isList(form) && isSymNamed(form.items[0], name)

export const tryForm: Expand = (form, expander, scope) => {
  const items = form.items.slice(1)
  const last = items.at(-1)
  const finalizer = last && isClause(last, 'finally') ? last : undefined
  if (finalizer) items.pop()
  const first = items.findIndex((item) => isClause(item, 'catch'))
  const clauses = first < 0 ? [] : items.splice(first)
  const body = expander.expandBody(items, scope, form.span)
  const catches = clauses.flatMap((clause, i) => catchClause(clause, i === clauses.length - 1, expander, scope))
  const final = finalizer && expander.expandBody(finalizer.items.slice(1), scope, finalizer.span)
  if (catches.length === 0 && !final) return body
  return { op: 'try', body, catches, final, span: form.span }
}

/** (catch e …), (catch ValueError e …), (catch js/TypeError e …) */
function catchClause(clause: Syntax, isLast: boolean, expander: Expander, scope: Scope): CatchClause[] {
  const bad = (reason: string): CatchClause[] => {
    expander.error('L101', clause.span, { form: 'catch', reason, shape: '(catch type? name body…)' })
    return []
  }
  if (!isClause(clause, 'catch')) return bad('after the first catch only catch and finally may follow')
  const [, first, second] = clause.items
  if (!first || !isSym(first)) return bad('it needs a name for the error')
  const typed = second !== undefined && isSym(second) && (looksLikeType(first.name) || clause.items.length > 3)
  if (!typed && !isLast) expander.error('L117', clause.span, { form: 'catch' })
  const name = typed ? second : first
  const inner = new Scope(scope)
  const binding = expander.bind(name, 'catch', inner)
  const body = expander.expandBody(clause.items.slice(typed ? 3 : 2), inner, clause.span)
  return [{ type: typed ? catchType(first, expander, scope) : undefined, binding, body, span: clause.span }]
}

/** Classes of Python and JavaScript begin with a capital, in their last part. */
const looksLikeType = (name: string): boolean => name.startsWith('js/') || /(^|\.)_*[A-Z]\w*$/.test(name)

function catchType(type: Sym, expander: Expander, scope: Scope): CatchClause['type'] {
  if (type.name.startsWith('js/')) return { from: 'js', node: expander.resolve(type, scope) }
  const known = scope.lookup(type.name, type.mark)
  if (known?.what === 'variable' && known.binding.kind !== 'global' && known.binding.kind !== 'core') {
    const isPython = known.binding.init?.op === 'get' || known.binding.kind === 'import'
    if (!isPython) return { from: 'js', node: expander.resolve(type, scope) }
  }
  return { from: 'python', name: type.name.replace(/-/g, '_') }
}
