/** Arguments of a call: positional ones, `kw({…})` and `opts({…})`, both branded and never guessed. */

import { KW, OPTS, step, type Encoder } from './codec.js'
import { UsageError, type PolyloomError } from './errors.js'
import { refusalOf } from './paths.js'

export { KW, OPTS }

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the awaited result rejects with TimeoutError. */
  readonly timeout?: number | undefined
}

export interface Keywords {
  readonly [KW]: Readonly<Record<string, unknown>>
}

export interface Options {
  readonly [OPTS]: CallOptions
}

/** Keyword arguments: `np.sum(a, kw({axis: 0}))`. Undefined ones are left out. */
export function kw(keywords: Readonly<Record<string, unknown>>): Keywords {
  const given: unknown = keywords // whoever does without types may give anything
  if (typeof given !== 'object' || given === null || Symbol.iterator in given)
    throw new UsageError('kw takes an object whose keys are names', { hint: 'kw({ axis: 0 })' })
  return { [KW]: keywords }
}

/** Options of one call: `slow(opts({timeout: 1000, signal}))`. */
export function opts(options: CallOptions): Options {
  const odd = Object.keys(options).find((name) => name !== 'signal' && name !== 'timeout')
  if (odd !== undefined) throw new UsageError(`there is no option ${odd}`, { hint: 'there are signal and timeout' })
  return { [OPTS]: options }
}

type Branded = Partial<Keywords & Options>

/** The arguments of one call, sorted. */
export interface Call {
  readonly positional: readonly unknown[]
  readonly keywords: Readonly<Record<string, unknown>> | undefined
  readonly options: CallOptions | undefined
}

export function sortArguments(given: readonly unknown[]): Call {
  if (!given.some(isBranded)) return { positional: given, keywords: undefined, options: undefined }
  const positional: unknown[] = []
  let keywords: Record<string, unknown> | undefined
  let options: CallOptions | undefined
  for (const one of given) {
    if (!isBranded(one)) positional.push(one)
    if (isBranded(one) && one[KW]) keywords = Object.assign(keywords ?? Object.create(null), one[KW]) as typeof keywords
    if (isBranded(one) && one[OPTS]) options = { ...options, ...one[OPTS] }
  }
  return { positional, keywords, options }
}

/** Tell whether a value is what `opts` returns. */
export function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && OPTS in value
}

function isBranded(value: unknown): value is Branded {
  return typeof value === 'object' && value !== null && (KW in value || OPTS in value)
}

/** Write the last items of a call op: `[arg, …],{name: arg}`. Trailing undefined arguments are dropped. */
export function writeArguments(encoder: Encoder, { positional, keywords }: Call): string {
  let count = positional.length
  while (count > 0 && positional[count - 1] === undefined) count--
  let text = '['
  let index = 0
  try {
    for (; index < count; index++) text += (index ? ',' : '') + encoder.encode(positional[index])
  } catch (error) {
    throw placed(error, `$.args[${index}]`)
  }
  return keywords ? `${text}],{${writeKeywords(encoder, keywords)}}` : `${text}]`
}

function writeKeywords(encoder: Encoder, keywords: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const name of Object.keys(keywords)) {
    if (keywords[name] === undefined) continue
    text += `${text && ','}${JSON.stringify(name)}:${writeValue(encoder, keywords[name], `$.kwargs${step(name)}`)}`
  }
  return text
}

/** Write one value that stands at `path` of an op. */
export function writeValue(encoder: Encoder, value: unknown, path: string): string {
  try {
    return encoder.encode(value)
  } catch (error) {
    throw placed(error, path)
  }
}

function placed(error: unknown, path: string): PolyloomError {
  return refusalOf(error).rooted(path)
}
