/** A failed script in words: where in the Lisp, what Python said, and how to mend it. */

import { PolyloomError, PythonError } from '../errors.js'
import { formatFrame, mapError, type LispSourceMap } from '../lisp/index.js'

/** Return the lines that a person needs: the headline, the place in the Lisp, the traceback of Python or the hint. */
export function describeFailure(error: unknown, map: LispSourceMap, file: string): string {
  const [innermost] = mapError(error, map, file)
  const place = innermost === undefined ? file : `${file}:${innermost.line}:${innermost.column}`
  const excerpt = innermost === undefined ? [] : formatFrame(innermost, map).split('\n').slice(1)
  return [`${place}: error: ${inWords(error)}`, ...excerpt, ...details(error)].join('\n')
}

function inWords(error: unknown): string {
  if (error instanceof PythonError) return `${error.type}: ${error.detail}`
  if (error instanceof PolyloomError) return error.detail
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function details(error: unknown): string[] {
  if (error instanceof PythonError && error.traceback) return ['', error.traceback.trimEnd()]
  if (error instanceof PolyloomError && error.hint) return [`help: ${error.hint}`]
  return []
}
