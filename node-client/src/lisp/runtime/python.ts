// The border to Python: keyword arguments, calls of what may or may not be Python, iteration, context managers.

import { KWARGS, isRemote, remoteBrand, type Thrown } from './brands.js'
import { seq } from './collections.js'
import { isKeyword, keyword, nameOf } from './names.js'

type Named = Record<string, unknown>
type Callable = (...args: unknown[]) => unknown

const pythonName = (name: string): string => name.replace(/-/g, '_')

/** The one argument that carries keyword arguments: {[KWARGS]: record}; keywords in them are strings to Python. */
export function kw(named: Named): object {
  const record = Object.create(null) as Named
  for (const [name, value] of Object.entries(named)) record[pythonName(name)] = value
  return { [KWARGS]: record }
}

/** The named arguments of a :& value: a map, a Map, or nil. */
export function named(map: unknown): Named {
  const made: Named = {}
  if (map == null) return made
  const entries = map instanceof Map ? map : Object.entries(map as Named)
  for (const [name, value] of entries) made[nameOf(name)] = value
  return made
}

/** Keyword arguments for a Lisp or JavaScript function: a keyword and a value each. */
const flat = (args: Named): unknown[] => Object.entries(args).flatMap(([name, value]) => [keyword(name), value])

/** Calls a function of which it is not known whether it is Python's. */
export function call(f: unknown, args: readonly unknown[], keywords: Named): unknown {
  const last = isRemote(f) ? [kw(keywords)] : flat(keywords)
  return (f as Callable)(...args, ...last)
}

/** The same for a method, which keeps its object as `this`. */
export function invoke(object: unknown, key: string, args: readonly unknown[], keywords: Named): unknown {
  const target = object as Record<string, Callable>
  const last = isRemote(object) || isRemote(target[key]) ? [kw(keywords)] : flat(keywords)
  return target[key]!(...args, ...last)
}

/** What for-each goes over; a Python value can only be iterated asynchronously. */
export const iter = (coll: unknown): Iterable<unknown> =>
  coll != null && typeof coll === 'object' && Symbol.iterator in coll ? (coll as Iterable<unknown>) : seq(coll)

export function iterateRemote(x: unknown, ...options: unknown[]): unknown {
  const found: Named = {}
  for (let i = 0; i + 1 < options.length; i += 2) if (isKeyword(options[i])) found[nameOf(options[i])] = options[i + 1]
  const brand = isRemote(x) ? remoteBrand(x) : {}
  return brand.iterate ? brand.iterate(found) : x
}

/** Marks a call as one that a durable run never repeats; what is no Python value, or records nothing, stays as it is. */
export const once = (x: unknown): unknown => (isRemote(x) ? (remoteBrand(x).once?.() ?? x) : x)

/** A symbol of Symbol that older engines lack. */
const wellKnown = (name: string): symbol | undefined => (Symbol as unknown as Record<string, symbol | undefined>)[name]

/** How a JavaScript resource is closed. */
function closerOf(target: unknown): Callable | undefined {
  const methods = target as Record<PropertyKey, Callable | undefined>
  const [asynchronous, plain] = [wellKnown('asyncDispose'), wellKnown('dispose')]
  return (asynchronous && methods[asynchronous]) ?? (plain && methods[plain]) ?? methods['close']
}

/** A context that is open: what its manager gave, and how it is left; true means that the error is dealt with. */
interface Context {
  readonly value: unknown
  readonly leave: (thrown?: Thrown) => Promise<boolean>
}

/** Enters a context manager of Python, or takes a JavaScript resource as it is. */
export async function enter(manager: unknown): Promise<Context> {
  if (!isRemote(manager)) return { value: manager, leave: () => close(manager) }
  const context = remoteBrand(manager).enter!()
  return { value: await context.entered(), leave: (thrown) => context.leave(thrown) }
}

async function close(resource: unknown): Promise<boolean> {
  if (resource != null) await closerOf(resource)?.call(resource)
  return false
}

/** Leaves a context, with an error or without. */
export const exit = (context: Context, ...errors: unknown[]): Promise<boolean> =>
  context.leave(errors.length ? { error: errors[0] } : undefined)

/** The same for a map given as :& to such a function. */
export const flatNamed = (map: unknown): unknown[] => flat(named(map))
