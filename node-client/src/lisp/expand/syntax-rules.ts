// (define-syntax name (syntax-rules (literals…) (pattern template) …)): macros by patterns. `...` after a pattern or
// template repeats it. Template symbols carry the mark of the expansion, so they are hygienic.

import { constant } from '../nodes.js'
import { isList, isSym, isSymNamed, seq, type Mark, type Seq, type Sym, type Syntax } from '../syntax.js'
import { notHere } from './definitions.js'
import type { Expander } from './expander.js'
import type { Scope, Special } from './scope.js'
import { sourceText } from './text.js'

/** What the variables of a pattern stand for; of a repeated one, a list. */
type Match = Map<string, Syntax | Match[]>

interface Rules {
  readonly literals: ReadonlySet<string>
  readonly rules: readonly (readonly [Seq, Syntax])[]
}

function parseRules(form: Syntax | undefined): Rules | undefined {
  if (!isList(form) || !isSymNamed(form.items[0], 'syntax-rules')) return undefined
  const [, literals, ...rules] = form.items
  if (literals?.type !== 'list' && literals?.type !== 'vector') return undefined
  const pairs = rules.map((rule) =>
    isList(rule) && rule.items.length === 2 && isList(rule.items[0])
      ? ([rule.items[0], rule.items[1]!] as const)
      : undefined,
  )
  if (pairs.length === 0 || pairs.includes(undefined)) return undefined
  return {
    literals: new Set(literals.items.flatMap((item) => (isSym(item) ? [item.name] : []))),
    rules: pairs as [Seq, Syntax][],
  }
}

export function defineSyntaxRules(form: Seq, expander: Expander, scope: Scope): void {
  const name = form.items[1]
  const parsed = parseRules(form.items[2])
  if (!isSym(name) || !parsed) {
    expander.error('L101', form.span, {
      form: 'define-syntax',
      reason: 'it needs rules',
      shape: '(define-syntax name (syntax-rules (literals…) ((_ pattern…) template) …))',
    })
    return
  }
  const patterns = parsed.rules.map(([pattern]) => sourceText(pattern, expander)).join(' ')
  const expand = (use: Seq): Syntax => {
    const result = apply(parsed, use, expander.freshMark(scope, name.mark))
    if (!result) expander.error('L206', use.span, { name: name.name, patterns })
    return expander.tag(result ?? expander.nil(use.span), name.name, use.span)
  }
  scope.define(name, { what: 'macro', name: name.name, arglist: patterns, doc: '', min: 0, max: Infinity, expand })
}

/** What is left of the form once it is declared. */
export const syntaxRulesForm: Special['expand'] = (form, expander) =>
  expander.declared.has(form) ? constant(null, form.span) : notHere(form, expander)

function apply({ literals, rules }: Rules, use: Seq, mark: Mark): Syntax | undefined {
  for (const [pattern, template] of rules) {
    const found: Match = new Map()
    if (matchItems(pattern.items.slice(1), use.items.slice(1), literals, found)) return fill(template, found, mark)
  }
  return undefined
}

function match(pattern: Syntax, form: Syntax, literals: ReadonlySet<string>, found: Match): boolean {
  if (isSym(pattern)) return matchSymbol(pattern, form, literals, found)
  if ('items' in pattern)
    return 'items' in form && form.type === pattern.type && matchItems(pattern.items, form.items, literals, found)
  if (pattern.type === 'atom') return form.type === 'atom' && Object.is(form.value, pattern.value)
  return pattern.type === 'keyword' && form.type === 'keyword' && form.name === pattern.name
}

function matchSymbol({ name }: Sym, form: Syntax, literals: ReadonlySet<string>, found: Match): boolean {
  if (literals.has(name)) return isSymNamed(form, name)
  if (name !== '_') found.set(name, form)
  return true
}

const isEllipsis = (form: Syntax | undefined): boolean => isSymNamed(form, '...')

function matchItems(
  patterns: readonly Syntax[],
  forms: readonly Syntax[],
  literals: ReadonlySet<string>,
  found: Match,
): boolean {
  const at = patterns.findIndex((_, i) => isEllipsis(patterns[i + 1]))
  const one = (list: readonly Syntax[], items: readonly Syntax[]): boolean =>
    list.every((pattern, i) => match(pattern, items[i]!, literals, found))
  if (at < 0) return patterns.length === forms.length && one(patterns, forms)
  const [before, after] = [patterns.slice(0, at), patterns.slice(at + 2)]
  const count = forms.length - before.length - after.length
  if (count < 0 || !one(before, forms) || !one(after, forms.slice(at + count))) return false
  const matches = forms.slice(at, at + count).map((form): Match | undefined => {
    const inner: Match = new Map()
    return match(patterns[at]!, form, literals, inner) ? inner : undefined
  })
  if (matches.includes(undefined)) return false
  for (const name of variables(patterns[at]!, literals)) found.set(name, matches as Match[])
  return true
}

function variables(pattern: Syntax, literals: ReadonlySet<string>): string[] {
  if (isSym(pattern)) return literals.has(pattern.name) || pattern.name === '...' ? [] : [pattern.name]
  return 'items' in pattern ? pattern.items.flatMap((item) => variables(item, literals)) : []
}

function fill(template: Syntax, found: Match, mark: Mark): Syntax {
  if (isSym(template)) {
    const value = found.get(template.name)
    return value === undefined || Array.isArray(value)
      ? { ...template, mark: { ...mark, outer: template.mark ?? mark.outer } }
      : value
  }
  if (!('items' in template)) return template
  const items: Syntax[] = []
  for (let i = 0; i < template.items.length; i++) {
    const item = template.items[i]!
    if (!isEllipsis(template.items[i + 1])) items.push(fill(item, found, mark))
    else {
      items.push(...repeat(item, found, mark))
      i++
    }
  }
  return seq(template.type, items, template.span)
}

/** The template once for each match of the repeated variable in it. */
function repeat(template: Syntax, found: Match, mark: Mark): Syntax[] {
  const repeated = variables(template, new Set())
    .map((name) => found.get(name))
    .find((value) => Array.isArray(value))
  return (repeated ?? []).map((one) => fill(template, new Map([...found, ...one]), mark))
}
