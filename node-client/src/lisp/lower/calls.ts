// Calls: of core functions (inlined where that reads well), of Python (keyword arguments branded here), of Lisp and
// JavaScript functions (a keyword argument is a keyword and a value), of the unknown (decided by the runtime).

import { coreName, kindOf, knownFn, usesAsyncVariant } from '../analyse/values.js'
import { constant, type Arg, type Call, type Node } from '../nodes.js'
import { propertyName } from '../expand/members.js'
import type { Rhs, Stmt } from '../ir.js'
import { coreEntry } from '../runtime/table.js'
import type { Low, Lowering } from './lowering.js'
import { INLINE } from './prims.js'
import { negate, test } from './tests.js'

type Flat = Exclude<Arg, { as: 'named' }>

/** Operands that may be spreads; a spread is of anything the runtime can make a sequence of. */
export function asArgs(args: readonly Arg[], lowering: Lowering, out: Stmt[]): Low[] {
  const flat = args.flatMap(flatten)
  const lows = lowering.operands(
    flat.map((arg) => arg.value),
    out,
  )
  return flat.map((arg, i) => (arg.as === 'value' ? lows[i]! : spread(arg, lows[i]!, lowering)))
}

/** ...xs, or :& m for a function that is not Python's: the keywords and values of m in a row. */
function spread(arg: Flat, low: Low, lowering: Lowering): Low {
  const { span } = arg.value
  const isArray = arg.as === 'spread' && kindOf(arg.value) === 'array'
  const value = isArray ? low.rhs : lowering.callRuntime(arg.as === 'spread' ? 'seq' : 'flatNamed', [low.rhs], span)
  return { rhs: { t: 'spread', value, span }, effect: low.effect === 0 ? 1 : low.effect }
}

/** A keyword argument, for a callee that is not Python's: the keyword and the value. */
function flatten(arg: Arg): Flat[] {
  if (arg.as !== 'named') return [arg]
  return [
    { as: 'value', value: { op: 'keyword', name: arg.name, span: arg.span } },
    { as: 'value', value: arg.value },
  ]
}

export function lowerCall(call: Call, lowering: Lowering, out: Stmt[]): Low {
  const low = lowerCallee(call, lowering, out)
  if (!call.awaited) return low
  return { rhs: { t: 'await', value: low.rhs, span: call.span }, effect: 2 }
}

export function lowerCallee(call: Call, lowering: Lowering, out: Stmt[]): Low {
  const name = coreName(call.callee)
  if (name !== undefined) return coreCall(name, call, lowering, out)
  const hasNames = call.args.some((arg) => arg.as === 'named' || arg.as === 'splice')
  if (kindOf(call.callee) === 'python') return pythonCall(call, lowering, out)
  if (hasNames && !isOurs(call.callee)) return unknownCall(call, lowering, out)
  return plainCall(call, call.args, [], lowering, out)
}

/** Certainly not Python's. */
function isOurs(callee: Node): boolean {
  if (knownFn(callee)) return true
  if (callee.op === 'get') return isGlobalPath(callee)
  return callee.op === 'ref' && (callee.binding.kind === 'global' || callee.binding.name === 'print')
}
const isGlobalPath = (node: Node): boolean =>
  node.op === 'get' ? isGlobalPath(node.object) : node.op === 'ref' && node.binding.kind === 'global'

/** Which arguments are keys: for those a keyword is the same as its name. */
const KEYS: Readonly<Record<string, (index: number) => boolean>> = {
  get: (i) => i === 1,
  assoc: (i) => i % 2 === 1,
  'assoc!': (i) => i % 2 === 1,
  dissoc: (i) => i > 0,
  update: (i) => i === 1,
}

function coreCall(name: string, call: Call, lowering: Lowering, out: Stmt[]): Low {
  const { span } = call
  const plain = call.args.every((arg) => arg.as === 'value' || arg.as === 'named')
  const isKeyAt = KEYS[name]
  const nodes = plain ? call.args.flatMap(flatten).map(({ value }, i) => (isKeyAt?.(i) ? toPython(value) : value)) : []
  if (name === 'not' && nodes.length === 1) return lowerNot(nodes[0]!, lowering, out)
  if (name === 'get' && plain && kindOf(nodes[0]!) === 'python') return itemOf(nodes, call, lowering, out)
  const entry = coreEntry(name)
  if (plain && INLINE[name]) {
    const lows = lowering.operands(nodes, out)
    const rhs = INLINE[name](lows, nodes, span)
    if (rhs)
      return {
        rhs,
        effect: lows.some((low) => low.effect === 2)
          ? 2
          : lows.some((low) => low.effect === 1) || name === 'deref'
            ? 1
            : 0,
      }
    return {
      rhs: lowering.callRuntime(
        entry.js,
        lows.map((low) => low.rhs),
        span,
      ),
      effect: 2,
    }
  }
  const given = plain ? nodes.map((value): Arg => ({ as: 'value', value })) : call.args
  const args = asArgs(given, lowering, out).map((low) => low.rhs)
  const js = usesAsyncVariant(call) ? entry.async! : entry.js
  return { rhs: lowering.callRuntime(js, args, span), effect: 2 }
}

function lowerNot(node: Node, lowering: Lowering, out: Stmt[]): Low {
  return { rhs: negate(test(node, lowering, out)), effect: node.op === 'const' ? 0 : 2 }
}

/** (get df "col") is df["col"] of Python. */
function itemOf(nodes: readonly Node[], call: Call, lowering: Lowering, out: Stmt[]): Low {
  const args = lowering.operands(nodes.slice(0, 2).map(toPython), out).map((low) => low.rhs)
  return { rhs: lowering.callRuntime('item', args, call.span), effect: 2 }
}

/** A keyword that goes to Python, or is a key, is its name. */
const toPython = (node: Node): Node => (node.op === 'keyword' ? constant(node.name, node.span) : node)

function pythonCall(call: Call, lowering: Lowering, out: Stmt[]): Low {
  const positional = call.args
    .filter((arg) => arg.as === 'value' || arg.as === 'spread')
    .map((arg): Arg => ({ ...arg, value: toPython(arg.value) }))
  const named = call.args.filter((arg) => arg.as === 'named' || arg.as === 'splice')
  return plainCall(call, positional, named, lowering, out, (entries) =>
    lowering.callRuntime('kw', [{ t: 'object', entries, span: call.span }], call.span),
  )
}

type Entries = readonly (readonly [string, Rhs])[]

/** The named arguments as entries of an object; a splice has the key '...'. */
function entriesOf(named: readonly Arg[], lows: readonly Low[], isPython: boolean, lowering: Lowering): Entries {
  return named.map((arg, i) => {
    const { rhs } = lows[i]!
    if (arg.as === 'named') return [isPython ? propertyName(arg.name) : arg.name, rhs]
    return ['...', lowering.callRuntime('named', [rhs], arg.value.span)]
  })
}

/** A call with its operands in order: object, key, arguments, keyword arguments. */
function plainCall(
  call: Call,
  args: readonly Arg[],
  named: readonly Arg[],
  lowering: Lowering,
  out: Stmt[],
  pack?: (entries: Entries) => Rhs,
): Low {
  const head = headOf(call.callee)
  const all: Arg[] = [...head.map((value): Arg => ({ as: 'value', value })), ...args]
  const values = named.map((arg): Arg => ({ as: 'value', value: toPython(arg.value) }))
  const lows = asArgs([...all, ...values], lowering, out)
  const count = lows.length - values.length
  const rhs = lows.slice(head.length, count).map((low) => low.rhs)
  if (pack && named.length > 0) rhs.push(pack(entriesOf(named, lows.slice(count), true, lowering)))
  if (call.callee.op === 'fn') lows[0] = { rhs: byName(lows[0]!.rhs, lowering, out), effect: 0 }
  return { rhs: assemble(call, lows, rhs), effect: 2 }
}

/** What is evaluated before the arguments: the object and computed key of a method, or the function. */
function headOf(callee: Node): Node[] {
  if (callee.op !== 'get') return [callee]
  return typeof callee.key === 'string' ? [callee.object] : [callee.object, callee.key]
}

/** A function literal is called by a name, never in place. */
function byName(callee: Rhs, lowering: Lowering, out: Stmt[]): Rhs {
  return callee.t === 'lambda' ? lowering.capture({ rhs: callee, effect: 0 }, out).rhs : callee
}

function assemble({ callee, span }: Call, lows: readonly Low[], args: readonly Rhs[]): Rhs {
  const first = lows[0]!.rhs
  if (callee.op !== 'get') return { t: 'call', callee: first, args, span }
  const key = typeof callee.key === 'string' ? callee.key : lows[1]!.rhs
  return { t: 'method', object: first, key, args, optional: callee.optional, span }
}

/** A callee that may be Python's, with keyword arguments: $rt.call or $rt.invoke decides. */
function unknownCall(call: Call, lowering: Lowering, out: Stmt[]): Low {
  const { callee, span } = call
  const isMethod = callee.op === 'get' && typeof callee.key === 'string' && !callee.optional
  const head = isMethod ? callee.object : callee
  const positional = call.args.filter((arg) => arg.as === 'value' || arg.as === 'spread')
  const named = call.args.filter((arg) => arg.as === 'named' || arg.as === 'splice')
  const values = named.map((arg): Arg => ({ as: 'value', value: arg.value }))
  const lows = asArgs([{ as: 'value', value: head }, ...positional, ...values], lowering, out)
  const count = 1 + positional.length
  const list: Rhs = { t: 'array', items: lows.slice(1, count).map((low) => low.rhs), span }
  const entries = entriesOf(named, lows.slice(count), false, lowering)
  const names: Rhs = { t: 'object', entries, span }
  const target = isMethod ? [lows[0]!.rhs, { t: 'const', value: callee.key, span } as const] : [lows[0]!.rhs]
  return { rhs: lowering.callRuntime(isMethod ? 'invoke' : 'call', [...target, list, names], span), effect: 2 }
}
