// The program around the statements: an async function of one imports object, from which it takes what it uses.

import type * as estree from 'estree'
import type { Stmt } from '../ir.js'
import type { Span } from '../syntax.js'
import { statements } from './emit.js'
import * as b from './estree.js'

const START: Span = { start: 0, end: 0 }
const MISSING = "the Lisp runtime is missing: import 'polyloom/lisp', or pass it as $rt"

export interface ProgramParts {
  readonly imports: readonly { readonly name: string; readonly jsName: string }[]
  readonly keywords: ReadonlyMap<string, string>
  readonly usesRuntime: boolean
  readonly body: readonly Stmt[]
  readonly isAsync: boolean // only the program of a macro is not
}

/** const { $py, print } = imports; */
function importLine(imports: ProgramParts['imports']): b.Statement[] {
  if (imports.length === 0) return []
  const properties = imports.map(({ name, jsName }): estree.AssignmentProperty => ({
    ...b.property(name, b.id(jsName, START), START),
    value: b.id(jsName, START),
    kind: 'init',
    method: false,
    shorthand: name === jsName,
  }))
  return [b.declaration('const', { type: 'ObjectPattern', properties }, b.id('imports', START), START)]
}

function runtimeLines(): b.Statement[] {
  const passed = b.member(b.id('imports', START), '$rt', false, START)
  const symbolFor = b.call(
    b.member(b.id('Symbol', START), 'for', false, START),
    [b.literal('polyloom.lisp.runtime', START)],
    START,
  )
  const registered = b.member(b.id('globalThis', START), symbolFor, false, START)
  const error = b.create(b.id('Error', START), [b.literal(MISSING, START)], START)
  return [
    b.declaration('const', b.id('$rt', START), b.logical('??', passed, registered, START), START),
    b.ifStatement(b.unary('!', b.id('$rt', START), START), b.throwing(error, START), null, START),
  ]
}

const keywordLine = ([name, constant]: readonly [string, string]): b.Statement => {
  const made = b.call(b.member(b.id('$rt', START), 'keyword', false, START), [b.literal(name, START)], START)
  return b.declaration('const', b.id(constant, START), made, START)
}

export function program({ imports, keywords, usesRuntime, body, isAsync }: ProgramParts): estree.Program {
  const lines = [
    b.expressionStatement(b.literal('use strict', START), START),
    ...importLine(imports),
    ...(usesRuntime ? runtimeLines() : []),
    ...[...keywords].map(keywordLine),
    ...statements(body),
  ]
  const main: estree.ArrowFunctionExpression = {
    type: 'ArrowFunctionExpression',
    params: [b.id('imports', START)],
    body: b.block(lines),
    expression: false,
    async: isAsync,
  }
  return { type: 'Program', sourceType: 'script', body: [b.expressionStatement(main, START)] }
}
