/**
 * GET of large strings on a connection of its own, read straight into the memory that is handed on. ioredis reads
 * pieces of 64 KiB and joins them: two copies more. Whatever goes wrong here rejects, and the caller asks ioredis.
 */

import { connect, type Socket } from 'node:net'

import type { Address } from './address.js'

const SMALL = 4_096 // bytes of a read while no large string is on its way
const LINE_FEED = 10

interface Waiting {
  resolve: (value: Buffer | null) => void
  reject: (error: Error) => void
}

export class BulkReader {
  #socket: Socket | undefined
  #ready = false
  #closed = false
  #waiting: Waiting[] = []
  readonly #small = Buffer.allocUnsafeSlow(SMALL)
  #line = '' // what is there of a line
  #value: Buffer | undefined // the string that is being read
  #filled = 0 // bytes of it

  constructor(
    readonly address: Address,
    readonly name: string,
    readonly silenceMs: number,
  ) {}

  /** The string under a key, or null; rejects when there is no connection yet, and begins to open one. */
  async get(key: string): Promise<Buffer | null> {
    if (this.#ready) return this.#ask('GET', key)
    if (!this.#socket && !this.#closed) this.#open()
    throw new Error('there is no connection for large strings yet')
  }

  /** Take no more of this connection; the next string begins to open another one. */
  renew(): void {
    this.#drop()
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  #drop(error = new Error('the connection for large strings was closed')): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#ready = false
    this.#value = undefined
    this.#line = ''
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #open(): void {
    const { host, port, path } = this.address
    const onread = {
      buffer: () => this.#place(),
      callback: (count: number) => this.#socket === socket && this.#received(count),
    }
    const where = path === undefined ? { host: host!, port: port! } : { path }
    const socket = connect({ ...where, noDelay: true, onread })
    const ended = (error?: Error): void => {
      if (this.#socket === socket) this.#drop(error)
    }
    this.#socket = socket.unref().setTimeout(this.silenceMs)
    socket.on('error', ended)
    socket.on('close', () => ended())
    socket.on('timeout', () => this.#waiting.length && ended())
    this.#greet().then(
      () => (this.#ready = this.#socket === socket),
      () => socket.destroy(),
    )
  }

  async #greet(): Promise<void> {
    const { username, password, db } = this.address
    const sent: Promise<unknown>[] = []
    if (password) sent.push(this.#ask('AUTH', ...(username ? [username] : []), password))
    if (db) sent.push(this.#ask('SELECT', String(db)))
    sent.push(this.#ask('CLIENT', 'SETNAME', this.name).catch(() => null)) // some may not
    await Promise.all(sent)
  }

  #ask(...command: string[]): Promise<Buffer | null> {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
    this.#socket!.write(`*${command.length}\r\n${parts.join('')}`)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** The memory that the socket reads into next. */
  #place(): Buffer {
    return this.#value?.subarray(this.#filled) ?? this.#small
  }

  #received(count: number): true {
    try {
      if (this.#value) this.#advance(count)
      else this.#parse(this.#small.subarray(0, count))
    } catch (error) {
      this.#drop(error as Error)
    }
    return true
  }

  /** Read lines, and the begins of strings after them. */
  #parse(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#value) {
        const copied = bytes.copy(this.#value, this.#filled, at)
        this.#advance(copied)
        at += copied
        continue
      }
      const end = bytes.indexOf(LINE_FEED, at)
      this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end)
      if (end < 0) return
      at = end + 1
      const line = this.#line.trimEnd()
      this.#line = ''
      this.#answered(line)
    }
  }

  #answered(line: string): void {
    if (line === '') return // the end of a string
    if (line === '$-1' || line === '+OK') this.#waiting.shift()!.resolve(null)
    else if (line.startsWith('-')) this.#waiting.shift()!.reject(new Error(line))
    else if (/^\$\d+$/.test(line)) this.#begin(Number(line.slice(1)))
    else throw new Error(`an answer that is none of GET: ${line.slice(0, 40)}`)
  }

  #begin(size: number): void {
    this.#value = Buffer.allocUnsafeSlow(size)
    this.#filled = 0
    this.#advance(0)
  }

  #advance(count: number): void {
    const value = this.#value!
    this.#filled += count
    if (this.#filled < value.length) return
    this.#value = undefined
    this.#waiting.shift()!.resolve(value)
  }
}
