// The intermediate representation: statements, and right-hand sides that are trees of expressions. The lowering makes
// it, the emitter turns it into ESTree one node at a time. Spans are those of the Lisp forms.

import type { Span } from './syntax.js'

export type Value = null | undefined | boolean | number | bigint | string

export type Rhs =
  | { readonly t: 'const'; readonly value: Value; readonly span: Span }
  | { readonly t: 'name'; readonly name: string; readonly span: Span }
  | { readonly t: 'regex'; readonly source: string; readonly flags: string; readonly span: Span }
  | { readonly t: 'prim'; readonly op: string; readonly args: readonly Rhs[]; readonly span: Span } // unary or binary operator
  | { readonly t: 'logic'; readonly op: '&&' | '||'; readonly left: Rhs; readonly right: Rhs; readonly span: Span }
  | { readonly t: 'cond'; readonly test: Rhs; readonly then: Rhs; readonly otherwise: Rhs; readonly span: Span }
  | { readonly t: 'call'; readonly callee: Rhs; readonly args: readonly Rhs[]; readonly span: Span }
  | {
      readonly t: 'method'
      readonly object: Rhs
      readonly key: string | Rhs
      readonly args: readonly Rhs[]
      readonly optional: boolean
      readonly span: Span
    }
  | { readonly t: 'new'; readonly callee: Rhs; readonly args: readonly Rhs[]; readonly span: Span }
  | {
      readonly t: 'get'
      readonly object: Rhs
      readonly key: string | Rhs
      readonly optional: boolean
      readonly span: Span
    }
  | { readonly t: 'await'; readonly value: Rhs; readonly span: Span }
  | { readonly t: 'array'; readonly items: readonly Rhs[]; readonly span: Span }
  | { readonly t: 'object'; readonly entries: readonly (readonly [Rhs | string, Rhs])[]; readonly span: Span } // a spread has the key '...'
  | { readonly t: 'spread'; readonly value: Rhs; readonly span: Span }
  | { readonly t: 'lambda'; readonly fn: Lambda; readonly span: Span }
  | { readonly t: 'import'; readonly source: Rhs; readonly span: Span }
  | { readonly t: 'raw'; readonly pieces: readonly string[]; readonly args: readonly Rhs[]; readonly span: Span }

export interface Lambda {
  readonly name: string | undefined // of a function that calls itself, or is a declaration
  readonly params: readonly { readonly name: string; readonly fallback?: Rhs | undefined }[]
  readonly rest: string | undefined
  readonly body: readonly Stmt[]
  readonly isAsync: boolean
  readonly lispName: string | undefined
}

export type Stmt =
  | {
      readonly s: 'bind'
      readonly name: string
      readonly value: Rhs | undefined
      readonly mutable: boolean
      readonly span: Span
    }
  | { readonly s: 'set'; readonly target: Rhs; readonly value: Rhs; readonly span: Span }
  | { readonly s: 'eval'; readonly value: Rhs; readonly span: Span }
  | { readonly s: 'fn'; readonly fn: Lambda; readonly span: Span } // a function declaration
  | {
      readonly s: 'if'
      readonly test: Rhs
      readonly then: readonly Stmt[]
      readonly otherwise: readonly Stmt[]
      readonly span: Span
    }
  | {
      readonly s: 'loop'
      readonly label: string | undefined
      readonly test: Rhs | undefined
      readonly body: readonly Stmt[]
      readonly span: Span
    }
  | {
      readonly s: 'forOf'
      readonly name: string
      readonly mutable: boolean
      readonly items: Rhs
      readonly body: readonly Stmt[]
      readonly awaits: boolean
      readonly span: Span
    }
  | { readonly s: 'break'; readonly label: string | undefined; readonly span: Span }
  | { readonly s: 'continue'; readonly label: string | undefined; readonly span: Span }
  | {
      readonly s: 'try'
      readonly body: readonly Stmt[]
      readonly param: string
      readonly handler: readonly Stmt[] | undefined
      readonly final: readonly Stmt[] | undefined
      readonly span: Span
    }
  | { readonly s: 'ret'; readonly value: Rhs; readonly span: Span }
  | { readonly s: 'throw'; readonly value: Rhs; readonly span: Span }

export const nameRhs = (name: string, span: Span): Rhs => ({ t: 'name', name, span })
export const constRhs = (value: Value, span: Span): Rhs => ({ t: 'const', value, span })
export const prim = (op: string, args: readonly Rhs[], span: Span): Rhs => ({ t: 'prim', op, args, span })

/** What stands inside an expression, without the bodies of functions. */
export function parts(rhs: Rhs): readonly Rhs[] {
  switch (rhs.t) {
    case 'const':
    case 'name':
    case 'regex':
    case 'lambda':
      return []
    case 'prim':
    case 'raw':
      return rhs.args
    case 'logic':
      return [rhs.left, rhs.right]
    case 'cond':
      return [rhs.test, rhs.then, rhs.otherwise]
    case 'call':
    case 'new':
      return [rhs.callee, ...rhs.args]
    case 'method':
      return [rhs.object, ...(typeof rhs.key === 'string' ? [] : [rhs.key]), ...rhs.args]
    case 'get':
      return [rhs.object, ...(typeof rhs.key === 'string' ? [] : [rhs.key])]
    case 'await':
    case 'spread':
      return [rhs.value]
    case 'array':
      return rhs.items
    case 'object':
      return rhs.entries.flatMap(([key, value]) => (typeof key === 'string' ? [value] : [key, value]))
    case 'import':
      return [rhs.source]
  }
}

export const mentions = (rhs: Rhs, name: string): boolean =>
  (rhs.t === 'name' && rhs.name === name) || parts(rhs).some((part) => mentions(part, name))

const EFFECTS = new Set<Rhs['t']>(['call', 'method', 'new', 'get', 'await', 'raw', 'import', 'spread'])

/** Evaluating it changes nothing and cannot fail, so it may be left out. */
export const isPure = (rhs: Rhs): boolean => !EFFECTS.has(rhs.t) && parts(rhs).every(isPure)
