/**
 * Remotes: callable Proxies that stand for Python objects. A path (`np.linalg.svd`) is folded here and costs no op
 * before it is called or awaited; every call fills a slot of the session and is a Remote at once.
 */

import { inspect } from 'node:util'

import { sortArguments, writeArguments, writeValue, type CallOptions } from './arguments.js'
import type { Encoder } from './codec.js'
import { limitResult } from './deadline.js'
import { Gone, PolyloomError, ReleasedError, UsageError } from './errors.js'
import { REMOTE } from './handle.js'
import type { Mode, OPS } from './ops.js'
import type { Pull } from './program.js'
import { currentScope, type Scope, type Scoped } from './scope.js'
import { Reference, type Entry, type Session, type Site } from './session.js'

/* eslint-disable @typescript-eslint/no-explicit-any -- only Python knows what its names stand for */
/** A live Python object: await it, call it, use any of its attributes. */
export interface Remote<T = any> extends PromiseLike<T> {
  (...args: any[]): Remote
  [name: string]: any
  [Symbol.asyncIterator](): AsyncIterator<any>
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}
/* eslint-enable @typescript-eslint/no-explicit-any */

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

  get(_: object, key: string | symbol): unknown {
    if (typeof key === 'symbol') return key === REMOTE ? this : SYMBOLS.get(key)
    if (key === 'then') return this.settled ? undefined : then
    const known = this.#children?.get(key)
    if (known) return known
    const child = this.child(key)
    if (this.owner.lasting) (this.#children ??= new Map<string, Remote>()).set(key, child)
    return child
  }

  apply(_: object, _this: unknown, given: unknown[]): Remote {
    const call = sortArguments(given)
    call.options?.signal?.throwIfAborted()
    const write = (encoder: Encoder): string => `${this.target()},${writeArguments(encoder, call)}`
    const node = this.make('call', `${this.label}(…)`, write, ENTRY.apply)
    if (call.options) node.limit(call.options)
    return node.remote
  }

  set(_: object, key: string | symbol, value: unknown): boolean {
    if (typeof key === 'symbol') return false
    const name = JSON.stringify(key)
    this.session.addSilent('setattr', (encoder) => `${this.target()},${name},${writeValue(encoder, value, '$.value')}`)
    return true
  }

  deleteProperty(_: object, key: string | symbol): boolean {
    if (typeof key === 'symbol') return false
    this.session.addSilent('delattr', () => `${this.target()},${JSON.stringify(key)}`)
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

  /** Add an op that fills a new slot, and return its node; the call site is whoever called `entry`. */
  make(op: (typeof OPS)[number], label: string, write: (encoder: Encoder) => string, entry: Entry): SlotNode {
    return SlotNode.made(this.session, this.session.add(op, write), label, entry)
  }
}

/** The node of a slot: pending until its result is there, then a value, other data, a live object or a failure. */
export class SlotNode extends Node implements Pull, Scoped {
  override readonly owner = this
  state: 'pending' | 'value' | 'data' | 'live' | 'failed' | 'released' = 'pending'
  type = '' // of a live object
  identity = 0
  lasting = false // modules: their paths are kept
  readonly scope: Scope | undefined = currentScope()
  site: Site | undefined
  #shared = false // another Remote needs the slot: it is kept although its value is known
  #promise: Promise<unknown> | undefined
  #resolve!: (value: unknown) => void
  #reject!: (error: Error) => void
  #outcome: unknown // the value of `value`, the release site of `released`

  constructor(
    override readonly session: Session,
    public slot: number,
    override readonly label: string,
  ) {
    super()
    this.scope?.add(this)
  }

  /** Return the node of an op that was just added. */
  static made(session: Session, slot: number, label: string, entry: Entry): SlotNode {
    const node = new SlotNode(session, slot, label)
    node.site = session.site(entry)
    session.made(node)
    return node
  }

  get awaited(): boolean {
    return this.#promise !== undefined
  }

  override get settled(): boolean {
    return this.state === 'live'
  }

  override target(): string {
    return this.reference('')
  }

  /** The wire text of attributes of this slot; `names` are the wire texts of their names, each after a comma. */
  reference(names: string): string {
    if (this.state === 'released') throw this.#released()
    if (this.state === 'value') this.#recall()
    return `["ref",${this.slot}${names}]`
  }

  override argument(): string {
    return this.state === 'value' ? this.session.encoder.encode(this.#outcome) : this.target()
  }

  override child(name: string): Remote {
    return new PathNode(this, '', name, 1).remote
  }

  override describe(): string {
    return this.state === 'live' ? this.type || this.label : this.label
  }

  override result(): Promise<unknown> {
    if (this.state === 'released') return Promise.reject(this.#released())
    return (this.#promise ??= this.#ask())
  }

  /** Ask for the object in another mode than `auto`; `keep` gives a second Remote, which never becomes data. */
  ask(mode: Mode): Promise<unknown> {
    this.#shared ||= mode === 'keep'
    return new Promise((resolve, reject) => {
      this.target()
      const { slot } = this
      const live = (type: string, identity: number): unknown => {
        this.identity = identity
        return new AliasNode(this, type).remote
      }
      this.session.pull(mode, { slot, settle: resolve, fail: (error) => reject(this.#sited(error)), live })
    })
  }

  settle(value: unknown): void {
    if (this.state === 'pending') this.#keep(value)
    this.#resolve(value)
  }

  fail(error: Error): void {
    if (this.state === 'pending') {
      this.state = 'failed'
      this.session.track(this)
    }
    this.#reject(this.#sited(error))
  }

  live(type: string, identity: number): Remote {
    if (this.state === 'pending') {
      this.state = 'live'
      this.session.track(this)
    }
    this.type = type
    this.identity = identity
    return this.remote
  }

  /** Reject the awaited result when the time is over or the signal fires; a late one is dropped and given back. */
  limit(options: CallOptions): void {
    const stop = (error: Error): void => this.#reject(this.#sited(error))
    limitResult(this.result(), options, this.label, stop)
  }

  release(entry: Entry = ENTRY.release): void {
    if (this.state === 'released') return
    if (this.state !== 'value') this.session.release(this.slot)
    this.state = 'released'
    const site: Site = {}
    Error.captureStackTrace(site, entry)
    this.#outcome = site
  }

  #ask(): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.session.pull('auto', this)
    return promise
  }

  /** Immutable data is remembered here and given up there; other data may be asked for again. */
  #keep(value: unknown): void {
    if (this.#shared || (typeof value === 'object' && value !== null)) {
      this.state = 'data'
      this.session.track(this)
    } else {
      this.state = 'value'
      this.#outcome = value
      this.session.release(this.slot)
    }
  }

  /** Put the remembered value into a new slot: `[value][0]`. */
  #recall(): void {
    this.slot = this.session.add('getitem', (encoder) => `[[${encoder.encode(this.#outcome)}]],0`)
    this.state = 'data'
    this.session.track(this)
  }

  #released(): ReleasedError {
    const cause = new Error(`${this.label} was released here`)
    cause.stack = `${cause.name}: ${cause.message}\n${callsOf(this.#outcome as Site).join('\n')}`
    return new ReleasedError(`the Remote ${this.label} was used after its release`, { cause })
  }

  /** An ending is shared by everything that was pending; other errors are this call's own. */
  #sited(error: Error): Error {
    const own = error instanceof PolyloomError && !(error instanceof Gone)
    return own && this.site ? error.at(callsOf(this.site)) : error
  }
}

/** Attributes of a slot by their names; nothing is sent before it is used. */
export class PathNode extends Node {
  override readonly settled = false
  readonly #names: string // wire text of all names, each after a comma

  constructor(
    override readonly owner: SlotNode,
    readonly before: string, // wire text of the names before the last
    override readonly label: string,
    readonly count: number,
  ) {
    super()
    this.#names = `${before},${JSON.stringify(label)}`
  }

  override get session(): Session {
    return this.owner.session
  }

  override target(): string {
    return this.owner.reference(this.#names)
  }

  override argument(): string {
    return this.target()
  }

  override child(name: string): Remote {
    const full = this.count >= this.session.settings.limits.pathNames
    return full ? this.fetched().child(name) : new PathNode(this.owner, this.#names, name, this.count + 1).remote
  }

  override describe(): string {
    const names = JSON.parse(`[${this.#names.slice(1)}]`) as string[]
    return [this.owner.describe(), ...names].join('.')
  }

  /** Read the attribute anew, each time. */
  override async result(): Promise<unknown> {
    return this.fetched().result()
  }

  /** Add a getattr op for the last name. */
  fetched(): SlotNode {
    const name = JSON.stringify(this.label)
    const write = (): string => `${this.owner.reference(this.before)},${name}`
    return this.make('getattr', this.label, write, ENTRY.fetched)
  }
}

/** What `keep` gives for a slot whose Remote gives data: the same object, live. */
class AliasNode extends Node {
  override readonly settled = true

  constructor(
    override readonly owner: SlotNode,
    readonly type: string,
  ) {
    super()
  }

  override get session(): Session {
    return this.owner.session
  }

  override get label(): string {
    return this.owner.label
  }

  override target(): string {
    return this.owner.target()
  }

  override argument(): string {
    return this.owner.target()
  }

  override child(name: string): Remote {
    return this.owner.child(name)
  }

  override describe(): string {
    return this.type
  }

  override result(): Promise<unknown> {
    return Promise.resolve(this.remote)
  }
}

/** Make the Remote of a handle inside data (§6.3); it belongs to the scope of what was awaited. */
export function liveInside(session: Session, slot: number, type: string, identity: number, beside: Pull): Remote {
  const node = new SlotNode(session, slot, type)
  if (beside instanceof SlotNode) beside.scope?.add(node)
  return node.live(type, identity)
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

/** The node of the slot that holds the object: of a path, a new one. */
export function slotOf(node: Node): SlotNode {
  return node instanceof PathNode ? node.fetched() : node.owner
}

/** The lines of a captured stack, without its head. */
function callsOf(site: Site): string[] {
  return (site.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
}

function toPrimitive(this: { [REMOTE]: Node }, hint: string): string {
  if (hint === 'string') return describe.call(this)
  throw new TypeError(`${describe.call(this)} has no value here: await it, or use op('+', a, b)`)
}

/** What Remotes answer to symbols, all of it local; `iterate.ts` and `meta.ts` add theirs. */
export const SYMBOLS = new Map<symbol, unknown>([
  [Symbol.toPrimitive, toPrimitive],
  [inspect.custom, describe],
])

/** Methods that users call; the call site is the line before them. */
const ENTRY: Record<'apply' | 'fetched' | 'release', Entry> = {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only named as the frame to cut at, never called
  ...{ apply: Node.prototype.apply, fetched: PathNode.prototype.fetched, release: SlotNode.prototype.release },
}
