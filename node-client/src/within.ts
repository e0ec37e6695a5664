/** `within`: a function inside a context manager of Python, which is left exactly once (§5.9). */

import type { CallOptions } from './arguments.js'
import { Node, needNode } from './node.js'
import type { Remote } from './remote.js'
import type { Entry, Site } from './site.js'
import type { SlotNode } from './slot.js'

/** With any of them, or none in `{}`, the body begins when the manager is entered. `timeout` and `signal` are for entering. */
export interface WithinOptions extends CallOptions {
  /** `async with`: the manager is awaited in Python. */
  readonly async?: boolean
}

/**
 * Enter a context manager, run `body` with what that gives, and leave it, whatever becomes of the body. Without options `body`
 * begins at once: what it asks for travels with the `enter`, and is asked for even if that fails. An error that it throws goes
 * to `__exit__`: the Python exception itself where it is one, else a `JSError`. If the manager deals with it the result is
 * undefined, else the same error is thrown.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only Python knows what the manager gives
export async function within<T, V = any>(
  manager: Remote,
  body: (value: Remote<V>) => T | PromiseLike<T>,
  options?: WithinOptions,
): Promise<T | undefined> {
  const context = new Context(needNode(manager), within, options?.async ?? false, options)
  if (options) await context.entered()
  let result: T
  try {
    result = await body(context.value as Remote<V>)
  } catch (error) {
    if (await context.leave({ error })) return undefined
    throw error
  }
  await context.leave()
  return result
}

/** A context that is open until `leave`. */
class Context {
  readonly #entered: SlotNode
  readonly #slot: number
  readonly #site: Site | undefined

  /** `asynchronous` undefined: as the manager is. */
  constructor(manager: Node, from: Entry, asynchronous?: boolean, { signal, timeout }: CallOptions = {}) {
    const label = `within(${manager.label})`
    const write = (): string => manager.target() + (asynchronous === undefined ? '' : `,${asynchronous}`)
    const limits = signal || timeout !== undefined ? { signal, timeout } : undefined
    this.#site = manager.session.sites.capture(from)
    this.#entered = manager.make('enter', label, write, this.#site ?? {}, limits)
    this.#slot = this.#entered.slot // its Remote may move to another one, or give it back
  }

  get value(): Remote {
    return this.#entered.remote
  }

  /** Wait until it is entered, and give what came of it; if that cannot be had it is left. */
  async entered(): Promise<unknown> {
    try {
      return await this.#entered.result()
    } catch (error) {
      await this.leave({ error }).catch(() => undefined) // Python may have entered it all the same
      throw error
    }
  }

  /** Leave it, and tell whether the manager has dealt with the error. */
  async leave(thrown?: { readonly error: unknown }): Promise<boolean> {
    const { session, label } = this.#entered
    if (session.ended) throw thrown ? thrown.error : session.ended // the host leaves it
    const write = (): string => {
      session.uses?.add(this.#slot)
      return thrown ? `${this.#slot},${session.thrown(thrown.error)}` : String(this.#slot)
    }
    const left = session.urgent(() => this.#entered.make('exit', label, write, this.#site ?? {}))
    return (await left.result()) === true
  }
}

// The Lisp runtime asks the node behind a Remote to be entered.
function enter(this: Node): Context {
  return new Context(this, enter)
}

Object.assign(Node.prototype, { enter })
