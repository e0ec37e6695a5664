// Whether a node can be one JavaScript expression, with no statement before it.

import { isConst, type Arg, type Node } from '../nodes.js'
import { kindOf } from '../analyse/values.js'
import type { Lowering } from './lowering.js'

export function isSimple(node: Node, lowering: Lowering): boolean {
  const known = lowering.simple.get(node)
  if (known !== undefined) return known
  const simple = decide(node, lowering)
  lowering.simple.set(node, simple)
  return simple
}

function decide(node: Node, lowering: Lowering): boolean {
  const all = (nodes: readonly Node[]): boolean => nodes.every((item) => isSimple(item, lowering))
  const args = (list: readonly Arg[]): boolean => all(list.map((arg) => arg.value))
  switch (node.op) {
    case 'const':
    case 'keyword':
    case 'regex':
    case 'quote':
    case 'ref':
    case 'fn':
    case 'spawn':
    case 'awaitAll':
    case 'import':
      return true
    case 'if':
      return all([node.test, node.then, node.otherwise])
    case 'and':
    case 'or':
      return all(node.args) && logicIsSimple(node)
    case 'do':
      return node.body.length === 1 && all(node.body) && node.body[0]!.op !== 'def'
    case 'call':
      return node.tail === undefined && node.callee.op !== 'fn' && isSimple(node.callee, lowering) && args(node.args)
    case 'new':
      return isPath(node.callee) && args(node.args)
    case 'get':
      return isSimple(node.object, lowering) && (typeof node.key === 'string' || isSimple(node.key, lowering))
    case 'await':
      return !(node.value.op === 'call' && node.value.tail) && isSimple(node.value, lowering)
    case 'vector':
    case 'set':
    case 'list':
      return args(node.items)
    case 'map':
      return all(node.entries.flat())
    case 'js':
      return all(node.args)
    default:
      return false
  }
}

/** (and a b) is a && b where a is a boolean, and (a ? b : a) where a is a variable. */
export function logicIsSimple(node: Node & { op: 'and' | 'or' }): boolean {
  return node.args.slice(0, -1).every((arg) => kindOf(arg) === 'boolean' || isStable(arg))
}

/** Reading it twice gives the same. */
export const isStable = (node: Node): boolean =>
  node.op === 'const' || (node.op === 'ref' && !node.binding.mutable) || isConst(node, null)

const isPath = (node: Node): boolean =>
  node.op === 'ref' || (node.op === 'get' && !node.optional && typeof node.key === 'string' && isPath(node.object))
