/** One client's frames to one host (§2, §4.3): the hello, its sessions by id, and the ways in which it ends. */

import { Decoder } from './codec.js'
import { FrameError, Gone, PolyloomError, ProtocolError } from './errors.js'
import { readFrame, type Body, type Frame } from './frames.js'
import { newId } from './handle.js'
import { opening, type Guest, type Line, type Live } from './line.js'
import { PROTOCOL, VERSION } from './ops.js'
import { readOutput, type Output } from './output.js'
import { Session } from './session.js'
import type { Settings } from './settings.js'
import type { Receiver, Transport } from './transport/transport.js'

/** The number of the last program of each session that has begun, as a host that ends in order says (§4.3). */
type Begun = Readonly<Record<string, number>>

export class Conversation implements Line, Receiver {
  worker = ''
  /** The version of Python at the other end. */
  python = ''
  /** Settled by the host's hello. */
  readonly ready: Promise<void>
  readonly #sessions = new Map<string, Guest>()
  #welcome!: (error?: PolyloomError) => void
  #pending = 1 // programs without a reply, and the hello
  #gate: Promise<unknown> | undefined // what the next frame waits for
  #ended: PolyloomError | undefined
  #closing: Promise<void> | undefined

  constructor(
    readonly transport: Transport,
    readonly settings: Settings,
    readonly client: string = newId(),
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#welcome = (error) => (error ? reject(error) : resolve())
    })
    this.ready.catch(() => undefined) // whoever waits for it is told
    const hello = { t: 'hello', protocol: PROTOCOL, version: VERSION, client }
    transport.hold?.(true)
    transport.receive(this)
    this.send({ text: JSON.stringify(hello), attachments: [] })
  }

  /** The number of the last frame received. */
  get ack(): string | undefined {
    return this.transport.ack
  }

  extras(): string {
    const { ack } = this.transport
    return ack === undefined ? '' : `"ack":"${ack}"`
  }

  /** The labels of the worker. */
  get labels(): readonly string[] {
    return this.transport.labels ?? []
  }

  open(live: Live, threads?: number): Session {
    if (this.#ended) throw this.#ended
    return new Session(this, live, threads)
  }

  begun(session: Session): void {
    this.adopt(session.id, session)
    this.send({ text: opening(session), attachments: [] })
  }

  /** Hand the frames of a session to somebody, wherever it was opened. */
  adopt(session: string, guest: Guest): void {
    if (this.#ended) guest.end(this.#ended)
    else this.#sessions.set(session, guest)
  }

  get ended(): PolyloomError | undefined {
    return this.#ended
  }

  readonly place = this
  readonly home = this

  get fleet(): boolean {
    return this.transport.holder !== undefined
  }

  send(frame: Frame, after: Promise<unknown> | undefined = this.#gate): void {
    if (!after) return this.#pass(frame)
    const gate = Promise.all([this.#gate, after]).then(() => {
      if (this.#gate === gate) this.#gate = undefined
      this.#pass(frame)
    })
    this.#gate = gate
  }

  #pass(frame: Frame): void {
    if (this.#ended) return
    this.transport.send(frame)
    if (!this.fleet) frame.accepted?.()
  }

  began(): void {
    if (this.#pending++ === 0) this.transport.hold?.(true)
  }

  answered(count: number): void {
    if (count === 0) return
    this.#pending -= count
    if (this.#pending === 0 && !this.#ended) this.transport.hold?.(false)
  }

  closed(session: Session): void {
    this.#sessions.delete(session.id)
  }

  frame(frame: Frame): void {
    try {
      const body = readFrame(frame)
      const take = KINDS.get(body.t)
      if (!take) throw new FrameError(`a host sends no frame of the kind "${body.t}"`)
      take(this, body, frame)
    } catch (error) {
      this.fail(error instanceof PolyloomError ? error : new FrameError(String(error)))
    }
  }

  end(error: PolyloomError, fence?: string, begun?: Begun): void {
    if (this.#ended) return
    this.#ended = error
    for (const [id, session] of [...this.#sessions]) session.end(error, fence, begun && (begun[id] ?? 0))
    this.#welcome(error)
    this.#closing ??= this.transport.close()
  }

  /** End the conversation because the host broke the protocol or said goodbye. */
  fail(error: PolyloomError): void {
    this.end(error)
  }

  /** Send what is collected, say goodbye, reject what is pending and free the transport. */
  close(): Promise<void> {
    if (!this.#ended) {
      for (const session of this.#sessions.values()) session.flush()
      if (this.#gate) return this.#gate.then(() => this.close()) // what waits for other workers goes out first
      this.send({ text: '{"t":"bye"}', attachments: [] })
      this.end(new Gone('the client was closed', { code: 'SessionClosed' }))
    }
    return this.#closing!
  }

  hello(body: Body): void {
    const { protocol, version, worker, python } = body
    if (protocol !== PROTOCOL) {
      const message = `this client speaks protocol ${PROTOCOL}, the host protocol ${String(protocol)} (version ${String(version)})`
      throw new ProtocolError(message, { code: 'VersionMismatch', hint: 'install the same version on both sides' })
    }
    if (this.worker) return
    this.worker = typeof worker === 'string' && worker ? worker : 'host'
    this.python = typeof python === 'string' ? python : ''
    this.#welcome()
    this.answered(1)
  }

  reply(body: Body, frame: Frame): void {
    this.#sessions.get(body['session'] as string)?.reply(body, frame)
  }

  opened(body: Body): void {
    this.#sessions.get(body['session'] as string)?.opened?.(body)
  }

  late(body: Body, frame: Frame): void {
    this.#sessions.get(body['session'] as string)?.late(body, frame)
  }

  call(body: Body, frame: Frame): void {
    this.#sessions.get(body['session'] as string)?.call(body, frame)
  }

  /** Hand over what was printed; a listener that throws harms nobody's calls. */
  output(output: Output): void {
    try {
      this.settings.onOutput(output)
    } catch (error) {
      process.emitWarning(`onOutput threw: ${String(error)}`)
    }
  }

  over(body: Body): void {
    const given = new Decoder().decode(body['error'])
    const error =
      given instanceof PolyloomError ? given : new Gone('the host closed the session', { code: 'SessionClosed' })
    const begun = body['begun'] as Begun | undefined
    const session = body['session']
    if (typeof session === 'string') this.#sessions.get(session)?.end(error, undefined, begun?.[session])
    else this.end(error, undefined, begun)
  }
}

const KINDS = new Map<string, (line: Conversation, body: Body, frame: Frame) => void>([
  ['reply', (line, body, frame) => line.reply(body, frame)],
  ['opened', (line, body) => line.opened(body)],
  ['late', (line, body, frame) => line.late(body, frame)],
  ['hello', (line, body) => line.hello(body)],
  ['call', (line, body, frame) => line.call(body, frame)],
  ['output', (line, body) => line.output(readOutput(body))],
  ['closed', (line, body) => line.over(body)],
])
