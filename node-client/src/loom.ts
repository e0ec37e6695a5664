/** What `connect` returns: sessions, and `$py` of the first one. */

import { NoWorker, UsageError } from './errors.js'
import type { Conversation } from './conversation.js'
import { checkWanted, fits, type Wanted } from './labels.js'
import type { Remote } from './remote.js'
import type { Session } from './session.js'
import { SlotNode, liveInside } from './slot.js'

/** Import a Python module; one op for each distinct name. A failure is told to what uses the module. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only Python knows what its names stand for
export type Py = <T = any>(module: string) => Remote<T>

/** A session of its own: own order, own objects. */
export class LoomSession {
  readonly id: string
  readonly $py: Py
  /** Close the session: its objects are freed, what is pending is rejected. */
  readonly close: () => void
  readonly #line: Conversation

  /** `goodbye` ends a conversation that is this session's own. */
  constructor(line: Conversation, goodbye?: () => void) {
    this.#line = line
    const session = line.open(liveInside)
    this.close = goodbye ?? ((): void => session.close())
    this.id = session.id
    const modules = new Map<string, SlotNode>()
    this.$py = ((module: string): Remote => {
      const known = modules.get(module)
      if (known && known.state !== 'failed') return known.remote
      const made = importModule(session, module, this.$py)
      modules.set(module, made)
      return made.remote
    }) as Py
  }

  /** The id of the worker; empty until it has answered, where it is not the Loom's own. */
  get worker(): string {
    return this.#line.worker
  }
}

function importModule(session: Session, module: string, entry: Py): SlotNode {
  if (typeof module !== 'string' || !module) throw new UsageError('$py takes the name of a module')
  const write = (): string => JSON.stringify(module)
  const node = session.outside(() => SlotNode.made(session, session.add('import', write), module, session.site(entry)))
  node.lasting = true
  return node
}

/** Begins a conversation with a worker that is wanted, wherever that is. */
export type Elsewhere = (wanted: Wanted) => Conversation

function nowhere(): never {
  const hint = "only a fleet has several workers: connect('redis://…')"
  throw new NoWorker('this conversation has one host, which is not the one asked for', { hint })
}

export class Loom {
  readonly $py: Py
  readonly #line: Conversation
  readonly #elsewhere: Elsewhere
  readonly #further = new Set<Conversation>()

  constructor(line: Conversation, elsewhere: Elsewhere = nowhere) {
    this.#line = line
    this.#elsewhere = elsewhere
    this.$py = new LoomSession(line).$py
  }

  /** The id of the worker, or of the local process. */
  get worker(): string {
    return this.#line.worker
  }

  /** The version of Python at the other end. */
  get python(): string {
    return this.#line.python
  }

  /**
   * Open another session: with the same worker where that is the one wanted, else with connections of its own. Where no
   * such worker is found, what is awaited there rejects with NoWorker.
   */
  session(wanted: Wanted = {}): LoomSession {
    if (fits(this.worker, this.#line.labels, checkWanted(wanted))) return new LoomSession(this.#line)
    const line = this.#elsewhere(wanted)
    this.#further.add(line)
    return new LoomSession(line, () => void line.close().finally(() => this.#further.delete(line)))
  }

  /** Send what this tick has asked for, say goodbye, reject what is pending, and free everything. It can be taken off. */
  readonly close = async (): Promise<void> => {
    await Promise.all([this.#line, ...this.#further].map((line) => line.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
