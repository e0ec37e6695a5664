// The outermost scope: special forms, core macros, core functions and the JavaScript globals that need no js/ prefix.

import { Binding } from '../nodes.js'
import { CORE, type CoreName } from '../runtime/table.js'
import { sym, type Span } from '../syntax.js'
import { MACROS } from './macros.js'
import { Scope } from './scope.js'
import { SPECIALS } from './specials.js'

export const JS_GLOBALS =
  `Array BigInt Boolean Date Error Infinity Intl JSON Map Math NaN Number Object Promise Proxy RangeError Reflect RegExp
   Set String Symbol SyntaxError TypeError URL URLSearchParams WeakMap WeakSet AbortController TextDecoder TextEncoder
   ArrayBuffer DataView Float32Array Float64Array Int8Array Int16Array Int32Array Uint8Array Uint16Array Uint32Array
   BigInt64Array BigUint64Array Uint8ClampedArray clearInterval clearTimeout console decodeURIComponent
   encodeURIComponent fetch globalThis isFinite isNaN parseFloat parseInt performance process queueMicrotask
   setInterval setTimeout structuredClone Buffer crypto undefined`.split(/\s+/)

const NOWHERE: Span = { start: 0, end: 0 }

function define(scope: Scope, kind: 'core' | 'global', name: string): void {
  scope.define(sym(name, NOWHERE), { what: 'variable', binding: new Binding(kind, name, NOWHERE, undefined) })
}

export function rootScope(): Scope {
  const scope = new Scope(undefined)
  for (const name of JS_GLOBALS) define(scope, 'global', name)
  for (const name of Object.keys(CORE) as CoreName[]) define(scope, 'core', name)
  for (const special of SPECIALS) scope.define(sym(special.name, NOWHERE), special)
  for (const macro of MACROS) scope.define(sym(macro.name, NOWHERE), macro)
  return scope
}
