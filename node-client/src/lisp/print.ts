// The printer: values as the reader would read them. `display` is what str uses: strings and names bare at the top.

import { isNdArray } from './runtime/collections.js'
import { NAME, isRemote, remoteBrand } from './runtime/brands.js'
import { LispList, LispSymbol, isKeyword } from './runtime/names.js'
import { isRecord } from './runtime/truth.js'

const MAX_ITEMS = 1000 // items of an NdArray that are written out
const EDGE = 3 // items at each end of a longer row
const MAX_DEPTH = 100 // levels; deeper is elided, and so are cycles

type Writer = (x: unknown, open: readonly unknown[]) => string

/** A value as readable text. */
export const print = (x: unknown): string => write(x, [])

/** A value as text for people: a string is itself. */
export function display(x: unknown): string {
  if (x == null) return ''
  return typeof x === 'string' ? x : print(x)
}

const write: Writer = (x, open) => {
  switch (typeof x) {
    case 'string':
      return quote(x)
    case 'number':
      return Number.isFinite(x)
        ? Object.is(x, -0)
          ? '-0'
          : String(x)
        : Number.isNaN(x)
          ? '##NaN'
          : x > 0
            ? '##Inf'
            : '##-Inf'
    case 'bigint':
      return `${x}n`
    case 'undefined':
      return 'nil'
    case 'function':
      return writeFunction(x)
    case 'object':
      return x === null ? 'nil' : open.includes(x) || open.length > MAX_DEPTH ? '…' : writeObject(x, [...open, x])
    default:
      return String(x)
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }
const quote = (text: string): string =>
  `"${text.replace(/["\\\u0000-\u001f]/g, (c) => ESCAPES[c] ?? `\\u{${c.charCodeAt(0).toString(16)}}`)}"`

function writeFunction(x: object): string {
  if (isRemote(x)) return writeRemote(x)
  if (isKeyword(x)) return String(x)
  const { name } = x as { name?: string }
  return name ? `#<fn ${name}>` : '#<fn>'
}

/** A Remote is described by what is known of it here; nothing is sent. */
function writeRemote(x: object): string {
  try {
    return `#<py ${remoteBrand(x).describe?.() ?? 'object'}>`
  } catch {
    return '#<py object>'
  }
}

function writeObject(x: object, open: readonly unknown[]): string {
  if (x instanceof LispList) return `(${items(x, open)})`
  if (Array.isArray(x)) return `[${items(x, open)}]`
  if (x instanceof LispSymbol) return x[NAME]
  if (x instanceof Map) return `{${entries([...x], open)}}`
  if (x instanceof Set) return `#{${items([...x], open)}}`
  if (isNdArray(x)) return writeNdArray(x.data, x.shape, open)
  if (isRecord(x)) return `{${entries(Object.entries(x), open)}}`
  return writeInstance(x, open)
}

const items = (xs: Iterable<unknown>, open: readonly unknown[]): string =>
  Array.from(xs, (item) => write(item, open)).join(' ')

const entries = (pairs: readonly (readonly [unknown, unknown])[], open: readonly unknown[]): string =>
  pairs.map(([key, value]) => `${writeKey(key, open)} ${write(value, open)}`).join(', ')

/** A name of a property prints as a keyword, as it is written in a program; other strings in quotes. */
const writeKey: Writer = (key, open) =>
  typeof key === 'string' && /^[A-Za-z_*+!?<>=-][\w*+!?<>=./-]*$/.test(key) ? `:${key}` : write(key, open)

function writeInstance(x: object, open: readonly unknown[]): string {
  if (x instanceof Date) return `#inst "${Number.isNaN(x.getTime()) ? 'invalid' : x.toISOString()}"`
  if (x instanceof RegExp) return `#"${x.source.replace(/"/g, '\\"')}"${x.flags}`
  if (x instanceof Error) return `#<${x.name} ${quote(x.message)}>`
  if (x instanceof Promise) return '#<promise>'
  if (ArrayBuffer.isView(x) && 'length' in x)
    return writeNdArray(x as unknown as ArrayLike<unknown>, [x.length as number], open)
  if ('value' in x && x.constructor.name === 'Atom') return `#<atom ${write(x.value, open)}>`
  const { constructor: type, toString } = x as { constructor?: { name?: string }; toString?: () => string }
  const text = typeof toString === 'function' && toString !== Object.prototype.toString ? toString.call(x) : ''
  return text === '' ? `#<${type?.name ?? 'object'}>` : text
}

/** Nested vectors; rows beyond MAX_ITEMS in all are shown by their edges. */
function writeNdArray(data: ArrayLike<unknown>, shape: readonly number[], open: readonly unknown[]): string {
  const elide = data.length > MAX_ITEMS
  const level = (axis: number, offset: number): string => {
    if (axis === shape.length) return write(data[offset], open)
    const size = shape.slice(axis + 1).reduce((a, b) => a * b, 1)
    return `[${rowIndexes(shape[axis]!, elide)
      .map((i) => (i < 0 ? '…' : level(axis + 1, offset + i * size)))
      .join(' ')}]`
  }
  return level(0, 0)
}

function rowIndexes(count: number, elide: boolean): number[] {
  if (!elide || count <= 2 * EDGE) return Array.from({ length: count }, (_, i) => i)
  const head = Array.from({ length: EDGE }, (_, i) => i)
  return [...head, -1, ...head.map((i) => count - EDGE + i)]
}
