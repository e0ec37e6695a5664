// Patterns of let, loop, for and parameters: [a b & more :as all], {:keys [a b] :or {a 1} :as m}, {a :key}.
// A pattern becomes a series of plain bindings, each reading from the value before it.

import { constant, ref, type Binding, type Node, type Pair } from '../nodes.js'
import {
  isKey,
  isKeyNamed,
  isSym,
  isSymNamed,
  isVector,
  sym,
  type Key,
  type Seq,
  type Sym,
  type Syntax,
} from '../syntax.js'
import { isSpread } from './calls.js'
import type { Expander } from './expander.js'
import { sourceText } from './text.js'
import type { Scope } from './scope.js'

export function destructure(pattern: Syntax, value: Node, expander: Expander, scope: Scope, out: Pair[]): void {
  if (isSym(pattern)) return plain(pattern, value, expander, scope, out)
  if (pattern.type !== 'vector' && pattern.type !== 'map') {
    expander.error('L104', pattern.span, { text: sourceText(pattern, expander) })
    return
  }
  const source = named(pattern, value, expander, out)
  if (pattern.type === 'vector') destructureVector(pattern, source, expander, scope, out)
  else destructureMap(pattern, source, expander, scope, out)
}

function plain(name: Sym, value: Node, expander: Expander, scope: Scope, out: Pair[]): void {
  if (name.name.includes('.') || name.name.startsWith('js/')) {
    expander.error('L104', name.span, { text: name.name })
    return
  }
  if (scope.own(name)) expander.error('L105', name.span, { name: name.name })
  const binding = expander.bind(name, 'local', scope)
  binding.init = value
  out.push({ binding, value })
}

/** The value under a name, so that it is evaluated once. */
function named(pattern: Seq, value: Node, expander: Expander, out: Pair[]): Node {
  if (value.op === 'ref' && !value.binding.mutable && value.binding.kind !== 'top') return value
  const binding: Binding = expander.hidden(pattern.type === 'vector' ? 'items' : 'options', pattern.span)
  binding.init = value
  out.push({ binding, value })
  return ref(binding, pattern.span)
}

function destructureVector(pattern: Seq, source: Node, expander: Expander, scope: Scope, out: Pair[]): void {
  let index = 0
  for (let i = 0; i < pattern.items.length; i++) {
    const item = pattern.items[i]!
    const rest = restOf(pattern.items, i)
    if (rest) {
      const value = expander.callCore('drop', [constant(index, item.span), source], item.span)
      destructure(rest, value, expander, scope, out)
      if (!isSpread(item)) i++
    } else if (isKeyNamed(item, 'as')) {
      const name = pattern.items[++i]
      if (name) destructure(name, source, expander, scope, out)
    } else {
      const value = expander.callCore(
        'nth',
        [source, constant(index++, item.span), constant(null, item.span)],
        item.span,
      )
      if (!isSymNamed(item, '_')) destructure(item, value, expander, scope, out)
    }
  }
}

/** The pattern after & or inside ...name. */
export function restOf(items: readonly Syntax[], index: number): Syntax | undefined {
  const item = items[index]
  if (isSpread(item)) return item.items[1]
  return isSymNamed(item, '&') ? items[index + 1] : undefined
}

function destructureMap(pattern: Seq, source: Node, expander: Expander, scope: Scope, out: Pair[]): void {
  const fallbacks = defaultsOf(pattern)
  const read = (target: Syntax, keyNode: Node): void => {
    const fallback = isSym(target) ? fallbacks.get(target.name) : undefined
    const args = fallback ? [source, keyNode, expander.expand(fallback, scope)] : [source, keyNode]
    destructure(target, expander.callCore('get', args, target.span), expander, scope, out)
  }
  for (let i = 0; i + 1 < pattern.items.length; i += 2) {
    const left = pattern.items[i]!
    const right = pattern.items[i + 1]!
    if (isKey(left)) mapOption(left, right, source, expander, scope, out, read)
    else read(left, isKey(right) ? constant(right.name, right.span) : expander.expand(right, scope))
  }
}

function mapOption(
  option: Key,
  value: Syntax,
  source: Node,
  expander: Expander,
  scope: Scope,
  out: Pair[],
  read: (target: Syntax, key: Node) => void,
): void {
  if (option.name === 'or') return
  if (option.name === 'as') return destructure(value, source, expander, scope, out)
  if ((option.name !== 'keys' && option.name !== 'strs') || !isVector(value)) {
    expander.error('L116', option.span, { name: `:${option.name}`, form: 'pattern', known: ':keys :strs :or :as' })
    return
  }
  for (const item of value.items) {
    if (isSym(item)) read(item, constant(item.name, item.span))
    else if (isKey(item)) read(sym(item.name, item.span), constant(item.name, item.span))
    else expander.error('L104', item.span, { text: sourceText(item, expander) })
  }
}

function defaultsOf(pattern: Seq): Map<string, Syntax> {
  const defaults = new Map<string, Syntax>()
  const at = pattern.items.findIndex((item, i) => i % 2 === 0 && isKeyNamed(item, 'or'))
  const map = pattern.items[at + 1]
  if (at < 0 || map?.type !== 'map') return defaults
  for (let i = 0; i + 1 < map.items.length; i += 2) {
    const name = map.items[i]!
    if (isSym(name) || isKey(name)) defaults.set(name.name, map.items[i + 1]!)
  }
  return defaults
}
