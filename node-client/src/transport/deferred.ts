/** A transport that is still being opened: what is sent meanwhile waits, so that nobody else has to. */

import { Gone, PolyloomError } from '../errors.js'
import type { Frame } from '../frames.js'
import type { Receiver, Transport } from './transport.js'

export class DeferredTransport implements Transport {
  readonly #opening: Promise<Transport>
  #opened: Transport | undefined
  #receiver: Receiver | undefined
  #early: Frame[] = []
  #pending = false
  #closed = false

  constructor(opening: Promise<Transport>) {
    this.#opening = opening.then((transport) => this.#open(transport))
    this.#opening.catch((error: unknown) => this.#fail(error))
  }

  get ack(): string | undefined {
    return this.#opened?.ack
  }

  get labels(): readonly string[] {
    return this.#opened?.labels ?? []
  }

  send(frame: Frame): void {
    if (this.#opened) this.#opened.send(frame)
    else this.#early.push(frame)
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
    await this.#opening.then(
      (transport) => transport.close(),
      () => undefined,
    )
  }

  #open(transport: Transport): Transport {
    this.#opened = transport
    transport.hold?.(this.#pending)
    for (const frame of this.#early.splice(0)) transport.send(frame)
    if (!this.#closed) {
      const receiver: Receiver = {
        frame: (frame) => this.#receiver?.frame(frame),
        end: (error, fence) => this.#receiver?.end(error, fence),
      }
      transport.receive(receiver)
    }
    return transport
  }

  #fail(error: unknown): void {
    const known = error instanceof PolyloomError
    this.#receiver?.end(known ? error : new Gone(String(error), { code: 'ConnectionLost' }))
  }
}
