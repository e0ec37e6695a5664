/** What `connect` returns: sessions, and `$py` of the first one. */

import type { Conversation } from './conversation.js'
import { DurableLine, type About } from './durable.js'
import { NoWorker, UsageError } from './errors.js'
import { checkWanted, fits, type Wanted } from './labels.js'
import { DEFAULT_LIMITS } from './limits.js'
import type { Remote } from './remote.js'
import type { Session } from './session.js'
import { Shared } from './shared.js'
import type { Entry } from './site.js'
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
  readonly #line: Conversation | DurableLine

  /** `goodbye` ends a conversation that is this session's own. */
  constructor(line: Conversation | DurableLine, threads?: number, goodbye?: () => void) {
    this.#line = line
    const session = line.open(liveInside, threads)
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

/** What `session` takes. */
export interface SessionOptions extends Wanted {
  /** How many calls may run at once, from 1 to 64; with more than 1 only ops on the same handle keep their order. */
  readonly threads?: number | undefined
  /** Record what is done under this name, so that it survives this process and its worker. */
  readonly durable?: string | undefined
  /** What operators see of it: `polyloom runs`. */
  readonly about?: About | undefined
}

function checkOptions<T extends SessionOptions>(options: T): T {
  const { threads, durable } = options
  const most = DEFAULT_LIMITS.sessionThreads
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= most))
    throw new UsageError(`threads is a whole number from 1 to ${most}, not ${String(threads)}`)
  if (threads !== undefined && threads > 1 && durable !== undefined) {
    const hint = 'open a session with threads beside it for what need not be recorded'
    throw new UsageError('a durable session runs one call at a time, as its log has them', { hint })
  }
  return checkWanted(options)
}

/** A session whose programs are recorded (§15). */
export class DurableSession extends LoomSession {
  /** Settled when the log is open. */
  readonly ready: Promise<void>
  /** The time of what was awaited last, in ms; the same when the script begins anew. */
  readonly now: () => number
  /** A number from 0 up to 1; the same when the script begins anew. */
  readonly random: () => number
  /** Wait for some ms; when the script begins anew, only for what is left. Once the signal has fired it never ends. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Close the session and say how it ended, for operators; what is recorded stays. */
  readonly finish: (outcome: 'done' | 'failed') => Promise<void>

  constructor(line: DurableLine, over: () => void) {
    super(line, 1, () => void line.close().finally(over))
    this.ready = line.ready
    this.now = () => line.now()
    this.random = () => line.random()
    this.sleep = (ms, signal) => line.sleep(ms, signal)
    this.finish = (outcome) => line.close(outcome).finally(over)
  }
}

function importModule(session: Session, module: string, entry: Py): SlotNode {
  if (typeof module !== 'string' || !module) throw new UsageError('$py takes the name of a module')
  const write = (): string => JSON.stringify(module)
  const node = session.outside(() =>
    SlotNode.made(session, session.add('import', write), module, session.sites.capture(entry)),
  )
  node.lasting = true
  return node
}

/** Begins a conversation with a worker that is wanted, wherever that is. */
export type Elsewhere = (wanted: Wanted) => Conversation

function nowhere(): never {
  const hint = "only a fleet has several workers: connect('redis://…')"
  throw new NoWorker('this conversation has one host, which is not the one asked for', { hint })
}

const RUN_NAME = /^[A-Za-z0-9_.:/@+-]{1,128}$/

export class Loom {
  readonly $py: Py
  readonly #line: Conversation
  readonly #elsewhere: Elsewhere
  readonly #further = new Set<Conversation | DurableLine>()
  readonly #holders = new Map<string, Conversation>() // of shared objects, by worker
  readonly #shared: Shared

  constructor(line: Conversation, elsewhere: Elsewhere = nowhere) {
    this.#line = line
    this.#elsewhere = elsewhere
    this.$py = new LoomSession(line).$py
    this.#shared = new Shared(line, (worker) => this.#lineTo(worker))
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
  session(options: SessionOptions & { durable: string }): DurableSession
  session(options?: SessionOptions): LoomSession
  session(options: SessionOptions = {}): LoomSession {
    const { threads, ...wanted } = checkOptions(options)
    if (wanted.durable !== undefined) return this.#durable(wanted.durable, wanted)
    if (fits(this.worker, this.#line.labels, wanted)) return new LoomSession(this.#line, threads)
    const line = this.#elsewhere(wanted)
    this.#further.add(line)
    return new LoomSession(line, threads, () => void line.close().finally(() => this.#further.delete(line)))
  }

  #durable(name: string, { about, ...wanted }: SessionOptions): DurableSession {
    if (typeof name !== 'string' || !RUN_NAME.test(name)) {
      const hint = 'letters, digits and _.:/@+-, at most 128 of them'
      throw new UsageError(`not the name of a durable session: ${name}`, { hint })
    }
    if (this.#elsewhere === nowhere) {
      throw new UsageError('a local process records nothing', {
        hint: "durable sessions need a fleet: connect('redis://…')",
      })
    }
    const line = new DurableLine(name, this.#line.settings, () => this.#elsewhere(wanted), about)
    this.#further.add(line)
    return new DurableSession(line, () => this.#further.delete(line))
  }

  /**
   * Hold an object under a name, for every client, until `unshare` or the end of its worker. Await it to know that it was
   * done: NameTaken says which worker has another object of this name. Sharing the same object again changes nothing.
   */
  share(remote: Remote, name: string): Remote<null> {
    return this.#shared.share(remote, name, ENTRY.share)
  }

  /**
   * The object that somebody shared. It is used in a session of its own for this name, on the worker that holds the object;
   * where there is none, what is awaited rejects with UnknownName.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- only Python knows what its names stand for
  named<T = any>(name: string): Remote<T> {
    return this.#shared.named(name, ENTRY.named) as Remote<T>
  }

  /** Let a name go, whoever shared it; who uses the object keeps it. Await it to know that it was done. */
  unshare(name: string): Remote<null> {
    return this.#shared.unshare(name, ENTRY.unshare)
  }

  #lineTo(worker: string): Conversation {
    const known = this.#holders.get(worker)
    if (known && !known.ended) return known
    const line = this.#elsewhere({ worker })
    this.#holders.set(worker, line)
    this.#further.add(line)
    return line
  }

  /** Send what this tick has asked for, say goodbye, reject what is pending, and free everything. It can be taken off. */
  readonly close = async (): Promise<void> => {
    const found = this.#shared.found
    if (found) await found
    await Promise.all([this.#line, ...this.#further].map((line) => line.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Methods that users reach; the call site is the line before them. */
const ENTRY: Record<'share' | 'named' | 'unshare', Entry> = {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- only named as the frames to cut at, never called
  ...{ share: Loom.prototype.share, named: Loom.prototype.named, unshare: Loom.prototype.unshare },
}
