// IR to ESTree: one small function a node.

import type * as estree from 'estree'
import type { Lambda, Rhs, Stmt, Value } from '../ir.js'
import type { Span } from '../syntax.js'
import * as b from './estree.js'

type Of<T extends Rhs['t']> = Extract<Rhs, { t: T }>
type StmtOf<S extends Stmt['s']> = Extract<Stmt, { s: S }>
type Element = b.Expression | estree.SpreadElement

function constant(value: Value, span: Span): b.Expression {
  if (value === undefined) return b.id('undefined', span)
  if (typeof value === 'bigint') return value < 0n ? b.unary('-', b.bigint(-value, span), span) : b.bigint(value, span)
  if (typeof value !== 'number') return b.literal(value, span)
  if (Number.isNaN(value)) return b.id('NaN', span)
  if (value < 0 || Object.is(value, -0)) return b.unary('-', constant(-value, span), span)
  return value === Infinity ? b.id('Infinity', span) : b.literal(value, span)
}

function primitive({ op, args, span }: Of<'prim'>): b.Expression {
  const [left, right] = args.map(expression)
  if (!right) return b.unary(op as estree.UnaryOperator, left!, span)
  return b.binary(op as estree.BinaryOperator, left!, right, span)
}

function objectOf({ entries, span }: Of<'object'>): b.Expression {
  const properties = entries.map(([key, value]) =>
    key === '...'
      ? b.spread(expression(value), value.span)
      : b.property(typeof key === 'string' ? key : expression(key), expression(value), value.span),
  )
  return b.object(properties, span)
}

const keyOf = (key: string | Rhs): string | b.Expression => (typeof key === 'string' ? key : expression(key))
const elements = (items: readonly Rhs[]): Element[] =>
  items.map((item) => (item.t === 'spread' ? b.spread(expression(item.value), item.span) : expression(item)))

const EXPRESSIONS: { readonly [T in Rhs['t']]: (rhs: Of<T>) => b.Expression } = {
  const: ({ value, span }) => constant(value, span),
  name: ({ name, span }) => b.id(name, span),
  regex: ({ source, flags, span }) => b.regex(source, flags, span),
  prim: primitive,
  logic: ({ op, left, right, span }) => b.logical(op, expression(left), expression(right), span),
  cond: ({ test, then, otherwise, span }) =>
    b.conditional(expression(test), expression(then), expression(otherwise), span),
  call: ({ callee, args, span }) => b.call(calleeAt(expression(callee), span), elements(args), span),
  method: ({ object, key, args, optional, span }) =>
    b.call(b.member(expression(object), keyOf(key), optional, span), elements(args), span),
  new: ({ callee, args, span }) => b.create(expression(callee), elements(args), span),
  get: ({ object, key, optional, span }) => b.member(expression(object), keyOf(key), optional, span),
  await: ({ value, span }) => b.awaiting(expression(value), span),
  array: ({ items, span }) => b.array(elements(items), span),
  object: objectOf,
  spread: ({ value, span }) => b.array([b.spread(expression(value), span)], span),
  lambda: ({ fn, span }) => lambda(fn, span),
  import: ({ source, span }) => b.dynamicImport(expression(source), span),
  raw: ({ pieces, args, span }) => b.raw(pieces, args.map(expression), span),
}

/** V8 puts a call's frame at its callee: there it means the whole form. */
const calleeAt = (callee: b.Expression, span: Span): b.Expression =>
  callee.type === 'Identifier' ? b.id(callee.name, span) : callee

export const expression = (rhs: Rhs): b.Expression => (EXPRESSIONS[rhs.t] as (rhs: Rhs) => b.Expression)(rhs)

function parameters({ params, rest }: Lambda, span: Span): estree.Pattern[] {
  const patterns = params.map(({ name, fallback }): estree.Pattern => {
    const left = b.id(name, span)
    return fallback ? { type: 'AssignmentPattern', left, right: expression(fallback) as estree.Expression } : left
  })
  return rest === undefined ? patterns : [...patterns, { type: 'RestElement', argument: b.id(rest, span) }]
}

function lambda(fn: Lambda, span: Span): b.Expression {
  const parts = { name: fn.name, params: parameters(fn, span), body: statements(fn.body), isAsync: fn.isAsync, span }
  return fn.name === undefined ? b.arrow(parts) : b.functionExpression(parts)
}

function otherwiseOf(stmts: readonly Stmt[]): b.Statement | null {
  if (stmts.length === 0) return null
  return stmts.length === 1 && stmts[0]!.s === 'if' ? statement(stmts[0]) : b.block(statements(stmts))
}

function loop({ label, test, body, span }: StmtOf<'loop'>): b.Statement {
  const condition = test ? expression(test) : b.literal(true, span)
  const made = b.whileStatement(condition, b.block(statements(body)), span)
  return label === undefined ? made : b.labeled(label, made, span)
}

function tryStatement({ body, param, handler, final, span }: StmtOf<'try'>): b.Statement {
  const clause: estree.CatchClause | null = handler
    ? { type: 'CatchClause', param: b.id(param, span), body: b.block(statements(handler)) }
    : null
  return b.trying(statements(body), clause, final ? b.block(statements(final)) : null, span)
}

const STATEMENTS: { readonly [S in Stmt['s']]: (stmt: StmtOf<S>) => b.Statement } = {
  bind: ({ name, value, mutable, span }) =>
    b.declaration(mutable ? 'let' : 'const', b.id(name, span), value ? expression(value) : null, span),
  set: ({ target, value, span }) => b.assignment(expression(target), expression(value), span),
  eval: ({ value, span }) => b.expressionStatement(expression(value), span),
  fn: ({ fn, span }) =>
    b.functionDeclaration({
      name: fn.name,
      params: parameters(fn, span),
      body: statements(fn.body),
      isAsync: fn.isAsync,
      span,
    }),
  if: ({ test, then, otherwise, span }) =>
    b.ifStatement(expression(test), b.block(statements(then)), otherwiseOf(otherwise), span),
  loop,
  forOf: ({ name, mutable, items, body, awaits, span }) =>
    b.forOf(mutable ? 'let' : 'const', name, expression(items), b.block(statements(body)), awaits, span),
  break: ({ label, span }) => b.jump('BreakStatement', label, span),
  continue: ({ label, span }) => b.jump('ContinueStatement', label, span),
  try: tryStatement,
  ret: ({ value, span }) => b.returning(expression(value), span),
  throw: ({ value, span }) => b.throwing(expression(value), span),
}

export const statement = (stmt: Stmt): b.Statement => (STATEMENTS[stmt.s] as (stmt: Stmt) => b.Statement)(stmt)
export const statements = (stmts: readonly Stmt[]): b.Statement[] => stmts.map(statement)
