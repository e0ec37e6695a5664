// Tests: conditions as JavaScript booleans. Only nil and false are false.

import { coreName, kindOf } from '../analyse/values.js'
import type { Node } from '../nodes.js'
import { constRhs, prim, type Rhs, type Stmt } from '../ir.js'
import type { Span } from '../syntax.js'
import type { Lowering } from './lowering.js'
import { isSimple, isStable } from './simple.js'

const OPPOSITE: Readonly<Record<string, string>> = { '==': '!=', '!=': '==', '===': '!==', '!==': '===' }

export function negate(test: Rhs): Rhs {
  if (test.t === 'const') return constRhs(!test.value, test.span)
  if (test.t !== 'prim') return prim('!', [test], test.span)
  if (test.op === '!' && test.args.length === 1 && isBoolean(test.args[0]!)) return test.args[0]!
  const opposite = OPPOSITE[test.op]
  return opposite ? prim(opposite, test.args, test.span) : prim('!', [test], test.span)
}

const isBoolean = (rhs: Rhs): boolean =>
  (rhs.t === 'prim' && ['===', '!==', '==', '!=', '<', '>', '<=', '>=', '!'].includes(rhs.op)) || rhs.t === 'logic'

/** The condition of a node; its statements go to `out`. */
export function test(node: Node, lowering: Lowering, out: Stmt[]): Rhs {
  if (node.op === 'const') return constRhs(node.value !== null && node.value !== false, node.span)
  const special = specialTest(node, lowering, out)
  if (special) return special
  const { rhs } = lowering.expr(node, out)
  return kindOf(node) === 'boolean' ? rhs : truthy(rhs, node, lowering)
}

/** and, or and not of conditions, without making values of them. */
function specialTest(node: Node, lowering: Lowering, out: Stmt[]): Rhs | undefined {
  if (node.op === 'and' || node.op === 'or') {
    if (!node.args.slice(1).every((arg) => isSimple(arg, lowering))) return undefined
    const tests = node.args.map((arg) => test(arg, lowering, out))
    return joinTests(node.op === 'and' ? '&&' : '||', tests, node.span)
  }
  if (node.op === 'call' && coreName(node.callee) === 'not' && node.args.length === 1 && node.args[0]!.as === 'value') {
    return negate(test(node.args[0]!.value, lowering, out))
  }
  return undefined
}

export const joinTests = (op: '&&' | '||', tests: readonly Rhs[], span: Span): Rhs =>
  tests.reduce((left, right) => ({ t: 'logic', op, left, right, span }))

/** x is neither nil nor false. */
export function truthy(rhs: Rhs, node: Node, lowering: Lowering): Rhs {
  const { span } = node
  const kind = kindOf(node)
  if (rhs.t === 'name' && isStable(node)) {
    const isSome = prim('!=', [rhs, constRhs(null, span)], span)
    if (kind !== 'unknown') return isSome
    return joinTests('&&', [isSome, prim('!==', [rhs, constRhs(false, span)], span)], span)
  }
  return lowering.callRuntime('truthy', [rhs], span)
}
