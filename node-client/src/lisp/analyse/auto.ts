// Auto mode: Python calls inside (auto …) are awaited where their value is needed, and stay one program where they are
// part of another Python expression. A variable bound to one stays lazy if all its uses are such parts.

import type { Binding, Call, Fn, Node } from '../nodes.js'
import { withContexts, type Context } from './contexts.js'
import { coreName, isModuleMaker, isSyncGlobal, kindOf, knownFn } from './values.js'

export function inferAuto(main: Fn): void {
  for (let changed = true; changed;) {
    changed = false
    const visit = (node: Node, context: Context): void => {
      if (node.op === 'call' && node.auto) node.awaited ||= wantsAwait(node, context)
      if (node.op === 'ref' && context !== 'python' && isLazy(node.binding)) {
        node.binding.lazy = false
        changed = true
      }
      if (node.op === 'let') for (const { binding } of node.pairs) if (unused(binding)) binding.lazy = false
      withContexts(node, context, visit)
    }
    visit(main, 'value')
  }
}

const unused = (binding: Binding): boolean => binding.uses === 0 && binding.init?.op === 'call'

/** Bound to a Python call that auto mode would await, and not yet found to be needed as data. */
const isLazy = (binding: Binding): boolean =>
  binding.lazy &&
  binding.init?.op === 'call' &&
  binding.init.auto &&
  !isModuleMaker(binding.init.callee) &&
  kindOf(binding.init.callee) === 'python'

function wantsAwait(call: Call, context: Context): boolean {
  if (coreName(call.callee) !== undefined || isModuleMaker(call.callee)) return false
  if (kindOf(call.callee) === 'python') return context !== 'python'
  return knownFn(call.callee) === undefined && !isSyncGlobal(call.callee) && !isPrint(call.callee)
}

const isPrint = (callee: Node): boolean =>
  callee.op === 'ref' && callee.binding.kind === 'import' && callee.binding.name === 'print'
