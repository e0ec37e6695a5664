/** Two transports joined back to back (§1.5): for tests, and for hosts in the same process. */

import { Gone } from '../errors.js'
import type { Frame } from '../frames.js'
import type { Receiver, Transport } from './transport.js'

export class MemoryTransport implements Transport {
  #peer: MemoryTransport | undefined
  #receiver: Receiver | undefined
  #early: Frame[] = []

  /** Return both ends. */
  static pair(): [MemoryTransport, MemoryTransport] {
    const one = new MemoryTransport()
    const other = new MemoryTransport()
    one.#peer = other
    other.#peer = one
    return [one, other]
  }

  send(frame: Frame): void {
    const peer = this.#peer
    if (peer) setImmediate(() => peer.#take(frame))
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver
    for (const frame of this.#early.splice(0)) receiver.frame(frame)
  }

  close(): Promise<void> {
    const peer = this.#peer
    this.#peer = undefined
    this.#receiver = undefined
    if (peer) setImmediate(() => peer.#end())
    return Promise.resolve()
  }

  #take(frame: Frame): void {
    if (this.#receiver) this.#receiver.frame(frame)
    else if (this.#peer) this.#early.push(frame)
  }

  #end(): void {
    this.#peer = undefined
    this.#receiver?.end(new Gone('the other end of the memory transport was closed', { code: 'ConnectionLost' }))
  }
}
