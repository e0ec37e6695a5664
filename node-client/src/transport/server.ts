/** Connections to Redis: how one is made, which servers will do, and what a refusal means. Mirrors `servers.py`. */

import { Redis } from 'ioredis'

import { Gone, LimitExceeded, NotAllowed, PolyloomError, ProtocolError } from '../errors.js'
import { redact, type Settings } from '../settings.js'
import type { Address } from './address.js'

const OLDEST_SERVER = [6, 2] as const // XADD NOMKSTREAM and MINID
const RETRY_MS = 50 // before the first attempt to reconnect; grows
const SLOWEST_RETRY_MS = 1_000
const DISCONNECT_MS = 100 // how long ioredis keeps the process for a socket that does not close by itself

/** Return a connection that has reached a server that will do; a typed error when it cannot. */
export async function connectTo(
  address: Address,
  settings: Settings,
  connectionName: string,
  keepAlive: number,
): Promise<Redis> {
  let connected = false
  let failure: Error | undefined
  const redis = new Redis({
    ...address,
    connectionName, // for CLIENT LIST
    protocol: 2,
    lazyConnect: true,
    connectTimeout: settings.connectTimeoutMs,
    keepAlive,
    maxRetriesPerRequest: null,
    disableClientInfo: true,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy: (times) => (connected ? Math.min(times * RETRY_MS, SLOWEST_RETRY_MS) : null),
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  })
  redis.on('error', (error: Error) => (failure = error))
  try {
    await redis.connect()
    checkVersion(settings.url, await redis.info('server').catch(unsaid))
    connected = true
    return redis
  } catch (error) {
    redis.disconnect()
    throw refusal(settings.url, error instanceof PolyloomError ? error : (failure ?? error))
  }
}

/** A user who may not ask for the version goes on without. */
function unsaid(error: Error): string {
  if (isForbidden(error.message)) return ''
  throw error
}

function checkVersion(url: string, info: string): void {
  const [, version, major, minor] = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info) ?? []
  if (version === undefined) return
  const [least, lesser] = OLDEST_SERVER
  if (Number(major) > least || (Number(major) === least && Number(minor) >= lesser)) return
  const hint = `install Redis ${OLDEST_SERVER.join('.')} or later, or Valkey`
  throw new ProtocolError(`Redis at ${redact(url)} has the version ${version}, which is too old`, {
    code: 'VersionMismatch',
    hint,
  })
}

/** Tell a refusal that ends by itself (no memory, no replica, loading): what was refused can be sent again. */
export function passes(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(OOM|READONLY|CLUSTERDOWN|TRYAGAIN|MISCONF|NOREPLICAS|LOADING|BUSY|UNBLOCKED)\b/.test(error.message)
  )
}

/** Tell an answer of the server from an error of the connection. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Return what an error of a connection or of a command means; a typed error stays as it is. */
export function refusal(url: string, error: unknown): PolyloomError {
  if (error instanceof PolyloomError) return error
  const reason = reasonOf(error)
  const server = `Redis at ${redact(url)}`
  if (/\bOOM\b/.test(reason)) {
    const hint =
      'give the server more memory (maxmemory), or release what is held; `polyloom doctor` tells what is used'
    return new LimitExceeded(`maxmemory: ${server} is full, and refused what was sent`, { hint })
  }
  if (isForbidden(reason)) {
    const hint = 'docs/how-to/secure-redis.md lists what clients and workers need; `polyloom doctor` tries it'
    return new NotAllowed(`${server} does not let this user do what a client does: ${reason}`, { hint })
  }
  if (/\b(WRONGPASS|NOAUTH)\b|invalid password/.test(reason)) {
    const hint = 'put the user and the password into the URL: redis://user:password@host:port/0'
    return new Gone(`${server} did not accept the user or the password: ${reason}`, { code: 'ConnectionLost', hint })
  }
  const hint = 'is the server running, and does the URL name its host, port and password?'
  return new Gone(`cannot reach ${server}: ${reason}`, { code: 'ConnectionLost', hint })
}

/** Each server says in its own words that a user may not run a command, in a script too. */
function isForbidden(message: string): boolean {
  return /\bNOPERM\b|ACL failure/.test(message)
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return (code && !message.includes(code) ? `${code} ${message}` : message).trim()
}
