/** Iteration over Remotes, a chunk of items in each round trip. */

import type { CallOptions } from './arguments.js'
import { PythonError, UsageError } from './errors.js'
import { Node, SYMBOLS, needNode } from './node.js'
import type { Remote } from './remote.js'
import type { SlotNode } from './slot.js'

const CHUNK = 128

/** `signal` ends the loop; `timeout` is for each round trip. */
export interface IterateOptions extends CallOptions {
  /** Items in one round trip, at most. The iterator runs ahead of the loop by less than that. */
  readonly chunk?: number
}

/**
 * Iterate over any Python iterable. Items before an exception come first. Leaving the loop early closes a generator:
 * its `finally` has run, and what it raises is thrown, before the loop is left.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only Python knows the items
export async function* iterate<T = any>(remote: Remote, options: IterateOptions = {}): AsyncGenerator<T, void> {
  const { chunk = CHUNK } = options
  if (!Number.isSafeInteger(chunk) || chunk < 1) throw new UsageError(`chunk is an integer from 1, not ${chunk}`)
  const node = needNode(remote)
  const iterator = node.make('iter', `iter(${node.label})`, () => node.target(), iterate)
  let open = true
  try {
    while (open) {
      const { items, done } = await take<T>(iterator, chunk, options).catch((error: unknown) => {
        open = false
        if (!(error instanceof PythonError)) close(iterator) // late, or aborted: it waits for nothing more
        throw error
      })
      yield* items
      open = !done
    }
  } finally {
    if (open) await close(iterator)?.result()
    iterator.release()
  }
}

interface Part<T> {
  readonly items: readonly T[]
  readonly done: boolean
}

async function take<T>(iterator: SlotNode, chunk: number, options: CallOptions): Promise<Part<T>> {
  const { label } = iterator
  const part = iterator.make('next', `next(${label})`, () => `${iterator.target()},${chunk}`, iterate, options)
  try {
    return (await part.result()) as Part<T>
  } finally {
    part.release()
  }
}

function close(iterator: SlotNode): SlotNode | undefined {
  if (iterator.session.ended) return undefined
  return iterator.make('close', `close(${iterator.label})`, () => iterator.target(), iterate)
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
