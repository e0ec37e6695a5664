// JavaScript names: Lisp names made readable (read-csv -> readCsv, empty? -> isEmpty), and unique within reach by
// counters. A name is never random, so the same source gives the same bytes.

const RESERVED = new Set(
  `arguments async await break case catch class const continue debugger default delete do else enum eval export extends
   false finally for function if implements import in instanceof interface let new null of package private protected
   public return static super switch this throw true try typeof undefined var void while with yield NaN Infinity undefined
   imports $rt $step $template`.split(/\s+/),
)

const SIGNS: Readonly<Record<string, string>> = {
  '+': 'plus',
  '*': 'star',
  '/': 'slash',
  '<': 'less',
  '>': 'greater',
  '=': 'equal',
  '!': '$',
  '?': '',
  '%': 'percent',
  '&': 'and',
  "'": '_',
  '|': 'bar',
  '#': '_',
  '^': 'caret',
  '.': '_',
  ':': '_',
  '\\': '_',
  '@': 'at',
  '-': 'minus',
}

const upperFirst = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** %1 of a short function is `it`, %2 `it2`. */
function shortParam(name: string): string | undefined {
  const found = /^%(\d+|&)$/.exec(name)
  return found ? (found[1] === '1' ? 'it' : found[1] === '&' ? 'its' : `it${found[1]}`) : undefined
}

/** A JavaScript identifier for a Lisp name; not yet unique. */
export function mangle(name: string): string {
  if (/^[A-Za-z_$][\w]*$/.test(name)) return RESERVED.has(name) ? `${name}_` : name
  const short = shortParam(name)
  if (short !== undefined) return short
  const isPredicate = /^[\w-]+\?$/.test(name)
  const words = name
    .replace(/->/g, '-to-')
    .replace(/-(?=[\p{L}\d])(.)/gu, (_, next: string, at: number) => (at === 0 ? `-${next}` : next.toUpperCase()))
    .replace(/^\*(.+)\*$/, '$1')
    .replace(/[^\p{L}\p{N}_$]/gu, (sign, at: number) =>
      at === 0 ? (SIGNS[sign] ?? '_') : upperFirst(SIGNS[sign] ?? '_'),
    )
    .replace(/(?!^)\$(?=.)/g, '_')
  const word = words === '' ? 'value' : words
  const text = isPredicate ? `is${upperFirst(word)}` : word
  const safe = /^[\p{L}_$]/u.test(text) ? text : `_${text}`
  return RESERVED.has(safe) ? `${safe}_` : safe
}

/** The names in use in one JavaScript function, with those of the functions around it. */
export class Names {
  readonly #taken = new Set<string>()
  readonly #counters = new Map<string, number>()

  constructor(readonly outer: Names | undefined) {}

  #isTaken(name: string): boolean {
    return this.#taken.has(name) || (this.outer !== undefined && this.outer.#isTaken(name))
  }

  reserve(name: string): void {
    this.#taken.add(name)
  }

  take(base: string): string {
    let name = base
    for (let n = this.#counters.get(base) ?? 0; this.#isTaken(name);) {
      name = `${base}$${++n}`
      this.#counters.set(base, n)
    }
    this.#taken.add(name)
    return name
  }
}
