/** What lies behind a Remote: the traps of its Proxy, which fold paths and turn calls and assignments into ops. */

import { inspect } from 'node:util'

import { sortArguments, writeArguments, writeValue, type CallOptions } from './arguments.js'
import type { Encoder } from './codec.js'
import { checkOptions } from './deadline.js'
import { UsageError } from './errors.js'
import { REMOTE } from './handle.js'
import { Reference } from './line.js'
import type { OPS } from './ops.js'
import type { Remote } from './remote.js'
import type { Session } from './session.js'
import type { Entry, Site } from './site.js'
import type { SlotNode } from './slot.js'

const TARGET = (() => undefined) as unknown as Record<PropertyKey, unknown>
delete TARGET['name']
delete TARGET['length']
Object.defineProperty(TARGET, inspect.custom, { value: describe, configurable: true })

/** The shared `then` of all Remotes; `this` is the Remote. */
function then(this: { [REMOTE]: Node }, ok: never, no: never): Promise<unknown> {
  return this[REMOTE].result().then(ok, no)
}

function describe(this: { [REMOTE]: Node }): string {
  return `[Remote ${this[REMOTE].describe()}]`
}

/** What lies behind a Remote, and its traps. `target` and `argument` are the wire text in the two places. */
export abstract class Node extends Reference implements ProxyHandler<typeof TARGET> {
  abstract override readonly session: Session
  readonly remote: Remote = new Proxy(TARGET, this) as unknown as Remote
  #children: Map<string, Remote> | undefined

  abstract readonly owner: SlotNode
  abstract readonly label: string // its last name, for messages
  abstract target(): string
  abstract child(name: string): Remote
  abstract describe(): string
  /** The value of data, and a live Remote for anything else. */
  abstract result(): Promise<unknown>
  abstract readonly settled: boolean // a live object: it is no promise any more
  site: Site | undefined // where the call was made, or the attribute awaited

  override get known(): string | undefined {
    return undefined
  }

  override lent(): string {
    if (!this.owner.local) return this.target()
    throw new UsageError(`${this.label} stands for every item of a map: another session has no use for it`)
  }

  get(_: object, key: string | symbol): unknown {
    if (typeof key === 'symbol') return key === REMOTE ? this : SYMBOLS.get(key)
    if (key === 'then') return this.settled ? undefined : this.awaiting()
    const known = this.#children?.get(key)
    if (known) return known
    const child = this.child(key)
    if (this.owner.lasting) (this.#children ??= new Map<string, Remote>()).set(key, child)
    return child
  }

  apply(_: object, _this: unknown, given: unknown[]): Remote {
    const site = this.session.sites.blank()
    if (site) Error.captureStackTrace(site, ENTRY.apply) // here: V8 takes longer over every function that it has inlined
    const call = sortArguments(given)
    const write = (encoder: Encoder): string => `${this.target()},${writeArguments(encoder, call)}`
    return this.make('call', `${this.label}(…)`, write, site, call.options).remote
  }

  set(_: object, key: string | symbol, value: unknown): boolean {
    if (typeof key === 'symbol') return false
    const name = JSON.stringify(key)
    const write = (encoder: Encoder): string => `${this.target()},${name},${writeValue(encoder, value, '$.value')}`
    this.session.addSilent('setattr', write, ENTRY.set)
    return true
  }

  deleteProperty(_: object, key: string | symbol): boolean {
    if (typeof key === 'symbol') return false
    this.session.addSilent('delattr', () => `${this.target()},${JSON.stringify(key)}`, ENTRY.delete)
    return true
  }

  has(_: object, key: string | symbol): boolean {
    return key === REMOTE || SYMBOLS.has(key as symbol)
  }

  ownKeys(): string[] {
    return []
  }

  getOwnPropertyDescriptor(): undefined {
    return undefined
  }

  defineProperty(): boolean {
    return false
  }

  setPrototypeOf(): boolean {
    return false
  }

  preventExtensions(): boolean {
    return false
  }

  /** What `await` is given when it asks for `then`, at the place where the user awaits. */
  protected awaiting(): unknown {
    return then
  }

  /** Add an op that fills a new slot, and return its node; its site is `from`, or whoever called `from`. */
  make(
    op: (typeof OPS)[number],
    label: string,
    write: (encoder: Encoder) => string,
    from: Entry | Site | undefined,
    options?: CallOptions,
  ): SlotNode {
    if (options) checkOptions(options)
    const slot = this.session.add(op, write)
    const made = this.owner.spawn(slot, label, typeof from === 'function' ? this.session.sites.capture(from) : from)
    if (options) {
      this.session.guard(slot)
      made.limit(options)
    }
    return made
  }
}

/** Return the node of a Remote, or undefined. */
export function nodeOf(value: unknown): Node | undefined {
  if (typeof value !== 'function') return undefined
  const node = (value as unknown as { [REMOTE]?: unknown })[REMOTE]
  return node instanceof Node ? node : undefined
}

/** Return the node of a Remote; UsageError for anything else. */
export function needNode(value: unknown): Node {
  const node = nodeOf(value)
  if (!node) throw new UsageError('this takes a Remote', { hint: 'only what comes from $py is one' })
  return node
}

function toPrimitive(this: { [REMOTE]: Node }, hint: string): string {
  if (hint === 'string' && !this[REMOTE].owner.local) return describe.call(this)
  const mend = this[REMOTE].owner.local ? 'stands for every item of a map' : 'has no value here: await it'
  throw new TypeError(`${describe.call(this)} ${mend}, or use op('+', a, b)`)
}

/** What Remotes answer to symbols, all of it local; `iterate.ts` and `meta.ts` add theirs. */
export const SYMBOLS = new Map<symbol, unknown>([
  [Symbol.toPrimitive, toPrimitive],
  [inspect.custom, describe],
])

/** Traps that users reach; the call site is the line before them. */
const ENTRY: Record<'apply' | 'set' | 'delete', Entry> = {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only named as the frame to cut at, never called
  ...{ apply: Node.prototype.apply, set: Node.prototype.set, delete: Node.prototype.deleteProperty },
}
