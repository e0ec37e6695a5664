/** `connect`: the edge where a URL becomes a transport, and a conversation gets its sessions. */

import { Conversation } from './conversation.js'
import { Gone, UsageError } from './errors.js'
import { newId } from './handle.js'
import { Loom } from './loom.js'
import { SCHEMES_HINT, redact, schemeOf, settingsFrom, type Settings } from './settings.js'
import { openRedis } from './transport/redis.js'
import { StdioTransport, findPython } from './transport/stdio.js'
import type { Transport } from './transport/transport.js'

export interface ConnectOptions extends Partial<Omit<Settings, 'url'>> {
  /** A transport of your own, in place of the URL. */
  readonly transport?: Transport
}

/** Connect to `redis://…`, `rediss://…`, `unix:///…` or `stdio:` (the default, after POLYLOOM_URL). */
export async function connect(url?: string, options: ConnectOptions = {}): Promise<Loom> {
  const { transport, ...given } = options
  const settings = settingsFrom({ ...given, ...(url === undefined ? {} : { url }) }, process.env)
  const client = newId()
  const line = new Conversation(transport ?? (await openTransport(settings, client)), settings, client)
  await greeted(line)
  return new Loom(line)
}

async function openTransport(settings: Settings, client: string): Promise<Transport> {
  const open = TRANSPORTS.get(schemeOf(settings.url))
  if (!open) throw new UsageError(`cannot connect to ${redact(settings.url)}`, { hint: SCHEMES_HINT })
  return open(settings, client)
}

const TRANSPORTS = new Map<string, (settings: Settings, client: string) => Transport | Promise<Transport>>([
  ['redis', openRedis],
  ['rediss', openRedis],
  ['unix', openRedis],
  ['stdio', openStdio],
])

export function openStdio(settings: Settings): Transport {
  return new StdioTransport(findPython(settings.python, process.env), settings.limits)
}

async function greeted(line: Conversation): Promise<void> {
  const { workerTimeoutMs, url } = line.settings
  const silent = new Gone(`the host at ${redact(url)} did not answer within ${workerTimeoutMs} ms`, { code: 'ConnectionLost' })
  const timer = setTimeout(() => line.fail(silent), workerTimeoutMs)
  try {
    await line.ready
  } finally {
    clearTimeout(timer)
  }
}
