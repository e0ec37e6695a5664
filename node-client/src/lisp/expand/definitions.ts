// Definitions and assignments: def, define, defmacro, set!, import, pragma, new, js*. A definition is declared before
// the forms around it are expanded (DECLARERS), so that functions can refer to each other.

import { constant, isConst, ref, type Binding, type Node } from '../nodes.js'
import {
  isKey,
  isKeyNamed,
  isList,
  isString,
  isSym,
  isVector,
  list,
  type Seq,
  type Sym,
  type Syntax,
} from '../syntax.js'
import { callArgs } from './calls.js'
import type { Expander } from './expander.js'
import { makeFn } from './functions.js'
import { withTarget } from './control.js'
import { get } from './members.js'
import { fromNames, importName } from './python.js'
import { defineSyntaxRules } from './syntax-rules.js'
import { sourceText } from './text.js'
import type { Scope, Special } from './scope.js'

type Expand = Special['expand']
type Declare = (form: Seq, expander: Expander, scope: Scope) => void

/** Forms of the language that are defined in its reference and not in this version. */
export const LATER: readonly (readonly [string, string])[] = [
  ['defjob', 'submit jobs from JavaScript'],
  ['defstruct', 'use a map'],
  ['cancel', 'call .cancel of the job'],
  ['with-job', 'submit jobs from JavaScript'],
  ['with-session', 'make sessions from JavaScript'],
  ['job', 'submit jobs from JavaScript'],
]

export const unsupported =
  (help: string): Expand =>
  (form, expander) =>
    expander.error('L901', form.span, { form: (form.items[0] as Sym).name, help })

/** Declares a name, or finds its earlier declaration here: a second definition assigns. */
function declare(name: Sym, expander: Expander, scope: Scope): void {
  if (/^js\/|[^.]\.[^.]/.test(name.name)) {
    expander.error('L104', name.span, { text: name.name })
    return
  }
  const known = scope.own(name)
  if (known?.what === 'variable' && known.binding.kind !== 'import') known.binding.mutable = true
  else expander.bind(name, scope === expander.top ? 'top' : 'local', scope)
}

const defined = (name: Syntax | undefined): Sym | undefined =>
  isSym(name) ? name : isList(name) && isSym(name.items[0]) ? name.items[0] : undefined

const declareDef: Declare = (form, expander, scope) => {
  const name = defined(form.items[1])
  if (name) declare(name, expander, scope)
}

export const DECLARERS: Readonly<Record<string, Declare>> = {
  def: declareDef,
  define: declareDef,
  defmacro: (form, expander, scope) => defineMacro(form, expander, scope),
  'define-syntax': (form, expander, scope) => defineSyntaxRules(form, expander, scope),
  pragma: (form, expander, scope) => pragma(form, expander, scope),
  'py.import': (form, expander, scope) => {
    const name = importName(form, expander)
    if (name) declare(name, expander, scope)
  },
  'py.from': (form, expander, scope) => {
    for (const { local } of fromNames(form, expander)) declare(local, expander, scope)
  },
  import: (form, expander, scope) => {
    for (const name of importedNames(form)) declare(name, expander, scope)
  },
}

/** A definition that is not among the forms of a file or body. */
export const notHere = (form: Seq, expander: Expander): Node =>
  expander.error('L113', form.span, { form: (form.items[0] as Sym).name })

/** Defines the value of a declared name; the binding knows its first value. */
export function defineAs(name: Sym, value: Node, form: Seq, expander: Expander, scope: Scope): Node {
  const meaning = scope.own(name)
  if (meaning?.what !== 'variable' || !expander.declared.has(form)) return notHere(form, expander)
  const { binding } = meaning
  if (binding.mutable || binding.init) binding.assigned.push(value)
  else binding.init = value
  return { op: 'def', binding, value, span: form.span }
}

export const defForm: Expand = (form, expander, scope) => {
  const name = form.items[1]!
  if (isList(name)) return defineForm(form, expander, scope)
  if (!isSym(name)) return expander.error('L104', name.span, { text: sourceText(name, expander) })
  const hasDoc = form.items.length === 4
  if (hasDoc && !isString(form.items[2]))
    return expander.error('L101', form.span, {
      form: 'def',
      reason: 'there is too much in it',
      shape: '(def name doc? value)',
    })
  const valueForm = form.items[hasDoc ? 3 : 2]
  return defineAs(
    name,
    valueForm ? definedValue(name, valueForm, expander, scope) : constant(null, form.span),
    form,
    expander,
    scope,
  )
}

/** The value of a definition; a function in it takes the name, for its stack frames. */
function definedValue(name: Sym, form: Syntax, expander: Expander, scope: Scope): Node {
  const head = expander.expandHead(form, scope)
  const callee = isList(head) ? head.items[0] : undefined
  const meaning = isSym(callee) ? scope.lookup(callee.name, callee.mark) : undefined
  const isFn = meaning?.what === 'special' && (meaning.name === 'fn' || meaning.name === 'lambda')
  if (!isFn || isSym((head as Seq).items[1])) return expander.expand(head, scope)
  return makeFn(undefined, (head as Seq).items.slice(1), head.span, expander, scope, name.name)
}

/** (define name value) or (define (name params…) body…) */
export const defineForm: Expand = (form, expander, scope) => {
  const target = form.items[1]!
  if (!isList(target)) return defForm(form, expander, scope)
  const [name, ...params] = target.items
  if (!isSym(name)) return expander.error('L104', target.span, { text: sourceText(target, expander) })
  const parts = [list(params, target.span), ...form.items.slice(2)]
  return defineAs(name, makeFn(undefined, parts, form.span, expander, scope, name.name), form, expander, scope)
}

/** A macro is defined while the file is declared; what is left of the form is nil. */
export const defmacroForm: Expand = (form, expander) => {
  return expander.declared.has(form) ? constant(null, form.span) : notHere(form, expander)
}

function defineMacro(form: Seq, expander: Expander, scope: Scope): void {
  const name = form.items[1]
  if (!isSym(name)) {
    expander.error('L104', form.items[1]?.span ?? form.span, { text: 'this' })
    return
  }
  const doc = isString(form.items[2]) && form.items.length > 3 ? form.items[2].value : ''
  const params = form.items[doc ? 3 : 2]
  const arglist =
    params && 'items' in params ? expander.reporter.source.text.slice(params.span.start + 1, params.span.end - 1) : ''
  const fn = macroFunction(name, form.items.slice(doc ? 3 : 2), form, expander, scope)
  const run = expander.reporter.hasErrors ? undefined : expander.options.loadMacro(fn, name.name)
  const expand = (use: Seq): Syntax => {
    const result = run?.(use.items.slice(1), expander.freshMark(scope, name.mark), use.span) ?? expander.nil(use.span)
    return expander.tag(result, name.name, use.span)
  }
  scope.define(name, { what: 'macro', name: name.name, arglist, doc, min: 0, max: Infinity, expand })
}

function macroFunction(name: Sym, parts: readonly Syntax[], form: Seq, expander: Expander, scope: Scope) {
  const { phase, macroFn, auto } = expander
  expander.phase = 'macro'
  expander.auto = false
  // the function's own bindings are inside it: everything else of run time is out of reach
  const fn = withTarget(expander, undefined, () =>
    expander.thunk(form.span, () => {
      expander.macroFn = expander.fn
      return makeFn(undefined, parts, form.span, expander, scope, name.name)
    }),
  )
  expander.phase = phase
  expander.macroFn = macroFn
  expander.auto = auto
  return fn
}

const pragma: Declare = (form, expander) => {
  const [, option, value] = form.items
  if (isKeyNamed(option, 'await') && isKey(value) && (value.name === 'auto' || value.name === 'explicit')) {
    expander.auto = value.name === 'auto'
  } else expander.error('L116', form.span, { name: 'this', form: 'pragma', known: ':await :auto, :await :explicit' })
}
export const pragmaForm: Expand = (form, expander, scope) =>
  scope === expander.top && expander.declared.has(form) ? constant(null, form.span) : notHere(form, expander)

/** (set! name v), (set! a.b v), (set! (. o k) v) */
export const setForm: Expand = (form, expander, scope) => {
  const target = form.items[1]!
  if (!isSym(target) && !isList(target)) return expander.error('L107', target.span)
  const place = expander.expand(target, scope)
  const value = expander.expand(form.items[2]!, scope)
  if (place.op === 'get' && !place.optional)
    return { op: 'put', object: place.object, key: place.key, value, span: form.span }
  if (place.op !== 'ref') return isConst(place, null) ? place : expander.error('L107', target.span)
  return assign(place.binding, value, form, expander)
}

function assign(binding: Binding, value: Node, form: Seq, expander: Expander): Node {
  const fixed = ['core', 'global', 'import', 'self'].includes(binding.kind)
  if (fixed) return expander.error('L106', form.items[1]!.span, { name: binding.name })
  binding.mutable = true
  binding.assigned.push(value)
  return { op: 'assign', binding, value, span: form.span }
}

/** (import "source" :as name) or (import [a b] "source") */
function importedNames(form: Seq): Sym[] {
  const [, first, second, third] = form.items
  if (isString(first) && isKeyNamed(second, 'as') && isSym(third)) return [third]
  return isVector(first) && isString(second) ? first.items.filter((item) => isSym(item)) : []
}

export const importForm: Expand = (form, expander, scope) => {
  const names = importedNames(form)
  const source = form.items.find((item) => isString(item))
  if (names.length === 0 || !source) {
    return expander.error('L101', form.span, {
      form: 'import',
      reason: 'a name or a source is missing',
      shape: '(import "source" :as name) or (import [names…] "source")',
    })
  }
  const module: Node = {
    op: 'import',
    source: constant((source as { value: string }).value, source.span),
    span: form.span,
  }
  if (isString(form.items[1])) return defineAs(names[0]!, module, form, expander, scope)
  const holder = expander.hidden('module', form.span)
  holder.init = module
  const defs = names.map((name) =>
    defineAs(name, get(ref(holder, name.span), name.name, name.span), form, expander, scope),
  )
  return { op: 'do', body: [{ op: 'def', binding: holder, value: module, span: form.span }, ...defs], span: form.span }
}

export const newForm: Expand = (form, expander, scope) => ({
  op: 'new',
  callee: expander.expand(form.items[1]!, scope),
  args: callArgs(form.items.slice(2), expander, scope),
  span: form.span,
})

export const jsForm: Expand = (form, expander, scope) => {
  const text = form.items[1]!
  const args = form.items.slice(2).map((item) => expander.expand(item, scope))
  const pieces = isString(text) ? text.value.split('~{}') : []
  if (pieces.length !== args.length + 1) {
    return expander.error('L101', form.span, {
      form: 'js*',
      reason: 'each ~{} needs one argument',
      shape: '(js* "~{} + ~{}" a b)',
    })
  }
  return { op: 'js', pieces, args, span: form.span }
}
