/** The Remote of an op's result: pending until it is there, then a value, other data, a live object or a failure. */

import type { CallOptions } from './arguments.js'
import { waitingForCall } from './calls.js'
import type { Encoder } from './codec.js'
import { checkOptions, limitResult } from './deadline.js'
import { Gone, PolyloomError, ReleasedError, UsageError } from './errors.js'
import type { Owned } from './line.js'
import { Node } from './node.js'
import type { Pulling } from './ops.js'
import { PathNode } from './path.js'
import type { Program, Pull } from './program.js'
import type { Remote } from './remote.js'
import { currentScope, type Scope, type Scoped } from './scope.js'
import type { Session } from './session.js'
import { callsOf, type Entry, type Site } from './site.js'
import { Float } from './values.js'

/** The node of a slot: pending until its result is there, then a value, other data, a live object or a failure. */
export class SlotNode extends Node implements Pull, Scoped, Owned {
  override readonly owner = this
  state: 'pending' | 'value' | 'data' | 'live' | 'failed' | 'released' | 'over' = 'pending'
  type = '' // of a live object
  identity = 0
  lasting = false // modules: their paths are kept
  local = false // it stands for something in the body of a map
  readonly scope: Scope | undefined = currentScope()
  #givenUp = false // its op was cancelled: what comes of it is released
  #shared = false // another Remote needs the slot: it is kept although its value is known
  #promise: Promise<unknown> | undefined
  #asked: Program | undefined // which asks for it
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
  static made(session: Session, slot: number, label: string, site: Site | undefined): SlotNode {
    const node = new SlotNode(session, slot, label)
    node.site = site
    session.made(node)
    return node
  }

  /** Return the node of an op that was just added. */
  spawn(slot: number, label: string, site: Site | undefined): SlotNode {
    return SlotNode.made(this.session, slot, label, site)
  }

  get awaited(): boolean {
    return this.#promise !== undefined
  }

  override get settled(): boolean {
    return this.state === 'live'
  }

  override get known(): string | undefined {
    return this.state === 'value' ? this.session.encoder.encode(this.#outcome) : undefined
  }

  override target(): string {
    return this.reference('')
  }

  /** The wire text of attributes of this slot; `names` are the wire texts of their names, each after a comma. */
  reference(names: string): string {
    if (this.state === 'released' || this.state === 'over') throw this.#released()
    if (this.state === 'value') this.#recall()
    this.session.uses?.add(this.slot)
    return `["ref",${this.slot}${names}]`
  }

  override argument(): string {
    return this.known ?? this.target()
  }

  override child(name: string): Remote {
    return new PathNode(this, '', name, 1).remote
  }

  override describe(): string {
    return this.state === 'live' ? this.type || this.label : this.label
  }

  override result(): Promise<unknown> {
    if (this.state === 'released' || this.state === 'over') return Promise.reject(this.#released())
    if (this.#promise && this.state === 'pending') return this.#again() ?? this.#promise
    return (this.#promise ??= this.#ask())
  }

  /** What is awaited in a callback may have been asked for by a program that waits for this very callback. */
  #again(): Promise<unknown> | undefined {
    const waiting = this.#asked && waitingForCall(this.session, this.#asked)
    if (!waiting) return undefined
    if (waiting === 'at work') return this.ask('auto')
    const hint = 'it was asked for after the call that runs this callback: await it there, or in another session'
    return Promise.reject(new UsageError(`${this.label} waits for the end of this callback`, { hint }))
  }

  /** Ask for the object in another mode than `auto`; `keep` gives a second Remote, which never becomes data. */
  ask(mode: Pulling, options?: CallOptions): Promise<unknown> {
    if (options) checkOptions(options)
    this.#shared ||= mode === 'keep'
    let reject!: (error: Error) => void
    const asked = new Promise((resolve, stop) => {
      reject = stop
      this.target()
      const { slot } = this
      const live = (type: string, identity: number): unknown => {
        this.identity = identity
        return new AliasNode(this, type).remote
      }
      this.session.pull(mode, { slot, settle: resolve, fail: (error) => reject(this.#sited(error)), live })
    })
    if (options) limitResult(asked, options, this.label, (error) => reject(this.#sited(error)))
    return asked
  }

  settle(value: unknown, marked: boolean): void {
    if (this.state === 'pending') this.#keep(value, marked)
    this.#resolve(value)
    if (this.#givenUp) this.release()
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

  /** Reject the awaited result when the time is over or the signal fires, and give the op up; a late result is given back. */
  limit(options: CallOptions): void {
    const stop = (error: Error): void => {
      this.#reject(this.#sited(error))
      this.#givenUp = true
      this.session.cancel(this.slot)
    }
    limitResult(this.result(), options, this.label, stop)
  }

  release(entry: Entry = ENTRY.release): void {
    if (this.state === 'released' || this.state === 'over' || this.local) return
    if (this.state !== 'value') this.session.release(this.slot)
    this.state = 'released'
    const site: Site = {}
    Error.captureStackTrace(site, entry)
    this.#outcome = site
  }

  enclose(within: boolean): void {
    this.local = within
    if (!within) this.state = 'over'
  }

  #ask(): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#asked = this.session.pull('auto', this)
    return promise
  }

  /** Immutable data is remembered here and given up there; other data may be asked for again. A float stays one. */
  #keep(value: unknown, marked: boolean): void {
    if (this.#shared || (typeof value === 'object' && value !== null)) {
      this.state = 'data'
      this.session.track(this)
    } else {
      this.state = 'value'
      this.#outcome = marked ? new Float(value as number) : value
      if (isSmall(value)) this.session.releaseSmall(this.slot)
      else this.session.release(this.slot)
    }
  }

  /** Put the remembered value into a new slot: `[value][0]`. */
  #recall(): void {
    const write = (encoder: Encoder): string => `[[${encoder.encode(this.#outcome)}]],0`
    this.slot = this.session.outside(() => this.session.add('getitem', write))
    this.state = 'data'
    this.session.track(this)
  }

  #released(): PolyloomError {
    if (this.state === 'over') return new UsageError(`${this.label} has no meaning outside the callback of map`)
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
export function liveInside(
  session: Session,
  slot: number,
  type: string,
  identity: number,
  beside: Pull | undefined,
): Remote {
  const node = new SlotNode(session, slot, type)
  if (beside instanceof SlotNode) beside.scope?.add(node)
  return node.live(type, identity)
}

/** The node of the slot that holds the object: of a path, a new one. */
export function slotOf(node: Node): SlotNode {
  return node instanceof PathNode ? node.fetched() : node.owner
}

const SMALL = 256 // characters

/** Whether what the host holds of a value is not worth a program that frees it. */
function isSmall(value: unknown): boolean {
  return typeof value !== 'string' || value.length <= SMALL
}

/** What users call; the call site is the line before it. */
const ENTRY: Record<'release', Entry> = {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only named as the frame to cut at, never called
  ...{ release: SlotNode.prototype.release },
}
