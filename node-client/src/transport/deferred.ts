/**
 * A transport that is still being opened: what is sent meanwhile waits, so that nobody else has to. Only the hello goes out
 * before the host has answered, so a worker that is lost until then has begun nothing, and another one is as good.
 */

import { Gone, PolyloomError, WorkerLost } from '../errors.js'
import { readFrame, type Frame } from '../frames.js'
import type { Receiver, Transport } from './transport.js'

export class DeferredTransport implements Transport {
  #opening: Promise<Transport | undefined>
  #opened: Transport | undefined
  #receiver: Receiver | undefined
  #early: Frame[] = [] // the hello, and what waits for the answer to it
  #answered = false
  #pending = false
  #closed = false
  readonly #deadline: number // ms of the monotonic clock, after which a lost worker is the end

  constructor(
    readonly open: () => Promise<Transport>,
    patienceMs: number,
  ) {
    this.#deadline = performance.now() + patienceMs
    this.#opening = this.#open()
  }

  get ack(): string | undefined {
    return this.#opened?.ack
  }

  get labels(): readonly string[] {
    return this.#opened?.labels ?? []
  }

  send(frame: Frame): void {
    if (this.#answered) this.#opened!.send(frame)
    else this.#early.push(frame)
  }

  async holder(name: string): Promise<string> {
    const transport = await this.#opening
    if (!transport?.holder) throw new Gone('this transport knows no other host', { code: 'NoWorker' })
    return transport.holder(name)
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver
  }

  hold(pending: boolean): void {
    this.#pending = pending
    this.#opened?.hold?.(pending)
  }

  /** What was sent goes out first, even if the transport is not open yet. */
  async close(): Promise<void> {
    this.#closed = true
    this.#receiver = undefined
    const transport = await this.#opening
    if (transport) this.#release(transport)
    await transport?.close()
  }

  async #open(): Promise<Transport | undefined> {
    try {
      const transport = await this.open()
      this.#begin(transport)
      return transport
    } catch (error) {
      this.#end(error instanceof PolyloomError ? error : new Gone(String(error), { code: 'ConnectionLost' }))
      return undefined
    }
  }

  /** Say hello; whoever closes us meanwhile does the rest. */
  #begin(transport: Transport): void {
    if (this.#closed) return
    this.#opened = transport
    transport.hold?.(this.#pending)
    transport.receive({
      frame: (frame) => {
        if (!this.#answered && isGoodbye(frame))
          return this.#over(transport, new WorkerLost('the worker was shut down'))
        this.#release(transport)
        this.#receiver?.frame(frame)
      },
      end: (error, fence) => this.#over(transport, error, fence),
    })
    if (this.#early[0]) transport.send(this.#early[0])
  }

  /** Send what has waited; the hello has gone already where the transport is in use. */
  #release(transport: Transport): void {
    if (this.#answered) return
    this.#answered = true
    const early = this.#early.splice(0)
    for (const frame of this.#opened ? early.slice(1) : early) transport.send(frame)
    this.#opened = transport
  }

  #over(transport: Transport, error: PolyloomError, fence?: string): void {
    const again = !this.#answered && error instanceof WorkerLost && performance.now() < this.#deadline
    if (!again || this.#closed) return this.#end(error, fence)
    this.#opened = undefined
    this.#opening = transport.close().then(() => this.#open())
  }

  #end(error: PolyloomError, fence?: string): void {
    this.#receiver?.end(error, fence)
  }
}

/** Tell whether a host says that it is going (§4.3). */
function isGoodbye(frame: Frame): boolean {
  const { t, error } = readFrame(frame) as { t: string; error?: [string, { code?: unknown }] }
  return t === 'closed' && error?.[1]?.code === 'WorkerLost'
}
