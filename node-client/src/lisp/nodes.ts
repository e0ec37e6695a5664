// Core nodes: what the expander makes of syntax objects. All names are resolved to bindings and no macro is left.
// The analyser fills in the fields marked [analysed]; the lowering reads them.

import type { Binding } from './binding.js'
import type { Span, Syntax } from './syntax.js'

export { Binding, type BindingKind } from './binding.js'

interface Base {
  readonly span: Span
}
export interface Const extends Base {
  readonly op: 'const'
  readonly value: null | boolean | number | bigint | string
}
export interface KeywordNode extends Base {
  readonly op: 'keyword'
  readonly name: string
}
export interface RegexNode extends Base {
  readonly op: 'regex'
  readonly source: string
  readonly flags: string
}
/** Quoted data: becomes constructor calls. */
export interface Quote extends Base {
  readonly op: 'quote'
  readonly datum: Syntax
  readonly template?: boolean // from a quasiquote: in a macro its symbols carry the mark of the expansion
}
export interface Ref extends Base {
  readonly op: 'ref'
  readonly binding: Binding
}
export interface If extends Base {
  readonly op: 'if'
  readonly test: Node
  readonly then: Node
  readonly otherwise: Node
}
export interface Do extends Base {
  readonly op: 'do'
  readonly body: readonly Node[]
}
export interface Pair {
  readonly binding: Binding
  readonly value: Node
}
export interface Let extends Base {
  readonly op: 'let'
  readonly rec: boolean
  readonly pairs: readonly Pair[]
  readonly body: Node
}
export interface Param {
  readonly binding: Binding
  readonly fallback: Node | undefined // default value of an optional parameter
  readonly optional: boolean
}
export interface Arity {
  readonly params: readonly Param[]
  readonly rest: Binding | undefined
  readonly target: LoopTarget // recur to the function itself
  body: Node
}
export interface Fn extends Base {
  readonly op: 'fn'
  readonly name: string | undefined
  readonly self: Binding | undefined // the name of (fn name [x] …) inside itself
  readonly arities: Arity[]
  readonly parent: Fn | undefined
  isAsync: boolean // [analysed]
  awaits: boolean // [analysed] contains an await of its own
  calls: Call[] // [analysed] calls directly inside it
}
export interface Def extends Base {
  readonly op: 'def'
  readonly binding: Binding
  readonly value: Node
}
export interface Assign extends Base {
  readonly op: 'assign'
  readonly binding: Binding
  readonly value: Node
}
export interface Put extends Base {
  readonly op: 'put'
  readonly object: Node
  readonly key: string | Node
  readonly value: Node
}
/** Where a recur goes. The lowering keeps its state in a map of its own. */
export interface LoopTarget {
  readonly bindings: readonly Binding[]
  used: boolean // [analysed] some recur or self tail call goes here
}
export interface Loop extends Base {
  readonly op: 'loop'
  readonly target: LoopTarget
  readonly pairs: readonly Pair[]
  readonly body: Node
}
export interface Recur extends Base {
  readonly op: 'recur'
  readonly target: LoopTarget
  readonly args: readonly Node[]
}
export interface While extends Base {
  readonly op: 'while'
  readonly test: Node
  readonly body: Node
}
export interface ForEach extends Base {
  readonly op: 'forEach'
  readonly binding: Binding
  readonly items: Node
  readonly body: Node
  readonly awaits: boolean // for await
}
export interface CatchClause {
  readonly type:
    { readonly from: 'python'; readonly name: string } | { readonly from: 'js'; readonly node: Node } | undefined
  readonly binding: Binding
  readonly body: Node
  readonly span: Span
}
export interface Try extends Base {
  readonly op: 'try'
  readonly body: Node
  readonly catches: readonly CatchClause[]
  readonly final: Node | undefined
}
export interface Throw extends Base {
  readonly op: 'throw'
  readonly value: Node
}
export interface Await extends Base {
  readonly op: 'await'
  readonly value: Node
}
export interface Spawn extends Base {
  readonly op: 'spawn'
  readonly thunk: Fn
}
export interface AwaitAll extends Base {
  readonly op: 'awaitAll'
  readonly thunks: readonly Fn[]
}
export type Arg =
  | { readonly as: 'value'; readonly value: Node }
  | { readonly as: 'spread'; readonly value: Node }
  | { readonly as: 'named'; readonly name: string; readonly value: Node; readonly span: Span }
  | { readonly as: 'splice'; readonly value: Node }
export interface Call extends Base {
  readonly op: 'call'
  readonly callee: Node
  readonly args: readonly Arg[]
  readonly optional: boolean // (?. o (m a))
  readonly auto: boolean // inside (auto …)
  awaited: boolean // [analysed] the call is awaited for the user
  tail?: LoopTarget | undefined // [analysed] a self tail call
}
export interface Get extends Base {
  readonly op: 'get'
  readonly object: Node
  readonly key: string | Node
  readonly optional: boolean
}
export interface New extends Base {
  readonly op: 'new'
  readonly callee: Node
  readonly args: readonly Arg[]
}
/** Text of JavaScript with operands between its pieces. */
export interface Js extends Base {
  readonly op: 'js'
  readonly pieces: readonly string[]
  readonly args: readonly Node[]
}
export interface Items<Op extends 'vector' | 'set' | 'list'> extends Base {
  readonly op: Op
  readonly items: readonly Arg[]
}
export interface MapNode extends Base {
  readonly op: 'map'
  readonly entries: readonly (readonly [Node, Node])[]
}
export interface Logic<Op extends 'and' | 'or'> extends Base {
  readonly op: Op
  readonly args: readonly Node[]
}
export interface Import extends Base {
  readonly op: 'import'
  readonly source: Node
}

export type Node =
  | Const
  | KeywordNode
  | RegexNode
  | Quote
  | Ref
  | If
  | Do
  | Let
  | Fn
  | Def
  | Assign
  | Put
  | Loop
  | Recur
  | While
  | ForEach
  | Try
  | Throw
  | Await
  | Spawn
  | AwaitAll
  | Call
  | Get
  | New
  | Js
  | Items<'vector'>
  | Items<'set'>
  | Items<'list'>
  | MapNode
  | Logic<'and'>
  | Logic<'or'>
  | Import

/** A function without bodies yet. */
export function newFn(name: string | undefined, parent: Fn | undefined, span: Span, self?: Binding): Fn {
  return { op: 'fn', name, self, arities: [], parent, isAsync: false, awaits: false, calls: [], span }
}

export const constant = (value: Const['value'], span: Span): Const => ({ op: 'const', value, span })
export const ref = (binding: Binding, span: Span): Ref => ({ op: 'ref', binding, span })
export const positional = (value: Node): Arg => ({ as: 'value', value })
export const isConst = (node: Node, value: Const['value']): boolean => node.op === 'const' && node.value === value

export function bodyOf(nodes: readonly Node[], span: Span): Node {
  if (nodes.length === 0) return constant(null, span)
  return nodes.length === 1 ? nodes[0]! : { op: 'do', body: nodes, span }
}

/** The direct children of a node, in evaluation order. Functions are children; what is inside them is theirs. */
export function children(node: Node): readonly Node[] {
  switch (node.op) {
    case 'const':
    case 'keyword':
    case 'regex':
    case 'quote':
    case 'ref':
      return []
    case 'if':
      return [node.test, node.then, node.otherwise]
    case 'do':
      return node.body
    case 'let':
    case 'loop':
      return [...node.pairs.map((pair) => pair.value), node.body]
    case 'fn':
      return node.arities.flatMap((a) => [...a.params.flatMap((p) => p.fallback ?? []), a.body])
    case 'def':
    case 'assign':
    case 'throw':
    case 'await':
      return [node.value]
    case 'put':
      return [node.object, ...(typeof node.key === 'string' ? [] : [node.key]), node.value]
    case 'get':
      return [node.object, ...(typeof node.key === 'string' ? [] : [node.key])]
    case 'recur':
    case 'js':
    case 'and':
    case 'or':
      return node.args
    case 'while':
      return [node.test, node.body]
    case 'forEach':
      return [node.items, node.body]
    case 'try':
      return tryChildren(node)
    case 'spawn':
      return [node.thunk]
    case 'awaitAll':
      return node.thunks
    case 'call':
    case 'new':
      return [node.callee, ...node.args.map((arg) => arg.value)]
    case 'vector':
    case 'set':
    case 'list':
      return node.items.map((item) => item.value)
    case 'map':
      return node.entries.flat()
    case 'import':
      return [node.source]
  }
}

function tryChildren(node: Try): Node[] {
  const types = node.catches.flatMap((c) => (c.type?.from === 'js' ? [c.type.node] : []))
  return [node.body, ...types, ...node.catches.map((c) => c.body), ...(node.final ? [node.final] : [])]
}
