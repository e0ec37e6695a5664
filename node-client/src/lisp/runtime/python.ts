// The border to Python: keyword arguments, calls of what may or may not be Python, iteration, context managers.

import { KWARGS, isRemote, remoteBrand } from './brands.js'
import { print } from '../print.js'
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

interface Manager {
  readonly __enter__: Callable
  readonly __exit__: Callable
}

export const enter = (manager: unknown): unknown => (isRemote(manager) ? (manager as Manager).__enter__() : manager)

/** A symbol of Symbol that older engines lack. */
const wellKnown = (name: string): symbol | undefined => (Symbol as unknown as Record<string, symbol | undefined>)[name]

/** How a JavaScript resource is closed. */
function closerOf(target: unknown): Callable | undefined {
  const methods = target as Record<PropertyKey, Callable | undefined>
  const [asynchronous, plain] = [wellKnown('asyncDispose'), wellKnown('dispose')]
  return (asynchronous && methods[asynchronous]) ?? (plain && methods[plain]) ?? methods['close']
}

type Import = (module: string) => Record<string, Callable>

/** Leaves a context manager; true means that the error is dealt with. `py` is $py, to raise the error over there. */
export async function exit(manager: unknown, error: unknown, py: unknown): Promise<boolean> {
  if (isRemote(manager)) return Boolean(await (manager as Manager).__exit__(...exceptionArgs(error, py)))
  if (manager != null) await closerOf(manager)?.call(manager)
  return false
}

const BUILTIN_ERRORS = new Set(
  `ArithmeticError AssertionError AttributeError EOFError Exception FileExistsError FileNotFoundError IndexError KeyError
   LookupError NotImplementedError OSError OverflowError PermissionError RuntimeError StopIteration TimeoutError TypeError
   UnicodeDecodeError ValueError ZeroDivisionError`.split(/\s+/),
)

/** (type, value, traceback) of Python: an exception of the same builtin class, else a RuntimeError, with the message. */
function exceptionArgs(error: unknown, py: unknown): unknown[] {
  if (error == null || typeof py !== 'function') return [null, null, null]
  const builtins = (py as Import)('builtins')
  const { type } = error as { type?: unknown }
  const name = typeof type === 'string' && BUILTIN_ERRORS.has(type) ? type : 'RuntimeError'
  const raised = builtins[name]!(error instanceof Error ? error.message : print(error))
  return [builtins['type']!(raised), raised, null]
}

/** The same for a map given as :& to such a function. */
export const flatNamed = (map: unknown): unknown[] => flat(named(map))
