// Asynchronous tasks: what is started, awaited together, limited in time, repeated. Durations in seconds.

import { get, seq } from './collections.js'
import { begin, wakeAfter } from './world.js'

type Thunk = () => unknown

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

export const sleep = async (seconds: number): Promise<null> => {
  await wakeAfter(seconds)
  return null
}

/** Starts a function at once; what it throws is in the promise, and is nobody's unhandled rejection before the await. */
export function spawn(start: Thunk): Promise<unknown> {
  const promise = new Promise((resolve) => {
    resolve(start())
  })
  promise.catch(() => undefined)
  return promise
}

const started = (thunks: unknown): Promise<unknown>[] => seq(thunks).map((thunk) => spawn(thunk as Thunk))

/** Starts functions of which one wins; what the others sleep does not keep the process. */
function contest(thunks: unknown, decide: (all: Promise<unknown>[]) => Promise<unknown>): Promise<unknown> {
  const begun = seq(thunks).map((thunk) => begin(() => spawn(thunk as Thunk)))
  return decide(begun.map(([promise]) => promise)).finally(() => begun.forEach(([, lose]) => lose()))
}

export const anyOf = (thunks: unknown): Promise<unknown> => contest(thunks, (all) => Promise.any(all))
export const raceOf = (thunks: unknown): Promise<unknown> => contest(thunks, (all) => Promise.race(all))
export const settledOf = async (thunks: unknown): Promise<unknown[]> => {
  const results = await Promise.allSettled(started(thunks))
  return results.map((one) => (one.status === 'fulfilled' ? { ok: one.value } : { error: one.reason as unknown }))
}

/** map with its calls side by side, at most `limit` at a time; results in the order of the items. */
export async function pmap(f: (x: unknown) => unknown, coll: unknown, limit = Infinity): Promise<unknown[]> {
  const items = seq(coll)
  const results: unknown[] = new Array<unknown>(items.length).fill(null)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      results[index] = await f(items[index])
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}

export async function timeout(seconds: number, thunk: Thunk): Promise<unknown> {
  const done = new AbortController()
  const late = wakeAfter(seconds, done.signal).then(() => {
    throw new TimeoutError(`not done after ${seconds} s`)
  })
  const [started, lose] = begin(() => spawn(thunk))
  try {
    return await Promise.race([started, late])
  } finally {
    done.abort()
    lose()
  }
}

/** Repeats until it does not throw: `options` is a count or {:times 3 :delay 0 :backoff 2} (delay in seconds). */
export async function retry(options: unknown, thunk: Thunk): Promise<unknown> {
  const times = (typeof options === 'number' ? options : get(options, 'times', 3)) as number
  let delay = (typeof options === 'number' ? 0 : get(options, 'delay', 0)) as number
  const backoff = (typeof options === 'number' ? 1 : get(options, 'backoff', 2)) as number
  for (let attempt = 1; ; attempt++) {
    try {
      return await thunk()
    } catch (error) {
      if (attempt >= times) throw error
    }
    if (delay > 0) await wakeAfter(delay)
    delay *= backoff
  }
}
