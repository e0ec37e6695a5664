// Expansion as a public function: the forms of a text with all macros at their heads and inside expanded, as text.

import { newExpander, type CompileOptions } from './compile.js'
import { LispSyntaxError } from './errors.js'
import { Reporter } from './diagnostics.js'
import type { Expander } from './expand/expander.js'
import { readForms } from './reader/reader.js'
import { isSym, type Seq, type Syntax } from './syntax.js'
import { SourceText } from './source.js'
import { unparse } from './unparse.js'

const LITERAL = new Set(['quote', 'quasiquote', 'defmacro'])

/** Each form with its macros expanded, as Lisp text; throws a LispSyntaxError if it cannot be read or expanded. */
export function expand(text: string, options: CompileOptions = {}): string[] {
  const reporter = new Reporter(new SourceText(text, options.sourceName ?? 'program.lisp'))
  const expander = newExpander(reporter, options)
  const forms = readForms(reporter)
  expander.declareAll(forms)
  const expanded = forms.map((form) => unparse(everywhere(form, expander)))
  if (reporter.hasErrors) throw new LispSyntaxError(reporter.diagnostics)
  return expanded
}

function everywhere(form: Syntax, expander: Expander): Syntax {
  const head = expander.expandHead(form, expander.top)
  if (!('items' in head)) return head
  if (head.type === 'list' && isSym(head.items[0]) && LITERAL.has(head.items[0].name)) return head
  return { ...head, items: head.items.map((item) => everywhere(item, expander)) } satisfies Seq
}
