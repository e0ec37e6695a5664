/** Large attachments as keys of their own, beside the stream that names them (§8.5). */

import { setTimeout as delay } from 'node:timers/promises'

import type { Redis } from 'ioredis'

import { giveBack } from '../copies.js'
import { ProtocolError, SignatureError } from '../errors.js'
import { newId } from '../handle.js'
import { BLOB_BYTES, BLOB_SECONDS, FIELD_ATTACHMENT, FIELD_BLOB, type Keys } from '../keys.js'
import { digest, type Field } from '../signing.js'
import type { BulkReader } from './bulk.js'
import { Store } from './store.js'

const RETRY_MS = 50 // between looks for a blob that Redis has refused for the moment
const REMEMBERED = 4_096 // blobs that were read, so that second copies of their entries are known (§8.4)

/** A blob that is not with Redis yet, or was refused. */
export interface Unstored {
  readonly blob: string
  readonly bytes: Uint8Array
  readonly reason?: unknown
}

export class Blobs {
  readonly #seen = new Set<string>() // ids, in the order in which they were read

  constructor(
    readonly redis: Redis,
    readonly keys: Keys,
    readonly worker: string,
    readonly client: string,
    readonly patienceMs: number,
    readonly bulk?: BulkReader,
    readonly signed = false,
  ) {}

  /** The field of an attachment to the worker; a large one is written at once. `refused` is told when Redis did not take it. */
  attach(one: Uint8Array, refused: (one: Unstored) => void): [name: Field, value: Field] {
    if (one.length < BLOB_BYTES) return [FIELD_ATTACHMENT, Buffer.from(one.buffer, one.byteOffset, one.byteLength)]
    const blob = newId()
    this.store({ blob, bytes: one }, refused)
    return [FIELD_BLOB, this.signed ? `${blob}.${digest(one)}` : blob]
  }

  /** Write a blob for the worker; its memory is used again when Redis has it. */
  store({ blob, bytes }: Unstored, refused: (one: Unstored) => void): void {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const store = new Store(this.keys.workerBlob(this.worker, blob), data, BLOB_SECONDS)
    this.redis.sendCommand(store)
    store.promise.then(
      () => giveBack(bytes),
      (reason: unknown) => refused({ blob, bytes, reason }),
    )
  }

  /** Put the bytes of blobs into the places of their ids in the fields of an entry, and free them; false for a second copy. */
  async fetch(fields: Buffer[]): Promise<boolean> {
    const places = placesOf(fields)
    const names = places.map((at) => fields[at]!.toString('latin1').split('.'))
    const ids = names.map(([id]) => id!)
    if (ids.some((id) => this.#seen.has(id))) return false
    if (!ids.length) return true
    const keys = ids.map((id) => this.keys.clientBlob(this.client, id))
    const found = await Promise.all(keys.map((key) => this.#read(key)))
    if (this.signed) found.forEach((bytes, index) => check(bytes, names[index]![1]))
    places.forEach((at, index) => (fields[at] = found[index]!))
    this.#remember(ids)
    this.redis.unlink(...keys).catch(() => undefined) // they expire
    return true
  }

  #remember(ids: readonly string[]): void {
    for (const id of ids) this.#seen.add(id)
    for (const id of this.#seen) {
      if (this.#seen.size <= REMEMBERED) return
      this.#seen.delete(id)
    }
  }

  /** It may come later than the entry that names it: Redis may have been full for the moment. */
  async #read(key: string): Promise<Buffer> {
    const end = performance.now() + this.patienceMs
    do {
      const bytes = await this.#get(key)
      if (bytes) return bytes
      await delay(RETRY_MS)
    } while (performance.now() < end)
    throw new ProtocolError('an attachment of a reply is gone: it has expired, or Redis was full')
  }

  #get(key: string): Promise<Buffer | null> {
    const ordinary = (): Promise<Buffer | null> => this.redis.getBuffer(key)
    return this.bulk ? this.bulk.get(key).catch(ordinary) : ordinary()
  }
}

function check(bytes: Uint8Array, signed: string | undefined): void {
  if (digest(bytes) !== signed) throw new SignatureError('an attachment of a reply is not the one that was signed')
}

function placesOf(fields: Buffer[]): number[] {
  const found: number[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    if (fields[index]!.toString('latin1') === FIELD_BLOB) found.push(index + 1)
  }
  return found
}
