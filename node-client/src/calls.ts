/** Calls that Python makes of functions and exposed objects (§12.3), and what a program needs to know of them. */

import { AsyncLocalStorage } from 'node:async_hooks'

import { writeValue } from './arguments.js'
import type { Decoder, Encoder } from './codec.js'
import type { Exposed } from './exposed.js'
import { MISSING, perform } from './exposure.js'
import type { Body } from './frames.js'

/** A call that this client answers. Programs made by what it runs belong to it (§12.5). */
export class Call {
  answered = false

  constructor(
    readonly session: object,
    readonly number: number,
    readonly outer: Call | undefined, // that the program which asks was made in, perhaps in another session
    readonly waits: number, // the program that waits for it, and those after it with it; 0 where none does
  ) {}
}

const storage = new AsyncLocalStorage<Call>()
let open = 0 // while it is 0 nobody pays for the look-up

/** The number of the call of a session inside which this is asked. */
export function callAround(session: object): number | undefined {
  if (open === 0) return undefined
  for (let call = storage.getStore(); call; call = call.outer)
    if (call.session === session && !call.answered) return call.number
  return undefined
}

/**
 * Tell whether a program waits, and for how long, for the call inside which this is asked: one that is at work has the results
 * of its ops up to here already, a later one has none.
 */
export function waitingForCall(session: object, program: Waiting): 'at work' | 'later' | undefined {
  for (let call = open ? storage.getStore() : undefined; call; call = call.outer) {
    if (call.session !== session || call.answered || !call.waits) continue
    if (program.within === call.number) return undefined
    if (program.n === call.waits) return 'at work'
    if (program.waits(call.waits)) return 'later'
  }
  return undefined
}

/** A program without an answer: its number, and the call that it was made in. */
interface Waiting {
  readonly n: number
  readonly within: number | undefined
  /** Tell whether it waits for the end of program `n`. */
  waits(n: number): boolean
}

/** The innermost call inside which this is asked, of whichever session. */
export function innermostCall(): Call | undefined {
  return open === 0 ? undefined : storage.getStore()
}

/** What answers need of their session. */
interface Asked {
  /** Send what `write` gives as the answer to a call, after the programs that were made in it. */
  answer(call: Call, write: (encoder: Encoder) => string): void
}

/** The calls of one session. */
export class Calls {
  #upTo = 0 // all calls up to here have come
  readonly #beyond = new Set<number>() // and these, which overtook others

  constructor(
    readonly session: Asked,
    readonly exposed: Exposed,
  ) {}

  /** Do what Python asks of an object of this client, and answer it. */
  async take({ call: number, id, do: what, n, waits }: Body, decoder: Decoder, outer: Call | undefined): Promise<void> {
    if (typeof number !== 'number' || number <= this.#upTo || this.#beyond.has(number)) return // sent twice (§8.4)
    this.#beyond.add(number)
    while (this.#beyond.delete(this.#upTo + 1)) this.#upTo++
    const call = new Call(this.session, number, outer, waits === true ? (n as number) : 0)
    open++
    try {
      await storage.run(call, () => this.#answer(call, () => perform(this.exposed.find(id), what, decoder)))
    } finally {
      open--
    }
  }

  async #answer(call: Call, run: () => unknown): Promise<void> {
    try {
      const result = await run()
      const write = (encoder: Encoder): string => `"value":${writeValue(encoder, result, '$.result')}`
      this.session.answer(call, result === MISSING ? () => '"missing":true' : write)
    } catch (error) {
      this.session.answer(call, () => `"error":${this.thrown(error)}`)
    }
  }

  /** The wire text of an error (§12.3). */
  thrown(error: unknown): string {
    const known = error instanceof Error ? error : new Error(String(error))
    const [name, message, stack] = [known.name, known.message, known.stack ?? ''].map((text) => JSON.stringify(text))
    return `{"name":${name},"message":${message},"stack":${stack},"thrown":${this.exposed.thrown(error)}}`
  }
}
