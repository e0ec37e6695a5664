/** SET of a large string, written as it is: ioredis would copy it into one buffer with the rest of the command. */

import type { Socket } from 'node:net'

import { Command } from 'ioredis'

export class Store extends Command {
  readonly #key: string
  readonly #bytes: Buffer
  readonly #seconds: string

  constructor(key: string, bytes: Buffer, seconds: number) {
    super('set', [key, bytes, 'EX', seconds], { replyEncoding: 'utf8' })
    this.#key = key
    this.#bytes = bytes
    this.#seconds = String(seconds)
  }

  /** Write all but the end, which ioredis writes. The bytes must not change before Redis has answered. */
  override toWritable(destination: object): string {
    const socket = destination as Socket
    const { length } = this.#bytes
    socket.cork()
    process.nextTick(() => socket.uncork()) // together with what follows in this tick
    socket.write(`*5\r\n$3\r\nSET\r\n$${Buffer.byteLength(this.#key)}\r\n${this.#key}\r\n$${length}\r\n`)
    socket.write(this.#bytes)
    return `\r\n$2\r\nEX\r\n$${this.#seconds.length}\r\n${this.#seconds}\r\n`
  }
}
