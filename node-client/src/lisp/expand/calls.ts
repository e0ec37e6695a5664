// Calls and their arguments: values, ...spread, :name value (a keyword argument), :& map. Which of the pairs are
// keyword arguments is known by the lowering: to a Lisp function they are a keyword and a value.

import { constant, type Arg, type Fn, type Node, type Pair } from '../nodes.js'
import { isKey, isKeyNamed, isList, isSym, isSymNamed, type Key, type Seq, type Span, type Syntax } from '../syntax.js'
import { print } from '../print.js'
import type { Expander } from './expander.js'
import { expandMethod } from './members.js'
import type { Scope } from './scope.js'

const describe = (head: Syntax): string => {
  return head.type === 'atom' ? print(head.value) : `a ${head.type}`
}

export function expandCall(form: Seq, expander: Expander, scope: Scope): Node {
  const head = form.items[0]!
  if (isKey(head)) return keywordCall(form, head, expander, scope)
  if (head.type === 'atom' || head.type === 'regex' || head.type === 'vector') {
    return expander.error('L112', head.span, { what: describe(head) })
  }
  const known = isSym(head) && scope.lookup(head.name, head.mark)
  if (isSym(head) && !known && /^\.[^.]/.test(head.name)) return expandMethod(form, head, expander, scope)
  const callee = expander.expand(head, scope)
  const args = callArgs(form.items.slice(1), expander, scope)
  const inPlace = callee.op === 'fn' ? callInPlace(callee, args, form.span, expander) : undefined
  return inPlace ?? { op: 'call', callee, args, optional: false, auto: expander.auto, awaited: false, span: form.span }
}

/** A function literal called where it stands is a loop that may go on: its parameters are variables. */
function callInPlace(fn: Fn, args: readonly Arg[], span: Span, expander: Expander): Node | undefined {
  const [arity, ...more] = fn.arities
  if (!arity || more.length > 0 || fn.self || arity.rest || args.length !== arity.params.length) return undefined
  if (args.some((arg) => arg.as !== 'value') || arity.params.some((param) => param.optional)) return undefined
  const pairs = arity.params.map(({ binding }, i): Pair => {
    binding.owner = expander.fn
    return { binding, value: args[i]!.value }
  })
  return { op: 'loop', target: arity.target, pairs, body: arity.body, span }
}

/** (:name map default?) reads a key. */
function keywordCall(form: Seq, head: Key, expander: Expander, scope: Scope): Node {
  const args = form.items.slice(1)
  if (args.length < 1 || args.length > 2) return expander.error('L308', form.span, { name: head.name })
  const [object, fallback] = args.map((arg) => expander.expand(arg, scope))
  const key = constant(head.name, head.span)
  return expander.callCore('get', fallback ? [object!, key, fallback] : [object!, key], form.span)
}

export function callArgs(forms: readonly Syntax[], expander: Expander, scope: Scope): Arg[] {
  const args: Arg[] = []
  for (let i = 0; i < forms.length; i++) {
    const form = forms[i]!
    const next = forms[i + 1]
    if (isKeyNamed(form, '&')) {
      if (!next) expander.error('L307', form.span)
      else args.push({ as: 'splice', value: expander.expand(next, scope) })
      i++
    } else if (isKey(form) && next && !isSpread(next)) {
      args.push({ as: 'named', name: form.name, value: expander.expand(next, scope), span: form.span })
      i++
    } else args.push(itemArg(form, expander, scope))
  }
  return args
}

export const isSpread = (form: Syntax | undefined): form is Seq =>
  isList(form) && isSymNamed(form.items[0], 'spread*') && form.items.length === 2

/** An item of a vector, list or set: a value or a spread. */
export function itemArg(form: Syntax, expander: Expander, scope: Scope): Arg {
  if (!isSpread(form)) return { as: 'value', value: expander.expand(form, scope) }
  return { as: 'spread', value: expander.expand(form.items[1]!, scope) }
}
