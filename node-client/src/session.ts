/**
 * The ordered conversation with one worker (§4, §5): collects the ops of a tick into programs, chooses slots, keeps who
 * waits for which result, and gives slots back. Every ending settles everything pending, through `end`.
 */

import { Calls, callAround, innermostCall, type Call } from './calls.js'
import { Decoder, Encoder } from './codec.js'
import { Body } from './body.js'
import {
  FrameError,
  Gone,
  LimitExceeded,
  PolyloomError,
  PythonError,
  UsageError,
  ValueRefused,
  WorkerLost,
  homeward,
} from './errors.js'
import { Exposed } from './exposed.js'
import type { Body as FrameBody, Frame } from './frames.js'
import { REMOTE, newId } from './handle.js'
import { Reference, callsOf, type Entry, type Line, type Live, type Owned, type Site } from './line.js'
import type { OPS, Pulling } from './ops.js'
import { Program, type Pull } from './program.js'
import { Returns } from './returns.js'
import type { Settings } from './settings.js'
import { atEndOfTick } from './tick.js'
import { isAfter } from './transport/transport.js'

const PROGRAM_OPS = 512 // after these a program is sent, so that the host begins early
const PROGRAM_TEXT = 1 << 20 // UTF-16 units, likewise
const PROGRAM_ATTACHMENTS = 1024

export class Session {
  readonly id = newId()
  readonly encoder: Encoder
  #line: Line
  #live: Live
  #program: Program | undefined
  #body: Body | undefined // of the map that is being recorded: it takes the ops
  #programs = 0
  #slots = 0
  #encoding = 0 // ops being encoded; more than one where a getter of an argument makes a call
  #urgent = false // what is added now does not wait for room
  #pending = new Map<number, Program>()
  readonly #exposed = new Exposed()
  readonly #calls = new Calls(this, this.#exposed)
  readonly #raised = new WeakMap<WeakKey, Pull>() // Python errors to whose op raised them; their slots are held as long
  #pull: Pull | undefined // whose result is being decoded
  #at = 0 // its index
  readonly #liveBeside = (slot: number, type: string, identity: number): unknown => {
    const pull = this.#pull
    return slot === pull?.slot ? pull.live(type, identity) : this.#live(this, slot, type, identity, pull)
  }
  #sites = 0 // call sites kept in this tick
  #made: Owned[] = [] // by ops that are not sent yet
  #returns = new Returns(() => {
    if (this.#pending.size >= this.settings.inFlight) return // the next program takes them along
    this.begin()
    this.flush()
  })
  #failure: PolyloomError | undefined // of an op with slot 0, to be told to the next pull
  #ended: PolyloomError | undefined

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
    const within = callAround(this)
    const program = this.#program
    const closed = program !== undefined && (program.within !== within || (this.#encoding === 0 && isFull(program)))
    if (closed) this.#send()
    if (this.#program) return this.#program
    if (within === undefined && !this.#urgent) this.#checkRoom()
    if (!closed) atEndOfTick(() => this.flush())
    return (this.#program = new Program(this.id, ++this.#programs, within, innermostCall()))
  }

  /** Add an op that fills a new slot and return the slot. `write` gives what follows the slot in the op. */
  add(name: (typeof OPS)[number], write: (encoder: Encoder) => string): number {
    const tail = this.#write(write)
    const slot = ++this.#slots
    ;(this.#body ?? this.begin()).add(`["${name}",${slot},${tail}]`)
    return slot
  }

  /** Add an op that nobody can ask about; its failure is told to the next pull (§6.1), with the site of `entry`. */
  addSilent(name: (typeof OPS)[number], write: (encoder: Encoder) => string, entry: Entry): void {
    if (this.#body) return void this.add(name, write)
    const tail = this.#write(write)
    this.begin().addSilent(`["${name}",0,${tail}]`, this.site(entry))
  }

  /** Return the wire text of a map's item slot, body and value (§5.6); `run` gets the slot and gives the value. */
  record(run: (slot: number) => unknown): string {
    const around = this.#body
    const body = (this.#body = new Body())
    try {
      const slot = ++this.#slots
      const value = this.encoder.encode(run(slot))
      return `${slot},[${body.text}],${value}`
    } finally {
      this.#body = around
      body.end()
    }
  }

  /** Let the op of a slot be given up while it runs (§5.8). */
  guard(slot: number): void {
    if (!this.#body) this.#program?.guarded.push(slot)
  }

  /** Give up the op of a slot, sent or not. */
  cancel(slot: number): void {
    if (!this.#ended)
      this.#line.send({ text: `{"t":"cancel","session":"${this.id}","slots":[${slot}]}`, attachments: [] })
  }

  /** Run something whose ops belong before the map that is being recorded, if one is. */
  outside<T>(run: () => T): T {
    const around = this.#body
    this.#body = undefined
    try {
      return run()
    } finally {
      this.#body = around
    }
  }

  /** Ask for the object in a slot; failures go to the pull, never to the caller. */
  pull(mode: Pulling, pull: Pull): void {
    try {
      if (this.#body) throw new UsageError('nothing can be awaited inside the callback of map')
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
    if (this.#body) this.#body.own(owner)
    else this.#made.push(owner)
  }

  /** Have a slot given back once its owner is garbage. */
  track(owner: Owned): void {
    this.#returns.track(owner)
  }

  /** Give a slot back with the next program, or soon. */
  release(slot: number): void {
    this.#returns.add(slot)
  }

  /** Send what the tick has collected. */
  flush(): void {
    for (const owner of this.#made) if (!owner.awaited) this.track(owner)
    this.#made = []
    this.#sites = 0
    if (this.#program) this.#send()
  }

  /** Take the reply to a program. */
  reply(body: FrameBody, frame: Frame): void {
    const { n, results, failed } = body
    const program = this.#pending.get(n as number)
    if (!program || program.waiting) return // sent twice (§8.4)
    program.waiting = new Map()
    if (!Array.isArray(results) || results.length !== program.pulls.length) {
      const found = Array.isArray(results) ? results.length : 'no'
      const error = new FrameError(`a reply has ${found} results where ${program.pulls.length} were asked for`)
      program.waiting = undefined
      throw error
    }
    const decoder = this.#decoder(frame)
    this.#at = 0
    try {
      const victim = this.#blame(program, decoder, Array.isArray(failed) ? failed : [])
      this.#settle(program, results.entries(), victim, decoder)
    } catch (error) {
      // A reply that cannot be read ends the conversation, and with it those who were not reached.
      for (let at = this.#at; at < program.pulls.length; at++) program.waiting.set(at, program.pulls[at]!)
      throw error
    }
    this.#exposed.account(body, program.named)
  }

  /** Take results that come after the reply (§5.7). */
  late(body: FrameBody, frame: Frame): void {
    const program = this.#pending.get(body['n'] as number)
    const { results } = body
    if (!program?.waiting) return // sent twice
    if (!Array.isArray(results)) throw new FrameError('a late frame has an array of results')
    const awaited = (results as [number, unknown][]).filter(([at]) => program.waiting!.has(at))
    this.#settle(program, awaited, -1, this.#decoder(frame))
    this.#exposed.account(body)
  }

  /** The wire text of an error that a context is left with (§5.9). */
  thrown(error: unknown): string {
    const said = this.#calls.thrown(error)
    const pull = this.#raised.get(error as WeakKey)
    return pull ? `{"slot":${pull.slot},${said.slice(1)}` : said
  }

  /** Add ops however many programs have no answer yet. */
  urgent<T>(run: () => T): T {
    this.#urgent = true
    try {
      return run()
    } finally {
      this.#urgent = false
    }
  }

  /** Answer what Python asks of an object of this client (§12.3). */
  call(body: FrameBody, frame: Frame): void {
    this.#line.began()
    void this.#calls.take(body, this.#decoder(frame), this.#pending.get(body['n'] as number)?.around).finally(() => {
      if (!this.#ended) this.#line.answered(1)
    })
    this.#exposed.account(body)
  }

  /** Send the answer to a call, after the programs that were made in it. */
  answer(call: Call, write: (encoder: Encoder) => string): void {
    if (this.#ended) return
    const attachments: Uint8Array[] = []
    const named: number[] = []
    const outcome = this.#into(attachments, named, write)
    call.answered = true
    this.flush()
    this.#exposed.answer(call.number, named)
    this.#line.send({ text: `{"t":"answer","session":"${this.id}","call":${call.number},${outcome}}`, attachments })
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
    this.#returns.end()
    this.#exposed.clear()
    if (this.#failure) process.emitWarning(`an assignment failed and nobody was told: ${this.#failure.message}`)
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    this.#line.answered(pending.length)
    this.#line.closed(this)
    for (const program of pending) failAll(program.unanswered, lossOf(error, program.receipt, fence))
    failAll(this.#program?.pulls ?? [], lossOf(error, undefined, fence, false))
    this.#program = undefined
    this.#made = []
  }

  #write(write: (encoder: Encoder) => string): string {
    const { attachments, named } = this.begin()
    return this.#into(attachments, named, write)
  }

  /** Write a text whose attachments and exposed objects are noted there; what fails leaves nothing behind. */
  #into(attachments: Uint8Array[], named: number[], write: (encoder: Encoder) => string): string {
    const before = { attachments: this.encoder.attachments, named: this.#exposed.named }
    const marks = { attachments: attachments.length, named: named.length }
    this.encoder.attachments = attachments
    this.#exposed.named = named
    this.#encoding++
    try {
      const text = write(this.encoder)
      const limit = this.settings.limits.frameBytes - 2 * PROGRAM_TEXT
      if (text.length > limit)
        throw new LimitExceeded(`frame_bytes: an op of ${text.length} characters is above ${limit}`)
      return text
    } catch (error) {
      attachments.length = marks.attachments
      this.#exposed.withdraw(marks.named)
      throw error
    } finally {
      this.#encoding--
      this.encoder.attachments = before.attachments
      this.#exposed.named = before.named
    }
  }

  #decoder(frame: Frame): Decoder {
    return new Decoder(frame.attachments, this.#liveBeside, this.settings.limits, this.#exposed)
  }

  #checkRoom(): void {
    const { inFlight } = this.settings
    if (this.#pending.size < inFlight) return
    const hint = 'await some of them first; the option inFlight of connect() moves the limit'
    throw new LimitExceeded(`in_flight: ${this.#pending.size} programs of this session have no answer yet`, { hint })
  }

  #refer(value: object): string | undefined {
    const node = (value as { [REMOTE]?: unknown })[REMOTE]
    if (!(node instanceof Reference)) return this.#exposed.name(value)
    if (node.session === this) return node.argument()
    throw new ValueRefused('a Remote of another session has no meaning here', { hint: 'await it and send its value' })
  }

  #send(): void {
    const program = this.#program!
    this.#program = undefined
    const returned = this.#returns.take()
    if (returned) program.add(returned)
    this.#pending.set(program.n, program)
    this.#line.began()
    this.#line.send(program.seal(this.#line.ack))
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
    this.#line.answered(1)
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

function isFull(program: Program): boolean {
  const { ops, text, attachments } = program
  return ops >= PROGRAM_OPS || text.length >= PROGRAM_TEXT || attachments.length >= PROGRAM_ATTACHMENTS
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

function failAll(pulls: Iterable<Pull>, error: Error): void {
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
