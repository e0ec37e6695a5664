// Quoted data as the expressions that make it.

import type { Syntax } from '../syntax.js'
import { constRhs, nameRhs, type Rhs } from '../ir.js'
import type { Lowering } from './lowering.js'

/** `template`: in a macro, symbols of a quasiquote carry the mark of the expansion and the place they stand at. */
export function lowerDatum(datum: Syntax, template: boolean, lowering: Lowering): Rhs {
  const { span } = datum
  switch (datum.type) {
    case 'atom':
      return constRhs(datum.value, span)
    case 'keyword':
      return lowering.keyword(datum.name, span)
    case 'regex':
      return { t: 'regex', source: datum.source, flags: datum.flags, span }
    case 'symbol':
      return symbolOf(datum.name, template, lowering, datum)
    default: {
      const items = datum.items.map((item) => lowerDatum(item, template, lowering))
      if (datum.type === 'vector') return { t: 'array', items, span }
      const maker = { list: 'list', map: 'hashMap', set: 'hashSet' }[datum.type]
      return lowering.callRuntime(maker, items, span)
    }
  }
}

function symbolOf(name: string, template: boolean, lowering: Lowering, { span }: Syntax): Rhs {
  if (!template || !lowering.options.steps) return lowering.callRuntime('symbol', [constRhs(name, span)], span)
  const args = [constRhs(name, span), constRhs(span.start, span), constRhs(span.end, span)]
  return { t: 'call', callee: nameRhs('$template', span), args, span }
}
