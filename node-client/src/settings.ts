/**
 * All configuration as one frozen value, made at the edge by `settingsFrom` (options, then environment, then defaults).
 * Mirrors `settings.py`.
 */

import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { UsageError } from './errors.js'
import { DEFAULT_PREFIX } from './keys.js'
import { checkWanted } from './labels.js'
import { DEFAULT_LIMITS, type Limits } from './limits.js'
import { writeOutput, type Output } from './output.js'

export const SCHEMES_HINT = 'use redis://host:port/0, rediss://…, unix:///path/to/socket or stdio:'
export const SECRET_BYTES = 16 // at least: who reads an entry can try out short ones
const SECRET_HINT =
  'make one with `openssl rand -hex 32`, and set it as POLYLOOM_SECRET, or name its file in POLYLOOM_SECRET_FILE'

export interface Settings {
  readonly url: string
  readonly prefix: string
  /** The interpreter of `stdio:`; without it the usual places are searched. */
  readonly python: string | undefined
  /** The worker to talk to, by its id; without it the least loaded one. */
  readonly worker: string | undefined
  /** Labels that the worker must have, all of them: `gpu`, `zone=a`. */
  readonly labels: readonly string[]
  /** How long the Redis server may take to answer first. */
  readonly connectTimeoutMs: number
  /** How long to wait for a live worker, or for a local process to say hello. */
  readonly workerTimeoutMs: number
  /** How long a lost connection may stay away before everything pending is rejected. */
  readonly reconnectTimeoutMs: number
  /** How long the objects of a client that has died are kept. */
  readonly leaseMs: number
  /** How many calls of one tick keep their JavaScript call site for the stacks of errors; each costs 2 to 4 µs. */
  readonly callSites: number
  /** How many programs of a session may be without a reply; beyond it a call throws LimitExceeded. */
  readonly inFlight: number
  /** What to do with what Python code prints; by default it goes to this process's own streams. */
  readonly onOutput: (output: Output) => void
  /** What frames are signed with (§16); a KeyObject, which shows itself to nobody. */
  readonly secret: KeyObject | undefined
  readonly limits: Limits
}

/** Settings as they are given: the secret may be its text. */
export type Given = Partial<Omit<Settings, 'secret'>> & { readonly secret?: string | KeyObject | undefined }

export const DEFAULTS: Settings = Object.freeze({
  url: 'stdio:',
  prefix: DEFAULT_PREFIX,
  python: undefined,
  worker: undefined,
  labels: [],
  connectTimeoutMs: 5_000,
  workerTimeoutMs: 10_000,
  reconnectTimeoutMs: 10_000,
  leaseMs: 5_000,
  callSites: 16,
  inFlight: 10_000,
  onOutput: writeOutput,
  secret: undefined,
  limits: DEFAULT_LIMITS,
})

export const ENVIRONMENT = [
  'POLYLOOM_URL',
  'POLYLOOM_PREFIX',
  'POLYLOOM_LEASE',
  'POLYLOOM_PYTHON',
  'POLYLOOM_SECRET',
  'POLYLOOM_SECRET_FILE',
] as const
type Environment = Readonly<Partial<Record<string, string>>>

/** Merge options over `POLYLOOM_*` over the defaults; UsageError when one is unusable. */
export function settingsFrom(options: Given, environment: Environment): Settings {
  const lease = environment['POLYLOOM_LEASE']
  const merged = {
    ...DEFAULTS,
    ...given({
      url: environment['POLYLOOM_URL'],
      prefix: environment['POLYLOOM_PREFIX'],
      python: environment['POLYLOOM_PYTHON'],
      leaseMs: lease ? Number(lease) * 1000 : undefined,
    }),
    ...given(pick(options)),
    secret: secretOf(
      options.secret ?? (environment['POLYLOOM_SECRET'] || readSecret(environment['POLYLOOM_SECRET_FILE'])),
    ),
  }
  for (const name of ['connectTimeoutMs', 'workerTimeoutMs', 'reconnectTimeoutMs', 'leaseMs', 'inFlight'] as const) {
    if (!(merged[name] > 0)) throw new UsageError(`${name} must be a number above 0, not ${merged[name]}`)
  }
  return Object.freeze(checkWanted(merged))
}

/** The scheme of the URL, without its colon. */
export function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? ''
}

/** Return the URL without its password, for messages. */
export function redact(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*?):[^@/]*@/i, '$1:***@').replace(/([?&]password=)[^&]*/gi, '$1***')
}

function pick(options: Given): Partial<Omit<Settings, 'secret'>> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in DEFAULTS && name !== 'secret'))
}

function secretOf(secret: string | KeyObject | undefined): KeyObject | undefined {
  if (typeof secret !== 'string') return secret
  if (Buffer.byteLength(secret) < SECRET_BYTES)
    throw new UsageError(`the secret has less than ${SECRET_BYTES} bytes`, { hint: SECRET_HINT })
  return createSecretKey(Buffer.from(secret))
}

/** The secret in a file, without white space around it; undefined where no file is named. */
function readSecret(file: string | undefined): string | undefined {
  if (!file) return undefined
  let secret: string
  try {
    secret = readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`cannot read the secret in ${file}: ${String(code)}`, { hint: SECRET_HINT })
  }
  if (!secret) throw new UsageError(`no secret is in ${file}`, { hint: SECRET_HINT })
  return secret
}

function given<T extends object>(values: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as never
}
