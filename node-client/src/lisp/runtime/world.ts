// What the core knows of the world: the time, chance, waiting. A durable run puts its own in its place, which tells the same
// when the script begins anew.

export interface World {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Settles after some milliseconds; never, once the signal has fired. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

type Timer = ReturnType<typeof setTimeout>

const waiting = new Set<Timer>() // of all waits that have not ended
let beginning: Set<Timer> | undefined // those of the task that begins just now

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const places = beginning ? [waiting, beginning] : [waiting]
    const forget = (): void => {
      for (const place of places) place.delete(timer)
    }
    const timer = setTimeout(() => {
      forget()
      resolve()
    }, ms)
    for (const place of places) place.add(timer)
    signal?.addEventListener('abort', () => {
      forget()
      clearTimeout(timer)
    })
  })
}

/** Begin a task; give what it returns, and what lets the process end although it waits for what it has begun with. */
export function begin<T>(task: () => T): [T, lose: () => void] {
  const before = beginning
  const mine = (beginning = new Set<Timer>())
  try {
    return [task(), () => mine.forEach(letEnd)]
  } finally {
    beginning = before
  }
}

let world: World = { now: () => Date.now(), random: () => Math.random(), sleep: wait }

/** Let the process end although a timer runs; in a browser nothing keeps it. */
function letEnd(timer: { readonly unref?: () => unknown }): void {
  timer.unref?.()
}

/** A script has ended: nothing that waits yet goes on. */
export function endWaits(): void {
  waiting.forEach(clearTimeout)
  waiting.clear()
}

/** Have the core live in another world. */
export function enterWorld(other: World): void {
  world = other
}

export const now = (): number => world.now()
export const random = (): number => world.random()
export const wakeAfter = (seconds: number, signal?: AbortSignal): Promise<void> => world.sleep(seconds * 1000, signal)
