/** `scope(fn)`: gives back every object that was made while `fn` ran, except those that it returns. */

import { AsyncLocalStorage } from 'node:async_hooks'

/** Something that a scope may give back. */
export interface Scoped {
  release(): void
}

/** The objects made in one scope, through any number of `await`s. */
export class Scope {
  readonly #owned = new Set<Scoped>()

  constructor(readonly outer: Scope | undefined) {}

  add(owned: Scoped): void {
    this.#owned.add(owned)
  }

  /** Release everything but `kept`, which passes to the scope around this one. */
  leave(kept: ReadonlySet<Scoped>): void {
    for (const owned of this.#owned) {
      if (kept.has(owned)) this.outer?.add(owned)
      else owned.release()
    }
    this.#owned.clear()
  }
}

const storage = new AsyncLocalStorage<Scope>()
let open = 0 // while it is 0 nobody pays for the look-up

export function currentScope(): Scope | undefined {
  return open === 0 ? undefined : storage.getStore()
}

/** Run `fn` in a scope; `keptBy` tells what its result keeps. */
export async function runScoped<T>(
  fn: () => T | PromiseLike<T>,
  keptBy: (result: T) => ReadonlySet<Scoped>,
): Promise<T> {
  const scope = new Scope(currentScope())
  open++
  let kept: ReadonlySet<Scoped> = new Set()
  try {
    const result = await storage.run(scope, async () => fn())
    kept = keptBy(result)
    return result
  } finally {
    open--
    scope.leave(kept)
  }
}
