/**
 * The way of a durable session to whichever worker owns its log (§15). What was asked is kept until it is answered, and sent
 * to the next worker when one is lost. What the script takes, replies and the ends of its waits, is noted with the next
 * program; a script that begins anew takes the same in the same order.
 */

import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

import type { Conversation } from './conversation.js'
import { DurableError, FrameError, Gone, PolyloomError, UsageError } from './errors.js'
import type { Body, Frame } from './frames.js'
import type { Guest, Line, Live } from './line.js'
import { Program } from './program.js'
import { randomFrom } from './random.js'
import { Session } from './session.js'
import type { Settings } from './settings.js'

const RETRY_MS = 50 // before another attempt to find the worker; grows
const SLOWEST_RETRY_MS = 1_000
const STALL_MS = 10_000 // how long a reply waits for a program that was made before it the last time
const LONGEST_WAIT_MS = 2 ** 31 - 1 // of one timer
const ELSEWHERE = ['WorkerLost', 'Moved', 'LeaseExpired'] // after these the session goes on with another worker
const REPLY = 0

/** Something that the script took: the next reply, or the end of a wait, by its number, with the time that it was then. */
type Event = typeof REPLY | readonly [wait: number, at: number]

/** What operators see of a run. */
export interface About {
  readonly script?: string
  readonly args?: string
  readonly folder?: string
}

/** Begins a conversation with the worker that owns a log, or with one that may become the owner. */
export type Begin = () => Conversation

/** Let the script go on, at a time that is known from before, or now. */
type Settle = (at?: number) => void

export class DurableLine implements Line {
  readonly durable = true
  readonly place = undefined
  readonly home = this
  readonly fleet = false
  /** Settled when the log is open. */
  readonly ready: Promise<void>
  #session!: Session
  #conversation: Conversation | undefined
  #programs = new Map<number, Program>() // without a reply
  #unanswered = 0 // as the session counts
  #made = 0 // programs
  #settled = 0 // replies taken
  #recorded = 0 // programs in the log when it was opened
  #fresh = true // no program was made that is not among those
  #replies = new Map<number, [Body, Frame]>() // come, but not taken
  #waits = 0 // begun
  #over = new Map<number, Settle>() // waits that have ended, but nobody took that
  #events: Event[] = [] // taken since the last program
  #history: readonly (readonly Event[])[] = []
  #opened = false
  #taking = false
  #stall: NodeJS.Timeout | undefined
  #clock = 0 // ms of server time
  #ahead = 0 // of the server's clock, ms
  #random: (() => number) | undefined
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
    return this.#opened && this.#made >= this.#recorded
  }

  open(live: Live, threads?: number): Session {
    return new Session(this, live, threads)
  }

  /** The moment of the last thing that was taken, in ms of the server's clock: the same when the script begins anew. */
  now(): number {
    this.#needOpen('now')
    return this.#clock
  }

  /** A number from 0 up to 1, the same when the script begins anew. */
  random(): number {
    this.#needOpen('random')
    return this.#random!()
  }

  /** Wait; what is left of it where the script begins anew. Once the signal has fired it never ends. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.ready
    // At the end of what is recorded it may be a wait that was interrupted; a limit of time begins anew.
    const begun = this.#fresh && !signal ? this.#clock : Math.max(this.#clock, this.#time())
    const end = begun + ms
    const number = ++this.#waits
    let settle!: Settle
    const taken = new Promise<void>((resolve) => {
      settle = (at = Math.max(this.#clock, end)) => {
        this.#clock = at
        this.#events.push([number, at])
        resolve()
      }
    })
    this.#hold(1)
    let held = true
    const release = (): void => {
      if (held) this.#hold(-1)
      held = false
    }
    signal?.addEventListener('abort', release)
    void this.#until(end, signal).then(() => {
      if (signal?.aborted) return
      this.#over.set(number, settle)
      void this.#take()
    })
    await taken
    release()
  }

  // The session's side

  begun(session: Session): void {
    this.#session = session
    this.#attach()
  }

  extras(program: Program): string {
    const { released, once } = program
    const parts = [
      this.#events.length && `"events":${JSON.stringify(this.#events)}`,
      released?.length && `"released":${JSON.stringify(released)}`,
      once?.length && `"once":${JSON.stringify(once)}`,
      this.#conversation?.ack !== undefined && `"ack":"${this.#conversation.ack}"`,
    ]
    return parts.filter(Boolean).join()
  }

  send(frame: Frame): void {
    if (frame instanceof Program) {
      this.#made = frame.n
      this.#fresh &&= frame.n <= this.#recorded
      this.#events = []
      this.#programs.set(frame.n, frame)
      clearTimeout(this.#stall)
      this.#stall = undefined
      void this.#take()
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
      const text = JSON.stringify({ t: 'close', session: session.id, outcome, events: this.#events })
      this.#conversation?.send({ text, attachments: [] })
      this.#end(new Gone('the session was closed', { code: 'SessionClosed' }))
    }
    await this.#conversation?.close()
  }

  // The worker's side

  #attach(): void {
    if (this.#closed) return
    const conversation = (this.#conversation = this.begin())
    const current = (): boolean => this.#conversation === conversation && !this.#closed
    const guest: Guest = {
      reply: (body, frame) => current() && this.#reply(body, frame),
      opened: (body) => current() && this.#open(body),
      end: (error) => current() && this.#lost(error),
      late: () => undefined,
      call: () => undefined,
      flush: () => undefined,
    }
    conversation.adopt(this.#session.id, guest)
    const pending = [...this.#programs.values()].sort((one, other) => one.n - other.n)
    const next = pending[0]?.n ?? this.#made + 1
    const durable = { name: this.name, ...this.about }
    const text = JSON.stringify({ t: 'open', session: this.#session.id, durable, next })
    conversation.began()
    conversation.send({ text, attachments: [] })
    for (let count = 0; count < this.#unanswered; count++) conversation.began()
    for (const program of pending) conversation.send(program)
  }

  #open(body: Body): void {
    this.#conversation!.answered(1)
    this.#lostAt = undefined
    this.#attempts = 0
    this.#ahead = Number(body['now']) - Date.now()
    if (this.#opened) return
    this.#opened = true
    this.#clock = Number(body['started'])
    this.#recorded = Number(body['recorded'])
    this.#fresh = this.#recorded > 0
    this.#random = randomFrom(String(body['seed']))
    this.#history = body['history'] as Event[][]
    this.#welcome()
    void this.#take()
  }

  #reply(body: Body, frame: Frame): void {
    const n = body['n'] as number
    if (n <= this.#settled || this.#replies.has(n)) return // sent twice
    this.#programs.delete(n)
    this.#replies.set(n, [body, frame])
    void this.#take()
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
    clearTimeout(this.#stall)
    this.#welcome(error)
    this.#session.end(error)
  }

  // What the script takes

  /** Let the script take what is due, one thing a turn of the event loop, so that what it does then is one program. */
  async #take(): Promise<void> {
    if (this.#taking) return
    this.#taking = true
    await turn()
    for (let settle = this.#due(); settle && !this.#closed; settle = this.#due()) {
      settle()
      await turn()
    }
    this.#taking = false
  }

  #due(): (() => void) | undefined {
    if (!this.#opened) return undefined
    const before = this.#history[this.#made] // what was taken before the next program, or before the end
    const wanted = before?.[this.#events.length]
    if (wanted === undefined) {
      if (!before || this.#made >= this.#recorded) return this.#next() ?? this.#ended()
      this.#stalled()
      return undefined
    }
    return wanted === REPLY ? this.#next() : this.#ended(...wanted)
  }

  #next(): (() => void) | undefined {
    const found = this.#replies.get(this.#settled + 1)
    return found && ((): void => this.#settle(...found))
  }

  #settle(body: Body, frame: Frame): void {
    this.#replies.delete(++this.#settled)
    this.#events.push(REPLY)
    this.#clock = Math.max(this.#clock, Number(body['at']))
    try {
      this.#session.reply(body, frame)
    } catch (error) {
      this.#end(error instanceof PolyloomError ? error : new FrameError(String(error)))
    }
  }

  #ended(number = Math.min(...this.#over.keys()), at?: number): (() => void) | undefined {
    const settle = this.#over.get(number)
    if (!settle) return undefined
    return () => {
      this.#over.delete(number)
      settle(at)
    }
  }

  /** The script made a program here the last time. If it does not come, the script is another one: go on, and be told where. */
  #stalled(): void {
    if (!this.#replies.size && !this.#over.size) return
    this.#stall ??= setTimeout(() => {
      this.#history = []
      void this.#take()
    }, STALL_MS)
  }

  /** Wait until a moment of the server's clock. */
  async #until(end: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const left = end - this.#time()
      if (left <= 0 || signal?.aborted) return
      await delay(Math.min(left, LONGEST_WAIT_MS), undefined, { signal }).catch(() => undefined)
    }
  }

  /** The server's time, in ms. */
  #time(): number {
    return Date.now() + this.#ahead
  }

  #hold(change: 1 | -1): void {
    if (change === 1) this.began()
    else if (!this.#closed) this.answered(1)
  }

  #needOpen(what: string): void {
    if (this.#opened) return
    const hint = 'await session.ready, or anything in the session, first'
    throw new UsageError(`${what}() of a durable session is known when its log is open`, { hint })
  }
}
