// The one error of the compiler: LispSyntaxError, thrown by `compile` and never by `compileLispToJS`.

import { formatDiagnostic, type Diagnostic } from './diagnostics.js'

export class LispSyntaxError extends SyntaxError {
  override readonly name = 'LispSyntaxError'

  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n\n'))
  }
}
