/**
 * The ordered conversation with one worker (§4, §5): collects the ops of a tick into programs, chooses slots, keeps who
 * waits for which result, and gives slots back. Every ending settles everything pending, through `end`.
 */

import { Body } from './body.js'
import { Calls, callAround, innermostCall, type Call } from './calls.js'
import { Encoder } from './codec.js'
import { Gone, LimitExceeded, UsageError, type PolyloomError } from './errors.js'
import { Exposed } from './exposed.js'
import type { Body as FrameBody, Frame } from './frames.js'
import { newId } from './handle.js'
import { Lending } from './lending.js'
import { Reference, type Line, type Live, type Owned } from './line.js'
import { awaitedBy, giveBack, placesOf, type Loan } from './loan.js'
import type { OPS, Pulling } from './ops.js'
import { Order, type Manner } from './order.js'
import { Program, type Pull } from './program.js'
import { Replies, lossOf } from './replies.js'
import { Returns } from './returns.js'
import type { Settings } from './settings.js'
import { Sites, type Entry } from './site.js'
import { atEndOfTick } from './tick.js'
import { Writer } from './writer.js'

export class Session {
  readonly id = newId()
  readonly sites: Sites
  /** In a session with threads: the slots that the op which is being written uses. */
  uses: Set<number> | undefined
  readonly #order: Order | undefined
  readonly #line: Line
  readonly #replies: Replies
  #program: Program | undefined
  #body: Body | undefined // of the map that is being recorded: it takes the ops
  #programs = 0
  #slots = 0
  #sent = 0 // the last slot of the last program that was sent
  #urgent = false // what is added now does not wait for room
  readonly #writer: Writer
  readonly #exposed: Exposed
  readonly #calls: Calls
  #made: Owned[] = [] // by ops that are not sent yet
  #returns = new Returns(() => {
    if (this.#line.durable || this.#replies.size >= this.settings.inFlight) return // the next program takes them along
    if (!this.#order) this.begin()
    this.flush()
  })
  #ended: PolyloomError | undefined

  constructor(
    line: Line,
    live: Live,
    readonly threads = 1,
  ) {
    this.#line = line
    this.#writer = new Writer(this, line)
    this.#exposed = this.#writer.exposed
    this.#calls = new Calls(this, this.#exposed)
    this.sites = new Sites(line.settings.callSites)
    const beside: Replies['beside'] = (slot, type, identity, pull) => live(this, slot, type, identity, pull)
    this.#replies = new Replies(beside, this.#exposed, line.settings.limits, (program) => {
      line.answered(1)
      giveBack(program.loans)
    })
    if (threads > 1) this.#order = new Order()
    line.begun(this)
  }

  get encoder(): Encoder {
    return this.#writer.encoder
  }

  get lending(): Lending {
    return this.#writer.lending
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
    const closed = program !== undefined && (program.within !== within || (!this.#writer.busy && program.full))
    if (closed) this.#send()
    if (this.#program) return this.#program
    if (within === undefined && !this.#urgent) this.#checkRoom()
    if (!closed) atEndOfTick(() => this.flush())
    return (this.#program = this.#begin(within))
  }

  #begin(within: number | undefined): Program {
    return new Program(this.id, ++this.#programs, within, innermostCall())
  }

  /** Add an op that fills a new slot and return the slot. `write` gives what follows the slot in the op. */
  add(name: (typeof OPS)[number], write: (encoder: Encoder) => string): number {
    if (this.#order && !this.#body) return this.#addInOrder(this.#order, name, write)
    const tail = this.#write(write)
    const target = this.#body ?? this.#program ?? this.begin()
    const slot = ++this.#slots
    target.add(`["${name}",${slot},${tail}]`)
    return slot
  }

  #addInOrder(order: Order, name: (typeof OPS)[number], write: (encoder: Encoder) => string): number {
    const [program, tail] = this.#place(order, write, name === 'enter' || name === 'exit' ? 'barrier' : 'use')
    const slot = ++this.#slots
    program.add(`["${name}",${slot},${tail}]`)
    order.fill(slot, program, name === 'import')
    return slot
  }

  /** Add an op that nobody can ask about; its failure is told to the next pull (§6.1), with the site of `entry`. */
  addSilent(name: (typeof OPS)[number], write: (encoder: Encoder) => string, entry: Entry): void {
    if (this.#body) return void this.add(name, write)
    if (this.#order) {
      const [program, tail] = this.#place(this.#order, write, 'change')
      return program.addSilent(`["${name}",0,${tail}]`, this.sites.capture(entry))
    }
    const tail = this.#write(write)
    ;(this.#program ?? this.begin()).addSilent(`["${name}",0,${tail}]`, this.sites.capture(entry))
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
    if (!this.#body && this.#program) (this.#program.guarded ??= []).push(slot)
  }

  /** Never run the op of a slot twice (§15.5): one that was made in this tick. */
  once(slot: number): void {
    if (!this.#line.durable) return
    if (this.#body || !this.#program || slot <= this.#sent) {
      throw new UsageError('once() takes a call that was made in this tick')
    }
    ;(this.#program.once ??= []).push(slot)
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

  /** Ask for the object in a slot, and return the program that does; failures go to the pull, never to the caller. */
  pull(mode: Pulling, pull: Pull): Program | undefined {
    try {
      if (this.#body) throw new UsageError('nothing can be awaited inside the callback of map')
      const program = this.#order ? this.#join(this.#order, new Set([pull.slot]), 'use') : this.begin()
      program.pull(mode, pull)
      return program
    } catch (error) {
      pull.fail(error as Error)
      return undefined
    }
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

  /** Give a slot back with the next program, whenever that is: what is in it is small. */
  releaseSmall(slot: number): void {
    this.#returns.addSmall(slot)
  }

  /** Send what the tick has collected. */
  flush(): void {
    for (const owner of this.#made) if (!owner.awaited) this.track(owner)
    this.#made = []
    this.sites.renew()
    if (this.#order) this.#sendAll(this.#order)
    else if (this.#program) this.#send()
  }

  /** Take the reply to a program. */
  reply(body: FrameBody, frame: Frame): void {
    const program = this.#order && this.#replies.get(body['n'])
    this.#replies.reply(body, frame)
    if (program) this.#order.ended(program)
  }

  /** Take results that come after the reply (§5.7). */
  late(body: FrameBody, frame: Frame): void {
    this.#replies.late(body, frame)
  }

  /** The wire text of an error that a context is left with (§5.9). */
  thrown(error: unknown): string {
    if (this.#line.durable) return toldPlainly(error)
    const said = this.#calls.thrown(error)
    const slot = this.#replies.slotOf(error)
    if (slot === undefined) return said
    this.uses?.add(slot)
    return `{"slot":${slot},${said.slice(1)}`
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
    const outer = this.#replies.get(body['n'])?.around
    void this.#calls.take(body, this.#replies.decoder(frame), outer).finally(() => {
      if (!this.#ended) this.#line.answered(1)
    })
    this.#exposed.account(body)
  }

  /** Send the answer to a call, after the programs that were made in it. */
  answer(call: Call, write: (encoder: Encoder) => string): void {
    if (this.#ended) return
    const attachments: Uint8Array[] = []
    const mark = this.#exposed.mark
    const outcome = this.#writer.into(attachments, write)
    this.#exposed.answer(call.number, mark)
    call.answered = true
    this.flush()
    const loans = this.lending.take()
    this.#replies.get(call.waits)?.loans.push(...loans) // until the program that waits has ended, or this session
    const frame = { text: '', attachments }
    const seal = (): void => {
      frame.text = `{"t":"answer","session":"${this.id}","call":${call.number}${placesOf(loans)},${outcome}}`
    }
    this.#sendSealed(frame, loans, seal)
  }

  /** Lend an object to another session, at this point of the order, and have it sent before anybody can ask for it. */
  lend(node: Reference, borrower: Line, copied: boolean): Loan {
    node.lent() // or refuse
    if (this.#writer.busy) throw new UsageError('a getter of an argument cannot lend what its own session is sending')
    const slot = this.outside(() => this.add('lend', () => `${node.lent()}${copied ? ',true' : ''}`))
    const program = this.#program!
    const accepted = this.lending.accepted(program, borrower)
    if (this.#order) this.#sendAll(this.#order)
    else this.#send()
    return { lender: this, slot, n: program.n, accepted }
  }

  /** Send what is collected and close the session; what is pending is rejected. */
  close(): void {
    if (this.#ended) return
    this.flush()
    this.#line.send({ text: `{"t":"close","session":"${this.id}"}`, attachments: [] })
    this.end(new Gone('the session was closed', { code: 'SessionClosed' }))
  }

  /** End the session; everything pending is rejected with the error. The one way out. */
  end(error: PolyloomError, fence?: string, begun?: number): void {
    if (this.#ended) return
    this.#ended = error
    this.#returns.end()
    this.#exposed.clear()
    this.#line.answered(this.#replies.end(error, fence, begun))
    this.#line.closed(this)
    const unsent = lossOf(error, false)
    for (const program of this.#order?.take() ?? (this.#program ? [this.#program] : [])) {
      for (const pull of program.pulls) pull.fail(unsent)
      giveBack(program.loans)
    }
    this.lending.end()
    this.#program = undefined
    this.#made = []
  }

  #write(write: (encoder: Encoder) => string): string {
    if (this.#order && this.#body) return this.#writer.into(this.encoder.attachments, write) // a part of the op that is being written
    const program = this.begin()
    const text = this.#writer.into(program.attachments, write)
    this.#writer.takeLoans(program)
    return text
  }

  /** Write an op and return its program and its text. */
  #place(order: Order, write: (encoder: Encoder) => string, manner: Manner): [Program, string] {
    if (this.#ended) throw this.#ended
    if (!this.#urgent && callAround(this) === undefined) this.#checkRoom(order.open.length)
    const around = this.uses
    const uses = (this.uses = new Set())
    const attachments: Uint8Array[] = []
    const mark = this.#exposed.mark
    try {
      const text = this.#writer.into(attachments, write)
      const program = this.#join(order, uses, manner, attachments)
      this.#writer.takeLoans(program)
      const named = this.#exposed.take(mark)
      if (named) program.named = [...(program.named ?? []), ...named]
      return [program, text]
    } finally {
      this.uses = around
    }
  }

  /** Return the program for an op that uses these slots. */
  #join(order: Order, uses: ReadonlySet<number>, manner: Manner, attachments: Uint8Array[] = []): Program {
    if (this.#ended) throw this.#ended
    if (!order.open.length) atEndOfTick(() => this.flush())
    const within = callAround(this)
    const joins = (one: Program): boolean => !one.full && (!attachments.length || !one.attachments.length)
    const program = order.place(uses, manner, { within, begin: () => this.#begin(within), joins })
    program.attachments.push(...attachments)
    return (this.#program = program)
  }

  #checkRoom(unsent = 0): void {
    const { inFlight } = this.settings
    if (this.#replies.size + unsent < inFlight) return
    const hint = 'await some of them first; the option inFlight of connect() moves the limit'
    throw new LimitExceeded(`in_flight: ${this.#replies.size} programs of this session have no answer yet`, { hint })
  }

  #send(): void {
    const program = this.#program!
    this.#program = undefined
    this.#sent = this.#slots
    this.#giveBack(program)
    program.named = this.#exposed.take()
    this.#dispatch(program)
  }

  #sendAll(order: Order): void {
    this.#program = undefined
    const returned = this.#returns.take()
    if (returned.length) {
      const program = order.taker(returned) ?? this.#join(order, new Set(returned), 'change')
      program.add(`["release",${returned.join()}]`)
    }
    for (const program of order.take()) this.#dispatch(program)
  }

  #dispatch(program: Program): void {
    this.#replies.add(program)
    this.#line.began()
    this.#sendSealed(program, program.loans, () => program.seal(this.#line.extras(program)))
  }

  /** Send a frame whose text is complete once it is known where all lenders are. */
  #sendSealed(frame: Frame, loans: readonly Loan[], seal: () => void): void {
    const awaited = awaitedBy(loans)
    if (awaited) return this.#line.send(frame, awaited.then(seal))
    seal()
    this.#line.send(frame)
  }

  #giveBack(program: Program): void {
    if (this.#line.durable) {
      if (this.#line.live) program.released = this.#returns.take()
      return
    }
    const returned = this.#returns.take()
    if (returned.length) program.add(`["release",${returned.join()}]`)
  }
}

/** An error without its stack, which names lines of the script, and without the thing itself. */
function toldPlainly(error: unknown): string {
  const known = error instanceof Error ? error : new Error(String(error))
  return JSON.stringify({ name: known.name, message: known.message, stack: '' })
}
