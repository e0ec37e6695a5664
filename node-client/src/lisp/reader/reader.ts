// The reader: text to syntax objects with full spans. It recovers from every error, so it always returns all forms
// it could make, and each step consumes at least one character, so it never hangs.

import type { Reporter } from '../diagnostics.js'
import { atom, key, list, seq, sym, vector, type Seq, type Span, type Syntax } from '../syntax.js'
import { parseNumber, startsNumber } from './number.js'
import { scanRegex, scanString } from './string.js'

const MAX_DEPTH = 400 // levels of nesting: more than any person writes, less than the JS stack holds
const CLOSER: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '#{': '}', '#(': ')' }
const TYPE: Readonly<Record<string, Seq['type']>> = {
  '(': 'list',
  '[': 'vector',
  '{': 'map',
  '#{': 'set',
  '#(': 'list',
}
const WORDS: Readonly<Record<string, null | boolean>> = { nil: null, true: true, false: false }
const SYMBOLIC: Readonly<Record<string, number>> = { '##Inf': Infinity, '##-Inf': -Infinity, '##NaN': NaN }
const TOKEN = /[^\s,()[\]{}"`;~@]+/y
const BLANK = /(?:[\s\uFEFF]+|;[^\n]*)+/y

/** What stands in the place of a form that is not there. */
const END = Symbol('end')
const SKIPPED = Symbol('skipped')
type Read = Syntax | typeof END | typeof SKIPPED

class Reader {
  #at = 0
  #depth = 0
  #quasi = 0 // levels of quasiquote around the current position: in them a comma is an unquote
  #params: { highest: number; rest: boolean } | undefined // of the #( ) being read
  readonly #open: string[] = [] // opening delimiters of the enclosing forms

  constructor(
    readonly text: string,
    readonly reporter: Reporter,
  ) {}

  readAll(): Syntax[] {
    const forms: Syntax[] = []
    if (this.text.startsWith('#!')) this.#at = this.#lineEnd(0)
    for (;;) {
      const form = this.#read()
      if (form === END && this.#at >= this.text.length) return forms
      if (form === END) this.#strayCloser()
      else if (form !== SKIPPED) forms.push(form)
    }
  }

  #lineEnd(from: number): number {
    const end = this.text.indexOf('\n', from)
    return end < 0 ? this.text.length : end
  }

  #strayCloser(): void {
    this.reporter.report('L002', this.#span(this.#at, this.#at + 1), { found: this.text[this.#at]! })
    this.#at++
  }

  #span(start: number, end = this.#at): Span {
    return { start, end }
  }

  #skipBlank(): void {
    for (;;) {
      BLANK.lastIndex = this.#at
      if (BLANK.test(this.text)) this.#at = BLANK.lastIndex
      else if (this.text[this.#at] === ',' && this.#quasi === 0) this.#at++
      else return
    }
  }

  /** Reads one form; END at the end of the text or before a closing delimiter, which is not consumed. */
  #read(): Read {
    this.#skipBlank()
    const start = this.#at
    const char = this.text[start]
    if (char === undefined || char === ')' || char === ']' || char === '}') return END
    const dispatch = DISPATCH[char]
    return dispatch ? dispatch(this, start) : this.token(start)
  }

  /** Reads the form a prefix applies to, skipping what is commented out. */
  operand(start: number, prefix: string): Syntax | undefined {
    for (;;) {
      if (++this.#depth > MAX_DEPTH) return this.#tooDeep(start)
      const form = this.#read()
      this.#depth--
      if (form === SKIPPED) continue
      if (form !== END) return form
      this.reporter.report('L007', this.#span(start, start + prefix.length), { prefix })
      return undefined
    }
  }

  #tooDeep(start: number): undefined {
    this.reporter.report('L014', this.#span(start, start + 1), { limit: MAX_DEPTH })
    this.#depth--
    this.#at = this.text.length
    return undefined
  }

  prefix(start: number, prefix: string, name: string, quasi = 0): Read {
    this.#at = start + prefix.length
    this.#quasi += quasi
    const form = this.operand(start, prefix)
    this.#quasi -= quasi
    return form ? list([sym(name, this.#span(start, start + prefix.length)), form], this.#span(start)) : SKIPPED
  }

  unquote(start: number, char: string): Read {
    const splice = this.text[start + 1] === '@'
    const prefix = splice ? char + '@' : char
    if (this.#quasi > 0) return this.prefix(start, prefix, splice ? 'unquote-splicing' : 'unquote', -1)
    this.reporter.report('L011', this.#span(start, start + prefix.length), { text: prefix })
    this.#at = start + prefix.length
    return SKIPPED
  }

  collection(start: number, open: string): Read {
    this.#at = start + open.length
    if (++this.#depth > MAX_DEPTH) {
      this.#tooDeep(start)
      return SKIPPED
    }
    this.#open.push(open)
    const items: Syntax[] = []
    do {
      for (let form = this.#read(); form !== END; form = this.#read()) if (form !== SKIPPED) items.push(form)
    } while (!this.#close(start, open))
    this.#open.pop()
    this.#depth--
    return this.#finish(start, open, items)
  }

  /** Consumes the closer. A wrong one closes this form if an outer form waits for it, else it is dropped (false). */
  #close(start: number, open: string): boolean {
    const close = CLOSER[open]!
    const found = this.text[this.#at]
    if (found === close) {
      this.#at++
      return true
    }
    if (found === undefined) {
      this.reporter.report('L001', this.#span(start, start + open.length), { open, close })
      return true
    }
    this.reporter.report('L003', this.#span(this.#at, this.#at + 1), { found, open, close })
    if (this.#open.slice(0, -1).some((outer) => CLOSER[outer] === found)) return true
    this.#at++
    return false
  }

  #finish(start: number, open: string, items: Syntax[]): Read {
    const span = this.#span(start)
    if (open === '{' && items.length % 2 === 1) {
      this.reporter.report('L008', span)
      items.pop()
    }
    return seq(TYPE[open]!, items, span)
  }

  string(start: number): Read {
    const scanned = scanString(this.text, start)
    this.#at = scanned.end
    if (!scanned.closed) this.reporter.report('L004', this.#span(start, start + 1))
    for (const bad of scanned.badEscapes) this.reporter.report('L005', bad, { escape: bad.text })
    return atom(scanned.value, this.#span(start))
  }

  regex(start: number): Read {
    const { source, end, closed } = scanRegex(this.text, start + 1)
    this.#at = end
    if (!closed) this.reporter.report('L004', this.#span(start, start + 2))
    const flags = /^[a-z]*/.exec(this.text.slice(end, end + 10))![0]
    this.#at += flags.length
    try {
      new RegExp(source, flags)
    } catch (e) {
      this.reporter.report('L010', this.#span(start), { reason: (e as Error).message.replace(/^.*: /, '') })
      return SKIPPED
    }
    return { type: 'regex', source, flags, span: this.#span(start) }
  }

  /** #(f % %2 %&) is (fn [%1 %2 & %&] (f %1 %2)). */
  shortFn(start: number): Read {
    if (this.#params) this.reporter.report('L015', this.#span(start, start + 2))
    const outer = this.#params
    const params: { highest: number; rest: boolean } = { highest: 0, rest: false } // changed as its symbols are read
    this.#params = params
    const body = this.collection(start, '#(')
    this.#params = outer
    if (typeof body === 'symbol') return body
    const at = this.#span(start, start + 1)
    const names = Array.from({ length: params.highest }, (_, i) => sym(`%${i + 1}`, at))
    if (params.rest) names.push(sym('&', at), sym('%&', at))
    return list([sym('fn', at), vector(names, at), body], this.#span(start))
  }

  hash(start: number): Read {
    const next = this.text[start + 1]
    if (next === '{') return this.collection(start, '#{')
    if (next === '(') return this.shortFn(start)
    if (next === '"') return this.regex(start)
    if (next === '_') return this.skipForm(start)
    if (next === '#') return this.symbolic(start)
    return this.unknownDispatch(start)
  }

  skipForm(start: number): Read {
    this.#at = start + 2
    this.operand(start, '#_')
    return SKIPPED
  }

  symbolic(start: number): Read {
    const text = this.#tokenText(start + 2)
    const value = SYMBOLIC['##' + text]
    if (value !== undefined) return atom(value, this.#span(start))
    return this.unknownDispatch(start)
  }

  unknownDispatch(start: number): Read {
    this.#at = start + 1
    this.#tokenText(this.#at)
    this.reporter.report('L009', this.#span(start), { text: this.text.slice(start, this.#at) })
    return SKIPPED
  }

  meta(start: number): Read {
    this.#at = start + 1
    const meta = this.operand(start, '^')
    const form = meta && this.operand(start, '^')
    if (!form) return SKIPPED
    return 'items' in form ? { ...form, meta, span: this.#span(start) } : form
  }

  #tokenText(start: number): string {
    TOKEN.lastIndex = start
    const text = TOKEN.exec(this.text)?.[0] ?? ''
    this.#at = start + text.length
    return text
  }

  token(start: number): Read {
    const text = this.#tokenText(start)
    if (text === '') return this.#strange(start)
    const span = this.#span(start)
    if (text[0] === ':') return this.#keyword(text, span)
    if (text.startsWith('...')) return this.#spread(text, start)
    if (text[0] === '%' && this.#params) return sym(this.#param(text), span)
    if (Object.hasOwn(WORDS, text)) return atom(WORDS[text]!, span)
    if (!startsNumber(text)) return sym(text, span)
    const value = parseNumber(text)
    if (value === undefined) this.reporter.report('L006', span, { text })
    return atom(value ?? 0, span)
  }

  /** A character that starts nothing: reported and consumed. */
  #strange(start: number): Read {
    this.#at = start + 1
    this.reporter.report('L009', this.#span(start), { text: this.text[start]! })
    return SKIPPED
  }

  #keyword(text: string, span: Span): Read {
    if (text !== ':' && text !== '::') return key(text.slice(1), span)
    this.reporter.report('L013', span, { text })
    return SKIPPED
  }

  #param(text: string): string {
    const params = this.#params!
    if (text === '%&') params.rest = true
    const index = text === '%' ? 1 : Number(text.slice(1))
    if (Number.isInteger(index) && index > 0 && index < 100) params.highest = Math.max(params.highest, index)
    return text === '%' ? '%1' : text
  }

  /** ...xs is (spread* xs); alone it is the ellipsis of syntax-rules. */
  #spread(text: string, start: number): Read {
    this.#at = start + 3
    const next = this.text[this.#at]
    const head = sym('spread*', this.#span(start))
    if (text === '...' && (next === undefined || !/[([{"@#]/.test(next))) return sym('...', head.span)
    const form = this.operand(start, '...')
    return form ? list([head, form], this.#span(start)) : SKIPPED
  }
}

const DISPATCH: Readonly<Record<string, (reader: Reader, start: number) => Read>> = {
  '(': (reader, start) => reader.collection(start, '('),
  '[': (reader, start) => reader.collection(start, '['),
  '{': (reader, start) => reader.collection(start, '{'),
  '"': (reader, start) => reader.string(start),
  "'": (reader, start) => reader.prefix(start, "'", 'quote'),
  '`': (reader, start) => reader.prefix(start, '`', 'quasiquote', 1),
  '~': (reader, start) => reader.unquote(start, '~'),
  ',': (reader, start) => reader.unquote(start, ','),
  '@': (reader, start) => reader.prefix(start, '@', 'deref'),
  '^': (reader, start) => reader.meta(start),
  '#': (reader, start) => reader.hash(start),
}

/** Reads all forms of the reporter's source; errors go to the reporter. */
export function readForms(reporter: Reporter): Syntax[] {
  return new Reader(reporter.source.text, reporter).readAll()
}

/** Reads forms that stand at `offset` of the source, as inside an interpolated string. */
export function readEmbedded(text: string, offset: number, reporter: Reporter): Syntax[] {
  return new Reader(' '.repeat(offset) + text, reporter).readAll()
}
