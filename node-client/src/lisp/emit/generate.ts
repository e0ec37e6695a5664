// ESTree to text and source map: astring with hooks that add a mapping where V8 puts stack frames (throw, return, new,
// call, member, await, declarations, conditionals).

import { GENERATOR, generate as print, type Generator, type State } from 'astring'
import {
  GenMapping,
  maybeAddSegment,
  setSourceContent,
  toEncodedMap,
  type EncodedSourceMap,
} from '@jridgewell/gen-mapping'
import type * as estree from 'estree'
import type { SourceText } from '../source.js'
import type { Raw } from './estree.js'

type Write = (node: never, state: State) => void
type Table = Record<string, Write>

const HOOKED = [
  'ThrowStatement',
  'ReturnStatement',
  'NewExpression',
  'CallExpression',
  'MemberExpression',
  'AwaitExpression',
  'VariableDeclaration',
  'ConditionalExpression',
  'IfStatement',
  'ExpressionStatement',
  'ForOfStatement',
  'BinaryExpression',
  'WhileStatement',
  'ContinueStatement',
  'ArrayExpression',
  'ObjectExpression',
] as const

const stock = GENERATOR as unknown as Table

/** Adds a mapping of the node's form at the current position, then writes the node as astring does. */
const hooked = (type: string): Write =>
  function (this: Table, node: never, state: State) {
    state.write('', node)
    stock[type]!.call(this, node, state)
  }

/** js* text: its lines are written one by one, so that positions after it stay right. */
function writeRaw(this: Table, node: Raw, state: State): void {
  const text = (piece: string): void => {
    for (const line of piece.split(/(?<=\n)/)) state.write(line)
  }
  state.write('(', node as never)
  node.pieces.forEach((piece, i) => {
    text(piece)
    const arg = node.args[i]
    if (!arg) return
    state.write('(')
    this[arg.type]!(arg as never, state)
    state.write(')')
  })
  state.write(')')
}

/** Objects of a few short entries are written on one line. */
function writeObject(this: Table, node: estree.ObjectExpression, state: State): void {
  const short =
    node.properties.length <= 4 && node.properties.every((p) => p.type === 'SpreadElement' || isShort(p.value))
  if (!short || node.properties.length === 0) {
    stock['ObjectExpression']!.call(this, node as never, state)
    return
  }
  state.write('{ ', node)
  node.properties.forEach((property, i) => {
    if (i > 0) state.write(', ')
    this[property.type]!(property as never, state)
  })
  state.write(' }')
}

function writePattern(this: Table, node: estree.ObjectPattern, state: State): void {
  state.write('{ ', node)
  node.properties.forEach((property, i) => {
    if (i > 0) state.write(', ')
    this[property.type]!(property as never, state)
  })
  state.write(' }')
}

const SHORT = new Set([
  'Literal',
  'Identifier',
  'UnaryExpression',
  'MemberExpression',
  'BinaryExpression',
  'CallExpression',
  'AwaitExpression',
  'ObjectExpression',
])
const isShort = (node: { type: string }): boolean =>
  SHORT.has(node.type) ||
  (node.type === 'ArrayExpression' && (node as unknown as estree.ArrayExpression).elements.length <= 8)

const generator = {
  ...GENERATOR,
  ...Object.fromEntries(HOOKED.map((type) => [type, hooked(type)])),
  ObjectExpression: writeObject,
  ObjectPattern: writePattern,
  Raw: writeRaw,
} as unknown as Generator

/** What astring reports: a generated position (1-based line), and as `original` the offset we put into `loc.start`. */
interface Reported {
  readonly original: number
  readonly generated: { readonly line: number; readonly column: number }
}

export interface Generated {
  readonly code: string
  readonly map: EncodedSourceMap
}

export function generate(program: estree.Program, source: SourceText, pretty: boolean): Generated {
  const map = new GenMapping({ file: `${source.name}.js` })
  setSourceContent(map, source.name, source.text)
  const sourceMap = {
    addMapping: ({ original, generated: { line, column } }: Reported) => {
      const from = source.position(original)
      maybeAddSegment(map, line - 1, column, source.name, from.line - 1, from.column - 1)
    },
  }
  const options = { generator, sourceMap: sourceMap as never, indent: pretty ? '  ' : '', lineEnd: '\n' }
  return { code: print(program, options), map: toEncodedMap(map) }
}
