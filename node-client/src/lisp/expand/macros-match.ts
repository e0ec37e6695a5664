// match: patterns as tests and bindings. A clause is (and tests…) with the guard among them, then a let of what it binds.

import { isKeyNamed, isList, isSym, isSymNamed, key, type Seq, type Syntax } from '../syntax.js'
import type { Expander } from './expander.js'
import { macro, type Rule } from './rule.js'
import { restOf } from './destructure.js'
import type { Macro } from './scope.js'
import { text, vec, type Template } from './template.js'
import { sourceText } from './text.js'

interface Parts {
  readonly tests: Template[]
  readonly bindings: Template[] // names and values in turn
}

/** Adds what a pattern asks of the value that `access` reads. */
function pattern(form: Syntax, access: Template, parts: Parts, expander: Expander): void {
  if (isSym(form)) {
    if (form.name !== '_') parts.bindings.push(form, access)
  } else if (form.type === 'vector') items(form, access, parts, expander)
  else if (form.type === 'map') entries(form, access, parts, expander)
  else if (isList(form) && isSymNamed(form.items[0], 'or'))
    parts.tests.push(['or', ...form.items.slice(1).map((one) => alone(one, access, expander))])
  else if (isList(form) && !isSymNamed(form.items[0], 'quote'))
    expander.error('L104', form.span, { text: sourceText(form, expander) })
  else parts.tests.push(['=', access, form])
}

/** An alternative of (or …): it can test but not bind. */
function alone(form: Syntax, access: Template, expander: Expander): Template {
  const parts: Parts = { tests: [], bindings: [] }
  pattern(form, access, parts, expander)
  if (parts.bindings.length > 0) expander.error('L104', form.span, { text: sourceText(form, expander) })
  return ['and', ...parts.tests]
}

function items(form: Seq, access: Template, parts: Parts, expander: Expander): void {
  const at = form.items.findIndex((_, i) => restOf(form.items, i) !== undefined)
  const fixed = at < 0 ? form.items : form.items.slice(0, at)
  parts.tests.push(['sequential?', access], [at < 0 ? '=' : '>=', ['count', access], fixed.length])
  fixed.forEach((item, i) => {
    pattern(item, ['nth', access, i, null], parts, expander)
  })
  if (at >= 0) pattern(restOf(form.items, at)!, ['drop', fixed.length, access], parts, expander)
}

function entries(form: Seq, access: Template, parts: Parts, expander: Expander): void {
  parts.tests.push(['map?', access])
  for (let i = 0; i + 1 < form.items.length; i += 2) {
    const name = form.items[i]!
    parts.tests.push(['contains?', access, name])
    pattern(form.items[i + 1]!, ['get', access, name], parts, expander)
  }
}

/** (match value pattern :when guard? result … :else default?) */
const match: Rule = ([value, ...clauses], form, expander) => {
  const arms: Template[] = []
  let rest: readonly Syntax[] = clauses
  while (rest.length > 0) {
    const [head, second, third, fourth] = rest
    const isGuarded = isKeyNamed(second, 'when')
    const result = isGuarded ? fourth : second
    if (!result) {
      expander.error('L101', form.span, {
        form: 'match',
        reason: 'the last pattern has no result',
        shape: '(match value pattern result … :else default)',
      })
      return null
    }
    arms.push(...clause(head!, isGuarded ? third : undefined, result, expander))
    rest = rest.slice(isGuarded ? 4 : 2)
  }
  const failure: Template = ['throw', ['ex-info', text('no pattern matches'), ['hash-map', text('value'), 'value']]]
  return ['let', vec('value', value!), ['cond', ...arms, key('else', form.span), failure]]
}

function clause(head: Syntax, guard: Syntax | undefined, result: Syntax, expander: Expander): Template[] {
  if (isKeyNamed(head, 'else')) return [true, result]
  const parts: Parts = { tests: [], bindings: [] }
  pattern(head, 'value', parts, expander)
  const tests = guard ? [...parts.tests, ['let', vec(...parts.bindings), guard]] : parts.tests
  return [
    ['and', ...tests],
    ['let', vec(...parts.bindings), result],
  ]
}

export const MATCH_MACROS: readonly Macro[] = [
  macro(
    'match',
    'value pattern result … :else default',
    'The result of the first pattern the value has: constants, names, _, [a & more], {:k p}, (or 1 2); :when test after a pattern guards it.',
    1,
    Infinity,
    match,
  ),
]
