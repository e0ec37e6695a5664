// Core macros that loop: for, doseq, dotimes, for-await, while-let.

import { isKey, isKeyNamed, isSym, type Syntax } from '../syntax.js'
import type { Expander } from './expander.js'
import { macro } from './rule.js'
import type { Macro } from './scope.js'
import { vec, type Template } from './template.js'

const ANY = Infinity

/** The loops of [x xs :when test :let [a b] y ys] around a body. */
function comprehension(form: Syntax | undefined, body: Template, expander: Expander): Template {
  const items = form && 'items' in form ? form.items : []
  if (items.length < 2 || items.length % 2 === 1) {
    expander.error('L103', form!.span)
    return null
  }
  let result = body
  for (let i = items.length - 2; i >= 0; i -= 2) result = clause(items[i]!, items[i + 1]!, result, expander)
  return result
}

function clause(left: Syntax, right: Syntax, body: Template, expander: Expander): Template {
  if (isKeyNamed(left, 'when')) return ['when', right, body]
  if (isKeyNamed(left, 'let')) return ['let', right, body]
  if (!isKey(left)) return ['for-each*', left, right, body]
  expander.error('L116', left.span, { name: `:${left.name}`, form: 'for', known: ':when :let' })
  return null
}

const two = (form: Syntax | undefined, expander: Expander): [Syntax, Syntax] => {
  if (form && 'items' in form && form.items.length === 2) return [form.items[0]!, form.items[1]!]
  expander.error('L103', form!.span)
  return [expander.nil(form!.span), expander.nil(form!.span)]
}

export const LOOP_MACROS: readonly Macro[] = [
  macro(
    'for',
    '[name items :when test :let […] …] body…',
    'A vector of the values of the body.',
    1,
    ANY,
    ([bindings, ...body], _form, expander) => [
      'let',
      vec('result', vec()),
      comprehension(bindings, ['.push', 'result', ['do', ...body]], expander),
      'result',
    ],
  ),
  macro(
    'doseq',
    '[name items :when test :let […] …] body…',
    'The body for each item; nil.',
    1,
    ANY,
    ([bindings, ...body], _form, expander) => comprehension(bindings, ['do', ...body], expander),
  ),
  macro(
    'dotimes',
    '[name n] body…',
    'The body with name from 0 to n - 1; nil.',
    1,
    ANY,
    ([binding, ...body], _form, expander) => {
      const [name, count] = two(binding, expander)
      if (!isSym(name)) return null
      return [
        'let',
        vec('end', count),
        ['loop', vec(name, 0), ['when', ['<', name, 'end'], ...body, ['recur', ['+', name, 1]]]],
      ]
    },
  ),
  macro(
    'for-await',
    '[name items] body…',
    'The body for each item of an asynchronous iterable; nil.',
    1,
    ANY,
    ([binding, ...body], _form, expander) => {
      const [name, items] = two(binding, expander)
      return ['for-await*', name, items, ...body]
    },
  ),
  macro(
    'while-let',
    '[name value] body…',
    'Repeats the body while the value is true; nil.',
    1,
    ANY,
    ([binding, ...body], _form, expander) => {
      const [name, value] = two(binding, expander)
      return ['loop', vec(), ['when-let', vec(name, value), ...body, ['recur']]]
    },
  ),
]
