/** Objects shared under names (§13), as one Loom sees them: a session for each name, on the worker that holds the object. */

import { setTimeout as delay } from 'node:timers/promises'

import type { Conversation } from './conversation.js'
import { UsageError, type PolyloomError } from './errors.js'
import { LateLine } from './late-line.js'
import { needNode } from './node.js'
import type { Remote } from './remote.js'
import { Session } from './session.js'
import type { Entry } from './site.js'
import { SlotNode, liveInside } from './slot.js'

const LOOK_MS = 1_000 // how long closing waits for what is looked for
const NAME = /^[A-Za-z0-9_.:/@+-]{1,128}$/

/** Gives a conversation with a worker, by its id. */
type LineTo = (worker: string) => Conversation

/** Where a name is used, and which share of this Loom it was looked for after. */
interface Place {
  readonly session: Session
  readonly after: Promise<unknown> | undefined
}

export class Shared {
  readonly #home: Conversation
  readonly #lineTo: LineTo
  readonly #places = new Map<string, Place>() // by name
  readonly #sharing = new Map<string, Promise<unknown>>() // on their way, by name
  readonly #finding = new Set<Promise<void>>()

  constructor(home: Conversation, lineTo: LineTo) {
    this.#home = home
    this.#lineTo = lineTo
  }

  /** Wait a moment for workers that are still being looked for, so that what was asked for there goes out. */
  get found(): Promise<unknown> | undefined {
    if (!this.#finding.size) return undefined
    return Promise.race([Promise.all(this.#finding), delay(LOOK_MS, undefined, { ref: false })])
  }

  share(remote: Remote, name: string, entry: Entry): Remote<null> {
    const node = needNode(remote)
    needName(name)
    const made = node.make('share', `share(${name})`, () => `${node.target()},"${name}"`, entry)
    const known = made.result().catch(() => undefined)
    this.#sharing.set(name, known)
    void known.then(() => this.#sharing.get(name) === known && this.#sharing.delete(name))
    return made.remote
  }

  named(name: string, entry: Entry): Remote {
    needName(name)
    const session = this.#session(name)
    const made = SlotNode.made(
      session,
      session.add('named', () => `"${name}"`),
      name,
      session.sites.capture(entry),
    )
    const fail = (): void => this.#forget(name, session)
    session.pull('keep', { slot: made.slot, settle: () => undefined, fail, live: () => undefined })
    return made.remote
  }

  unshare(name: string, entry: Entry): Remote<null> {
    needName(name)
    const session = this.#session(name)
    const slot = session.add('unshare', () => `"${name}"`)
    return SlotNode.made(session, slot, `unshare(${name})`, session.sites.capture(entry)).remote
  }

  #session(name: string): Session {
    const known = this.#places.get(name)
    const sharing = this.#sharing.get(name) // in whichever session: so it is waited for
    if (known && !known.session.ended && (!sharing || known.after === sharing)) return known.session
    const line = new LateLine(this.#home)
    const session = new Session(line, liveInside)
    this.#places.set(name, { session, after: sharing })
    if (sharing || this.#home.transport.holder) this.#find(name, session, line, sharing)
    else line.join(this.#home, session)
    return session
  }

  /** Find the worker of a name, after what this Loom shares as that, and give the session its line. */
  #find(name: string, session: Session, line: LateLine, sharing?: Promise<unknown>): void {
    const found = (async (): Promise<void> => {
      await sharing
      try {
        const worker = (await this.#home.transport.holder?.(name)) ?? this.#home.worker
        if (session.ended) return
        line.join(worker === this.#home.worker ? this.#home : this.#lineTo(worker), session)
      } catch (error) {
        session.end(error as PolyloomError)
      }
    })()
    this.#finding.add(found)
    void found.then(() => this.#finding.delete(found))
  }

  /** What was shared there is not there any more: the next time it is looked for anew. */
  #forget(name: string, session: Session): void {
    if (this.#home.transport.holder && this.#places.get(name)?.session === session) this.#places.delete(name)
  }
}

function needName(name: unknown): void {
  if (typeof name === 'string' && NAME.test(name)) return
  const hint = "1 to 128 of A-Z a-z 0-9 and _.:/@+-: 'model:v1'"
  throw new UsageError(`${JSON.stringify(name)} is no name for an object`, { hint })
}
