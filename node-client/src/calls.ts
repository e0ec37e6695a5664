/** Calls that Python makes of functions and exposed objects (§12.3), and what a program needs to know of them. */

import { AsyncLocalStorage } from 'node:async_hooks'

import { KW } from './arguments.js'
import type { Decoder } from './codec.js'
import { FrameError } from './errors.js'
import { Exposure } from './exposed.js'

/** A call that this client answers. Programs made by what it runs belong to it (§12.5). */
export class Call {
  answered = false

  constructor(
    readonly session: object,
    readonly number: number,
  ) {}
}

const storage = new AsyncLocalStorage<Call>()
let open = 0 // while it is 0 nobody pays for the look-up

/** The number of the call of a session inside which this is asked. */
export function callAround(session: object): number | undefined {
  if (open === 0) return undefined
  const call = storage.getStore()
  return call?.session === session && !call.answered ? call.number : undefined
}

/** Run what answers a call; programs belong to the call until it is over. */
export async function runInside(call: Call, run: () => Promise<void>): Promise<void> {
  open++
  try {
    await storage.run(call, run)
  } finally {
    open--
  }
}

/** What an object has not. */
export const MISSING = Symbol('missing')

type Do = (target: never, rest: unknown[]) => unknown

/** Do with an exposed object what the host asks; returns a value or a promise of one. */
export function perform(target: unknown, wire: unknown, decoder: Decoder): unknown {
  const [kind, ...rest] = Array.isArray(wire) ? (wire as unknown[]) : []
  const act = DO.get(kind as string)
  if (!act) throw new FrameError(`nobody can be asked to ${JSON.stringify(kind)}`)
  return act(target as never, decoded(kind, rest, decoder))
}

/** The arguments of a call stand in a plain array, its keywords in a plain object. */
function decoded(kind: unknown, rest: unknown[], decoder: Decoder): unknown[] {
  if (kind !== 'call' && kind !== 'method') return rest.map((one) => decoder.decode(one))
  const keywords = decoder.decode(rest.pop()) as Record<string, unknown>
  const given = decoder.items(rest.pop() as unknown[], 0)
  if (Object.keys(keywords).length) given.push(named(keywords))
  return [...rest, ...given]
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
  return typeof found === 'function' ? (...given: unknown[]): unknown => found.apply(exposure.target, given) as unknown : found
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
    try {
      const { done = false, value } = await iterator.next()
      over = done
      return [done, done ? null : value]
    } catch (error) {
      over = true
      throw error
    }
  }
  const made = new Exposure({ next }, undefined)
  made.ended = () => {
    if (!over) void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  return made
}
