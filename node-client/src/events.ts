/**
 * What a script of a durable session takes, one thing after the other (§15.7): replies in the order of the programs, and the
 * ends of its waits. It is noted with the next program; a script that begins anew takes the same in the same order.
 */

import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

import { randomFrom } from './random.js'

const STALL_MS = 10_000 // how long something waits for a program that was made before it the last time
const LONGEST_WAIT_MS = 2 ** 31 - 1 // of one timer
const REPLY = 0

/** The next reply, or the end of a wait, by its number, with the time that it was then. */
export type Event = typeof REPLY | readonly [wait: number, at: number]

/** What is known of a log that was opened; times in ms of the server's clock. */
export interface Opened {
  readonly recorded: number
  readonly seed: string
  readonly started: number
  readonly history: readonly (readonly Event[])[]
}

/** A wait that has begun. */
interface Wait {
  /** Let the script go on, at a time that is known from before, or now. */
  readonly settle: (at?: number) => void
  readonly fail: (error: Error) => void
}

export class Events {
  /** Taken since the last program. */
  taken: Event[] = []
  /** The server's clock is so many ms ahead of ours. */
  ahead = 0
  /** The moment of what was taken last. */
  clock = 0
  random: () => number = () => 0
  #opened: Opened | undefined
  #history: readonly (readonly Event[])[] = []
  #made = 0 // programs
  #settled = 0 // replies taken
  #replies = new Map<number, () => void>() // come, but not taken: what takes them
  #waits = 0 // begun
  #waiting = new Map<number, Wait>()
  #over = new Set<number>() // waits that have ended, but nobody took that
  #taking = false
  #stall: NodeJS.Timeout | undefined
  readonly #ending = new AbortController()

  /** The log is there. */
  open(opened: Opened): void {
    this.#opened = opened
    this.#history = opened.history
    this.clock = opened.started
    this.random = randomFrom(opened.seed)
    void this.#take()
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  /** Whether what is asked now was not asked before. */
  get live(): boolean {
    return this.#opened !== undefined && this.#made >= this.#opened.recorded
  }

  /** A program was made. */
  made(n: number): void {
    this.#made = n
    this.taken = []
    clearTimeout(this.#stall)
    this.#stall = undefined
    void this.#take()
  }

  /** Whether the reply to a program came already. */
  has(n: number): boolean {
    return n <= this.#settled || this.#replies.has(n)
  }

  /** A reply came; `take` hands it to the script, and gives the time of it. */
  reply(n: number, take: () => number): void {
    this.#replies.set(n, () => {
      this.#replies.delete(++this.#settled)
      this.taken.push(REPLY)
      this.clock = Math.max(this.clock, take())
    })
    void this.#take()
  }

  /** Wait for some ms; of a wait that was interrupted, for what is left. It never ends once `signal` has fired. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    const end = this.#begin(signal) + ms
    const number = ++this.#waits
    const taken = new Promise<void>((resolve, reject) => {
      const settle: Wait['settle'] = (at = Math.max(this.clock, end)) => {
        this.clock = at
        this.taken.push([number, at])
        resolve()
      }
      this.#waiting.set(number, { settle, fail: reject })
    })
    void this.#until(end, signal).then((over) => {
      if (over) this.#over.add(number)
      else this.#waiting.delete(number)
      void this.#take()
    })
    return taken
  }

  /** Nothing is taken any more; who waits is told why. */
  end(error: Error): void {
    clearTimeout(this.#stall)
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#ending.abort()
    for (const { fail } of waiting) fail(error)
  }

  /** When a wait begins. At the end of what is recorded it may have begun before; a limit of time begins anew. */
  #begin(signal: AbortSignal | undefined): number {
    const { recorded = 0 } = this.#opened ?? {}
    const before = recorded > 0 && this.#made <= recorded && !signal
    return before ? this.clock : Math.max(this.clock, this.#now())
  }

  /** Let the script take what is due, one thing a turn of the event loop, so that what it does then is one program. */
  async #take(): Promise<void> {
    if (this.#taking) return
    this.#taking = true
    await turn()
    for (let take = this.#due(); take && !this.#ending.signal.aborted; take = this.#due()) {
      take()
      await turn()
    }
    this.#taking = false
  }

  #due(): (() => void) | undefined {
    if (!this.#opened) return undefined
    const before = this.#history[this.#made] // what was taken before the next program, or before the end
    const wanted = before?.[this.taken.length]
    if (wanted === REPLY) return this.#nextReply()
    if (wanted !== undefined) return this.#endOf(...wanted)
    if (!before || this.live) return this.#nextReply() ?? this.#endOf(Math.min(...this.#over))
    this.#stalled()
    return undefined
  }

  #nextReply(): (() => void) | undefined {
    return this.#replies.get(this.#settled + 1)
  }

  #endOf(number: number, at?: number): (() => void) | undefined {
    const wait = this.#over.has(number) ? this.#waiting.get(number) : undefined
    return (
      wait &&
      ((): void => {
        this.#over.delete(number)
        this.#waiting.delete(number)
        wait.settle(at)
      })
    )
  }

  /** The script made a program here the last time. If it does not come, the script is another one: go on, and be told where. */
  #stalled(): void {
    if (!this.#replies.size && !this.#over.size) return
    this.#stall ??= setTimeout(() => {
      this.#history = []
      void this.#take()
    }, STALL_MS)
  }

  /** Wait until a moment of the server's clock; false when it was given up. */
  async #until(end: number, signal?: AbortSignal): Promise<boolean> {
    const stop = signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal
    while (!stop.aborted) {
      const left = end - this.#now()
      if (left <= 0) return true
      await delay(Math.min(left, LONGEST_WAIT_MS), undefined, { signal: stop }).catch(() => undefined)
    }
    return false
  }

  /** The server's time, in ms. */
  #now(): number {
    return Date.now() + this.ahead
  }
}
