/** Finding a live worker among those that have announced themselves (§8.1). */

import { setTimeout as delay } from 'node:timers/promises'

import type { Redis } from 'ioredis'

import { Gone } from '../errors.js'
import type { Keys } from '../keys.js'

const FIRST_POLL_MS = 20
const SLOWEST_POLL_MS = 250

/** Return the id of a live worker, chosen at random; Gone with `NoWorker` when none appears in time. */
export async function findWorker(redis: Redis, keys: Keys, timeoutMs: number): Promise<string> {
  const deadline = Date.now() + timeoutMs
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(2 * pause, SLOWEST_POLL_MS)) {
    const worker = await pickWorker(redis, keys)
    if (worker !== undefined) return worker
    if (Date.now() + pause > deadline) break
    await delay(pause)
  }
  const hint = 'start one: polyloom worker --url …, with the same prefix'
  throw new Gone(`no live worker is registered under ${keys.workers}`, { code: 'NoWorker', hint })
}

async function pickWorker(redis: Redis, keys: Keys): Promise<string | undefined> {
  const now = await serverTime(redis)
  const workers = await redis.zrangebyscore(keys.workers, now, '+inf')
  while (workers.length) {
    const [worker] = workers.splice(Math.floor(Math.random() * workers.length), 1)
    if (await redis.exists(keys.workerLease(worker!))) return worker
  }
  return undefined
}

/** Milliseconds of the server's clock: leases know no other. */
async function serverTime(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}
