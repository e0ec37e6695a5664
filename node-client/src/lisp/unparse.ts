// Syntax objects as text.

import { print } from './print.js'
import type { Syntax } from './syntax.js'

const DELIMITERS = { list: ['(', ')'], vector: ['[', ']'], map: ['{', '}'], set: ['#{', '}'] } as const

export function unparse(form: Syntax): string {
  switch (form.type) {
    case 'atom':
      return print(form.value)
    case 'symbol':
      return form.name
    case 'keyword':
      return `:${form.name}`
    case 'regex':
      return `#"${form.source.replace(/"/g, '\\"')}"${form.flags}`
    default: {
      const [open, close] = DELIMITERS[form.type]
      return open + form.items.map(unparse).join(' ') + close
    }
  }
}
