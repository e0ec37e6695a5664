/**
 * The ordered conversation with one worker (§4, §5): collects the ops of a tick into programs, chooses slots, keeps who
 * waits for which result, and gives slots back. Every ending settles everything pending, through `end`.
 */

import { Decoder, Encoder } from './codec.js'
import { FrameError, Gone, LimitExceeded, PolyloomError, UsageError, ValueRefused, WorkerLost } from './errors.js'
import type { Body, Frame } from './frames.js'
import { REMOTE, newId } from './handle.js'
import type { Mode, OPS } from './ops.js'
import { Program, type Pull } from './program.js'
import type { Settings } from './settings.js'
import { atEndOfTick } from './tick.js'
import { isAfter } from './transport/transport.js'

const PROGRAM_OPS = 512 // after these a program is sent, so that the host begins early
const PROGRAM_TEXT = 1 << 20 // UTF-16 units, likewise
const PROGRAM_ATTACHMENTS = 1024
const RELEASE_DELAY_MS = 100 // how long slots to be given back wait for a program that takes them along
const RELEASE_BATCH = 1000 // slots that are given back at once

/** What stands behind a Remote, as far as a session knows it. */
export abstract class Reference {
  abstract readonly session: Session
  /** The wire text of this Remote as an argument. */
  abstract argument(): string
}

/** A slot that the garbage collector may give back. */
export interface Owned {
  readonly slot: number
  readonly awaited: boolean
}

/** The function that the user called. */
export type Entry = (...given: never[]) => unknown

/** Where a call was made. */
export interface Site {
  stack?: string // formatted by V8 only when it is read
}

/** What a session needs from the conversation it is part of. */
export interface Line {
  readonly worker: string
  readonly settings: Settings
  readonly ack: string | undefined
  send(frame: Frame): void
  began(): void
  answered(count: number): void
  fail(error: PolyloomError): void
  closed(session: Session): void
}

/** Makes the Remote of a handle that came inside data. */
export type Live = (session: Session, slot: number, type: string, identity: number, beside: Pull) => unknown

export class Session {
  readonly id = newId()
  readonly encoder: Encoder
  #line: Line
  #live: Live
  #program: Program | undefined
  #programs = 0
  #slots = 0
  #encoding = 0 // ops being encoded; more than one where a getter of an argument makes a call
  #pending = new Map<number, Program>()
  #sites = 0 // call sites kept in this tick
  #made: Owned[] = [] // by ops that are not sent yet
  #released: number[] = []
  #sweep: NodeJS.Timeout | undefined
  #failure: PolyloomError | undefined // of an op with slot 0, to be told to the next pull
  #ended: PolyloomError | undefined
  #registry = new FinalizationRegistry<number>((slot) => this.release(slot))

  constructor(line: Line, live: Live) {
    this.#line = line
    this.#live = live
    this.encoder = new Encoder((value) => this.#refer(value), line.settings.limits)
    line.send({ text: `{"t":"open","session":"${this.id}"}`, attachments: [] })
  }

  get worker(): string {
    return this.#line.worker
  }

  get settings(): Settings {
    return this.#line.settings
  }

  get ended(): PolyloomError | undefined {
    return this.#ended
  }

  /** Open the program of this tick, whose attachments the encoder collects, and count a use of it until `add`. */
  begin(): Program {
    if (this.#ended) throw this.#ended
    const full = this.#program !== undefined && this.#encoding === 0 && isFull(this.#program)
    if (full) this.#send()
    if (this.#program) return this.#program
    this.#program = new Program(this.id, ++this.#programs)
    this.encoder.attachments = this.#program.attachments
    if (!full) atEndOfTick(() => this.flush())
    return this.#program
  }

  /** Add an op that fills a new slot and return the slot. `write` gives what follows the slot in the op. */
  add(name: (typeof OPS)[number], write: (encoder: Encoder) => string): number {
    const tail = this.#write(write)
    const slot = ++this.#slots
    this.begin().add(`["${name}",${slot},${tail}]`)
    return slot
  }

  /** Add an op that nobody can ask about; its failure is told to the next pull (§6.1). */
  addSilent(name: (typeof OPS)[number], write: (encoder: Encoder) => string): void {
    const tail = this.#write(write)
    const program = this.begin()
    program.add(`["${name}",0,${tail}]`)
    program.markSilent()
  }

  /** Ask for the object in a slot; failures go to the pull, never to the caller. */
  pull(mode: Mode, pull: Pull): void {
    try {
      this.begin().pull(mode, pull)
    } catch (error) {
      pull.fail(error as Error)
    }
  }

  /** Capture where `entry` was called, for the first calls of a tick. */
  site(entry: Entry): Site | undefined {
    if (this.#sites >= this.settings.callSites) return undefined
    this.#sites++
    const site: Site = {}
    Error.captureStackTrace(site, entry)
    return site
  }

  /** Have a slot given back once its owner is garbage, unless it is awaited in this tick. */
  made(owner: Owned): void {
    this.#made.push(owner)
  }

  /** Have a slot given back once its owner is garbage. */
  track(owner: Owned): void {
    this.#registry.register(owner, owner.slot)
  }

  /** Give a slot back with the next program, or soon. */
  release(slot: number): void {
    if (this.#ended) return
    if (this.#released.push(slot) >= RELEASE_BATCH) this.#giveBack()
    else this.#sweep ??= unref(setTimeout(() => this.#giveBack(), RELEASE_DELAY_MS))
  }

  /** Send what the tick has collected. */
  flush(): void {
    for (const owner of this.#made) if (!owner.awaited) this.track(owner)
    this.#made = []
    this.#sites = 0
    if (this.#program) this.#send()
  }

  /** Take the reply to a program. */
  reply(body: Body, frame: Frame): void {
    const { n, results, failed } = body
    const program = this.#pending.get(n as number)
    if (!program) return // sent twice (§8.4)
    this.#pending.delete(program.n)
    this.#line.answered(1)
    if (!Array.isArray(results) || results.length !== program.pulls.length) {
      const found = Array.isArray(results) ? results.length : 'no'
      const error = new FrameError(`a reply has ${found} results where ${program.pulls.length} were asked for`)
      failAll(program.pulls, error)
      this.#line.fail(error)
      return
    }
    this.#settle(program, results, Array.isArray(failed) ? failed : [], frame)
  }

  /** Send what is collected and close the session; what is pending is rejected. */
  close(): void {
    if (this.#ended) return
    this.flush()
    this.#line.send({ text: `{"t":"close","session":"${this.id}"}`, attachments: [] })
    this.end(new Gone('the session was closed', { code: 'SessionClosed' }))
  }

  /** End the session; everything pending is rejected with the error. The one way out. */
  end(error: PolyloomError, fence?: string): void {
    if (this.#ended) return
    this.#ended = error
    clearTimeout(this.#sweep)
    if (this.#failure) process.emitWarning(`an assignment failed and nobody was told: ${this.#failure.message}`)
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    this.#line.answered(pending.length)
    this.#line.closed(this)
    for (const program of pending) failAll(program.pulls, lossOf(error, program.receipt, fence))
    failAll(this.#program?.pulls ?? [], lossOf(error, undefined, fence, false))
    this.#program = undefined
    this.#made = []
    this.#released = []
  }

  #write(write: (encoder: Encoder) => string): string {
    const { attachments } = this.begin()
    const mark = attachments.length
    this.#encoding++
    try {
      const text = write(this.encoder)
      const limit = this.settings.limits.frameBytes - 2 * PROGRAM_TEXT
      if (text.length > limit)
        throw new LimitExceeded(`frame_bytes: an op of ${text.length} characters is above ${limit}`)
      return text
    } catch (error) {
      attachments.length = mark
      throw error
    } finally {
      this.#encoding--
    }
  }

  #refer(value: object): string | undefined {
    const node = (value as { [REMOTE]?: unknown })[REMOTE]
    if (!(node instanceof Reference)) return undefined
    if (node.session === this) return node.argument()
    throw new ValueRefused('a Remote of another session has no meaning here', { hint: 'await it and send its value' })
  }

  #send(): void {
    const program = this.#program!
    this.#program = undefined
    if (this.#released.length) {
      program.add(`["release",${this.#released.join()}]`)
      this.#released = []
    }
    this.#pending.set(program.n, program)
    this.#line.began()
    this.#line.send(program.seal(this.#line.ack))
  }

  #giveBack(): void {
    clearTimeout(this.#sweep)
    this.#sweep = undefined
    if (!this.#released.length || this.#ended) return
    this.begin()
    this.flush()
  }

  #settle(program: Program, results: unknown[], failed: unknown[], frame: Frame): void {
    let pull!: Pull
    const live = (slot: number, type: string, identity: number): unknown =>
      slot === pull.slot ? pull.live(type, identity) : this.#live(this, slot, type, identity, pull)
    const decoder = new Decoder(frame.attachments, live, this.settings.limits)
    let at = 0
    try {
      const victim = this.#blame(program, decoder, failed)
      for (; at < results.length; at++) {
        pull = program.pulls[at]!
        const value = decoder.decode(results[at])
        const failure = at === victim ? this.#takeFailure() : value
        if (failure instanceof PolyloomError) pull.fail(failure)
        else pull.settle(value)
      }
    } catch (error) {
      const fault = error instanceof PolyloomError ? error.rooted(`$.results[${at}]`) : new UsageError(String(error))
      failAll(program.pulls.slice(at), fault)
      this.#line.fail(fault)
    }
  }

  /** Keep the first failure of an op with slot 0 and return the number of the pull to be told, if it is in this program. */
  #blame(program: Program, decoder: Decoder, failed: unknown[]): number {
    const carried = this.#failure !== undefined
    if (!carried && failed.length) {
      const error = decoder.decode(failed[0])
      this.#failure =
        error instanceof PolyloomError ? error : new FrameError('"failed" lists something that is no error')
    }
    return this.#failure ? (carried ? 0 : Math.max(0, program.silentAt)) : -1
  }

  #takeFailure(): PolyloomError | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }
}

function isFull(program: Program): boolean {
  const { ops, text, attachments } = program
  return ops >= PROGRAM_OPS || text.length >= PROGRAM_TEXT || attachments.length >= PROGRAM_ATTACHMENTS
}

function failAll(pulls: readonly Pull[], error: Error): void {
  for (const pull of pulls) pull.fail(error)
}

/** The error for one program: where a worker is lost, it says whether the program may have begun (§8.2). */
function lossOf(
  error: PolyloomError,
  receipt: string | undefined,
  fence: string | undefined,
  sent = true,
): PolyloomError {
  if (!(error instanceof WorkerLost)) return error
  const loss = new WorkerLost(error.detail, { hint: error.hint })
  loss.started = sent && !(receipt !== undefined && fence !== undefined && isAfter(receipt, fence))
  return loss
}

function unref(timer: NodeJS.Timeout): NodeJS.Timeout {
  return timer.unref()
}
