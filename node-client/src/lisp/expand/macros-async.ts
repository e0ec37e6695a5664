// Core macros of async: each gives the runtime functions without parameters, which it starts as it sees fit.

import type { Syntax } from '../syntax.js'
import { macro, type Rule } from './rule.js'
import type { Macro } from './scope.js'
import { vec, type Template } from './template.js'

const ANY = Infinity
const thunk = (form: Syntax): Template => ['fn', vec(), form]
const thunks = (forms: readonly Syntax[]): Template => vec(...forms.map(thunk))

/** (plet [a x b y] body…): the values are made side by side. */
const plet: Rule = ([bindings, ...body], form, expander) => {
  const items = bindings && 'items' in bindings ? bindings.items : []
  if (items.length % 2 === 1) expander.error('L103', form.span)
  const [names, values] = [0, 1].map((odd) => items.filter((_, i) => i % 2 === odd))
  return ['let', vec(vec(...names!), ['await-all', ...values!]), ...body]
}

export const ASYNC_MACROS: readonly Macro[] = [
  macro('plet', '[name value …] body…', 'A let whose values are made side by side.', 1, ANY, plet),
  macro(
    'await-any',
    'forms…',
    'Runs the forms side by side; the first value, errors only if all fail.',
    1,
    ANY,
    (forms) => ['any*', thunks(forms)],
  ),
  macro('race', 'forms…', 'Runs the forms side by side; the first value or error.', 1, ANY, (forms) => [
    'race*',
    thunks(forms),
  ]),
  macro('settled', 'forms…', 'Runs the forms side by side; a vector of {:ok value} or {:error e}.', 0, ANY, (forms) => [
    'settled*',
    thunks(forms),
  ]),
  macro(
    'timeout',
    'seconds form',
    'The value of the form; throws TimeoutError after so many seconds.',
    2,
    2,
    ([seconds, form]) => ['timeout*', seconds!, thunk(form!)],
  ),
  macro(
    'retry',
    'options? form',
    'Repeats the form until it does not throw: a count, or {:times 3 :delay 1 :backoff 2}.',
    1,
    2,
    ([options, form]) => (form ? ['retry*', options!, thunk(form)] : ['retry*', 3, thunk(options!)]),
  ),
]
