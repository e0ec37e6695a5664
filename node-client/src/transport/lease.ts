/**
 * The leases of the clients of this process (§8.1), renewed by one thread for each server: a script that computes for a
 * minute must not lose its objects. Short scripts never start the thread, and where it cannot run the caller renews.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

import { Redis } from 'ioredis'

import type { Address } from './address.js'

export const RENEWALS = 2.5 // in one lease

const MAILBOX_LEASES = 12 // leases for which an abandoned mailbox is kept
const MAILBOX_TURN = 4 // renewals for one of the mailbox
const STOP_MS = 500 // how long the end of a lease waits for the thread
const MARK = 'polyloom lease thread'
const ANSWER_MS = 1_000 // that Redis may take; then another connection is tried, while there is still time

interface Task {
  readonly address: Address
  readonly key: string
  readonly value: string
  readonly leaseMs: number
  readonly mailbox: string
}

export type Lease = Pick<Task, 'key' | 'value' | 'leaseMs'>

/** What the thread is told: renew this lease from now on, or no more. */
type Order = { readonly id: number; readonly task?: Task }

/** What it says: the lease is renewed, or is kept no more; `lapsed` where it had ended and was set anew. */
type News = { readonly id: number; readonly running: boolean; readonly lapsed?: boolean }

/** One client's lease. */
export class LeaseThread {
  /** Whether the thread has renewed the lease, and goes on. */
  running = false
  readonly #keeper: Keeper
  readonly #id: number

  /** `lapsed` is called when the lease had ended, so that others may have taken the client for dead. */
  constructor(
    task: Task,
    readonly lapsed: () => void,
  ) {
    this.#keeper = Keeper.of(task.address)
    this.#id = this.#keeper.keep(this, task)
  }

  stop(): Promise<void> {
    return this.#keeper.drop(this.#id)
  }
}

/** The thread of one server, as this side sees it: started with the first lease, ended with the last. */
class Keeper {
  static readonly #all = new Map<string, Keeper>()
  readonly #worker: Worker
  readonly #leases = new Map<number, LeaseThread>()
  readonly #ends = new Map<number, () => void>()
  #last = 0

  static of(address: Address): Keeper {
    const server = JSON.stringify(address)
    const known = this.#all.get(server)
    if (known) return known
    const made = new Keeper(address, () => {
      if (this.#all.get(server) === made) this.#all.delete(server)
    })
    this.#all.set(server, made)
    return made
  }

  /** `forget` has no further lease given to this thread. */
  constructor(
    address: Address,
    readonly forget: () => void,
  ) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { address, mark: MARK } })
    this.#worker.on('message', (news: News) => this.#hear(news))
    this.#worker.on('error', () => undefined)
    this.#worker.on('exit', () => this.#over())
    this.#worker.unref() // after these: to listen is to keep the process
  }

  keep(lease: LeaseThread, task: Task): number {
    const id = ++this.#last
    this.#leases.set(id, lease)
    this.#worker.postMessage({ id, task } satisfies Order)
    return id
  }

  /** Renew a lease no more; resolves when that is certain, or the thread does not answer. */
  async drop(id: number): Promise<void> {
    const lease = this.#leases.get(id)
    if (!lease) return
    this.#leases.delete(id)
    lease.running = false
    if (this.#leases.size === 0) {
      this.forget()
      await this.#worker.terminate()
      return
    }
    const ended = new Promise<void>((resolve) => this.#ends.set(id, resolve))
    this.#worker.postMessage({ id } satisfies Order)
    const patience = new AbortController()
    const late = delay(STOP_MS, undefined, { signal: patience.signal }).catch(() => undefined)
    await Promise.race([ended, late])
    patience.abort()
    this.#ends.delete(id)
  }

  #hear({ id, running, lapsed }: News): void {
    const lease = this.#leases.get(id)
    if (running && lease) lease.running = true
    else if (!running) this.#ends.get(id)?.()
    if (lapsed) lease?.lapsed()
  }

  #over(): void {
    this.forget()
    for (const lease of this.#leases.values()) lease.running = false
    for (const end of this.#ends.values()) end()
  }
}

/** Renew a lease, or set it where it has ended, and tell whether it had. A full server refuses the second, not the first. */
export async function renew(redis: Redis, { key, value, leaseMs }: Lease): Promise<boolean> {
  if (await redis.pexpire(key, leaseMs)) return false
  await redis.set(key, value, 'PX', leaseMs)
  return true
}

/** Keep a mailbox, now and then; it outlives its client for a while. */
export async function keep(redis: Redis, { mailbox, leaseMs }: Pick<Task, 'mailbox' | 'leaseMs'>): Promise<void> {
  await redis.pexpire(mailbox, MAILBOX_LEASES * leaseMs)
}

/** Tell whether the mailbox is due at a renewal, counted from 0. */
export function isTurn(renewals: number): boolean {
  return renewals % MAILBOX_TURN === 0
}

/** The thread's side. */
function renewForEver(address: Address): void {
  const redis = new Redis({
    ...address,
    protocol: 2,
    connectionName: 'polyloom/leases',
    disableClientInfo: true,
    socketTimeout: ANSWER_MS,
  })
  redis.on('error', () => undefined) // it connects again by itself
  const say = (news: News): void => parentPort?.postMessage(news)
  const timers = new Map<number, { readonly timer: NodeJS.Timeout; sent: Promise<unknown> }>()

  const begin = (id: number, task: Task): void => {
    let renewals = 0
    const send = (): Promise<unknown> => {
      const renewed = renew(redis, task).then(
        (lapsed) => say({ id, running: true, lapsed }),
        () => undefined,
      )
      return isTurn(renewals++) ? Promise.all([renewed, keep(redis, task).catch(() => undefined)]) : renewed
    }
    const timer = setInterval(() => void (kept.sent = send()), task.leaseMs / RENEWALS)
    const kept = { timer, sent: send() }
    timers.set(id, kept)
  }

  /** What is on its way would set the lease of a client that has gone. */
  const end = async (id: number): Promise<void> => {
    const kept = timers.get(id)
    clearInterval(kept?.timer)
    timers.delete(id)
    await kept?.sent
    say({ id, running: false })
  }

  parentPort?.on('message', ({ id, task }: Order) => (task ? begin(id, task) : void end(id)))
}

const given = workerData as { readonly address: Address; readonly mark?: unknown } | null
if (!isMainThread && given?.mark === MARK) renewForEver(given.address)
