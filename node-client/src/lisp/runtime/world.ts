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

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => clearTimeout(timer))
  })
}

let world: World = { now: () => Date.now(), random: () => Math.random(), sleep: wait }

/** Have the core live in another world. */
export function enterWorld(other: World): void {
  world = other
}

export const now = (): number => world.now()
export const random = (): number => world.random()
export const wakeAfter = (seconds: number, signal?: AbortSignal): Promise<void> => world.sleep(seconds * 1000, signal)
