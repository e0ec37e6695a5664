// Runtime errors: the Lisp frames of a V8 stack of compiled code, by its source map.

import { TraceMap, originalPositionFor, sourceContentFor } from '@jridgewell/trace-mapping'
import type { LispSourceMap } from './compile.js'

export interface LispFrame {
  readonly file: string
  readonly line: number // 1-based
  readonly column: number // 1-based
  readonly function: string | undefined // Lisp name; undefined at top level
}

const FRAME = /^\s*at (?:async )?(?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/

/** The frames of `error` that are in the compiled program, innermost first. */
export function mapError(error: unknown, map: LispSourceMap, sourceName: string): LispFrame[] {
  const stack = (error as { stack?: unknown } | null)?.stack
  if (typeof stack !== 'string' || map.mappings === '') return []
  const trace = new TraceMap(map)
  return stack.split('\n').flatMap((text) => mapFrame(text, trace, map, sourceName))
}

function mapFrame(text: string, trace: TraceMap, map: LispSourceMap, sourceName: string): LispFrame[] {
  const found = FRAME.exec(text)
  if (found?.[2]?.replace(/%20/g, ' ') !== sourceName) return []
  const { line, column } = originalPositionFor(trace, { line: Number(found[3]), column: Number(found[4]) - 1 })
  if (line === null) return []
  return [{ file: sourceName, line, column: column + 1, function: functionName(found[1], map) }]
}

function functionName(text: string | undefined, map: LispSourceMap): string | undefined {
  const name = text?.replace(/^(?:Object|Module|Function)\./, '').replace(/ \[as .*\]$/, '')
  if (name === undefined || name === '' || name === 'eval' || name.startsWith('<anonymous')) return undefined
  return Object.hasOwn(map.x_polyloom.names, name) ? map.x_polyloom.names[name] : name
}

/** The place and source line of the innermost frame, with a caret; undefined if no frame is in the program. */
export function formatFrame(frame: LispFrame, map: LispSourceMap): string {
  const text = sourceContentFor(new TraceMap(map), frame.file)?.split('\n')[frame.line - 1] ?? ''
  const gutter = String(frame.line)
  const indent = text.slice(0, frame.column - 1).replace(/[^\t]/g, ' ')
  const place = `${frame.file}:${frame.line}:${frame.column}${frame.function === undefined ? '' : `: in ${frame.function}`}`
  return `${place}\n ${gutter} | ${text}\n ${' '.repeat(gutter.length)} | ${indent}^`
}
