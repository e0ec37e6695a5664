// Registers the runtime under a well-known symbol: compiled code uses imports.$rt, or else this.

import * as runtime from './index.js'

export const RUNTIME = Symbol.for('polyloom.lisp.runtime')

;(globalThis as Record<symbol, unknown>)[RUNTIME] ??= runtime
