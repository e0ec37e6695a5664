/**
 * The client's lease (§8.1), renewed by a thread of its own: a script that computes for a minute must not lose its
 * objects. Short scripts never start the thread, and where it cannot run the caller renews.
 */

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

import { Redis } from 'ioredis'

import type { Address } from './address.js'

export const RENEWALS = 2.5 // in one lease

interface Task {
  readonly address: Address
  readonly key: string
  readonly value: string
  readonly leaseMs: number
}

const MARK = 'polyloom lease thread'

export class LeaseThread {
  /** Whether the thread has renewed the lease, and goes on. */
  running = false
  readonly #worker: Worker

  constructor(task: Task) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { ...task, mark: MARK } })
    this.#worker.unref()
    this.#worker.on('message', () => (this.running = true))
    this.#worker.on('error', () => undefined)
    this.#worker.on('exit', () => (this.running = false))
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}

function renewForEver({ address, key, value, leaseMs }: Task): void {
  const redis = new Redis({
    ...address,
    protocol: 2,
    connectionName: `polyloom/${value}/lease`,
    disableClientInfo: true,
  })
  redis.on('error', () => undefined) // it connects again by itself
  const renew = async (): Promise<void> => {
    await redis.set(key, value, 'PX', leaseMs)
    parentPort?.postMessage('renewed')
  }
  const tryToRenew = (): void => void renew().catch(() => undefined)
  tryToRenew()
  setInterval(tryToRenew, leaseMs / RENEWALS)
}

const given = workerData as (Task & { mark?: unknown }) | null
if (!isMainThread && given?.mark === MARK) renewForEver(given)
