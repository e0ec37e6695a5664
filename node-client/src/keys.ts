/**
 * Every Redis key of Polyloom (§8.1). Mirrors `keys.py`. No other file writes the prefix.
 *
 * workers       sorted set   worker id by the end of its lease, ms of server time; without those that are ending
 * load          sorted set   worker id by its load: open sessions and programs at work, as of its last renewal, and reservations
 * labels        hash         worker id to its labels, separated by spaces; only of workers that have some
 * placed        sorted set   of one worker: client id by the end of its reservation, ms of server time; expires with the last
 * names         hash         name of a shared object to the worker that holds it; a name whose worker has no lease is free
 * info          hash         one worker: what it says of itself; expires with the lease
 * workerLease   string       present while the worker lives
 * inbox         stream       frames to the worker; consumer group GROUP
 * clientLease   string       present while the client lives
 * mailbox       stream       frames to the client
 * workerBlob    string       a large attachment of a frame to the worker; expires after BLOB_SECONDS
 * clientBlob    string       a large attachment of a frame to the client; likewise
 * refused       stream       Celery messages that could not be run; until an operator clears it
 * runs          sorted set   name of each durable session that has a log, by when it began, ms of server time
 * run           hash         one durable session: who may write its log, and what it is
 * runLog        stream       its programs and their replies, by number; kept until it is forgotten
 * runOnce       hash         slot of each step that runs once, to what it came to; empty while nobody knows
 *
 * `{w:…}`, `{c:…}` and `{r:…}` are hash tags: the keys of one worker, those of one client, and those of one durable session,
 * share a slot of Redis Cluster; so do `workers` and the four after it, whose tag is the name of `workers`.
 */

export const DEFAULT_PREFIX = 'polyloom:'
export const GROUP = 'lane'

// Fields of a stream entry (§1.3), and those of a signed one (§16.2).
export const FIELD_CLIENT = 'c'
export const FIELD_TEXT = 'f'
export const FIELD_ATTACHMENT = 'a'
export const FIELD_BLOB = 'b'
export const FIELD_MOMENT = 't'
export const FIELD_NUMBER = 'q'
export const FIELD_SIGNATURE = 's'

export const BLOB_BYTES = 65_536 // attachments from this size on are blobs (§8.5): a stream would copy them twice
export const BLOB_SECONDS = 3600 // how long an unread blob is kept

/** The keys under one prefix; one prefix a tenant. */
export class Keys {
  readonly workers: string
  readonly load: string
  readonly labels: string
  readonly names: string
  /** The keys that placing a client reads, in the order of the scripts. */
  readonly placement: readonly [string, string, string]
  /** The keys that looking for a shared object reads, in the order of the scripts. */
  readonly naming: readonly [string, string]

  constructor(readonly prefix: string = DEFAULT_PREFIX) {
    this.workers = `${prefix}workers`
    this.load = `${prefix}{${this.workers}}:load`
    this.labels = `${prefix}{${this.workers}}:labels`
    this.names = `${prefix}{${this.workers}}:names`
    this.placement = [this.workers, this.load, this.labels]
    this.naming = [this.workers, this.names]
  }

  placed(worker: string): string {
    return `${this.prefix}{${this.workers}}:placed:${worker}`
  }

  info(worker: string): string {
    return `${this.prefix}{w:${worker}}:info`
  }

  workerLease(worker: string): string {
    return `${this.prefix}{w:${worker}}:lease`
  }

  inbox(worker: string): string {
    return `${this.prefix}{w:${worker}}:inbox`
  }

  workerBlob(worker: string, blob: string): string {
    return `${this.prefix}{w:${worker}}:blob:${blob}`
  }

  clientLease(client: string): string {
    return `${this.prefix}{c:${client}}:lease`
  }

  mailbox(client: string): string {
    return `${this.prefix}{c:${client}}:mailbox`
  }

  clientBlob(client: string, blob: string): string {
    return `${this.prefix}{c:${client}}:blob:${blob}`
  }

  get refused(): string {
    return `${this.prefix}refused`
  }

  get runs(): string {
    return `${this.prefix}runs`
  }

  run(name: string): string {
    return `${this.prefix}{r:${name}}:run`
  }

  runLog(name: string): string {
    return `${this.prefix}{r:${name}}:log`
  }

  runOnce(name: string): string {
    return `${this.prefix}{r:${name}}:once`
  }
}
