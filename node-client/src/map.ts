/** `map`: a function over a remote iterable, in one round trip. It runs here once, on what stands for every item (§5.6). */

import { OPTS, type Options } from './arguments.js'
import { LimitExceeded, UsageError, ValueRefused } from './errors.js'
import { Node, needNode, nodeOf } from './node.js'
import type { Remote } from './remote.js'
import { SlotNode } from './slot.js'

/**
 * The list of what `fn` returns for each item. `fn` is synchronous and is called once, so it cannot ask what an item is:
 * comparing one, or making text of it, throws. Only `if (x)` cannot be noticed: use `op` and Python's own functions.
 */
export function map(remote: Remote, fn: (item: Remote) => unknown, options?: Options): Remote {
  const node = needNode(remote)
  const write = (): string => `${node.target()},${record(node, fn)}`
  return node.make('map', `map(${node.label})`, write, map, options?.[OPTS]).remote
}

function record(node: Node, fn: (item: Remote) => unknown): string {
  try {
    return node.session.record((slot) => once(node, slot, fn))
  } catch (error) {
    throw error instanceof ValueRefused || error instanceof LimitExceeded ? error.rooted('$.value') : error
  }
}

function once(node: Node, slot: number, fn: (item: Remote) => unknown): unknown {
  const result = fn(SlotNode.made(node.session, slot, 'item', undefined).remote)
  if (!nodeOf(result) && isThenable(result)) {
    result.then(undefined, () => undefined) // it is refused here, whatever becomes of it
    throw new UsageError('the callback of map is synchronous', { hint: 'it gets no values, only what stands for them' })
  }
  if (typeof result === 'function' && !nodeOf(result))
    throw new UsageError('the callback of map gave a function', { hint: 'it returns what stands for a value' })
  return result
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
