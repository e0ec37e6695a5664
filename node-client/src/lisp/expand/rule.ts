// What a core macro is made from: its documentation and a rule that gives the template of its expansion.

import type { Seq, Syntax } from '../syntax.js'
import type { Expander } from './expander.js'
import type { Macro, Scope } from './scope.js'
import type { Template } from './template.js'

export type Rule = (args: readonly Syntax[], form: Seq, expander: Expander, scope: Scope) => Template

export const macro = (name: string, arglist: string, doc: string, min: number, max: number, rule: Rule): Macro => ({
  what: 'macro',
  name,
  arglist,
  doc,
  min,
  max,
  expand: (form, expander, scope) => expander.template(rule(form.items.slice(1), form, expander, scope), form.span),
})
