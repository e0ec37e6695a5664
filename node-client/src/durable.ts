/**
 * The way of a durable session to whichever worker owns its log (§15). What was asked is kept until it is answered, and sent
 * to the next worker when one is lost.
 */

import type { Conversation } from './conversation.js'
import { DurableError, FrameError, Gone, PolyloomError, UsageError } from './errors.js'
import { Events, type Opened } from './events.js'
import type { Body, Frame } from './frames.js'
import type { Guest, Line, Live } from './line.js'
import { Program } from './program.js'
import { Session } from './session.js'
import type { Settings } from './settings.js'

const RETRY_MS = 50 // before another attempt to find the worker; grows
const SLOWEST_RETRY_MS = 1_000
const ELSEWHERE = ['WorkerLost', 'Moved', 'LeaseExpired'] // after these the session goes on with another worker

/** What operators see of a run. */
export interface About {
  readonly script?: string
  readonly args?: string
  readonly folder?: string
}

/** Begins a conversation with the worker that owns a log, or with one that may become the owner. */
export type Begin = () => Conversation

export class DurableLine implements Line {
  readonly durable = true
  readonly place = undefined
  readonly home = this
  readonly fleet = false
  /** Settled when the log is open. */
  readonly ready: Promise<void>
  #session!: Session
  #conversation: Conversation | undefined
  readonly #events = new Events()
  readonly #programs = new Map<number, Program>() // without a reply
  #unanswered = 0 // as the session counts
  #made = 0 // programs
  #lostAt: number | undefined // since when no worker has it
  #attempts = 0
  #closed = false
  #welcome!: (error?: PolyloomError) => void

  constructor(
    readonly name: string,
    readonly settings: Settings,
    readonly begin: Begin,
    readonly about: About = {},
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#welcome = (error) => (error ? reject(error) : resolve())
    })
    this.ready.catch(() => undefined) // whoever waits for it is told
  }

  get worker(): string {
    return this.#conversation?.worker ?? ''
  }

  /** Whether what is asked now is new: slots are given back only then. */
  get live(): boolean {
    return this.#events.live
  }

  open(live: Live, threads?: number): Session {
    return new Session(this, live, threads)
  }

  /** The moment of the last thing that was taken, in ms of the server's clock: the same when the script begins anew. */
  now(): number {
    this.#needOpen('now')
    return this.#events.clock
  }

  /** A number from 0 up to 1, the same when the script begins anew. */
  random(): number {
    this.#needOpen('random')
    return this.#events.random()
  }

  /** Wait; what is left of it where the script begins anew. Once the signal has fired it never ends. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.ready
    if (this.#closed) throw this.#session.ended ?? closed()
    await this.#events.wait(ms, signal)
  }

  // The session's side

  begun(session: Session): void {
    this.#session = session
    this.#attach()
  }

  extras(program: Program): string {
    const { released, once } = program
    const { taken } = this.#events
    const ack = this.#conversation?.ack
    const parts = [
      taken.length && `"events":${JSON.stringify(taken)}`,
      released?.length && `"released":${JSON.stringify(released)}`,
      once?.length && `"once":${JSON.stringify(once)}`,
      ack !== undefined && `"ack":"${ack}"`,
    ]
    return parts.filter(Boolean).join()
  }

  send(frame: Frame): void {
    if (frame instanceof Program) {
      this.#made = frame.n
      this.#programs.set(frame.n, frame)
      this.#events.made(frame.n)
    }
    this.#conversation?.send(frame)
  }

  began(): void {
    this.#unanswered++
    this.#conversation?.began()
  }

  answered(count: number): void {
    this.#unanswered -= count
    this.#conversation?.answered(count)
  }

  fail(error: PolyloomError): void {
    this.#end(error)
  }

  closed(): void {
    this.#closed = true
  }

  /** Close the session, and say how it ended: `done`, `failed`. The log stays. */
  async close(outcome = 'closed'): Promise<void> {
    const session = this.#session
    if (!this.#closed) {
      session.flush()
      const text = JSON.stringify({ t: 'close', session: session.id, outcome, events: this.#events.taken })
      this.#conversation?.send({ text, attachments: [] })
      this.#end(closed())
    }
    await this.#conversation?.close()
  }

  // The worker's side

  #attach(): void {
    if (this.#closed) return
    const conversation = (this.#conversation = this.begin())
    conversation.adopt(this.#session.id, this.#guest(conversation))
    const pending = [...this.#programs.values()].sort((one, other) => one.n - other.n)
    const next = pending[0]?.n ?? this.#made + 1
    const durable = { name: this.name, ...this.about }
    const text = JSON.stringify({ t: 'open', session: this.#session.id, durable, next })
    conversation.began()
    conversation.send({ text, attachments: [] })
    for (let count = 0; count < this.#unanswered; count++) conversation.began()
    for (const program of pending) conversation.send(program)
  }

  /** Who gets the frames of a conversation, while it is the one that the session has. */
  #guest(conversation: Conversation): Guest {
    const current = (): boolean => this.#conversation === conversation && !this.#closed
    return {
      reply: (body, frame) => current() && this.#reply(body, frame),
      opened: (body) => current() && this.#open(body),
      end: (error) => current() && this.#lost(error),
      late: () => undefined,
      call: () => undefined,
      flush: () => undefined,
    }
  }

  #open(body: Body): void {
    this.#conversation!.answered(1)
    this.#lostAt = undefined
    this.#attempts = 0
    this.#events.ahead = Number(body['now']) - Date.now()
    if (this.#events.isOpen) return
    this.#events.open(body as unknown as Opened)
    this.#welcome()
  }

  #reply(body: Body, frame: Frame): void {
    const n = body['n'] as number
    if (this.#events.has(n)) return // sent twice
    this.#programs.delete(n)
    this.#events.reply(n, () => {
      this.#settle(body, frame)
      return Number(body['at'])
    })
  }

  #settle(body: Body, frame: Frame): void {
    try {
      this.#session.reply(body, frame)
    } catch (error) {
      this.#end(error instanceof PolyloomError ? error : new FrameError(String(error)))
    }
  }

  /** Go on with another worker, for as long as one may come. */
  #lost(error: PolyloomError): void {
    const conversation = this.#conversation!
    this.#conversation = undefined
    void conversation.close()
    this.#lostAt ??= Date.now()
    const { leaseMs, workerTimeoutMs } = this.settings
    const inUse = error instanceof DurableError && error.code === 'InUse'
    const patience = inUse ? leaseMs + 1_000 : leaseMs + workerTimeoutMs
    const hopeful = inUse || (error instanceof Gone && ELSEWHERE.includes(error.code))
    if (!hopeful || Date.now() - this.#lostAt > patience) return this.#end(error)
    const delay = Math.min(RETRY_MS * 2 ** this.#attempts++, SLOWEST_RETRY_MS)
    setTimeout(() => this.#attach(), this.#attempts === 1 && !inUse ? 0 : delay)
  }

  #end(error: PolyloomError): void {
    if (this.#closed) return
    this.#closed = true
    this.#welcome(error)
    this.#session.end(error)
    this.#events.end(error)
  }

  #needOpen(what: string): void {
    if (this.#events.isOpen) return
    const hint = 'await session.ready, or anything in the session, first'
    throw new UsageError(`${what}() of a durable session is known when its log is open`, { hint })
  }
}

function closed(): Gone {
  return new Gone('the session was closed', { code: 'SessionClosed' })
}
