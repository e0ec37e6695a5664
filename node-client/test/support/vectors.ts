/** The shared vectors, and the values that their descriptions name. */

import { readFileSync } from 'node:fs'

import { NdArray, unpack } from '../../src/arrays.js'
import { datetimeFrom, PyDate, PyTime, TimeDelta } from '../../src/times.js'
import {
  Complex,
  Decimal,
  Dict,
  Ellipsis,
  float,
  Fraction,
  FrozenSet,
  Range,
  Slice,
  tuple,
  UUID,
} from '../../src/values.js'

export type Described = [type: string, ...rest: unknown[]]

export interface ValueVector {
  name: string
  wire: string
  value: Described
  attachments?: string[]
  encode: string[]
}

export interface RefusedVector {
  name: string
  wire: string
  code: string
  path: string
  attachments?: string[]
}

export interface SignatureVector {
  name: string
  secret: string
  receiver: string
  fields: [name: string, value: string | { hex: string }][]
  signature: string
}

export function readVectors(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../tests/vectors/${file}`, import.meta.url), 'utf8'))
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

/** `sending` describes a float with integral value as JavaScript must send it. */
export function build([type, ...rest]: Described, sending = false): unknown {
  const make = BUILDERS[type]
  if (!make) throw new Error(`no builder for ${type}`)
  return make(rest, sending)
}

const NUMBERS: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity }
const number = (text: string): number => NUMBERS[text] ?? Number(text)
const all = (rest: unknown[], sending: boolean): unknown[] => rest.map((one) => build(one as Described, sending))

function int(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

function dict(rest: unknown[], sending: boolean): unknown {
  const parts = all(rest, sending)
  const entries = parts.flatMap((part, index) => (index % 2 ? [] : [[part, parts[index + 1]] as const]))
  if (!entries.every(([key]) => typeof key === 'string')) return new Dict(entries)
  const made: Record<string, unknown> = {}
  for (const [key, value] of entries) {
    Object.defineProperty(made, key as string, { value, enumerable: true, writable: true, configurable: true })
  }
  return made
}

const BUILDERS: Record<string, (rest: any[], sending: boolean) => unknown> = {
  null: () => null,
  bool: ([value]) => value,
  int: ([text]) => int(text),
  float: ([text], sending) => {
    const value = number(text)
    return sending && Number.isSafeInteger(value) ? float(value) : value
  },
  str: ([text]) => text,
  list: all,
  tuple: (rest, sending) => tuple(...all(rest, sending)),
  set: (rest, sending) => new Set(all(rest, sending)),
  frozenset: (rest, sending) => new FrozenSet(all(rest, sending)),
  dict,
  bytes: ([hex]) => fromHex(hex),
  bytearray: ([hex]) => fromHex(hex),
  complex: ([re, im]) => new Complex(number(re), number(im)),
  decimal: ([text]) => new Decimal(text),
  fraction: ([text]) => new Fraction(text),
  uuid: ([text]) => new UUID(text),
  datetime: ([iso, fold, zone]) => datetimeFrom(iso, fold, zone),
  date: ([iso]) => new PyDate(iso),
  time: ([iso, fold, zone = null]) => new PyTime(iso, fold, zone),
  timedelta: ([days, seconds, microseconds]) => new TimeDelta(days, seconds, microseconds),
  range: ([start, stop, step]) => new Range(start, stop, step),
  slice: (rest, sending) => new Slice(...all(rest, sending)),
  ellipsis: () => Ellipsis,
  ndarray: ([dtype, shape, hex]): NdArray => unpack(fromHex(hex), dtype, shape),
}
