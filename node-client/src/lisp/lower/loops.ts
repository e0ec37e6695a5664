// loop, recur, self tail calls, while and for-each. A loop is `while (true)`, or `while (test)` where its body is one
// test that goes on or ends. Variables that closures capture are copied, so each iteration has its own.

import { kindOf } from '../analyse/values.js'
import type { Binding, Call, LoopTarget, Node } from '../nodes.js'
import { mentions, nameRhs, type Rhs, type Stmt } from '../ir.js'
import type { Span } from '../syntax.js'
import { stepCall } from './functions.js'
import { DISCARD, RETURN, type Dest, type Lowering } from './lowering.js'
import { isSimple } from './simple.js'
import { negate, test } from './tests.js'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>

export function lowerLoop(node: Of<'loop'>, dest: Dest, lowering: Lowering, out: Stmt[]): void {
  if (!node.target.used) {
    for (const { binding, value } of node.pairs) lowering.bind(binding, value, out)
    return lowering.into(node.body, dest, out)
  }
  for (const { binding, value } of node.pairs) bindVariable(binding, value, lowering, out)
  lowerLoopBody(node.target, node.body, dest, lowering, out, node.span)
}

function bindVariable(binding: Binding, value: Node, lowering: Lowering, out: Stmt[]): void {
  const { rhs } = lowering.expr(value, out)
  out.push({ s: 'bind', name: lowering.nameOf(binding), value: rhs, mutable: true, span: value.span })
}

/** The loop itself; its variables are declared. */
export function lowerLoopBody(
  target: LoopTarget,
  body: Node,
  dest: Dest,
  lowering: Lowering,
  out: Stmt[],
  span: Span,
): void {
  const vars = target.bindings.map((binding) => lowering.nameOf(binding))
  const state = { label: lowering.temp('again'), labelled: false, vars }
  lowering.loops.set(target, state)
  const outer = lowering.frame.innermost
  lowering.frame.innermost = target
  const exit = whileTest(target, body, lowering)
  const stmts: Stmt[] = lowering.options.steps ? [stepCall(span)] : []
  if (exit) {
    const condition =
      exit.goesOn === 'then' ? test(exit.node.test, lowering, []) : negate(test(exit.node.test, lowering, []))
    lowering.into(exit.goesOn === 'then' ? exit.node.then : exit.node.otherwise, DISCARD, stmts)
    lowering.frame.innermost = outer
    out.push(loopOf(state, condition, stmts, span))
    lowering.into(exit.goesOn === 'then' ? exit.node.otherwise : exit.node.then, dest, out)
    return
  }
  copyCaptured(target, lowering, stmts, span)
  lowering.into(body, dest.to === 'return' ? RETURN : { ...dest, leave: true }, stmts)
  target.bindings.forEach((binding, i) => (binding.jsName = vars[i]!))
  lowering.frame.innermost = outer
  out.push(loopOf(state, undefined, stmts, span))
  if (dest.leave && dest.to !== 'return') out.push({ s: 'break', label: undefined, span })
}

function loopOf(
  state: { label: string; labelled: boolean },
  condition: Rhs | undefined,
  body: readonly Stmt[],
  span: Span,
): Stmt {
  return {
    s: 'loop',
    label: state.labelled ? state.label : undefined,
    test: condition,
    body: withoutLastContinue(body),
    span,
  }
}

function copyCaptured(target: LoopTarget, lowering: Lowering, out: Stmt[], span: Span): void {
  for (const binding of target.bindings) {
    if (!binding.captured) continue
    const value = nameRhs(binding.jsName, span)
    binding.jsName = lowering.temp(binding.jsName)
    out.push({ s: 'bind', name: binding.jsName, value, mutable: binding.mutable, span })
  }
}

/** A body that is (if test (… recur) end), or with its arms exchanged, and whose variables are not copied. */
function whileTest(
  target: LoopTarget,
  body: Node,
  lowering: Lowering,
): { node: Of<'if'>; goesOn: 'then' | 'otherwise' } | undefined {
  if (body.op !== 'if' || target.bindings.some((binding) => binding.captured) || !isSimple(body.test, lowering))
    return undefined
  const [then, otherwise] = [goesOn(body.then, target), goesOn(body.otherwise, target)]
  if (then === 'always' && otherwise === 'never') return { node: body, goesOn: 'then' }
  return otherwise === 'always' && then === 'never' ? { node: body, goesOn: 'otherwise' } : undefined
}

/** Whether the tail of a node goes back to the loop. */
function goesOn(node: Node, target: LoopTarget): 'always' | 'never' | 'sometimes' {
  switch (node.op) {
    case 'recur':
      return node.target === target ? 'always' : 'never'
    case 'call':
      return node.tail === target ? 'always' : 'never'
    case 'await':
      return node.value.op === 'call' ? goesOn(node.value, target) : 'never'
    case 'do':
      return node.body.length === 0 ? 'never' : goesOn(node.body.at(-1)!, target)
    case 'let':
    case 'loop':
      return node.op === 'loop' && node.target.used ? mayGoOn(node.body, target) : goesOn(node.body, target)
    case 'if': {
      const [then, otherwise] = [goesOn(node.then, target), goesOn(node.otherwise, target)]
      return then === otherwise ? then : 'sometimes'
    }
    case 'and':
    case 'or':
      return mayGoOn(node.args.at(-1)!, target)
    default:
      return 'never'
  }
}

const mayGoOn = (node: Node, target: LoopTarget): 'never' | 'sometimes' =>
  goesOn(node, target) === 'never' ? 'never' : 'sometimes'

/** `continue` as the last thing of a loop's body says nothing. */
function withoutLastContinue(body: readonly Stmt[]): readonly Stmt[] {
  const last = body.at(-1)
  if (last?.s === 'continue' && last.label === undefined) return body.slice(0, -1)
  if (last?.s !== 'if') return body
  const trimmed: Stmt = {
    ...last,
    then: withoutLastContinue(last.then),
    otherwise: withoutLastContinue(last.otherwise),
  }
  return [...body.slice(0, -1), trimmed]
}

export const lowerRecur = (node: Of<'recur'>, lowering: Lowering, out: Stmt[]): void => {
  goBack(node.target, node.args, node.span, lowering, out)
}

export const lowerTailCall = (call: Call, lowering: Lowering, out: Stmt[]): void => {
  goBack(
    call.tail!,
    call.args.map((arg) => arg.value),
    call.span,
    lowering,
    out,
  )
}

/** Assigns the variables as if at once, and goes to the start of the loop. */
function goBack(target: LoopTarget, args: readonly Node[], span: Span, lowering: Lowering, out: Stmt[]): void {
  const state = lowering.loops.get(target)!
  const lows = lowering.operands(args, out)
  const isSame = (value: Rhs, i: number): boolean => value.t === 'name' && value.name === state.vars[i]
  const changing = state.vars.filter((_, i) => !isSame(lows[i]!.rhs, i))
  const late: Stmt[] = []
  lows.forEach(({ rhs: value, effect }, i) => {
    const name = state.vars[i]!
    if (isSame(value, i)) return
    const set = (to: Stmt[], assigned: Rhs): unknown =>
      to.push({ s: 'set', target: nameRhs(name, span), value: assigned, span })
    if (!lows.slice(i + 1).some((later) => mentions(later.rhs, name))) return set(out, value)
    const canWait = effect === 0 && !changing.some((other) => other !== name && mentions(value, other))
    if (canWait) return set(late, value)
    const temp = lowering.temp(name)
    out.push({ s: 'bind', name: temp, value, mutable: false, span })
    return set(late, nameRhs(temp, span))
  })
  out.push(...late)
  const isInner = lowering.frame.innermost === target
  if (!isInner) state.labelled = true
  out.push({ s: 'continue', label: isInner ? undefined : state.label, span })
}

export function lowerWhile(node: Of<'while'>, lowering: Lowering, out: Stmt[]): void {
  const { span } = node
  const body: Stmt[] = lowering.options.steps ? [stepCall(span)] : []
  const condition = test(node.test, lowering, body)
  const isPlain = body.length === (lowering.options.steps ? 1 : 0)
  if (!isPlain)
    body.push({ s: 'if', test: negate(condition), then: [{ s: 'break', label: undefined, span }], otherwise: [], span })
  lowering.into(node.body, DISCARD, body)
  out.push({ s: 'loop', label: undefined, test: isPlain ? condition : undefined, body, span })
}

export function lowerForEach(node: Of<'forEach'>, lowering: Lowering, out: Stmt[]): void {
  const { span } = node
  const { rhs } = lowering.expr(node.items, out)
  const body: Stmt[] = lowering.options.steps ? [stepCall(span)] : []
  const name = lowering.nameOf(node.binding)
  lowering.into(node.body, DISCARD, body)
  const maker = node.awaits ? 'iterateRemote' : 'iter'
  const direct = kindOf(node.items) === 'array' || (rhs.t === 'method' && rhs.key === maker)
  const items = direct ? rhs : lowering.callRuntime(maker, [rhs], span)
  out.push({ s: 'forOf', name, mutable: node.binding.mutable, items, body, awaits: node.awaits, span })
}
