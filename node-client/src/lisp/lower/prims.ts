// Core functions that are inlined: what each becomes for its operands, or undefined for a call of the runtime.

import { kindOf } from '../analyse/values.js'
import type { Node } from '../nodes.js'
import { constRhs, prim, type Rhs } from '../ir.js'
import type { Span } from '../syntax.js'
import type { Low } from './lowering.js'
import { joinTests } from './tests.js'

type Inline = (lows: readonly Low[], nodes: readonly Node[], span: Span) => Rhs | undefined

const values = (lows: readonly Low[]): Rhs[] => lows.map((low) => low.rhs)

/** a op b op c, from the left. */
const fold =
  (op: string, empty: number | undefined, single?: (x: Rhs, span: Span) => Rhs): Inline =>
  (lows, _nodes, span) => {
    const [first, ...rest] = values(lows)
    if (!first) return empty === undefined ? undefined : constRhs(empty, span)
    if (rest.length === 0) return single?.(first, span) ?? (empty === undefined ? undefined : prim('+', [first], span))
    return rest.reduce((left, right) => prim(op, [left, right], span), first)
  }

/** a op b, or a op b && b op c where b can be read twice. */
const chain =
  (op: string): Inline =>
  (lows, _nodes, span) => {
    const all = values(lows)
    if (all.length < 2) return undefined
    const repeatable = lows
      .slice(1, -1)
      .every((low) => low.effect === 0 && (low.rhs.t === 'name' || low.rhs.t === 'const'))
    const last = lows.at(-1)!
    if (all.length > 2 && (!repeatable || last.effect === 2)) return undefined
    return joinTests(
      '&&',
      all.slice(1).map((right, i) => prim(op, [all[i]!, right], span)),
      span,
    )
  }

const isPrimitive = (node: Node): boolean => {
  if (node.op === 'const') return node.value !== null
  return node.op === 'keyword' || ['number', 'string', 'boolean'].includes(kindOf(node))
}

/** Deep equality is === where one side is a number, string, boolean or keyword. */
const equals: Inline = (lows, nodes, span) => {
  if (lows.length !== 2) return undefined
  const isNil = nodes.some((node) => node.op === 'const' && node.value === null)
  if (isNil) return prim('==', values(lows), span)
  return nodes.some(isPrimitive) ? prim('===', values(lows), span) : undefined
}

const binary =
  (op: string, right?: number | boolean | null): Inline =>
  (lows, _nodes, span) =>
    prim(op, right === undefined ? values(lows) : [lows[0]!.rhs, constRhs(right, span)], span)

const math =
  (name: string): Inline =>
  (lows, _nodes, span) => ({
    t: 'method',
    object: { t: 'name', name: 'Math', span },
    key: name,
    args: values(lows),
    optional: false,
    span,
  })

const isEven: Inline = ([x], _nodes, span) =>
  prim('===', [prim('%', [x!.rhs, constRhs(2, span)], span), constRhs(0, span)], span)

export const INLINE: Readonly<Record<string, Inline>> = {
  '+': fold('+', 0),
  '*': fold('*', 1),
  '-': fold('-', undefined, (x, span) => prim('-', [x], span)),
  '/': fold('/', undefined, (x, span) => prim('/', [constRhs(1, span), x], span)),
  '**': binary('**'),
  rem: binary('%'),
  inc: binary('+', 1),
  dec: binary('-', 1),
  '<': chain('<'),
  '>': chain('>'),
  '<=': chain('<='),
  '>=': chain('>='),
  '=': equals,
  'nil?': binary('==', null),
  'some?': binary('!=', null),
  'true?': binary('===', true),
  'false?': binary('===', false),
  'zero?': binary('===', 0),
  'pos?': binary('>', 0),
  'neg?': binary('<', 0),
  'even?': isEven,
  'bit-and': binary('&'),
  'bit-or': binary('|'),
  'bit-xor': binary('^'),
  'bit-shift-left': binary('<<'),
  'bit-shift-right': binary('>>'),
  'bit-not': (lows, _nodes, span) => prim('~', values(lows), span),
  floor: math('floor'),
  ceil: math('ceil'),
  round: math('round'),
  sqrt: math('sqrt'),
  identity: ([x]) => x!.rhs,
  vector: (lows, _nodes, span) => ({ t: 'array', items: values(lows), span }),
  deref: ([cell], _nodes, span) => ({ t: 'get', object: cell!.rhs, key: 'value', optional: false, span }),
  'instance?': ([type, x], _nodes, span) => prim('instanceof', [x!.rhs, type!.rhs], span),
}
