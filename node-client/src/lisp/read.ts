// Reading as a public function: text to forms and diagnostics.

import { Reporter, type Diagnostic } from './diagnostics.js'
import { readForms } from './reader/reader.js'
import { SourceText } from './source.js'
import type { Syntax } from './syntax.js'

export interface ReadResult {
  readonly forms: readonly Syntax[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads all forms of a text. It never throws: what is wrong is in the diagnostics, with all forms that could be read. */
export function read(text: string, sourceName = 'program.lisp'): ReadResult {
  const reporter = new Reporter(new SourceText(text, sourceName))
  const forms = readForms(reporter)
  return { forms, diagnostics: reporter.diagnostics }
}

/** Whether the text ends inside a form or string: a prompt should ask for more. */
export const isIncomplete = (text: string): boolean =>
  read(text).diagnostics.some(({ code }) => code === 'L001' || code === 'L004' || code === 'L007')
