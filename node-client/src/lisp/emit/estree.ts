// The subset of ESTree that the compiler makes, as builder functions. A node's `loc` is the span of its Lisp form:
// the generator turns the offset into a line and a column when it writes the node.

import type * as estree from 'estree'
import type { Span } from '../syntax.js'

export type Expression = estree.Expression | Raw
export type Statement = estree.Statement

/** Text given by js*, with operands between its pieces. */
export interface Raw {
  type: 'Raw'
  pieces: readonly string[]
  args: readonly Expression[]
  loc?: estree.SourceLocation | null
}

const at = (span: Span): { loc: estree.SourceLocation } => ({ loc: span as unknown as estree.SourceLocation })
/** Raw stands where an expression may; only our generator sees it. */
const ex = (expression: Expression): estree.Expression => expression as estree.Expression

const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

export const id = (name: string, span: Span): estree.Identifier => ({ type: 'Identifier', name, ...at(span) })
export const literal = (value: string | number | boolean | null, span: Span): estree.Literal => ({
  type: 'Literal',
  value,
  ...at(span),
})
export const bigint = (value: bigint, span: Span): estree.Literal => ({
  type: 'Literal',
  value,
  bigint: String(value),
  ...at(span),
})
export const regex = (pattern: string, flags: string, span: Span): estree.Literal => ({
  type: 'Literal',
  value: null,
  regex: { pattern: pattern === '' ? '(?:)' : new RegExp(pattern, flags).source, flags },
  ...at(span),
})
export const unary = (operator: estree.UnaryOperator, argument: Expression, span: Span): estree.UnaryExpression => ({
  type: 'UnaryExpression',
  operator,
  prefix: true,
  argument: ex(argument),
  ...at(span),
})
export const binary = (
  operator: estree.BinaryOperator,
  left: Expression,
  right: Expression,
  span: Span,
): estree.BinaryExpression => ({
  type: 'BinaryExpression',
  operator,
  left: ex(left),
  right: ex(right),
  ...at(span),
})
export const logical = (
  operator: '&&' | '||' | '??',
  left: Expression,
  right: Expression,
  span: Span,
): estree.LogicalExpression => ({
  type: 'LogicalExpression',
  operator,
  left: ex(left),
  right: ex(right),
  ...at(span),
})
export const conditional = (
  test: Expression,
  consequent: Expression,
  alternate: Expression,
  span: Span,
): estree.ConditionalExpression => ({
  type: 'ConditionalExpression',
  test: ex(test),
  consequent: ex(consequent),
  alternate: ex(alternate),
  ...at(span),
})
export const awaiting = (argument: Expression, span: Span): estree.AwaitExpression => ({
  type: 'AwaitExpression',
  argument: ex(argument),
  ...at(span),
})
export const spread = (argument: Expression, span: Span): estree.SpreadElement => ({
  type: 'SpreadElement',
  argument: ex(argument),
  ...at(span),
})
export const array = (
  elements: readonly (Expression | estree.SpreadElement)[],
  span: Span,
): estree.ArrayExpression => ({
  type: 'ArrayExpression',
  elements: elements as estree.Expression[],
  ...at(span),
})
export const call = (
  callee: Expression,
  args: readonly (Expression | estree.SpreadElement)[],
  span: Span,
): estree.CallExpression => ({
  type: 'CallExpression',
  callee: ex(callee),
  arguments: args as estree.Expression[],
  optional: false,
  ...at(span),
})
export const create = (
  callee: Expression,
  args: readonly (Expression | estree.SpreadElement)[],
  span: Span,
): estree.NewExpression => ({
  type: 'NewExpression',
  callee: ex(callee),
  arguments: args as estree.Expression[],
  ...at(span),
})
export const dynamicImport = (source: Expression, span: Span): estree.ImportExpression => ({
  type: 'ImportExpression',
  source: ex(source),
  ...at(span),
})
export const raw = (pieces: readonly string[], args: readonly Expression[], span: Span): Raw => ({
  type: 'Raw',
  pieces,
  args,
  ...at(span),
})

/** object.key, object["a key"], object[key] */
export function member(
  object: Expression,
  key: string | Expression,
  optional: boolean,
  span: Span,
): estree.MemberExpression {
  const isName = typeof key === 'string' && IDENTIFIER.test(key)
  const property = typeof key !== 'string' ? ex(key) : isName ? id(key, span) : literal(key, span)
  return { type: 'MemberExpression', object: ex(object), property, computed: !isName, optional, ...at(span) }
}

export function property(key: string | Expression, value: Expression, span: Span): estree.Property {
  const isName = typeof key === 'string' && IDENTIFIER.test(key)
  const keyNode = typeof key !== 'string' ? ex(key) : isName ? id(key, span) : literal(key, span)
  return {
    type: 'Property',
    key: keyNode,
    value: ex(value),
    kind: 'init',
    method: false,
    shorthand: value.type === 'Identifier' && value.name === key,
    computed: typeof key !== 'string',
    ...at(span),
  }
}
export const object = (
  properties: readonly (estree.Property | estree.SpreadElement)[],
  span: Span,
): estree.ObjectExpression => ({
  type: 'ObjectExpression',
  properties: [...properties],
  ...at(span),
})

export const block = (body: readonly Statement[]): estree.BlockStatement => ({
  type: 'BlockStatement',
  body: [...body],
})
export const expressionStatement = (expression: Expression, span: Span): estree.ExpressionStatement => ({
  type: 'ExpressionStatement',
  expression: ex(expression),
  ...at(span),
})
export const declaration = (
  kind: 'const' | 'let',
  target: estree.Pattern,
  init: Expression | null,
  span: Span,
): estree.VariableDeclaration => ({
  type: 'VariableDeclaration',
  kind,
  declarations: [{ type: 'VariableDeclarator', id: target, init: init && ex(init) }],
  ...at(span),
})
export const assignment = (left: Expression, right: Expression, span: Span): Statement =>
  expressionStatement(
    { type: 'AssignmentExpression', operator: '=', left: left as estree.Pattern, right: ex(right), ...at(span) },
    span,
  )
export const ifStatement = (
  test: Expression,
  consequent: Statement,
  alternate: Statement | null,
  span: Span,
): estree.IfStatement => ({
  type: 'IfStatement',
  test: ex(test),
  consequent,
  alternate,
  ...at(span),
})
export const whileStatement = (test: Expression, body: Statement, span: Span): estree.WhileStatement => ({
  type: 'WhileStatement',
  test: ex(test),
  body,
  ...at(span),
})
export const labeled = (label: string, body: Statement, span: Span): estree.LabeledStatement => ({
  type: 'LabeledStatement',
  label: id(label, span),
  body,
  ...at(span),
})
export const jump = (
  type: 'BreakStatement' | 'ContinueStatement',
  label: string | undefined,
  span: Span,
): Statement => ({
  type,
  label: label === undefined ? null : id(label, span),
  ...at(span),
})
export const returning = (argument: Expression, span: Span): estree.ReturnStatement => ({
  type: 'ReturnStatement',
  argument: ex(argument),
  ...at(span),
})
export const throwing = (argument: Expression, span: Span): estree.ThrowStatement => ({
  type: 'ThrowStatement',
  argument: ex(argument),
  ...at(span),
})
export const forOf = (
  kind: 'const' | 'let',
  name: string,
  items: Expression,
  body: Statement,
  awaits: boolean,
  span: Span,
): estree.ForOfStatement => ({
  type: 'ForOfStatement',
  left: declaration(kind, id(name, span), null, span),
  right: ex(items),
  body,
  await: awaits,
  ...at(span),
})
export const trying = (
  body: readonly Statement[],
  handler: estree.CatchClause | null,
  finalizer: estree.BlockStatement | null,
  span: Span,
): estree.TryStatement => ({
  type: 'TryStatement',
  block: block(body),
  handler,
  finalizer,
  ...at(span),
})

interface FunctionParts {
  readonly name: string | undefined
  readonly params: readonly estree.Pattern[]
  readonly body: readonly Statement[]
  readonly isAsync: boolean
  readonly span: Span
}
export const functionDeclaration = ({
  name,
  params,
  body,
  isAsync,
  span,
}: FunctionParts): estree.FunctionDeclaration => ({
  type: 'FunctionDeclaration',
  id: id(name!, span),
  params: [...params],
  body: block(body),
  async: isAsync,
  generator: false,
  ...at(span),
})
export const functionExpression = ({
  name,
  params,
  body,
  isAsync,
  span,
}: FunctionParts): estree.FunctionExpression => ({
  type: 'FunctionExpression',
  id: id(name!, span),
  params: [...params],
  body: block(body),
  async: isAsync,
  generator: false,
  ...at(span),
})
/** An arrow; a body that only returns becomes an expression. */
export function arrow({ params, body, isAsync, span }: Omit<FunctionParts, 'name'>): estree.ArrowFunctionExpression {
  const only = body.length === 1 ? body[0]! : undefined
  const value = only?.type === 'ReturnStatement' ? only.argument : undefined
  return {
    type: 'ArrowFunctionExpression',
    params: [...params],
    body: value ?? block(body),
    expression: value != null,
    async: isAsync,
    generator: false,
    ...at(span),
  }
}
