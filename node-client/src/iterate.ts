/** Iteration over Remotes, a chunk of items in each round trip. */

import { UsageError } from './errors.js'
import { Node, SYMBOLS, needNode, type Remote } from './remote.js'

const CHUNK = 128

export interface IterateOptions {
  /** Items in one round trip, at most. The iterator runs ahead of the loop by less than that. */
  readonly chunk?: number
}

/**
 * Iterate over any Python iterable. Items before an exception come first; leaving the loop early gives the iterator
 * back, so that a generator's `finally` runs.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only Python knows the items
export async function* iterate<T = any>(
  remote: Remote,
  { chunk = CHUNK }: IterateOptions = {},
): AsyncGenerator<T, void> {
  if (!Number.isSafeInteger(chunk) || chunk < 1) throw new UsageError(`chunk is an integer from 1, not ${chunk}`)
  const node = needNode(remote)
  const iterator = node.make('iter', `iter(${node.label})`, () => node.target(), iterate)
  try {
    for (let done = false; !done;) {
      const part = iterator.make('next', `next(${node.label})`, () => `${iterator.target()},${chunk}`, iterate)
      const { items, done: last } = (await part.result()) as { items: T[]; done: boolean }
      part.release()
      yield* items
      done = last
    }
  } finally {
    iterator.release()
  }
}

function asyncIterator(this: Remote): AsyncGenerator {
  return iterate(this)
}

SYMBOLS.set(Symbol.asyncIterator, asyncIterator)

// The Lisp runtime asks the node behind a Remote to iterate.
Object.assign(Node.prototype, {
  iterate(this: Node, options: IterateOptions): AsyncGenerator {
    return iterate(this.remote, options)
  },
})
