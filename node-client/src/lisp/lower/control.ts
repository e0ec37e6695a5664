// Control forms, lowered into a destination. An entry gives false when the node is better lowered as an expression.

import type { CatchClause, Node } from '../nodes.js'
import { constRhs, isPure, nameRhs, prim, type Rhs, type Stmt } from '../ir.js'
import { lowerFn } from './functions.js'
import { lowerForEach, lowerLoop, lowerRecur, lowerTailCall, lowerWhile } from './loops.js'
import { DISCARD, assignTo, type Dest, type Lowering } from './lowering.js'
import { mangle } from './names.js'
import { isSimple, logicIsSimple } from './simple.js'
import { negate, test, truthy } from './tests.js'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>
type Control<Op extends Node['op']> = (node: Of<Op>, dest: Dest, lowering: Lowering, out: Stmt[]) => boolean
type Table = { readonly [Op in Node['op']]?: (node: Of<Op>, dest: Dest, lowering: Lowering, out: Stmt[]) => boolean }

/** After a statement whose value is nil. */
function deliverNil(node: Node, dest: Dest, lowering: Lowering, out: Stmt[]): true {
  lowering.deliver({ rhs: constRhs(null, node.span), effect: 0 }, dest, out, node)
  return true
}

const ifStatement: Control<'if'> = (node, dest, lowering, out) => {
  const isChain = node.otherwise.op === 'if' || node.then.op === 'if'
  if (dest.to !== 'discard' && !isChain && isSimple(node, lowering)) return false
  const condition = test(node.test, lowering, out)
  const then: Stmt[] = []
  const otherwise: Stmt[] = []
  lowering.into(node.then, dest, then)
  lowering.into(node.otherwise, dest, otherwise)
  if (then.length === 0 && otherwise.length === 0) return evaluate(condition, out)
  if (then.length === 0) out.push({ s: 'if', test: negate(condition), then: otherwise, otherwise: [], span: node.span })
  else if (leaves(then)) out.push({ s: 'if', test: condition, then, otherwise: [], span: node.span }, ...otherwise)
  else out.push({ s: 'if', test: condition, then, otherwise, span: node.span })
  return true
}

/** A condition that decides nothing is still evaluated. */
function evaluate(condition: Rhs, out: Stmt[]): true {
  if (!isPure(condition)) out.push({ s: 'eval', value: condition, span: condition.span })
  return true
}

/** What follows statements that leave is not reached. */
const leaves = (stmts: readonly Stmt[]): boolean => {
  const last = stmts.at(-1)
  return last !== undefined && (last.s === 'ret' || last.s === 'throw' || last.s === 'break' || last.s === 'continue')
}

const logic: Control<'and' | 'or'> = (node, dest, lowering, out) => {
  if (isSimple(node, lowering) && logicIsSimple(node)) return false
  const [first, ...rest] = node.args
  const right: Node = rest.length === 1 ? rest[0]! : { ...node, args: rest }
  if (dest.to === 'discard') return discardLogic(node, first!, right, dest, lowering, out)
  const name = dest.to === 'assign' ? dest.name! : lowering.temp('value')
  const plain = assignTo(name)
  if (dest.to === 'assign') lowering.into(first!, plain, out)
  else out.push({ s: 'bind', name, value: lowering.expr(first!, out).rhs, mutable: true, span: node.span })
  const value = nameRhs(name, node.span)
  const isTrue = truthy(value, { op: 'const', value: null, span: node.span }, lowering)
  const more: Stmt[] = []
  lowering.into(right, dest.to === 'return' ? dest : { ...dest, leave: false }, more)
  out.push({ s: 'if', test: node.op === 'and' ? isTrue : negate(isTrue), then: more, otherwise: [], span: node.span })
  if (dest.to === 'return') out.push({ s: 'ret', value, span: node.span })
  else if (dest.leave) out.push({ s: 'break', label: undefined, span: node.span })
  return true
}

function discardLogic(
  node: Of<'and' | 'or'>,
  first: Node,
  right: Node,
  dest: Dest,
  lowering: Lowering,
  out: Stmt[],
): true {
  const condition = test(first, lowering, out)
  const then: Stmt[] = []
  lowering.into(right, { to: 'discard' }, then)
  if (then.length > 0)
    out.push({ s: 'if', test: node.op === 'and' ? condition : negate(condition), then, otherwise: [], span: node.span })
  else evaluate(condition, out)
  if (dest.leave) out.push({ s: 'break', label: undefined, span: node.span })
  return true
}

const def: Control<'def'> = (node, dest, lowering, out) => {
  const { binding, value, span } = node
  const isFirst = binding.jsName === '' || !lowering.declared.has(binding)
  lowering.declared.add(binding)
  const name = lowering.nameOf(binding)
  if (!isFirst) lowering.into(value, { to: 'assign', name, shared: true }, out)
  else if (value.op === 'fn' && !binding.mutable) out.push({ s: 'fn', fn: lowerFn(value, lowering, name), span })
  else lowering.bind(binding, value, out)
  return deliverNil(node, dest, lowering, out)
}

const assign: Control<'assign'> = (node, dest, lowering, out) => {
  const name = lowering.nameOf(node.binding)
  lowering.into(node.value, { to: 'assign', name, shared: true }, out)
  lowering.deliver({ rhs: nameRhs(name, node.span), effect: 1 }, dest, out, node)
  return true
}

const put: Control<'put'> = (node, dest, lowering, out) => {
  const isNamed = typeof node.key === 'string'
  const lows = lowering.operands([node.object, ...(isNamed ? [] : [node.key]), node.value], out)
  const key = isNamed ? node.key : lows[1]!.rhs
  const target: Rhs = { t: 'get', object: lows[0]!.rhs, key, optional: false, span: node.span }
  const value = dest.to === 'discard' || lows.at(-1)!.effect === 0 ? lows.at(-1)! : lowering.capture(lows.at(-1)!, out)
  out.push({ s: 'set', target, value: value.rhs, span: node.span })
  lowering.deliver({ rhs: value.rhs, effect: 0 }, dest, out, node)
  return true
}

const tryStatement: Control<'try'> = (node, dest, lowering, out) => {
  const { span, catches, final } = node
  const [body, handler, last]: Stmt[][] = [[], [], []]
  // a value is assigned inside; leaving a loop waits for the end of the statement
  const inner: Dest = dest.to === 'assign' ? assignTo(dest.name!) : dest.to === 'return' ? dest : DISCARD
  lowering.frame.tries++
  lowering.into(node.body, inner, body!)
  if (!final) lowering.frame.tries--
  const param = lowering.temp(catches[0] ? mangle(catches[0].binding.name) : 'error')
  if (catches.length > 0) lowerCatches(catches, param, inner, lowering, handler!)
  if (final) {
    lowering.frame.tries--
    lowering.into(final, DISCARD, last!)
  }
  out.push({
    s: 'try',
    body: body!,
    param,
    handler: catches.length > 0 ? handler : undefined,
    final: final && last,
    span,
  })
  if (dest.leave && dest.to !== 'return') out.push({ s: 'break', label: undefined, span })
  return true
}

/** The clauses as a chain of tests; the error is thrown again if none is for it. */
function lowerCatches(
  catches: readonly CatchClause[],
  param: string,
  dest: Dest,
  lowering: Lowering,
  out: Stmt[],
): void {
  const [clause, ...rest] = catches
  if (!clause) {
    out.push({
      s: 'throw',
      value: nameRhs(param, catches[0]?.span ?? { start: 0, end: 0 }),
      span: { start: 0, end: 0 },
    })
    return
  }
  const body: Stmt[] = []
  if (clause.binding.mutable)
    out.push({
      s: 'bind',
      name: lowering.nameOf(clause.binding),
      value: nameRhs(param, clause.span),
      mutable: true,
      span: clause.span,
    })
  else clause.binding.jsName = param
  lowering.into(clause.body, dest, body)
  if (!clause.type) {
    out.push(...body)
    return
  }
  const otherwise: Stmt[] = []
  if (rest.length > 0) lowerCatches(rest, param, dest, lowering, otherwise)
  else otherwise.push({ s: 'throw', value: nameRhs(param, clause.span), span: clause.span })
  out.push({
    s: 'if',
    test: catchTest(clause.type, param, lowering, clause, out),
    then: body,
    otherwise,
    span: clause.span,
  })
}

/** e?.matches("ValueError") for what Python raised, instanceof for JavaScript's classes. */
function catchTest(
  type: NonNullable<CatchClause['type']>,
  param: string,
  lowering: Lowering,
  { span }: CatchClause,
  out: Stmt[],
): Rhs {
  const error = nameRhs(param, span)
  if (type.from === 'js') return prim('instanceof', [error, lowering.expr(type.node, out).rhs], span)
  const matches: Rhs = { t: 'get', object: error, key: 'matches', optional: true, span }
  const isPython = prim('===', [prim('typeof', [matches], span), constRhs('function', span)], span)
  const call: Rhs = {
    t: 'method',
    object: error,
    key: 'matches',
    args: [constRhs(type.name, span)],
    optional: false,
    span,
  }
  return { t: 'logic', op: '&&', left: isPython, right: call, span }
}

const block: Control<'let' | 'do'> = (node, dest, lowering, out) => {
  const last = node.op === 'let' ? node.body : node.body.at(-1)
  lowering.prelude(node, out)
  if (last) lowering.into(last, dest, out)
  else deliverNil(node, dest, lowering, out)
  return true
}

export const CONTROL: Table = {
  if: ifStatement,
  and: logic,
  or: logic,
  def,
  assign,
  put,
  try: tryStatement,
  let: block,
  do: block,
  loop: (node, dest, lowering, out) => {
    lowerLoop(node, dest, lowering, out)
    return true
  },
  recur: (node, _dest, lowering, out) => {
    lowerRecur(node, lowering, out)
    return true
  },
  call: (node, _dest, lowering, out) => {
    if (!node.tail) return false
    lowerTailCall(node, lowering, out)
    return true
  },
  await: (node, _dest, lowering, out) => {
    if (node.value.op !== 'call' || !node.value.tail) return false
    lowerTailCall(node.value, lowering, out)
    return true
  },
  while: (node, dest, lowering, out) => {
    lowerWhile(node, lowering, out)
    return deliverNil(node, dest, lowering, out)
  },
  forEach: (node, dest, lowering, out) => {
    lowerForEach(node, lowering, out)
    return deliverNil(node, dest, lowering, out)
  },
  throw: (node, _dest, lowering, out) => {
    const { rhs } = lowering.expr(node.value, out)
    out.push({ s: 'throw', value: rhs, span: node.span })
    return true
  },
}
