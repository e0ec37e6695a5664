// Tail positions: where recur may stand, and which self calls become loops.

import type { Call, Fn, LoopTarget, Node, Recur } from '../nodes.js'
import type { Reporter } from '../diagnostics.js'
import type { Collected } from './collect.js'
import { knownFn } from './values.js'

interface TailWalk {
  readonly fn: Fn | undefined
  readonly self: LoopTarget | undefined // where a self tail call may go
  readonly allowed: Set<Recur>
}

export function markTails({ fns, recurs, loops }: Collected, reporter: Reporter): void {
  const allowed = new Set<Recur>()
  for (const fn of fns)
    for (const arity of fn.arities) {
      const only = fn.arities.length === 1 && arity.rest === undefined
      tail(arity.body, { fn, self: only ? arity.target : undefined, allowed })
    }
  for (const loop of loops) tail(loop.body, { fn: undefined, self: undefined, allowed })
  for (const recur of recurs) if (!allowed.has(recur)) reporter.report('L108', recur.span)
}

function tail(node: Node, walk: TailWalk): void {
  switch (node.op) {
    case 'recur':
      walk.allowed.add(node)
      node.target.used = true
      return
    case 'if':
      tail(node.then, walk)
      tail(node.otherwise, walk)
      return
    case 'do':
      if (node.body.length > 0) tail(node.body.at(-1)!, walk)
      return
    case 'and':
    case 'or':
      tail(node.args.at(-1)!, walk)
      return
    case 'let':
    case 'loop':
      tail(node.body, walk)
      return
    case 'await':
      if (node.value.op === 'call') selfCall(node.value, walk)
      return
    case 'call':
      selfCall(node, walk)
  }
}

function selfCall(call: Call, { fn, self }: TailWalk): void {
  if (!self || call.optional || knownFn(call.callee) !== fn) return
  const plain = call.args.every((arg) => arg.as === 'value') && call.args.length === self.bindings.length
  if (!plain) return
  call.tail = self
  self.used = true
}
