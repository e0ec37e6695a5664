/** Meta-operations: functions, never attributes, since `remote.anything` is always Python's. */

import { OPTS, isOptions, writeValue, type Options } from './arguments.js'
import type { Encoder } from './codec.js'
import { converted, type Converters } from './convert.js'
import { UsageError, ValueRefused } from './errors.js'
import { Handle } from './handle.js'
import { Node, SYMBOLS, needNode, nodeOf } from './node.js'
import { BINARY_OPERATORS, UNARY_OPERATORS } from './ops.js'
import { PathNode } from './path.js'
import type { Remote } from './remote.js'
import { runScoped, type Scoped } from './scope.js'
import type { Entry } from './site.js'
import { slotOf } from './slot.js'

/** Tell whether a value is a Remote. */
export function isRemote(value: unknown): value is Remote {
  return nodeOf(value) !== undefined
}

function needName(name: unknown): void {
  if (typeof name !== 'string') throw new UsageError(`the name of an attribute is a string, not ${String(name)}`)
}

/** An attribute by any name: `get(r, 'then')`. With `missing`, that value where there is no such attribute. */
export function get(remote: Remote, name: string, ...rest: [missing?: unknown, options?: Options]): Remote {
  const node = needNode(remote)
  needName(name)
  if (!rest.length) return node.child(name)
  const given: readonly unknown[] = rest
  const missing = given.filter((one) => !isOptions(one))
  const write = (encoder: Encoder): string => {
    const text = `${node.target()},${JSON.stringify(name)}`
    return missing.length ? `${text},${writeValue(encoder, missing[0], '$.missing')}` : text
  }
  return node.make('getattr', name, write, get, given.find(isOptions)?.[OPTS]).remote
}

/** `remote.name = value`; await it to know that it was done. */
export function set(remote: Remote, name: string, value: unknown, options?: Options): Remote<null> {
  const node = needNode(remote)
  needName(name)
  const write = (encoder: Encoder): string =>
    `${node.target()},${JSON.stringify(name)},${writeValue(encoder, value, '$.value')}`
  return node.make('setattr', name, write, set, options?.[OPTS]).remote
}

/** `del remote.name`. */
export function delAttr(remote: Remote, name: string, options?: Options): Remote<null> {
  const node = needNode(remote)
  needName(name)
  const write = (): string => `${node.target()},${JSON.stringify(name)}`
  return node.make('delattr', name, write, delAttr, options?.[OPTS]).remote
}

/** `remote[key]`; keys of several dimensions are tuples: `item(a, tuple(0, slice(1)))`. */
export function item(remote: Remote, key: unknown, options?: Options): Remote {
  const node = needNode(remote)
  const write = (encoder: Encoder): string => `${node.target()},${writeValue(encoder, key, '$.key')}`
  return node.make('getitem', '[…]', write, item, options?.[OPTS]).remote
}

// The Lisp runtime asks the node behind a Remote for its items.
Object.assign(Node.prototype, {
  item(this: Node, key: unknown): Remote {
    return item(this.remote, key)
  },
})

/** `remote[key] = value`. */
export function setItem(remote: Remote, key: unknown, value: unknown, options?: Options): Remote<null> {
  const node = needNode(remote)
  const write = (encoder: Encoder): string =>
    `${node.target()},${writeValue(encoder, key, '$.key')},${writeValue(encoder, value, '$.value')}`
  return node.make('setitem', '[…]', write, setItem, options?.[OPTS]).remote
}

/** `del remote[key]`. */
export function delItem(remote: Remote, key: unknown, options?: Options): Remote<null> {
  const node = needNode(remote)
  const write = (encoder: Encoder): string => `${node.target()},${writeValue(encoder, key, '$.key')}`
  return node.make('delitem', '[…]', write, delItem, options?.[OPTS]).remote
}

/** A Python operator by its sign: `op('+', a, b)`, `op('in', x, xs)`, `op('not', a)`; at least one operand is a Remote. */
export function op(symbol: (typeof BINARY_OPERATORS)[number], a: unknown, b: unknown, options?: Options): Remote
export function op(symbol: (typeof UNARY_OPERATORS)[number], a: Remote, options?: Options): Remote
export function op(symbol: string, ...given: unknown[]): Remote {
  const options = given.find(isOptions)?.[OPTS]
  const operands = given.filter((one) => !isOptions(one))
  const known: readonly string[] = operands.length === 1 ? UNARY_OPERATORS : BINARY_OPERATORS
  if (!known.includes(symbol)) {
    throw new UsageError(`no operator ${symbol} of ${operands.length} operands`, {
      hint: `there are ${known.join(' ')}`,
    })
  }
  const node = operands.map(nodeOf).find((one) => one !== undefined) ?? needNode(operands[0])
  const write = (encoder: Encoder): string => {
    const texts = operands.map((one, index) => writeValue(encoder, one, `$.operands[${index}]`))
    return [JSON.stringify(symbol), ...texts].join()
  }
  return node.make('operator', symbol, write, op, options).remote
}

/** Await this for a live Remote, also where the object is data. */
export function keep(remote: Remote, options?: Options): Promise<Remote> {
  return slotOf(needNode(remote)).ask('keep', options?.[OPTS]) as Promise<Remote>
}

/** Options of `value`: those of a call, `{depth: 1, ...opts({timeout})}`, how far it copies, and what it makes of that. */
export interface ValueOptions extends Partial<Options>, Converters {
  /** How many levels of containers are copied, from 1; those below come as Remotes. */
  readonly depth?: number
}

/** Await this for a copy, also of many things that are not data (§6.4); what has none rejects with NotData. */
export async function value<T = unknown>(remote: PromiseLike<T>, options: ValueOptions = {}): Promise<T> {
  const node = nodeOf(remote)
  if (!node) return await remote
  const { depth, dict, unknown } = options
  if (depth !== undefined && !(Number.isSafeInteger(depth) && depth > 0))
    throw new UsageError('a depth is an integer from 1')
  const asked = slotOf(node).ask(depth === undefined ? 'value' : { mode: 'value', depth }, options[OPTS])
  if (!dict && !unknown) return (await asked) as T
  const copy = await asked.catch((error: unknown) => {
    if (unknown && error instanceof ValueRefused && error.code === 'NotData') return keep(node.remote)
    throw error
  })
  return (await converted(copy, { dict, unknown })) as T
}

/** Python's `repr`. */
export function repr(remote: Remote, options?: Options): Promise<string> {
  return ask(needNode(remote), 'repr', repr, options)
}

/** Python's `str`. */
export function str(remote: Remote, options?: Options): Promise<string> {
  return ask(needNode(remote), 'str', str, options)
}

/** The qualified name of its type: `numpy.ndarray`, `int`. */
export function typeName(remote: Remote, options?: Options): Promise<string> {
  return ask(needNode(remote), 'type', typeName, options)
}

function ask(node: Node, question: 'repr' | 'str' | 'type', entry: Entry, options?: Options): Promise<string> {
  const made = node.make(question, `${question}(${node.label})`, () => node.target(), entry, options?.[OPTS])
  return made.result() as Promise<string>
}

/** Give the object back now. Twice is nothing; any later use throws. Paths hold nothing, modules stay. */
export function release(remote: Remote): void {
  const node = needNode(remote)
  if (!(node instanceof PathNode) && !node.owner.lasting) node.owner.release(release)
}

function dispose(this: Remote): void {
  release(this)
}

SYMBOLS.set(Symbol.dispose, dispose)
SYMBOLS.set(Symbol.asyncDispose, dispose)

/** The full name of the object; a path has none: await `keep(path)` first. */
export function handleOf(remote: Remote): Handle {
  const node = needNode(remote)
  if (node instanceof PathNode)
    throw new UsageError('a path has no handle of its own', { hint: 'await keep(path) first' })
  return new Handle(node.session.worker, node.session.id, node.owner.slot)
}

/** Tell whether two awaited Remotes of one session stand for the same Python object. */
export function same(a: unknown, b: unknown): boolean {
  const [one, other] = [nodeOf(a), nodeOf(b)]
  if (!one || !other) return a === b
  if (one === other) return true
  const known = one.settled && other.settled && one.session === other.session
  return known && one.owner.identity !== 0 && one.owner.identity === other.owner.identity
}

/** Run `fn` and give back every Remote made meanwhile, except those in what it returns. */
export function scope<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  return runScoped(fn, (result) => {
    const kept = new Set<Scoped>()
    collect(result, kept, 0)
    return kept
  })
}

const DEPTH = 16 // how deep a returned value is searched for Remotes

function collect(found: unknown, kept: Set<Scoped>, depth: number): void {
  const node = nodeOf(found)
  if (node) kept.add(node.owner)
  if (node || typeof found !== 'object' || found === null || depth > DEPTH || ArrayBuffer.isView(found)) return
  const parts =
    found instanceof Map ? [...found.keys(), ...found.values()] : found instanceof Set ? found : Object.values(found)
  for (const part of parts) collect(part, kept, depth + 1)
}
