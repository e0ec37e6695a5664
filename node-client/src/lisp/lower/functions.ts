// Functions: parameters with defaults, rest, several arities, and the loop of a function that calls itself last.

import type { Arity, Fn } from '../nodes.js'
import { constRhs, nameRhs, prim, type Lambda, type Rhs, type Stmt } from '../ir.js'
import type { Span } from '../syntax.js'
import { lowerLoopBody } from './loops.js'
import { RETURN, type Lowering } from './lowering.js'
import { mangle } from './names.js'

const stepCall = (span: Span): Stmt => ({
  s: 'eval',
  value: { t: 'call', callee: nameRhs('$step', span), args: [], span },
  span,
})

/** `declared` is the JavaScript name of a function declaration. */
export function lowerFn(fn: Fn, lowering: Lowering, declared?: string): Lambda {
  return lowering.inFrame(fn, () => {
    const name = declared ?? selfName(fn, lowering)
    const body: Stmt[] = lowering.options.steps ? [stepCall(fn.span)] : []
    const { params, rest } =
      fn.arities.length === 1 ? single(fn.arities[0]!, lowering, body, fn.span) : several(fn, lowering, body)
    if (name !== undefined) lowering.noteFunction(name, fn.name)
    return { name, params, rest, body, isAsync: fn.isAsync, lispName: fn.name }
  })
}

function selfName(fn: Fn, lowering: Lowering): string | undefined {
  if (!fn.self) return undefined
  fn.self.jsName = lowering.temp(mangle(fn.self.name))
  return fn.self.jsName
}

type Params = Pick<Lambda, 'params' | 'rest'>

function single(arity: Arity, lowering: Lowering, body: Stmt[], span: Span): Params {
  const names = arity.params.map(({ binding }) => lowering.nameOf(binding))
  const rest = arity.rest && lowering.nameOf(arity.rest)
  const params = arity.params.map(({ fallback }, i) => {
    const name = names[i]!
    return fallback?.op === 'const' ? { name, fallback: constRhs(fallback.value, fallback.span) } : { name }
  })
  arity.params.forEach(({ fallback }, i) => {
    if (fallback && fallback.op !== 'const') applyDefault(names[i]!, fallback, lowering, body)
  })
  lowerArityBody(arity, lowering, body, span)
  return { params, rest }
}

function applyDefault(
  name: string,
  fallback: NonNullable<Arity['params'][number]['fallback']>,
  lowering: Lowering,
  body: Stmt[],
): void {
  const { span } = fallback
  const then: Stmt[] = []
  lowering.into(fallback, { to: 'assign', name }, then)
  body.push({
    s: 'if',
    test: prim('===', [nameRhs(name, span), constRhs(undefined, span)], span),
    then,
    otherwise: [],
    span,
  })
}

function lowerArityBody(arity: Arity, lowering: Lowering, body: Stmt[], span: Span): void {
  if (arity.target.used) lowerLoopBody(arity.target, arity.body, RETURN, lowering, body, span)
  else lowering.into(arity.body, RETURN, body)
}

/** Several arities: one function of all arguments that chooses by their number. */
function several(fn: Fn, lowering: Lowering, body: Stmt[]): Params {
  const all = lowering.temp('args')
  const { span } = fn
  const count: Rhs = { t: 'get', object: nameRhs(all, span), key: 'length', optional: false, span }
  for (const arity of [...fn.arities].sort((a, b) => Number(a.rest !== undefined) - Number(b.rest !== undefined))) {
    const then: Stmt[] = []
    unpack(arity, all, lowering, then, span)
    lowerArityBody(arity, lowering, then, span)
    body.push({ s: 'if', test: countTest(arity, count, span), then, otherwise: [], span })
  }
  const error = lowering.callRuntime('arityError', [constRhs(fn.name ?? 'this function', span), count], span)
  body.push({ s: 'throw', value: error, span })
  return { params: [], rest: all }
}

function countTest(arity: Arity, count: Rhs, span: Span): Rhs {
  const least = arity.params.filter((param) => !param.optional).length
  const most = arity.params.length
  if (!arity.rest && least === most) return prim('===', [count, constRhs(most, span)], span)
  const low = prim('>=', [count, constRhs(least, span)], span)
  if (arity.rest) return low
  return { t: 'logic', op: '&&', left: low, right: prim('<=', [count, constRhs(most, span)], span), span }
}

function unpack(arity: Arity, all: string, lowering: Lowering, out: Stmt[], span: Span): void {
  const source = nameRhs(all, span)
  const bind = (name: string, value: Rhs, mutable: boolean): void => {
    out.push({ s: 'bind', name, value, mutable: mutable || arity.target.used, span })
  }
  arity.params.forEach(({ binding, fallback }, i) => {
    const value: Rhs = { t: 'get', object: source, key: constRhs(i, span), optional: false, span }
    bind(lowering.nameOf(binding), value, binding.mutable || fallback !== undefined)
    if (fallback) applyDefault(binding.jsName, fallback, lowering, out)
  })
  if (!arity.rest) return
  const start = constRhs(arity.params.length, span)
  const value: Rhs = { t: 'method', object: source, key: 'slice', args: [start], optional: false, span }
  bind(lowering.nameOf(arity.rest), value, arity.rest.mutable)
}

export { stepCall }
