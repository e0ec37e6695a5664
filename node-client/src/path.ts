/** Attributes of a slot: a path (`np.linalg.svd`) is folded here and costs no op before it is called or awaited. */

import { Node } from './node.js'
import type { Remote } from './remote.js'
import type { Session } from './session.js'
import type { Entry, Site } from './site.js'
import type { SlotNode } from './slot.js'

const NOWHERE: Site = {} // awaited after too many others of its tick

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

  protected override awaiting(): unknown {
    this.site = this.session.sites.capture(ENTRY.get)
    return super.awaiting()
  }

  /** Read the attribute anew, each time. */
  override async result(): Promise<unknown> {
    return this.fetched(this.site ?? NOWHERE).result()
  }

  /** Add a getattr op for the last name. */
  fetched(from: Entry | Site = ENTRY.fetched): SlotNode {
    const name = JSON.stringify(this.label)
    const write = (): string => `${this.owner.reference(this.before)},${name}`
    return this.make('getattr', this.label, write, from)
  }
}

/** Methods that users reach; the call site is the line before them. */
const ENTRY: Record<'get' | 'fetched', Entry> = {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only named as the frame to cut at, never called
  ...{ get: Node.prototype.get, fetched: PathNode.prototype.fetched },
}
