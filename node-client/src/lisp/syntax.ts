// Syntax objects: what the reader makes and macros transform. Every node has a span (offsets into the source);
// a symbol from a macro template also has a mark, which is what makes expansion hygienic.

export interface Span {
  readonly start: number // offset of the first character
  readonly end: number // offset after the last character
}

/** One expansion of one macro. A marked symbol that nothing in the expansion binds means what it meant in `scope`. */
export interface Mark {
  readonly id: number
  readonly scope: unknown // the scope of the macro's definition (expand/scope.ts)
  readonly outer: Mark | undefined // the mark the template symbol already had
}

export interface Sym {
  readonly type: 'symbol'
  readonly name: string
  readonly span: Span
  readonly mark?: Mark | undefined
}
export interface Key {
  readonly type: 'keyword'
  readonly name: string
  readonly span: Span
}
export interface Atom {
  readonly type: 'atom'
  readonly value: null | boolean | number | bigint | string
  readonly span: Span
}
export interface Regex {
  readonly type: 'regex'
  readonly source: string
  readonly flags: string
  readonly span: Span
}
export interface Seq {
  readonly type: 'list' | 'vector' | 'map' | 'set'
  readonly items: readonly Syntax[]
  readonly span: Span
  readonly meta?: Syntax | undefined
}
export type Syntax = Sym | Key | Atom | Regex | Seq

export const sym = (name: string, span: Span, mark?: Mark): Sym => ({ type: 'symbol', name, span, mark })
export const key = (name: string, span: Span): Key => ({ type: 'keyword', name, span })
export const atom = (value: Atom['value'], span: Span): Atom => ({ type: 'atom', value, span })
export const seq = (type: Seq['type'], items: readonly Syntax[], span: Span): Seq => ({ type, items, span })
export const list = (items: readonly Syntax[], span: Span): Seq => seq('list', items, span)
export const vector = (items: readonly Syntax[], span: Span): Seq => seq('vector', items, span)

export const isSym = (x: Syntax | undefined): x is Sym => x?.type === 'symbol'
export const isSymNamed = (x: Syntax | undefined, name: string): boolean => x?.type === 'symbol' && x.name === name
export const isKey = (x: Syntax | undefined): x is Key => x?.type === 'keyword'
export const isKeyNamed = (x: Syntax | undefined, name: string): boolean => x?.type === 'keyword' && x.name === name
export const isList = (x: Syntax | undefined): x is Seq => x?.type === 'list'
export const isVector = (x: Syntax | undefined): x is Seq => x?.type === 'vector'
export const isString = (x: Syntax | undefined): x is Atom & { value: string } =>
  x?.type === 'atom' && typeof x.value === 'string'

export const spanOf = (first: { span: Span }, last: { span: Span }): Span => ({
  start: first.span.start,
  end: last.span.end,
})
