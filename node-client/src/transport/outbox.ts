/**
 * What the client has to tell its worker: frames in their order. What Redis refuses for the moment (it is full) is sent
 * again, and what comes after it waits. Mirrors `outbox.py`.
 */

import type { Redis } from 'ioredis'

import { WorkerLost, type PolyloomError } from '../errors.js'
import type { Frame } from '../frames.js'
import { FIELD_CLIENT, FIELD_TEXT } from '../keys.js'
import type { Field, Signer } from '../signing.js'
import type { Blobs, Unstored } from './blobs.js'
import { passes, refusal } from './server.js'

const RETRY_MS = 100 // before what Redis refused is sent again

/** One entry on its way. */
interface Parcel {
  readonly frame: Frame
  fields?: Field[]
  unstored: Unstored[] // blobs that Redis has refused
}

interface Route {
  readonly redis: Redis
  readonly blobs: Blobs
  readonly inbox: string
  readonly worker: string
  readonly client: string
  readonly url: string
  readonly patienceMs: number // for refusals, until the conversation ends
  readonly signer?: Signer | undefined
  /** Free what can be freed: the server is full. */
  readonly makeRoom: () => void
  readonly end: (error: PolyloomError) => void
}

export class Outbox {
  readonly #refused: Parcel[] = [] // for the moment, in order
  readonly #later: Parcel[] = [] // what came since
  #flying = 0 // entries without an answer
  #since: number | undefined // ms of the monotonic clock; the first refusal after something was taken
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #moment: number | undefined // of the server, in ms, until the first entry has it (§16.4)

  constructor(
    readonly route: Route,
    moment?: number,
  ) {
    this.#moment = moment
  }

  send(frame: Frame): void {
    const parcel = { frame, unstored: [] }
    if (this.#refused.length) this.#later.push(parcel)
    else this.#post(parcel)
  }

  /** Send nothing more. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #post(parcel: Parcel): void {
    const { redis, inbox, blobs } = this.route
    const keep = (one: Unstored): unknown => parcel.unstored.push(one)
    if (parcel.fields) for (const one of parcel.unstored.splice(0)) blobs.store(one, keep)
    parcel.fields ??= this.#fieldsOf(parcel.frame, keep)
    this.#flying++
    redis.call('XADD', inbox, 'NOMKSTREAM', '*', ...parcel.fields).then(
      (id) => this.#taken(parcel, id),
      (error: unknown) => this.#refuse(parcel, error),
    )
  }

  #fieldsOf({ text, attachments }: Frame, keep: (one: Unstored) => unknown): Field[] {
    const fields: Field[] = [FIELD_CLIENT, this.route.client, FIELD_TEXT, text]
    for (const one of attachments) fields.push(...this.route.blobs.attach(one, keep))
    const { signer, worker } = this.route
    if (!signer) return fields
    const sealed = signer.seal(worker, fields, this.#moment)
    this.#moment = undefined
    return sealed
  }

  /** An inbox that is gone was swept away with its worker; it must not be made anew. */
  #taken(parcel: Parcel, id: unknown): void {
    this.#flying--
    if (this.#closed) return
    if (typeof id !== 'string') return this.route.end(workerLost(this.route.worker))
    if (parcel.unstored.length) return this.route.end(refusal(this.route.url, parcel.unstored[0]!.reason))
    parcel.frame.receipt = id
    parcel.frame.accepted?.()
    this.#since = undefined
    if (parcel === this.#refused[0]) {
      this.#refused.shift()
      for (const next of [...this.#refused.splice(0), ...this.#later.splice(0)]) this.#post(next)
    }
  }

  #refuse(parcel: Parcel, error: unknown): void {
    this.#flying--
    if (this.#closed) return
    if (!passes(error)) return this.route.end(refusal(this.route.url, error))
    if (parcel !== this.#refused[0]) this.#refused.push(parcel)
    if (this.#flying) return // the answers to those after it are on their way
    this.#since ??= performance.now()
    if (performance.now() - this.#since > this.route.patienceMs) return this.route.end(refusal(this.route.url, error))
    this.route.makeRoom()
    this.#timer = setTimeout(() => this.#post(this.#refused[0]!), RETRY_MS)
  }
}

export function workerLost(worker: string): WorkerLost {
  const hint = 'connect again: another worker takes over'
  return new WorkerLost(`the lease of the worker ${worker} ended`, { hint })
}
