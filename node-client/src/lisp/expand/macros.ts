// The table of core macros. Each is a template of core symbols, so it is hygienic, and evaluates its arguments once.

import { isList, isString, isSym, isSymNamed, isVector, key, vector, type Seq, type Syntax } from '../syntax.js'
import type { Expander } from './expander.js'
import { interpolate } from './interpolate.js'
import { ASYNC_MACROS } from './macros-async.js'
import { LOOP_MACROS } from './macros-loops.js'
import { MATCH_MACROS } from './macros-match.js'
import { macro, type Rule } from './rule.js'
import type { Macro } from './scope.js'
import { listAt, text, vec, type Template } from './template.js'

const ANY = Infinity

/** The [name value] of if-let and its like: the name may be a pattern. */
function oneBinding(form: Syntax, expander: Expander): [Syntax, Syntax] {
  const inner = isList(form) && isList(form.items[0]) ? form.items[0] : form
  if ((isVector(inner) || isList(inner)) && inner.items.length === 2) return [inner.items[0]!, inner.items[1]!]
  expander.error('L103', form.span)
  return [vector([], form.span), expander.nil(form.span)]
}

/** (if-let [pattern value] then else): the pattern is bound only where the value is true. */
const ifLet: Rule = ([binding, then, otherwise], _form, expander) => {
  const [name, value] = oneBinding(binding!, expander)
  const rest = otherwise ?? null
  return ['let', vec('found', value), ['if', 'found', ['let', vec(name, 'found'), then!], rest]]
}

const cond: Rule = (args, form, expander) => {
  if (args.length === 0) return null
  const [test, value, ...rest] = args
  if (isList(test) && args.every((arg) => isList(arg) && arg.items.length > 0)) return nestedCond(args as Seq[])
  if (!value) {
    expander.error('L101', form.span, {
      form: 'cond',
      reason: 'the last test has no value',
      shape: '(cond test value … :else value)',
    })
    return null
  }
  if (isElse(test!)) {
    if (rest.length > 0 && !isGenerated(form, test!)) expander.error('L117', rest[0]!.span, { form: 'cond' })
    return value
  }
  return ['if', test!, value, rest.length > 0 ? ['cond', ...rest] : null]
}

/** A clause that another macro put at the end stands at the use of that macro. */
const isGenerated = (form: Seq, test: Syntax): boolean => test.span === form.span

const isElse = (test: Syntax): boolean =>
  (test.type === 'keyword' && (test.name === 'else' || test.name === 'default')) ||
  isSymNamed(test, 'else') ||
  (test.type === 'atom' && test.value === true)

/** (cond (test value…) … (else value…)): only when every clause is a list and their number is not that of pairs. */
function nestedCond(clauses: readonly Seq[]): Template {
  const asPairs = clauses.length % 2 === 0 && !clauses.some((clause) => isElse(clause.items[0]!))
  if (asPairs) {
    const [test, value, ...rest] = clauses
    return ['if', test!, value!, rest.length > 0 ? ['cond', ...rest] : null]
  }
  return clauses.reduceRight<Template>(
    (otherwise, { items: [test, ...body] }) =>
      isElse(test!) ? ['do', ...body] : ['if', test!, ['do', ...body], otherwise],
    null,
  )
}

const isLiteral = (form: Syntax): boolean => form.type === 'atom' || form.type === 'keyword'

/** (case x 1 "one" (2 3) "few" "many") */
const caseRule: Rule = ([value, ...clauses], _form, expander) => {
  const fallback =
    clauses.length % 2 === 1
      ? clauses.pop()!
      : ['throw', ['ex-info', text('no case matches'), ['hash-map', text('value'), 'value']]]
  const arms: Template[] = []
  for (let i = 0; i < clauses.length; i += 2) {
    const constants = isList(clauses[i]) ? (clauses[i] as Seq).items : [clauses[i]!]
    arms.push(['or', ...constants.map((constant) => ['=', 'value', caseConstant(constant, expander)])], clauses[i + 1]!)
  }
  return [
    'let',
    vec('value', value!),
    arms.length > 0 ? ['cond', ...arms, key('else', value!.span), fallback] : fallback,
  ]
}

function caseConstant(form: Syntax, expander: Expander): Template {
  if (isSym(form)) return ['quote', form]
  if (!isLiteral(form)) expander.error('L115', form.span)
  return form
}

const condp: Rule = ([predicate, value, ...clauses]) => {
  const fallback: Template = clauses.length % 2 === 1 ? clauses.pop()! : null
  const arms: Template[] = []
  for (let i = 0; i < clauses.length; i += 2) arms.push(['predicate', clauses[i]!, 'value'], clauses[i + 1]!)
  return ['let', vec('predicate', predicate!, 'value', value!), ['cond', ...arms, true, fallback]]
}

/** Puts a value into a form, first or last among the arguments. */
function thread(value: Template, step: Syntax, place: 'first' | 'last'): Template {
  if (!isList(step) || step.items.length === 0) return listAt(step.span, step, value)
  const [head, ...args] = step.items
  return place === 'first' ? listAt(step.span, head!, value, ...args) : listAt(step.span, head!, ...args, value)
}

const threading =
  (place: 'first' | 'last'): Rule =>
  ([value, ...steps]) =>
    steps.reduce<Template>((inner, step) => thread(inner, step, place), value!)

const asThread: Rule = ([value, name, ...steps]) => {
  const last = steps.pop()
  return ['let', vec(name!, value!, ...steps.flatMap((step) => [name!, step])), last ?? name!]
}

const someThread =
  (place: 'first' | 'last'): Rule =>
  ([value, ...steps]) =>
    steps.length === 0 ? value! : someStep(value!, steps, place)

function someStep(value: Template, [step, ...rest]: readonly Syntax[], place: 'first' | 'last'): Template {
  const next = thread('value', step!, place)
  return [
    'let',
    vec('value', value),
    ['if', ['nil?', 'value'], null, rest.length > 0 ? [place === 'first' ? 'some->' : 'some->>', next, ...rest] : next],
  ]
}

const condThread =
  (place: 'first' | 'last'): Rule =>
  ([value, ...clauses]) => {
    const steps: Template[] = ['value', value!]
    for (let i = 0; i + 1 < clauses.length; i += 2) {
      steps.push('value', ['if', clauses[i]!, thread('value', clauses[i + 1]!, place), 'value'])
    }
    return ['let', vec(...steps), 'value']
  }

const doto: Rule = ([object, ...steps]) => [
  'let',
  vec('object', object!),
  ...steps.map((step) => thread('object', step, 'first')),
  'object',
]

const assertRule: Rule = ([test, message], form, expander) => {
  const source = expander.reporter.source.text.slice(test!.span.start, test!.span.end)
  const said: Template = message ? ['str', text('assertion failed: '), message] : text(`assertion failed: ${source}`)
  return ['if', test!, null, ['throw', ['new', 'Error', said]]]
}

/** (defn name doc? [params] body…) or (defn name doc? ([params] body…) …) */
const defn: Rule = ([name, ...rest]) => {
  const parts = isString(rest[0]) && rest.length > 1 ? rest.slice(1) : rest
  return ['def', name!, ['fn', ...parts]]
}

/** (with [f (py.open "x")] …): enters, always exits; a true __exit__ swallows the error. */
const withRule: Rule = ([bindings, ...body], form, expander) => {
  const items = bindings && 'items' in bindings ? bindings.items : []
  if (items.length < 2 || items.length % 2 === 1) expander.error('L103', bindings!.span)
  const [name, value, ...rest] = items
  if (!name || !value) return null
  const inner: Template = rest.length > 0 ? ['with', vector(rest, bindings!.span), ...body] : ['do', ...body]
  return [
    'let',
    vec('context', ['enter*', value], 'failed', false),
    [
      'try',
      ['let', vec(name, ['.-value', 'context']), inner],
      ['catch', 'error', ['set!', 'failed', true], ['if', ['exit*', 'context', 'error'], null, ['throw', 'error']]],
      ['finally', ['if', 'failed', null, ['exit*', 'context']]],
    ],
  ]
}

/** (py-> np (arange 12) (reshape 3 4) .T): one program, awaited. */
const pyThread =
  (place: 'first' | 'last'): Rule =>
  ([value, ...steps]) => {
    const chain = steps.reduce<Template>((object, step) => pyStep(object, step, place), value!)
    return ['await', chain]
  }

function pyStep(object: Template, step: Syntax, place: 'first' | 'last'): Template {
  if (isSym(step)) return listAt(step.span, '.', object, { ...step, name: step.name.replace(/^\.-?/, '') })
  if (!isList(step) || step.items.length === 0) return listAt(step.span, step, object)
  const [head, ...args] = step.items
  if (place === 'last') return listAt(step.span, head!, ...args, object)
  const method = isSym(head) ? { ...head, name: head.name.replace(/^\./, '') } : head!
  return listAt(step.span, ['.', object, method], ...args)
}

const time: Rule = ([form]) => [
  'let',
  vec('start', ['performance.now'], 'value', form!),
  ['report-time*', 'start'],
  'value',
]

/** (fmt "x = {x}, n = {(count xs)}") */
const fmt: Rule = ([template], form, expander) => {
  if (template?.type !== 'atom' || typeof template.value !== 'string') {
    expander.error('L101', form.span, {
      form: 'fmt',
      reason: 'it needs a literal string',
      shape: '(fmt "text {value} text")',
    })
    return null
  }
  return ['str', ...interpolate(template.value, template.span, expander)]
}

export const MACROS: readonly Macro[] = [
  macro('comment', 'forms…', 'Ignores the forms; nil.', 0, ANY, () => null),
  macro('defn', 'name doc? [params] body…', 'Defines a function.', 2, ANY, defn),
  macro('defun', 'name [params] body…', 'The same as defn.', 2, ANY, defn),
  macro('when', 'test body…', 'The body if test is true, else nil.', 1, ANY, ([test, ...body]) => [
    'if',
    test!,
    ['do', ...body],
    null,
  ]),
  macro('when-not', 'test body…', 'The body if test is false, else nil.', 1, ANY, ([test, ...body]) => [
    'if',
    test!,
    null,
    ['do', ...body],
  ]),
  macro('unless', 'test body…', 'The same as when-not.', 1, ANY, ([test, ...body]) => [
    'if',
    test!,
    null,
    ['do', ...body],
  ]),
  macro('if-not', 'test then else?', 'if with the arms exchanged.', 2, 3, ([test, then, otherwise]) => [
    'if',
    test!,
    otherwise ?? null,
    then!,
  ]),
  macro('if-let', '[name value] then else?', 'Binds the value if it is true.', 2, 3, ifLet),
  macro(
    'when-let',
    '[name value] body…',
    'Binds the value if it is true, and evaluates the body.',
    1,
    ANY,
    ([binding, ...body]) => ['if-let', binding!, ['do', ...body]],
  ),
  macro('cond', 'test value … :else value', 'The value of the first true test.', 0, ANY, cond),
  macro(
    'condp',
    'predicate value test result … default?',
    'The result of the first test for which (predicate test value).',
    2,
    ANY,
    condp,
  ),
  macro(
    'case',
    'value constant result … default?',
    'The result of the constant that equals value; (a b) for several.',
    1,
    ANY,
    caseRule,
  ),
  macro('not=', 'values…', 'Not equal.', 1, ANY, (args) => ['not', ['=', ...args]]),
  macro('->', 'value steps…', 'Threads the value through the steps as first argument.', 1, ANY, threading('first')),
  macro('->>', 'value steps…', 'Threads the value through the steps as last argument.', 1, ANY, threading('last')),
  macro('as->', 'value name steps…', 'Threads the value through the steps under a name.', 2, ANY, asThread),
  macro('some->', 'value steps…', 'Like -> but stops at nil.', 1, ANY, someThread('first')),
  macro('some->>', 'value steps…', 'Like ->> but stops at nil.', 1, ANY, someThread('last')),
  macro('cond->', 'value test step …', 'Threads through the steps whose tests are true.', 1, ANY, condThread('first')),
  macro('cond->>', 'value test step …', 'Like cond->, as last argument.', 1, ANY, condThread('last')),
  macro('doto', 'object steps…', 'Each step with the object as first argument; the object.', 1, ANY, doto),
  macro('assert', 'test message?', 'Throws if test is false.', 1, 2, assertRule),
  macro('with', '[name value …] body…', 'Enters each value, binds what that gives, always exits.', 1, ANY, withRule),
  macro('py-with', '[name value …] body…', 'The same as with.', 1, ANY, withRule),
  macro('py->', 'object steps…', 'A chain of Python methods and attributes, awaited.', 1, ANY, pyThread('first')),
  macro(
    'py->>',
    'object steps…',
    'A chain of Python calls with the value as last argument, awaited.',
    1,
    ANY,
    pyThread('last'),
  ),
  macro('time', 'form', 'The value of the form; prints how long it took.', 1, 1, time),
  macro('fmt', '"text {value} text"', 'Text with values in it.', 1, 1, fmt),
  ...LOOP_MACROS,
  ...ASYNC_MACROS,
  ...MATCH_MACROS,
]
