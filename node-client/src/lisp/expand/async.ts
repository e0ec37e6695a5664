// Special forms of async: await, spawn, await-all, auto, explicit. What is spawned is a function without parameters.

import type { Special } from './scope.js'
import { withTarget } from './control.js'

type Expand = Special['expand']

export const awaitForm: Expand = (form, expander, scope) => ({
  op: 'await',
  value: expander.expand(form.items[1]!, scope),
  span: form.span,
})

export const spawnForm: Expand = (form, expander, scope) => ({
  op: 'spawn',
  thunk: withTarget(expander, undefined, () =>
    expander.thunk(form.items[1]!.span, () => expander.expand(form.items[1]!, scope)),
  ),
  span: form.span,
})

export const awaitAllForm: Expand = (form, expander, scope) => ({
  op: 'awaitAll',
  thunks: form.items
    .slice(1)
    .map((item) =>
      withTarget(expander, undefined, () => expander.thunk(item.span, () => expander.expand(item, scope))),
    ),
  span: form.span,
})

export const autoForm =
  (auto: boolean): Expand =>
  (form, expander, scope) => {
    const outer = expander.auto
    expander.auto = auto
    const body = expander.expandBody(form.items.slice(1), scope, form.span)
    expander.auto = outer
    return body
  }
