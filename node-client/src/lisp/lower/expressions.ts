// Nodes that are JavaScript expressions, one small function each.

import { kindOf } from '../analyse/values.js'
import { coreEntry } from '../runtime/table.js'
import type { Arg, Node } from '../nodes.js'
import { constRhs, nameRhs, type Rhs, type Stmt } from '../ir.js'
import { asArgs, lowerCall } from './calls.js'
import { lowerFn } from './functions.js'
import type { Effect, Low, Lowering } from './lowering.js'
import { lowerDatum } from './quote.js'
import { joinTests, test, truthy } from './tests.js'
import { lowerAwaitAll, lowerSpawn } from './tasks.js'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>
type Expression<Op extends Node['op']> = (node: Of<Op>, lowering: Lowering, out: Stmt[]) => Low
type Table = { readonly [Op in Node['op']]?: (node: Of<Op>, lowering: Lowering, out: Stmt[]) => Low }

const pure = (rhs: Rhs): Low => ({ rhs, effect: 0 })
const effectOf = (lows: readonly Low[]): Effect =>
  lows.reduce<Effect>((max, low) => (low.effect > max ? low.effect : max), 0)

const ref: Expression<'ref'> = ({ binding, span }, lowering) => {
  if (binding.kind === 'core') return pure(lowering.runtime(coreEntry(binding.name).js, span))
  if (binding.kind === 'global')
    return { rhs: nameRhs(binding.name, span), effect: binding.name === 'undefined' ? 0 : 1 }
  return { rhs: nameRhs(lowering.nameOf(binding), span), effect: binding.mutable ? 1 : 0 }
}

const ifExpression: Expression<'if'> = (node, lowering, out) => {
  const condition = test(node.test, lowering, out)
  const [then, otherwise] = [lowering.expr(node.then, out), lowering.expr(node.otherwise, out)]
  const rhs: Rhs = { t: 'cond', test: condition, then: then.rhs, otherwise: otherwise.rhs, span: node.span }
  return { rhs, effect: 2 }
}

const logic: Expression<'and' | 'or'> = (node, lowering, out) => {
  const isAnd = node.op === 'and'
  const [first, ...rest] = node.args
  const left = lowering.expr(first!, out)
  if (rest.length === 0) return left
  const right = logic({ ...node, args: rest }, lowering, out)
  if (kindOf(first!) === 'boolean')
    return { rhs: joinTests(isAnd ? '&&' : '||', [left.rhs, right.rhs], node.span), effect: 2 }
  const condition = truthy(left.rhs, first!, lowering)
  const [then, otherwise] = isAnd ? [right.rhs, left.rhs] : [left.rhs, right.rhs]
  return { rhs: { t: 'cond', test: condition, then, otherwise, span: node.span }, effect: 2 }
}

const get: Expression<'get'> = (node, lowering, out) => {
  const isNamed = typeof node.key === 'string'
  const [object, key] = lowering.operands(isNamed ? [node.object] : [node.object, node.key], out)
  const rhs: Rhs = {
    t: 'get',
    object: object!.rhs,
    key: isNamed ? node.key : key!.rhs,
    optional: node.optional,
    span: node.span,
  }
  return { rhs, effect: kindOf(node.object) === 'python' && object!.effect === 0 ? 0 : object!.effect === 2 ? 2 : 1 }
}

const awaitValue: Expression<'await'> = (node, lowering, out) => {
  const { rhs } = lowering.expr(node.value, out)
  const done = rhs.t === 'await' && node.value.op === 'call'
  return { rhs: done ? rhs : { t: 'await', value: rhs, span: node.span }, effect: 2 }
}

function items(
  args: readonly Arg[],
  lowering: Lowering,
  out: Stmt[],
): { readonly rhs: readonly Rhs[]; readonly effect: Effect } {
  const lows = asArgs(args, lowering, out)
  return { rhs: lows.map((low) => low.rhs), effect: effectOf(lows) }
}

const vector: Expression<'vector'> = (node, lowering, out) => {
  const { rhs, effect } = items(node.items, lowering, out)
  return { rhs: { t: 'array', items: rhs, span: node.span }, effect }
}

const made =
  (name: string): Expression<'set' | 'list'> =>
  (node, lowering, out) => {
    const { rhs, effect } = items(node.items, lowering, out)
    return { rhs: lowering.callRuntime(name, rhs, node.span), effect }
  }

/** A map literal: an object if its keys are strings and keywords. */
const map: Expression<'map'> = (node, lowering, out) => {
  const named = node.entries.every(
    ([key]) => key.op === 'keyword' || (key.op === 'const' && typeof key.value === 'string'),
  )
  if (named) {
    const lows = lowering.operands(
      node.entries.map(([, value]) => value),
      out,
    )
    const entries = node.entries.map(([key], i) => [propertyKey(key), lows[i]!.rhs] as const)
    return { rhs: { t: 'object', entries, span: node.span }, effect: effectOf(lows) }
  }
  const lows = lowering.operands(node.entries.flat(), out)
  return {
    rhs: lowering.callRuntime(
      'hashMap',
      lows.map((low) => low.rhs),
      node.span,
    ),
    effect: effectOf(lows),
  }
}

function propertyKey(key: Node): string | Rhs {
  const name = key.op === 'keyword' ? key.name : String((key as Of<'const'>).value)
  return name === '__proto__' || name === '...' ? constRhs(name, key.span) : name
}

const create: Expression<'new'> = (node, lowering, out) => {
  const lows = asArgs([{ as: 'value', value: node.callee }, ...node.args], lowering, out)
  const [first, ...args] = lows.map((low) => low.rhs)
  const isPlain = first!.t === 'name' || (first!.t === 'get' && !first.optional)
  const callee = isPlain ? first : lowering.capture(lows[0]!, out).rhs
  return { rhs: { t: 'new', callee, args, span: node.span }, effect: 2 }
}

export const EXPRESSIONS: Table = {
  const: (node) => pure(constRhs(node.value, node.span)),
  keyword: (node, lowering) => pure(lowering.keyword(node.name, node.span)),
  regex: (node) => pure({ t: 'regex', source: node.source, flags: node.flags, span: node.span }),
  quote: (node, lowering) => pure(lowerDatum(node.datum, node.template === true, lowering)),
  ref,
  if: ifExpression,
  and: logic,
  or: logic,
  do: (node, lowering, out) => lowering.expr(node.body[0]!, out),
  fn: (node, lowering) => pure({ t: 'lambda', fn: lowerFn(node, lowering), span: node.span }),
  get,
  await: awaitValue,
  vector,
  list: made('list'),
  set: made('hashSet'),
  map,
  new: create,
  call: (node, lowering, out) => lowerCall(node, lowering, out),
  spawn: (node, lowering, out) => lowerSpawn(node, lowering, out),
  awaitAll: (node, lowering, out) => lowerAwaitAll(node, lowering, out),
  import: (node, lowering, out) => {
    const { rhs } = lowering.expr(node.source, out)
    return { rhs: { t: 'await', value: { t: 'import', source: rhs, span: node.span }, span: node.span }, effect: 2 }
  },
  js: (node, lowering, out) => {
    const args = lowering.operands(node.args, out).map((low) => low.rhs)
    return { rhs: { t: 'raw', pieces: node.pieces, args, span: node.span }, effect: 2 }
  },
}
