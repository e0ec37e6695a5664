/** The programs of a session that have no answer yet, and what becomes of their results (§6). */

import { Decoder } from './codec.js'
import { FrameError, LimitExceeded, PolyloomError, PythonError, ValueRefused, WorkerLost, homeward } from './errors.js'
import type { Exposed } from './exposed.js'
import type { Body, Frame } from './frames.js'
import type { Limits } from './limits.js'
import { giveBack } from './loan.js'
import type { Program, Pull } from './program.js'
import { callsOf } from './site.js'
import { isAfter } from './transport/transport.js'

/** Makes the Remote of a handle inside the data of a result. */
type Beside = (slot: number, type: string, identity: number, beside: Pull | undefined) => unknown

export class Replies {
  readonly #pending = new Map<number, Program>()
  readonly #raised = new WeakMap<WeakKey, Pull>() // Python errors to whose op raised them; their slots are held as long
  #pull: Pull | undefined // whose result is being decoded
  #at = 0 // its index
  #failure: PolyloomError | undefined // of an op with slot 0, to be told to the next pull
  readonly #live = (slot: number, type: string, identity: number): unknown => {
    const pull = this.#pull
    return slot === pull?.slot ? pull.live(type, identity) : this.beside(slot, type, identity, pull)
  }

  /** `over` is called when a program has its last result. */
  constructor(
    readonly beside: Beside,
    readonly exposed: Exposed,
    readonly limits: Limits,
    readonly over: (program: Program) => void,
  ) {}

  /** How many programs have no answer. */
  get size(): number {
    return this.#pending.size
  }

  /** Wait for the reply to a program. */
  add(program: Program): void {
    this.#pending.set(program.n, program)
  }

  get(n: unknown): Program | undefined {
    return this.#pending.get(n as number)
  }

  /** Return the slot of the op that raised an error, if it came from here. */
  slotOf(error: unknown): number | undefined {
    return this.#raised.get(error as WeakKey)?.slot
  }

  decoder(frame: Frame): Decoder {
    return new Decoder(frame.attachments, this.#live, this.limits, this.exposed)
  }

  /** Take the reply to a program. */
  reply(body: Body, frame: Frame): void {
    const { n, results, failed } = body
    const program = this.#pending.get(n as number)
    if (!program || program.waiting) return // sent twice (§8.4)
    if (!Array.isArray(results) || results.length !== program.pulls.length) {
      const found = Array.isArray(results) ? results.length : 'no'
      throw new FrameError(`a reply has ${found} results where ${program.pulls.length} were asked for`)
    }
    program.waiting = new Map()
    const decoder = this.decoder(frame)
    this.#at = 0
    try {
      const victim = this.#blame(program, decoder, Array.isArray(failed) ? failed : [])
      this.#settle(program, results.entries(), victim, decoder)
    } catch (error) {
      // A reply that cannot be read ends the conversation, and with it those who were not reached.
      for (let at = this.#at; at < program.pulls.length; at++) program.waiting.set(at, program.pulls[at]!)
      throw error
    }
    this.exposed.account(body, program.named)
    for (const [late, its] of program.early ?? []) this.late(late, its)
  }

  /** Take results that come after the reply (§5.7); where they overtook it, they wait for it. */
  late(body: Body, frame: Frame): void {
    const program = this.#pending.get(body['n'] as number)
    const { results } = body
    if (!program) return // sent twice
    if (!program.waiting) return void (program.early ??= []).push([body, frame])
    if (!Array.isArray(results)) throw new FrameError('a late frame has an array of results')
    const awaited = (results as [number, unknown][]).filter(([at]) => program.waiting!.has(at))
    this.#settle(program, awaited, -1, this.decoder(frame))
    this.exposed.account(body)
  }

  /** Reject everything, and return how many programs that were. */
  end(error: PolyloomError, fence?: string, begun?: number): number {
    if (this.#failure) process.emitWarning(`an assignment failed and nobody was told: ${this.#failure.message}`)
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const program of pending) {
      const loss = lossOf(error, mayHaveBegun(program, fence, begun))
      for (const pull of program.unanswered) pull.fail(loss)
      giveBack(program.loans)
    }
    return pending.length
  }

  /** Give results to those who wait for them, `victim` the failure of an assignment; the program has ended when none is left. */
  #settle(program: Program, results: Iterable<[number, unknown]>, victim: number, decoder: Decoder): void {
    const waiting = program.waiting!
    for (const [at, wire] of results) {
      const pull = (this.#pull = program.pulls[at]!)
      this.#at = at
      if (Array.isArray(wire) && wire[0] === 'pending') {
        waiting.set(at, pull)
        continue
      }
      const value = decoded(decoder, wire, at)
      waiting.delete(at)
      const failure = at === victim ? this.#takeFailure() : value
      if (failure instanceof PythonError && at !== victim) this.#raised.set(failure, pull)
      if (failure instanceof PolyloomError) pull.fail(homeward(failure))
      else pull.settle(value, typeof value === 'number' && typeof wire === 'object')
    }
    this.#pull = undefined // a Remote must not be kept by the session that it came from
    if (waiting.size) return
    this.#pending.delete(program.n)
    this.over(program)
  }

  /** Keep the first failure of an op with slot 0 and return the number of the pull to be told, if it is in this program. */
  #blame(program: Program, decoder: Decoder, failed: unknown[]): number {
    if (this.#failure) return 0
    if (!failed.length) return -1
    const [index, wire] = Array.isArray(failed[0]) ? (failed[0] as unknown[]) : []
    const error = decoder.decode(wire)
    if (!(error instanceof PolyloomError)) throw new FrameError('"failed" lists something that is no error')
    const silent = program.silent.get(index as number)
    this.#failure = error.at(callsOf(silent?.site))
    return silent?.pulls ?? 0
  }

  #takeFailure(): PolyloomError | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }
}

/** Return the value of one result; a well-formed one that has no place here is the failure of its own pull alone. */
function decoded(decoder: Decoder, wire: unknown, at: number): unknown {
  try {
    return decoder.decode(wire)
  } catch (error) {
    if (error instanceof LimitExceeded || (error instanceof ValueRefused && error.code === 'NotData'))
      return error.rooted(`$.results[${at}]`)
    throw error instanceof PolyloomError ? error.rooted(`$.results[${at}]`) : error
  }
}

/** The error for one program: where a worker is lost, it says whether the program may have begun. */
export function lossOf(error: PolyloomError, started: boolean): PolyloomError {
  if (!(error instanceof WorkerLost)) return error
  const loss = new WorkerLost(error.detail, { hint: error.hint })
  loss.started = started
  return loss
}

/** Told by the number of the last program that has begun (§4.3), or by the last entry that was taken (§8.2). */
function mayHaveBegun({ n, receipt, sealed }: Program, fence: string | undefined, begun: number | undefined): boolean {
  if (!sealed) return false
  if (begun !== undefined) return n <= begun
  return !(receipt !== undefined && fence !== undefined && isAfter(receipt, fence))
}
