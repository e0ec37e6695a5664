// The text of a form in the source, short enough for a message.

import type { Syntax } from '../syntax.js'
import type { Expander } from './expander.js'

export function sourceText(form: Syntax, expander: Expander): string {
  const text = expander.reporter.source.text.slice(form.span.start, form.span.end)
  return text.length > 40 ? `${text.slice(0, 37)}…` : text
}
