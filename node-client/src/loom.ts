/** What `connect` returns: sessions, and `$py` of the first one. */

import { UsageError } from './errors.js'
import type { Conversation } from './conversation.js'
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
  readonly #session: Session

  constructor(line: Conversation) {
    const session = line.open(liveInside)
    this.#session = session
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

  /** Close the session: its objects are freed, what is pending is rejected. */
  readonly close = (): void => this.#session.close()
}

function importModule(session: Session, module: string, entry: Py): SlotNode {
  if (typeof module !== 'string' || !module) throw new UsageError('$py takes the name of a module')
  const write = (): string => JSON.stringify(module)
  const node = session.outside(() => SlotNode.made(session, session.add('import', write), module, session.site(entry)))
  node.lasting = true
  return node
}

export class Loom {
  readonly $py: Py
  readonly #line: Conversation

  constructor(line: Conversation) {
    this.#line = line
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

  /** Open another session with the same worker. */
  session(): LoomSession {
    return new LoomSession(this.#line)
  }

  /** Send what this tick has asked for, say goodbye, reject what is pending, and free everything. It can be taken off. */
  readonly close = (): Promise<void> => this.#line.close()

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
