// polyloom/lisp: the compiler, the reader, the printer, the runtime. Loading it registers the runtime.

import './runtime/register.js'

export { compile, compileLispToJS, type CompileOptions, type Compiled, type LispSourceMap } from './compile.js'
export { formatDiagnostic, type Code, type Diagnostic, type Note, type Severity } from './diagnostics.js'
export { LispSyntaxError } from './errors.js'
export { expand } from './expansion.js'
export { display, print } from './print.js'
export { isIncomplete, read, type ReadResult } from './read.js'
export * as runtime from './runtime/index.js'
export { endWaits, enterWorld, type World } from './runtime/world.js'
export { formatFrame, mapError, type LispFrame } from './trace.js'
