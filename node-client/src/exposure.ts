/** Objects of JavaScript that Python may use, and what it may do with them (§12.3). */

import { KW } from './arguments.js'
import type { Decoder } from './codec.js'
import { FrameError } from './errors.js'

/** Members of plain JavaScript that are no part of what an object gives. */
const NEVER = new Set(['constructor', '__proto__'])

/** What may be used of an object: `members` are the names allowed; without it its own ones and those of its class. */
export interface ExposeOptions {
  readonly members?: readonly string[]
}

/** An object that Python may use; made by `expose`. */
export class Exposure {
  /** Called when Python holds it no longer. */
  ended: (() => void) | undefined

  constructor(
    readonly target: object,
    readonly allowed: ReadonlySet<string> | undefined,
  ) {}

  get label(): string {
    const { constructor } = this.target as { constructor?: { name?: unknown } }
    return typeof constructor?.name === 'string' && constructor.name ? constructor.name : 'Object'
  }

  has(name: string): boolean {
    return !NEVER.has(name) && (this.allowed ? this.allowed.has(name) : this.members().includes(name))
  }

  /** The names of what Python sees. */
  members(): string[] {
    if (this.allowed) return [...this.allowed]
    const found = new Set<string>()
    for (
      let one: object | null = this.target;
      one && !ROOTS.has(one);
      one = Object.getPrototypeOf(one) as object | null
    )
      for (const name of Object.getOwnPropertyNames(one)) if (!NEVER.has(name)) found.add(name)
    return [...found]
  }

  /** The names of methods; no getter is called to find them. */
  methods(): string[] {
    return this.members().filter((name) => typeof plainMember(this.target, name) === 'function')
  }
}

const ROOTS = new Set<object>([
  Object.prototype,
  Array.prototype,
  Function.prototype,
  Error.prototype,
  Map.prototype,
  Set.prototype,
])

function plainMember(target: object, name: string): unknown {
  for (let one: object | null = target; one; one = Object.getPrototypeOf(one) as object | null) {
    const found = Object.getOwnPropertyDescriptor(one, name)
    if (found) return found.value
  }
  return undefined
}

const EXPOSURES = new WeakMap<object, Exposure>()

/**
 * Give Python an object itself instead of its data: `py.run(expose(app))`. Python reads and sets its members, calls its
 * methods and iterates over it; each use is a round trip. The same object is the same one in Python, as it was exposed first.
 */
export function expose<T extends object>(target: T, options: ExposeOptions = {}): T {
  if (typeof target === 'function') return target
  let exposure = target instanceof Exposure ? target : EXPOSURES.get(target)
  if (!exposure) EXPOSURES.set(target, (exposure = new Exposure(target, options.members && new Set(options.members))))
  return exposure as unknown as T
}

/** What an object has not. */
export const MISSING = Symbol('missing')

type Do = (target: never, rest: unknown[]) => unknown

/** Do with an exposed object what the host asks; returns a value or a promise of one. */
export function perform(target: unknown, wire: unknown, decoder: Decoder): unknown {
  const [kind, ...rest] = Array.isArray(wire) ? (wire as unknown[]) : []
  const act = DO.get(kind as string)
  if (!act) throw new FrameError(`nobody can be asked to ${JSON.stringify(kind)}`)
  const given = kind === 'call' || target instanceof Exposure ? target : thrown(target)
  return act(given as never, decoded(kind, rest, decoder))
}

/** What a function threw (§12.4) gives its members like an exposed object; a primitive has none. */
function thrown(target: unknown): Exposure {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null)
    return new Exposure({}, new Set())
  return EXPOSURES.get(target) ?? new Exposure(target, undefined)
}

/** The arguments of a call stand in a plain array, its keywords in a plain object. */
function decoded(kind: unknown, rest: unknown[], decoder: Decoder): unknown[] {
  if (kind !== 'call' && kind !== 'method') return rest.map((one) => decoder.decode(one))
  const keywords = decoder.decode(rest.pop()) as Record<string, unknown>
  const given: unknown[] = decoder.items(rest.pop() as unknown[], -1)
  return Object.keys(keywords).length ? [...rest, ...given, named(keywords)] : [...rest, ...given]
}

/** Keywords are the last argument: a plain object, which given on to a Remote is keywords again. */
function named(keywords: Record<string, unknown>): object {
  return Object.defineProperty(keywords, KW, { value: keywords, enumerable: false })
}

const DO = new Map<string, Do>([
  ['call', (target: (...given: unknown[]) => unknown, given) => target(...given)],
  ['method', (target: Exposure, [name, ...given]) => method(target, String(name), given)],
  ['get', (target: Exposure, [name]) => member(target, String(name))],
  ['set', (target: Exposure, [name, value]) => change(target, String(name), value)],
  ['delete', (target: Exposure, [name]) => remove(target, String(name))],
  ['names', (target: Exposure) => target.members()],
  ['iter', (target: Exposure) => steps(target)],
])

type Members = Record<string, unknown>

function method(exposure: Exposure, name: string, given: unknown[]): unknown {
  if (!exposure.has(name)) return MISSING
  const found = (exposure.target as Members)[name]
  if (typeof found !== 'function') throw new TypeError(`${name} is not a function`)
  return found.apply(exposure.target, given) as unknown
}

function member(exposure: Exposure, name: string): unknown {
  if (!exposure.has(name)) return MISSING
  const found = (exposure.target as Members)[name]
  return typeof found === 'function'
    ? (...given: unknown[]): unknown => found.apply(exposure.target, given) as unknown
    : found
}

function change(exposure: Exposure, name: string, value: unknown): unknown {
  const { target, allowed } = exposure
  if (name === '__proto__' || name === 'constructor' || (allowed && !allowed.has(name))) return MISSING
  if (!Reflect.set(target, name, value)) throw new TypeError(`${name} cannot be set`)
  return null
}

function remove(exposure: Exposure, name: string): unknown {
  if (!Object.hasOwn(exposure.target, name) || !exposure.has(name)) return MISSING
  if (!Reflect.deleteProperty(exposure.target, name)) throw new TypeError(`${name} cannot be deleted`)
  return null
}

/** An iterator of the object as an exposed one; it is ended when Python drops it early. */
function steps({ target, label }: Exposure): object {
  const iterable = target as Partial<AsyncIterable<unknown> & Iterable<unknown>>
  const iterator = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.()
  if (!iterator) throw new TypeError(`${label} is not iterable`)
  let over = false
  const next = async (): Promise<unknown[]> => {
    over = true // unless it goes on
    const { done, value } = (await iterator.next()) as { done?: boolean; value: unknown }
    over = done === true
    return [over, over ? null : value]
  }
  const made = new Exposure({ next }, undefined)
  made.ended = () => {
    if (!over) void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  return made
}
