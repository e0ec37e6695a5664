// spawn and await-all. A call that starts by itself (of an async function, or of Python) is started as it is; anything
// else is put into an async function that the runtime starts.

import { isAsyncFn, kindOf } from '../analyse/values.js'
import { children, type Fn, type Node } from '../nodes.js'
import type { Rhs, Stmt } from '../ir.js'
import { lowerCallee } from './calls.js'
import { lowerFn } from './functions.js'
import type { Low, Lowering } from './lowering.js'
import { isSimple } from './simple.js'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>

/** Whether evaluating a node awaits something, outside of the functions in it. */
function awaits(node: Node): boolean {
  if (node.op === 'fn' || node.op === 'spawn') return false
  if (node.op === 'await' || node.op === 'awaitAll' || node.op === 'import') return true
  return (node.op === 'call' && node.awaited) || children(node).some(awaits)
}

/** A node that can be started where it stands: its operands neither await nor need statements. */
function startsItself(node: Node, lowering: Lowering): boolean {
  if (node.op === 'const' || (node.op === 'ref' && !node.binding.mutable)) return true
  if (!isSimple(node, lowering)) return false
  if (node.op === 'call') {
    const direct = kindOf(node.callee) === 'python' || isAsyncFn(node.callee)
    return direct && !children(node).some(awaits)
  }
  return node.op === 'get' && kindOf(node) === 'python' && !awaits(node)
}

function start(thunk: Fn, lowering: Lowering, out: Stmt[]): Rhs {
  const { body } = thunk.arities[0]!
  if (startsItself(body, lowering)) {
    return body.op === 'call' ? lowerCallee(body, lowering, out).rhs : lowering.expr(body, out).rhs
  }
  thunk.isAsync = true
  const lambda: Rhs = { t: 'lambda', fn: lowerFn(thunk, lowering), span: thunk.span }
  return lowering.callRuntime('spawn', [lambda], thunk.span)
}

/** A promise that nobody may await yet must not be an unhandled rejection: the runtime starts it. */
export function lowerSpawn(node: Of<'spawn'>, lowering: Lowering, out: Stmt[]): Low {
  const { thunk } = node
  const { body } = thunk.arities[0]!
  if (kindOf(body) === 'python' && startsItself(body, lowering)) return { rhs: start(thunk, lowering, out), effect: 2 }
  thunk.isAsync = true
  const lambda: Rhs = { t: 'lambda', fn: lowerFn(thunk, lowering), span: thunk.span }
  return { rhs: lowering.callRuntime('spawn', [lambda], node.span), effect: 2 }
}

export function lowerAwaitAll(node: Of<'awaitAll'>, lowering: Lowering, out: Stmt[]): Low {
  const items = node.thunks.map((thunk) => start(thunk, lowering, out))
  const { span } = node
  const all: Rhs = {
    t: 'method',
    object: { t: 'name', name: 'Promise', span },
    key: 'all',
    args: [{ t: 'array', items, span }],
    optional: false,
    span,
  }
  return { rhs: { t: 'await', value: all, span }, effect: 2 }
}
