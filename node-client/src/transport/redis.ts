/**
 * Frames over Redis Streams (§1.3, §8): one connection writes into the worker's inbox, one waits at the client's
 * mailbox. The client's lease is renewed here, and the worker's is watched while answers are awaited.
 */

import type { Socket } from 'node:net'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { FrameError, Gone, PolyloomError, WorkerLost, type LiveWorker } from '../errors.js'
import type { Frame } from '../frames.js'
import { FIELD_ATTACHMENT, FIELD_BLOB, FIELD_CLIENT, FIELD_TEXT, Keys } from '../keys.js'
import type { Wanted } from '../labels.js'
import { redact, type Settings } from '../settings.js'
import { addressOf, type Address } from './address.js'
import { Blobs } from './blobs.js'
import { BulkReader } from './bulk.js'
import { withdraw } from './fence.js'
import { LeaseThread, RENEWALS } from './lease.js'
import { findHolder, findWorker, ownerOf } from './registry.js'
import type { Receiver, Transport } from './transport.js'

const BLOCK_MS = 5_000 // how long one read of the mailbox waits
const SILENCE_MS = 2 * BLOCK_MS // without an answer a connection is taken for dead
const RETRY_MS = 50 // before the first attempt to reconnect; grows
const SLOWEST_RETRY_MS = 1_000
const WATCH_MS = 500 // between looks at the worker's lease
const MAILBOX_LEASES = 12 // leases for which an abandoned mailbox is kept
const DISCONNECT_MS = 100 // how long ioredis keeps the process for a socket that does not close by itself
const GOODBYE_MS = 1_000 // how long closing waits for the server

/** Settings, and where they are for a durable session, its name. */
type Placing = Settings & Pick<Wanted, 'durable'>

/** Connect to the server and choose a worker. */
export async function openRedis(settings: Placing, client: string): Promise<Transport> {
  const address = addressOf(settings.url)
  const writer = await connectTo(address, settings, `polyloom/${client}/writer`)
  try {
    const reader = await connectTo(address, settings, `polyloom/${client}/reader`)
    const keys = new Keys(settings.prefix)
    await writer.set(keys.clientLease(client), client, 'PX', settings.leaseMs)
    const found = findPlace(writer, keys, client, settings)
    const { id, labels } = await found.catch((error: unknown) => {
      reader.disconnect()
      throw error
    })
    return new RedisTransport(writer, reader, keys, client, id, settings, labels)
  } catch (error) {
    writer.disconnect()
    throw error
  }
}

/** The worker that owns a log comes before all others, while it lives. */
async function findPlace(redis: Redis, keys: Keys, client: string, settings: Placing): Promise<LiveWorker> {
  const { durable, workerTimeoutMs } = settings
  const owner = durable === undefined ? undefined : await ownerOf(redis, keys, durable)
  if (owner !== undefined) {
    const found = await findWorker(redis, keys, client, { worker: owner }, workerTimeoutMs).catch(() => undefined)
    if (found) return found // it may end at this very moment
  }
  return findWorker(redis, keys, client, settings, workerTimeoutMs)
}

async function connectTo(address: Address, settings: Settings, connectionName: string): Promise<Redis> {
  let connected = false
  let failure: NodeJS.ErrnoException | undefined
  const redis = new Redis({
    ...address,
    connectionName, // for CLIENT LIST
    protocol: 2,
    lazyConnect: true,
    connectTimeout: settings.connectTimeoutMs,
    keepAlive: SILENCE_MS,
    maxRetriesPerRequest: null,
    disableClientInfo: true,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy: (times) => (connected ? Math.min(times * RETRY_MS, SLOWEST_RETRY_MS) : null),
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  })
  redis.on('error', (error: NodeJS.ErrnoException) => (failure = error))
  try {
    await redis.connect()
    await redis.ping()
    connected = true
    return redis
  } catch (error) {
    redis.disconnect()
    throw unreachable(settings.url, failure ?? (error as Error))
  }
}

function unreachable(url: string, error: NodeJS.ErrnoException): Gone {
  const reason = error.code && !error.message.includes(error.code) ? `${error.code} ${error.message}` : error.message
  const hint = 'is the server running, and does the URL name its host, port and password?'
  return new Gone(`cannot reach Redis at ${redact(url)}: ${reason.trim()}`, { code: 'ConnectionLost', hint })
}

const PLAIN_FIELDS = 4 // names and values of an entry without attachments
type Fields = Buffer[] // name, value, name, value, …
type Entries = [id: Buffer, fields: Fields][]

export class RedisTransport implements Transport {
  ack: string | undefined
  readonly #inbox: string
  readonly #mailbox: string
  readonly #blobs: Blobs
  readonly #bulk: BulkReader | undefined // plain connections only: a socket of TLS reads into memory of its own
  readonly #timers: NodeJS.Timeout[]
  #receiver: Receiver | undefined
  #closed = false
  #pending = false
  #seenPending = false
  #renewals = 0
  #lease: LeaseThread | undefined
  #patience: NodeJS.Timeout | undefined
  #heard = Date.now() // when the mailbox was last read

  constructor(
    readonly writer: Redis,
    readonly reader: Redis,
    readonly keys: Keys,
    readonly client: string,
    readonly worker: string,
    readonly settings: Settings,
    readonly labels: readonly string[] = [],
  ) {
    this.#inbox = keys.inbox(worker)
    this.#mailbox = keys.mailbox(client)
    const address = addressOf(settings.url)
    if (!address.tls) this.#bulk = new BulkReader(address, `polyloom/${client}/bulk`, SILENCE_MS)
    this.#blobs = new Blobs(writer, keys, worker, client, settings.reconnectTimeoutMs, this.#bulk)
    this.#timers = [
      setInterval(() => this.#renew(), settings.leaseMs / RENEWALS).unref(),
      setInterval(() => this.#watch(), WATCH_MS).unref(),
    ]
    writer.stream.unref()
    for (const redis of [writer, reader]) {
      redis.on('close', () => this.#lost())
      redis.on('ready', () => this.#found())
    }
  }

  send(frame: Frame): void {
    const { text, attachments } = frame
    const fields: (string | Buffer)[] = [FIELD_CLIENT, this.client, FIELD_TEXT, text]
    const refused = (error: unknown): void => this.#end(this.#refused(error))
    for (const one of attachments) fields.push(...this.#blobs.attach(one, refused))
    this.writer.call('XADD', this.#inbox, 'NOMKSTREAM', '*', ...fields).then((id) => this.#accepted(frame, id), refused)
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver
    void this.#read()
  }

  hold(pending: boolean): void {
    this.#pending = pending
    if (!pending) this.#seenPending = false
    this.#keepAlive()
  }

  async holder(name: string): Promise<string> {
    try {
      return await findHolder(this.writer, this.keys, name)
    } catch (error) {
      throw this.#refused(error)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#receiver = undefined
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#patience)
    this.reader.disconnect()
    this.#bulk?.close()
    await this.#lease?.stop()
    const patience = new AbortController()
    const goodbye = Promise.all([
      this.writer.pexpire(this.#mailbox, this.settings.leaseMs),
      this.writer.del(this.keys.clientLease(this.client)),
      this.writer.zrem(this.keys.placed(this.worker), this.client), // where it never came to be counted
    ]).catch(() => undefined)
    const late = delay(GOODBYE_MS, undefined, { signal: patience.signal }).catch(() => undefined)
    if (this.writer.status === 'ready') await Promise.race([goodbye, late])
    patience.abort()
    this.writer.disconnect()
  }

  /** An inbox that is gone was swept away with its worker; it must not be made anew. */
  #accepted(frame: Frame, id: unknown): void {
    if (typeof id === 'string') frame.receipt = id
    else this.#end(workerLost(this.worker))
  }

  async #read(): Promise<void> {
    const wait = ['BLOCK', BLOCK_MS, 'STREAMS', this.#mailbox] as const
    while (!this.#closed) {
      try {
        const reply = await this.reader.callBuffer('XREAD', ...wait, this.ack ?? '0-0')
        this.#heard = Date.now()
        for (const [, entries] of (reply ?? []) as [Buffer, Entries][]) await this.#deliver(entries)
        await turn() // what the answers set off goes out before the next read
      } catch (error) {
        if (error instanceof PolyloomError) this.#end(error)
        else await delay(RETRY_MS, undefined, { ref: this.#pending })
      }
    }
  }

  async #deliver(entries: Entries): Promise<void> {
    for (const [id, fields] of entries) {
      if (fields.length > PLAIN_FIELDS) await this.#blobs.fetch(fields)
      this.ack = id.toString('latin1')
      this.#receiver?.frame(frameOf(fields))
    }
  }

  /** Only what waits for an answer keeps Node alive. */
  #keepAlive(): void {
    const { stream } = this.reader as { stream?: Socket } // there is none while it reconnects
    if (this.#pending) stream?.ref()
    else stream?.unref()
  }

  /** Start the thread that renews the lease, and renew it here until that thread does. */
  #renew(): void {
    const { writer, client, settings } = this
    const key = this.keys.clientLease(client)
    this.#lease ??= new LeaseThread({ address: addressOf(settings.url), key, value: client, leaseMs: settings.leaseMs })
    if (writer.status !== 'ready') return
    const sent: Promise<unknown>[] = []
    if (!this.#lease.running) sent.push(writer.set(key, client, 'PX', settings.leaseMs))
    if (this.#renewals++ % 4 === 0) sent.push(writer.pexpire(this.#mailbox, MAILBOX_LEASES * settings.leaseMs))
    Promise.all(sent).catch((error: unknown) => this.#end(this.#refused(error)))
  }

  /** Look at the worker's lease, once something has been pending for a while. */
  #watch(): void {
    const { writer } = this
    if (Date.now() - this.#heard > SILENCE_MS && this.reader.status === 'ready') this.reader.disconnect(true)
    const due = this.#pending && this.#seenPending && writer.status === 'ready'
    this.#seenPending = this.#pending
    if (!due) return
    const look = async (): Promise<void> => {
      if (await writer.exists(this.keys.workerLease(this.worker))) return
      this.#end(workerLost(this.worker), await this.#fence())
    }
    look().catch((error: unknown) => this.#end(this.#refused(error)))
  }

  /** The last entry that the worker has taken, after every answer that it left behind is delivered (§8.2). */
  async #fence(): Promise<string | undefined> {
    const left = await this.writer.callBuffer('XRANGE', this.#mailbox, `(${this.ack ?? '0-0'}`, '+')
    await this.#deliver(left as Entries)
    return withdraw(this.writer, this.#inbox, this.client)
  }

  #lost(): void {
    if (this.#closed || this.#patience) return
    const { reconnectTimeoutMs, url } = this.settings
    const message = `lost the connection to Redis at ${redact(url)} for ${reconnectTimeoutMs} ms`
    this.#patience = setTimeout(() => this.#end(new Gone(message, { code: 'ConnectionLost' })), reconnectTimeoutMs)
  }

  #found(): void {
    if (this.writer.status !== 'ready' || this.reader.status !== 'ready') return
    clearTimeout(this.#patience)
    this.#patience = undefined
    this.#heard = Date.now()
    this.writer.stream.unref()
    this.#keepAlive()
    this.#renew()
  }

  #refused(error: unknown): PolyloomError {
    if (error instanceof PolyloomError) return error
    const message = `Redis at ${redact(this.settings.url)} refused a command: ${(error as Error).message}`
    return new Gone(message, { code: 'ConnectionLost' })
  }

  #end(error: PolyloomError, fence?: string): void {
    if (!this.#closed) this.#receiver?.end(error, fence)
  }
}

function workerLost(worker: string): WorkerLost {
  const hint = 'connect again: another worker takes over'
  return new WorkerLost(`the lease of the worker ${worker} ended`, { hint })
}

/** Read the fields of an entry (§1.3); bytes of blobs are in their places. */
function frameOf(fields: Fields): Frame {
  let text: string | undefined
  const attachments: Buffer[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index]!.toString('latin1')
    if (name === FIELD_TEXT) text = fields[index + 1]!.toString()
    else if (name === FIELD_ATTACHMENT || name === FIELD_BLOB) attachments.push(fields[index + 1]!)
  }
  if (text === undefined) throw new FrameError('an entry of the mailbox has no text')
  return { text, attachments }
}
