// Functions: (fn name? [a (b default) & rest] body…), several arities, patterns as parameters.

import { Binding, constant, newFn, ref, type Arity, type Fn, type Node, type Param } from '../nodes.js'
import { isList, isSym, isSymNamed, isVector, spanOf, type Seq, type Span, type Sym, type Syntax } from '../syntax.js'
import { withPatterns, withTarget } from './control.js'
import { restOf } from './destructure.js'
import type { Expander } from './expander.js'
import { Scope, type Special } from './scope.js'
import { sourceText } from './text.js'

export const fnForm: Special['expand'] = (form, expander, scope) => {
  const name = isSym(form.items[1]) ? form.items[1] : undefined
  return makeFn(name, form.items.slice(name ? 2 : 1), form.span, expander, scope)
}

/** The function of [params] body… or of ([params] body…) ([params] body…). */
export function makeFn(
  name: Sym | undefined,
  parts: readonly Syntax[],
  span: Span,
  expander: Expander,
  scope: Scope,
  displayName = name?.name,
): Fn {
  const inner = new Scope(scope)
  const fn = newFn(displayName, expander.fn, span, name && new Binding('self', name.name, name.span, undefined))
  if (fn.self) {
    fn.self.owner = fn
    fn.self.init = fn
    inner.define(name!, { what: 'variable', binding: fn.self })
  }
  const clauses = isMulti(parts) ? (parts as Seq[]) : undefined
  expander.inFn(fn, () => {
    if (!clauses) fn.arities.push(arity(parts[0], parts.slice(1), span, expander, inner))
    else
      for (const clause of clauses)
        fn.arities.push(arity(clause.items[0], clause.items.slice(1), clause.span, expander, inner))
  })
  checkArities(fn, expander)
  return fn
}

const isMulti = (parts: readonly Syntax[]): boolean =>
  parts.length > 0 && parts.every((part) => isList(part) && isVector(part.items[0]))

function checkArities(fn: Fn, expander: Expander): void {
  const seen = new Set<number>()
  for (const { params, rest } of fn.arities) {
    if (!rest && seen.has(params.length)) expander.error('L303', fn.span, { count: params.length })
    seen.add(params.length)
  }
}

interface Parsed {
  readonly params: Param[]
  readonly patterns: [Syntax, Node][]
  rest: Binding | undefined
}

function arity(
  paramForm: Syntax | undefined,
  body: readonly Syntax[],
  span: Span,
  expander: Expander,
  scope: Scope,
): Arity {
  const inner = new Scope(scope)
  const parsed: Parsed = { params: [], patterns: [], rest: undefined }
  if (paramForm?.type === 'vector' || paramForm?.type === 'list') parseParams(paramForm, parsed, expander, inner)
  else expander.error('L302', paramForm?.span ?? span, { reason: 'a [vector] or (list) of parameters is missing' })
  const bindings = parsed.params.map((param) => param.binding)
  const target = { bindings: parsed.rest ? [...bindings, parsed.rest] : bindings, used: false }
  const bodySpan = body.length > 0 ? spanOf(body[0]!, body.at(-1)!) : span
  const node = withPatterns(parsed.patterns, inner, expander, bodySpan, (bodyScope) =>
    withTarget(expander, target, () => expander.expandBody(body, bodyScope, bodySpan)),
  )
  return { params: parsed.params, rest: parsed.rest, target, body: node }
}

function parseParams(form: Seq, parsed: Parsed, expander: Expander, scope: Scope): void {
  let optional = false
  for (let i = 0; i < form.items.length; i++) {
    const item = form.items[i]!
    const rest = restOf(form.items, i)
    if (isSymNamed(item, '&optional')) optional = true
    else if (rest) {
      parseRest(rest, parsed, expander, scope)
      if (isSym(item)) i++
      if (i + 1 < form.items.length)
        expander.error('L302', form.items[i + 1]!.span, { reason: 'nothing may follow the rest' })
      return
    } else if (isSymNamed(item, '&')) expander.error('L302', item.span, { reason: 'a name is missing after &' })
    else parseParam(item, optional, parsed, expander, scope)
  }
}

function bindParam(item: Syntax, parsed: Parsed, expander: Expander, scope: Scope, name: string): Binding | undefined {
  if (isSym(item)) {
    if (scope.own(item) && item.name !== '_') expander.error('L105', item.span, { name: item.name })
    if (item.name.includes('.')) expander.error('L104', item.span, { text: item.name })
    return expander.bind(item, 'param', scope)
  }
  if (item.type !== 'vector' && item.type !== 'map') {
    expander.error('L104', item.span, { text: sourceText(item, expander) })
    return undefined
  }
  const binding = expander.hidden(name, item.span, 'param')
  parsed.patterns.push([item, ref(binding, item.span)])
  return binding
}

function parseParam(item: Syntax, optional: boolean, parsed: Parsed, expander: Expander, scope: Scope): void {
  const withDefault = isList(item) && item.items.length === 2
  if (isList(item) && !withDefault) {
    expander.error('L302', item.span, { reason: 'a parameter with a default is (name default)' })
    return
  }
  if (!withDefault && !optional && parsed.params.at(-1)?.optional) {
    expander.error('L302', item.span, { reason: 'a required parameter follows an optional one' })
  }
  const fallback = withDefault
    ? expander.expand(item.items[1]!, scope)
    : optional
      ? constant(null, item.span)
      : undefined
  const target = withDefault ? item.items[0]! : item
  const binding = bindParam(target, parsed, expander, scope, target.type === 'map' ? 'options' : 'items')
  if (binding) parsed.params.push({ binding, fallback, optional: fallback !== undefined })
}

/** A rest that is a map pattern takes keyword arguments: (fn [x & {:keys [axis]}] …). */
function parseRest(item: Syntax, parsed: Parsed, expander: Expander, scope: Scope): void {
  if (item.type !== 'map') {
    parsed.rest = bindParam(item, parsed, expander, scope, 'rest')
    return
  }
  const binding = (parsed.rest = expander.hidden('rest', item.span, 'param'))
  parsed.patterns.push([item, expander.callCore('keywords->map', [ref(binding, item.span)], item.span)])
}
