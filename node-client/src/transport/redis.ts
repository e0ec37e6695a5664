/**
 * Frames over Redis Streams (§1.3, §8): one connection writes into the worker's inbox, one waits at the client's
 * mailbox. The client's lease is renewed here, and the worker's is watched while answers are awaited.
 */

import type { Socket } from 'node:net'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

import type { Redis } from 'ioredis'

import { FrameError, Gone, PolyloomError, type LiveWorker } from '../errors.js'
import type { Frame } from '../frames.js'
import { FIELD_ATTACHMENT, FIELD_BLOB, FIELD_CLIENT, FIELD_TEXT, Keys } from '../keys.js'
import type { Wanted } from '../labels.js'
import { DEFAULT_LIMITS } from '../limits.js'
import { redact, type Settings } from '../settings.js'
import { Signer } from '../signing.js'
import { addressOf } from './address.js'
import { Blobs } from './blobs.js'
import { BulkReader } from './bulk.js'
import { withdraw } from './fence.js'
import { Gate } from './gate.js'
import { LeaseThread, RENEWALS, isTurn, keep, renew } from './lease.js'
import { Outbox, workerLost } from './outbox.js'
import { findHolder, findWorker, ownerOf } from './registry.js'
import { connectTo, isReply, passes, refusal } from './server.js'
import type { Receiver, Transport } from './transport.js'

const BLOCK_MS = 5_000 // how long one read of the mailbox waits
const SILENCE_MS = 2 * BLOCK_MS // without an answer a connection is taken for dead
const RETRY_MS = 50 // before the mailbox is read again where that failed
const WATCH_MS = 500 // between looks at the worker's lease
const PROMPT_LOOKS = 2 // intervals that a look may take; a slower one means that the worker could not renew its lease either
const ACK_BYTES = DEFAULT_LIMITS.mailboxBytes / 8 // read, after which the worker is told though there is no program
const GOODBYE_MS = 1_000 // how long closing waits for the server

/** Settings, and where they are for a durable session, its name. */
type Placing = Settings & Pick<Wanted, 'durable'>

/** Connect to the server and choose a worker. */
export async function openRedis(settings: Placing, client: string): Promise<Transport> {
  const address = addressOf(settings.url)
  const opened: Redis[] = []
  try {
    for (const role of ['writer', 'reader'])
      opened.push(await connectTo(address, settings, `polyloom/${client}/${role}`, SILENCE_MS))
    const [writer, reader] = opened as [Redis, Redis]
    const keys = new Keys(settings.prefix)
    const { id, labels } = await findPlace(writer, keys, client, settings)
    await writer.set(keys.clientLease(client), client, 'PX', settings.leaseMs) // now: a worker may have been long in coming
    const moment = settings.secret && (await timeOf(writer))
    return new RedisTransport(writer, reader, keys, client, id, settings, labels, moment)
  } catch (error) {
    for (const redis of opened) redis.disconnect()
    throw refusal(settings.url, error)
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

/** The server's time, in ms. */
async function timeOf(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

const PLAIN_FIELDS = 4 // names and values of an entry without attachments
const SIGNED_FIELDS = 8 // likewise of a signed one
type Fields = Buffer[] // name, value, name, value, …
type Entries = [id: Buffer, fields: Fields][]

export class RedisTransport implements Transport {
  readonly #inbox: string
  readonly #mailbox: string
  readonly #blobs: Blobs
  readonly #outbox: Outbox
  readonly #bulk: BulkReader | undefined // plain connections only: a socket of TLS reads into memory of its own
  readonly #gate: Gate | undefined // with a secret only
  readonly #timers: NodeJS.Timeout[]
  #receiver: Receiver | undefined
  #last: string | undefined // entry of the mailbox that was read
  #untold = 0 // bytes read since the worker was told so
  #closed = false
  #pending = false
  #seenPending = false
  #renewals = 0
  #lease: LeaseThread | undefined
  #patience: NodeJS.Timeout | undefined
  #heard = performance.now() // when the mailbox was last read
  #looking = 0 // intervals since the look at the worker's lease that has no answer yet
  #trusted = 0 // when a missing lease means a dead worker again

  constructor(
    readonly writer: Redis,
    readonly reader: Redis,
    readonly keys: Keys,
    readonly client: string,
    readonly worker: string,
    readonly settings: Settings,
    readonly labels: readonly string[] = [],
    moment?: number,
  ) {
    this.#inbox = keys.inbox(worker)
    this.#mailbox = keys.mailbox(client)
    const address = addressOf(settings.url)
    if (!address.tls) this.#bulk = new BulkReader(address, `polyloom/${client}/bulk`, SILENCE_MS)
    const { secret, reconnectTimeoutMs: patienceMs, url } = settings
    const signer = secret && new Signer(secret, client)
    if (signer) this.#gate = new Gate(signer, worker)
    this.#blobs = new Blobs(writer, keys, worker, client, patienceMs, this.#bulk, signer !== undefined)
    const end = (error: PolyloomError): void => this.#end(error)
    const makeRoom = (): void => this.#trim()
    const route = { redis: writer, blobs: this.#blobs, inbox: this.#inbox, worker, client, url, patienceMs }
    this.#outbox = new Outbox({ ...route, signer, makeRoom, end }, moment)
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

  /** The last entry that was read; whoever asks for it tells the worker. */
  get ack(): string | undefined {
    this.#untold = 0
    return this.#last
  }

  send(frame: Frame): void {
    this.#outbox.send(frame)
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
      throw refusal(this.settings.url, error)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#receiver = undefined
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#patience)
    this.#outbox.close()
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

  async #read(): Promise<void> {
    const wait = ['BLOCK', BLOCK_MS, 'STREAMS', this.#mailbox] as const
    while (!this.#closed) {
      try {
        const reply = await this.reader.callBuffer('XREAD', ...wait, this.#last ?? '0-0')
        this.#heard = performance.now()
        for (const [, entries] of (reply ?? []) as [Buffer, Entries][]) await this.#deliver(entries)
        await turn() // what the answers set off goes out before the next read
      } catch (error) {
        if (error instanceof PolyloomError || isReply(error)) this.#refused(error)
        await delay(RETRY_MS, undefined, { ref: this.#pending })
      }
    }
  }

  async #deliver(entries: Entries): Promise<void> {
    for (const [id, fields] of entries) {
      const ours = isFrom(this.worker, fields) // not of one that was given up, and lives
      const isNew =
        ours &&
        (this.#gate
          ? await this.#pass(this.#gate, fields)
          : fields.length === PLAIN_FIELDS || (await this.#blobs.fetch(fields)))
      this.#last = id.toString('latin1')
      this.#untold += octetsOf(fields)
      if (isNew) this.#receiver?.frame(frameOf(fields))
      if (this.#untold > ACK_BYTES) this.#acknowledge()
    }
  }

  /** Tell whether an entry is to be taken, with its blobs in their places. */
  async #pass(gate: Gate, fields: Fields): Promise<boolean> {
    const number = gate.check(fields)
    if (number === undefined) return false
    if (fields.length !== SIGNED_FIELDS && !(await this.#blobs.fetch(fields))) return false
    gate.take(number)
    return true
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
    const { leaseMs } = settings
    const task = { address: addressOf(settings.url), key: this.keys.clientLease(client), value: client, leaseMs }
    const lease = { ...task, mailbox: this.#mailbox }
    this.#lease ??= new LeaseThread(lease, () => this.#acknowledge())
    if (writer.status !== 'ready' || this.#lease.running) return
    const sent = [renew(writer, lease).then((lapsed) => lapsed && this.#acknowledge())]
    if (isTurn(this.#renewals++)) sent.push(keep(writer, lease).then(() => false))
    Promise.all(sent).catch((error: unknown) => this.#refused(error))
  }

  /** Say what was read beside all programs; where the worker has taken us for dead, it says so then (§8.3). */
  #acknowledge(): void {
    if (!this.#closed) this.send({ text: `{"t":"ack","ack":"${this.ack ?? '0-0'}"}`, attachments: [] })
  }

  /** Look at the worker's lease, once something has been pending for a while. */
  #watch(): void {
    const { writer } = this
    if (performance.now() - this.#heard > SILENCE_MS && this.reader.status === 'ready') this.reader.disconnect(true)
    if (this.#looking) return this.#await()
    const due = this.#pending && this.#seenPending && writer.status === 'ready'
    this.#seenPending = this.#pending
    if (!due) return
    this.#looking = 1
    this.#look()
      .catch((error: unknown) => this.#refused(error))
      .finally(() => (this.#looking = 0))
  }

  async #look(): Promise<void> {
    const { writer, keys, worker, settings } = this
    const [, held] = await Promise.all([
      keep(writer, { mailbox: this.#mailbox, leaseMs: settings.leaseMs }), // a write: where the server takes none, leases end, too
      writer.exists(keys.workerLease(worker)),
    ])
    if (this.#looking > PROMPT_LOOKS) this.#distrust()
    if (held || performance.now() < this.#trusted) return
    this.#end(workerLost(worker), await this.#fence())
  }

  /** Count how long a look takes; where all is written and nothing comes back, the connection is dead. */
  #await(): void {
    const { writer } = this
    if (++this.#looking <= SILENCE_MS / WATCH_MS || writer.status !== 'ready' || writer.stream.writableLength > 0)
      return
    this.#looking = 1
    writer.disconnect(true)
  }

  /** Redis was away or slow: the worker has a lease's time to renew its own. */
  #distrust(): void {
    this.#trusted = performance.now() + this.settings.leaseMs
  }

  /** The last entry that the worker has taken, after every answer that it left behind is delivered (§8.2). */
  async #fence(): Promise<string | undefined> {
    const left = await this.writer.callBuffer('XRANGE', this.#mailbox, `(${this.#last ?? '0-0'}`, '+')
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
    this.#heard = performance.now()
    this.#distrust()
    this.#bulk?.renew()
    this.writer.stream.unref()
    this.#keepAlive()
    this.#renew()
  }

  /** Free the part of the mailbox that has been read, which the worker does as a rule (§8.3). */
  #trim(): void {
    if (this.#last !== undefined) this.writer.call('XTRIM', this.#mailbox, 'MINID', this.#last).catch(() => undefined)
  }

  /** Act on a refused command of our own care; what ends by itself is tried again anyway. */
  #refused(error: unknown): void {
    if (!passes(error)) this.#end(refusal(this.settings.url, error))
  }

  #end(error: PolyloomError, fence?: string): void {
    if (!this.#closed) this.#receiver?.end(error, fence)
  }
}

/** Tell whether an entry names a worker as its sender (§1.3). */
function isFrom(worker: string, [name, sender]: Fields): boolean {
  return name?.toString('latin1') === FIELD_CLIENT && sender?.toString('latin1') === worker
}

/** The bytes of an entry, those of its blobs included. */
function octetsOf(fields: Fields): number {
  return fields.reduce((sum, { length }) => sum + length, 0)
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
