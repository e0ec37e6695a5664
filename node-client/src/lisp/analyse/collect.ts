// The first pass: which variables closures capture, which functions contain awaits, which calls are in which function.

import { children, type Binding, type Call, type Fn, type Loop, type Node, type Recur } from '../nodes.js'

export interface Collected {
  readonly fns: Fn[]
  readonly recurs: Recur[]
  readonly loops: Loop[]
  hasAuto: boolean
}

export function collect(main: Fn): Collected {
  const found: Collected = { fns: [], recurs: [], loops: [], hasAuto: false }
  collectFn(main, found)
  return found
}

function collectFn(fn: Fn, found: Collected): void {
  found.fns.push(fn)
  for (const child of children(fn)) visit(child, fn, found)
}

const touch = (binding: Binding, fn: Fn): void => {
  binding.uses++
  if (binding.owner !== fn) binding.captured = true
}

function visit(node: Node, fn: Fn, found: Collected): void {
  if (node.op === 'fn') return collectFn(node, found)
  if (node.op === 'ref') return touch(node.binding, fn)
  if (node.op === 'assign') touch(node.binding, fn)
  else if (node.op === 'recur') found.recurs.push(node)
  else if (node.op === 'loop') found.loops.push(node)
  else if (node.op === 'call') noteCall(node, fn, found)
  else if (node.op === 'await' || node.op === 'awaitAll' || node.op === 'import') fn.awaits = true
  else if (node.op === 'forEach' && node.awaits) fn.awaits = true
  for (const child of children(node)) visit(child, fn, found)
}

function noteCall(call: Call, fn: Fn, found: Collected): void {
  fn.calls.push(call)
  if (call.auto) found.hasAuto = true
}
