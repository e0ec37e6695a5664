// What each expression is wanted for. `python`: it goes on as part of a Python expression, so it may stay lazy;
// `data`: it must be data now; `drop`: its value is not used; `value`: anything else.

import type { Arg, Call, Node } from '../nodes.js'
import { coreEntry } from '../runtime/table.js'
import { coreName, kindOf } from './values.js'

export type Context = 'python' | 'data' | 'drop' | 'value'
export type Visit = (node: Node, context: Context) => void

/** Gives each child of a node with its context. */
export function withContexts(node: Node, context: Context, visit: Visit): void {
  switch (node.op) {
    case 'if':
      visit(node.test, 'data')
      visit(node.then, context)
      visit(node.otherwise, context)
      return
    case 'do':
      node.body.forEach((item, i) => visit(item, i === node.body.length - 1 ? context : 'drop'))
      return
    case 'let':
      for (const { binding, value } of node.pairs) visit(value, binding.lazy && !binding.mutable ? 'python' : 'value')
      visit(node.body, context)
      return
    case 'loop':
      for (const { value } of node.pairs) visit(value, 'value')
      visit(node.body, context)
      return
    case 'def':
      return visit(node.value, node.binding.lazy && !node.binding.mutable ? 'python' : 'value')
    case 'and':
    case 'or':
      node.args.forEach((arg, i) => visit(arg, i === node.args.length - 1 ? context : 'data'))
      return
    case 'while':
      visit(node.test, 'data')
      return visit(node.body, 'drop')
    case 'forEach':
      visit(node.items, node.awaits ? 'python' : 'data')
      return visit(node.body, 'drop')
    case 'fn':
      for (const { params, body } of node.arities) {
        for (const { fallback } of params) if (fallback) visit(fallback, 'value')
        visit(body, 'value')
      }
      return
    case 'get':
      visit(node.object, 'python')
      if (typeof node.key !== 'string') visit(node.key, 'value')
      return
    case 'put':
      visit(node.object, 'python')
      if (typeof node.key !== 'string') visit(node.key, 'value')
      return visit(node.value, kindOf(node.object) === 'python' ? 'python' : 'value')
    case 'await':
      return visit(node.value, 'python')
    case 'spawn':
      return visit(node.thunk.arities[0]!.body, 'python')
    case 'awaitAll':
      for (const thunk of node.thunks) visit(thunk.arities[0]!.body, 'python')
      return
    case 'call':
      return callContexts(node, visit)
    case 'try':
      visit(node.body, context)
      for (const clause of node.catches) {
        if (clause.type?.from === 'js') visit(clause.type.node, 'value')
        visit(clause.body, context)
      }
      if (node.final) visit(node.final, 'drop')
      return
    default:
      return otherContexts(node, visit)
  }
}

function otherContexts(node: Node, visit: Visit): void {
  switch (node.op) {
    case 'assign':
    case 'throw':
      return visit(node.value, 'value')
    case 'recur':
    case 'js':
      for (const arg of node.args) visit(arg, 'value')
      return
    case 'new':
      visit(node.callee, 'value')
      return eachArg(node.args, 'value', visit)
    case 'vector':
    case 'list':
    case 'set':
      return eachArg(node.items, 'value', visit)
    case 'map':
      for (const [key, value] of node.entries) {
        visit(key, 'value')
        visit(value, 'value')
      }
  }
}

const eachArg = (args: readonly Arg[], context: Context, visit: Visit): void => {
  for (const arg of args) visit(arg.value, context)
}

function callContexts(call: Call, visit: Visit): void {
  visit(call.callee, 'python')
  const name = coreName(call.callee)
  if (name === undefined) return eachArg(call.args, kindOf(call.callee) === 'python' ? 'python' : 'value', visit)
  if (name === 'get' || name === 'py-iter' || name === 'enter*' || name === 'once') {
    call.args.forEach((arg, i) => visit(arg.value, i === 0 ? 'python' : 'value'))
  } else eachArg(call.args, coreEntry(name).data ? 'data' : 'value', visit)
}
