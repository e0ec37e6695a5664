// Keywords, symbols and data lists. A keyword is interned and callable: (:name map) and (map :name rows) read a key.

import { NAME } from './brands.js'
import { get } from './collections.js'

export interface Keyword {
  (coll: unknown, fallback?: unknown): unknown
  readonly [NAME]: string
}

const keywords = new Map<string, Keyword>()

function makeKeyword(name: string): Keyword {
  const read = (coll: unknown, fallback: unknown = null): unknown => get(coll, name, fallback)
  const text = `:${name}`
  return Object.defineProperties(read, {
    [NAME]: { value: name },
    name: { value: text },
    toString: { value: () => text },
    toJSON: { value: () => name },
  }) as unknown as Keyword
}

export function keyword(name: unknown): Keyword {
  const text = nameOf(name)
  let found = keywords.get(text)
  if (!found) keywords.set(text, (found = makeKeyword(text)))
  return found
}

/** A symbol as data. `mark` and `span` belong to the macro expander. */
export class LispSymbol {
  readonly [NAME]: string

  constructor(
    name: string,
    readonly mark?: unknown,
    readonly span?: unknown,
  ) {
    this[NAME] = name
  }

  toString(): string {
    return this[NAME]
  }
}

export const symbol = (name: unknown): LispSymbol => new LispSymbol(nameOf(name))

let symbolCount = 0
export const gensym = (prefix: unknown = 'G'): LispSymbol => new LispSymbol(`${nameOf(prefix)}__${++symbolCount}`)

/** A data list: an Array that prints with parentheses. A slice of one (rest, take, drop) is one too. */
export class LispList extends Array<unknown> {}

export function list(...items: unknown[]): LispList {
  const made = new LispList()
  for (const item of items) made.push(item)
  return made
}

export const isKeyword = (x: unknown): x is Keyword => typeof x === 'function' && Object.hasOwn(x, NAME)
export const isSymbol = (x: unknown): x is LispSymbol => x instanceof LispSymbol
export const isList = (x: unknown): boolean => x instanceof LispList

/** The name of a keyword, symbol or string. */
export function nameOf(x: unknown): string {
  if (typeof x === 'string') return x
  if (isKeyword(x) || isSymbol(x)) return x[NAME]
  throw new TypeError(`a keyword, symbol or string is needed, got ${typeof x}`)
}
