/** `connect`: the edge where a URL becomes a transport, and a conversation gets its sessions. */

import { Conversation } from './conversation.js'
import { Gone, NoWorker, UsageError, WorkerLost } from './errors.js'
import { newId } from './handle.js'
import { Loom, type Elsewhere } from './loom.js'
import { SCHEMES_HINT, redact, schemeOf, settingsFrom, type Given, type Settings } from './settings.js'
import { DeferredTransport } from './transport/deferred.js'
import { StdioTransport, findPython } from './transport/stdio.js'
import type { Transport } from './transport/transport.js'

export interface ConnectOptions extends Omit<Given, 'url'> {
  /** A transport of your own, in place of the URL. */
  readonly transport?: Transport
}

/** Connect to `redis://…`, `rediss://…`, `unix:///…` or `stdio:` (the default, after POLYLOOM_URL). */
export async function connect(url?: string, options: ConnectOptions = {}): Promise<Loom> {
  const { transport, ...given } = options
  const settings = settingsFrom({ ...given, ...(url === undefined ? {} : { url }) }, process.env)
  if (transport) return greet(transport, settings, newId())
  const elsewhere: Elsewhere = (wanted) =>
    converse({ ...settings, worker: undefined, ...wanted, labels: wanted.labels ?? [] })
  const deadline = performance.now() + settings.workerTimeoutMs
  for (;;) {
    const client = newId()
    try {
      return await greet(await openTransport(settings, client), settings, client, elsewhere)
    } catch (error) {
      // A worker that died a moment ago may still hold its lease; the next one is as good.
      if (!(error instanceof WorkerLost) || performance.now() > deadline) throw error
    }
  }
}

async function openTransport(settings: Settings, client: string): Promise<Transport> {
  const open = TRANSPORTS.get(schemeOf(settings.url))
  if (!open) throw new UsageError(`cannot connect to ${redact(settings.url)}`, { hint: SCHEMES_HINT })
  return open(settings, client)
}

/** ioredis is loaded when it is needed: a local process starts without it. */
async function openRedis(settings: Settings, client: string): Promise<Transport> {
  const redis = await import('./transport/redis.js')
  return redis.openRedis(settings, client)
}

const TRANSPORTS = new Map<string, (settings: Settings, client: string) => Transport | Promise<Transport>>([
  ['redis', openRedis],
  ['rediss', openRedis],
  ['unix', openRedis],
  ['stdio', openStdio],
])

export function openStdio(settings: Settings): Transport {
  if (settings.worker !== undefined || settings.labels.length) {
    const hint = 'only a fleet has workers to choose from: redis://…'
    throw new NoWorker('a local process is no worker with an id or labels', { hint })
  }
  return new StdioTransport(findPython(settings.python, process.env), settings.limits)
}

/** Wait for the host's hello. */
async function greet(transport: Transport, settings: Settings, client: string, elsewhere?: Elsewhere): Promise<Loom> {
  const line = new Conversation(transport, settings, client)
  await greeted(line, settings)
  return new Loom(line, elsewhere)
}

/** Begin a conversation; what is said to it waits until a worker has said hello. */
function converse(settings: Settings): Conversation {
  const client = newId()
  const open = async (): Promise<Transport> => {
    const transport = await openTransport(settings, client)
    greeted(line, settings).catch(() => undefined) // told to whoever awaits something there
    return transport
  }
  const line: Conversation = new Conversation(new DeferredTransport(open, settings.workerTimeoutMs), settings, client)
  return line
}

async function greeted(line: Conversation, { workerTimeoutMs, url }: Settings): Promise<void> {
  const silent = new Gone(`the host at ${redact(url)} did not answer within ${workerTimeoutMs} ms`, {
    code: 'ConnectionLost',
  })
  const timer = setTimeout(() => line.fail(silent), workerTimeoutMs)
  try {
    await line.ready
  } finally {
    clearTimeout(timer)
  }
}
