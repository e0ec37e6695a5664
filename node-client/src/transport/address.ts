/** The URL of a Redis server as options of ioredis. */

import { UsageError } from '../errors.js'
import { SCHEMES_HINT, redact } from '../settings.js'

const DEFAULT_PORT = 6379

export interface Address {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: { readonly servername: string }
}

/** Read `redis://user:password@host:port/db`, `rediss://…` or `unix:///path?db=1`; UsageError when it is none. */
export function addressOf(text: string): Address {
  const url = parse(text)
  const secret = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  const common = {
    ...(secret.username && { username: secret.username }),
    ...(secret.password && { password: secret.password }),
  }
  if (url.protocol === 'unix:') {
    const password = url.searchParams.get('password')
    const path = decodeURIComponent(url.pathname)
    if (path.length < 2) throw incomplete(text)
    return { ...common, ...(password && { password }), path, db: database(url.searchParams.get('db') ?? '', text) }
  }
  if (!url.hostname) throw incomplete(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const db = database(url.searchParams.get('db') ?? url.pathname.slice(1), text)
  return {
    ...common,
    host,
    port: Number(url.port || DEFAULT_PORT),
    db,
    ...(url.protocol === 'rediss:' && { tls: { servername: host } }),
  }
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw incomplete(text)
  }
}

function database(text: string, url: string): number {
  if (!/^\d*$/.test(text)) throw incomplete(url)
  return Number(text)
}

function incomplete(url: string): UsageError {
  return new UsageError(`incomplete URL: ${redact(url)}`, { hint: SCHEMES_HINT })
}
