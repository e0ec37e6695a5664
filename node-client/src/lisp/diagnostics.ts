// Every diagnostic of the compiler: code, severity, message, hint. `{x}` is filled from the facts of the report.
// L0xx reader, L1xx names and forms, L2xx macros, L3xx functions and calls, L4xx async, L5xx Python, L9xx not supported.

import type { Span } from './syntax.js'
import { SourceText } from './source.js'

export type Severity = 'error' | 'warning'
interface Entry {
  readonly severity: Severity
  readonly message: string
  readonly hint: string
}

const error = (message: string, hint: string): Entry => ({ severity: 'error', message, hint })
const warning = (message: string, hint: string): Entry => ({ severity: 'warning', message, hint })

export const DIAGNOSTICS = {
  L001: error("'{open}' is never closed", "add the missing '{close}'"),
  L002: error("'{found}' closes nothing", 'remove it, or open the form it should close'),
  L003: error("'{found}' closes a form opened with '{open}'", "write '{close}' here"),
  L004: error('this string is never closed', 'add the closing "'),
  L005: error(
    "unknown escape '{escape}' in a string",
    String.raw`use \n \t \r \0 \" \\ \u{…}; write \\ for a backslash`,
  ),
  L006: error("'{text}' is not a number", 'numbers look like 1 -2.5 1e3 0xff 1_000 12n ##Inf ##NaN'),
  L007: error("'{prefix}' has no form after it", 'write the form it applies to'),
  L008: error('a map literal needs pairs', 'each key needs a value: {:a 1 :b 2}'),
  L009: error("unknown reader form '{text}'", 'known: #"regex" #{set} #(fn %) #_skipped ##Inf ##NaN'),
  L010: error('the regular expression is not valid: {reason}', 'use the syntax of JavaScript regular expressions'),
  L011: error("'{text}' is only meaningful inside a quasiquote", 'put a ` before the enclosing form'),
  L012: error("unknown symbol '{name}'", '{suggestion}'),
  L013: error("'{text}' is not a valid keyword", 'keywords look like :name'),
  L014: error('this form is nested too deeply', 'at most {limit} levels: split it into functions'),
  L015: error('#( ) cannot be nested', 'name the parameters with (fn [x] …) in one of them'),
  L101: error("'{form}' is malformed: {reason}", 'its shape is {shape}'),
  L102: error("'{name}' is a {what}, not a value", 'call it as ({name} …), or wrap it: (fn [x] ({name} x))'),
  L103: error('a binding needs a name and a value', 'write [name value …], ((name value) …) or (name value …)'),
  L104: error("'{text}' cannot be bound", 'bind a symbol, a [vector] or a {:keys [map]} pattern'),
  L105: error("'{name}' is bound twice here", 'give the second one another name'),
  L106: error(
    "'{name}' cannot be assigned",
    'only variables made by def, let, loop or a parameter can be the target of set!',
  ),
  L107: error('this cannot be assigned to', 'the target of set! is a name, a dotted name or (. object key)'),
  L108: error(
    "'recur' is not in tail position",
    'it must be the last thing its loop or function does, and not inside try',
  ),
  L109: error(
    "'recur' takes {expected} value(s) here, got {found}",
    'one value for each binding of the loop or parameter of the function',
  ),
  L110: error("'recur' is outside of a loop or function", 'wrap it in (loop [name value] …)'),
  L111: error('() cannot be called', "write '() for an empty list"),
  L112: error("'{what}' cannot be called", 'the first item of a list must be a function, macro or keyword'),
  L113: error("'{form}' is only allowed among the forms of a file or body", 'move it out of the expression it is in'),
  L114: error("'{name}' is not a form of its own", '{help}'),
  L115: error('a case needs constants', 'write a literal, or a list of literals, before each result'),
  L116: error("unknown option '{name}' of '{form}'", 'known options: {known}'),
  L117: warning("this is never reached: '{form}' has already decided", 'remove it, or move :else to the end'),
  L201: error("the macro '{name}' failed: {reason}", 'look at the macro definition; (expand …) shows what it makes'),
  L202: error("the macro '{name}' ran for more than {limit} steps", 'does it stop? a macro must not loop for ever'),
  L203: error('expansion is nested more than {limit} deep', "does '{name}' expand to itself?"),
  L204: error(
    'a macro cannot return {what}',
    'return lists, vectors, maps, symbols, keywords, strings, numbers, true, false or nil',
  ),
  L205: error(
    "'{name}' is a run-time value and a macro body runs at compile time",
    'use core functions and other macros only',
  ),
  L206: error("no rule of '{name}' matches this use", 'the patterns are {patterns}'),
  L207: error('unquote-splicing needs a list around it', 'write `(… ~@xs …)'),
  L301: error("'{name}' takes {expected} argument(s), got {found}", 'its parameters are {arglist}'),
  L302: error('malformed parameters: {reason}', 'parameters look like [a b (c default) & rest]'),
  L303: error('two bodies take {count} argument(s)', 'each body of a function needs another number of parameters'),
  L304: error("'+' does not join strings", 'use (str a b)'),
  L305: error("the keyword argument ':{name}' is given twice", 'remove one of them'),
  L306: error('a positional argument follows a keyword argument', 'put keyword arguments last, as in Python'),
  L307: error("':&' needs a map after it", 'write :& options as the last argument'),
  L308: error(
    "':{name}' in the place of a function needs one or two arguments",
    'write (:{name} map) or (:{name} map default)',
  ),
  L309: error("'...' needs a value", 'write ...xs, with no space'),
  L401: warning(
    "an async function is given to '{name}', which does not await it",
    'use (for …), (doseq …), (map …) or (pmap …) of the Lisp',
  ),
  L402: error(
    "an async function is given to '{name}', which cannot await it",
    'await inside (for …) or (doseq …) instead',
  ),
  L403: warning("the promise of '{name}' is dropped", 'write (await …), or (let [p (spawn …)] …) and await it later'),
  L404: error('a macro cannot await', 'await in the code that the macro makes'),
  L501: error('an un-awaited Python result is used as data', 'write (await {text})'),
  L502: warning('the result of this Python call is dropped, and so would be its error', 'write (await {text})'),
  L503: error(
    "'{form}' needs $py, which is not among the import names",
    "pass importNames: ['$py', …] to the compiler",
  ),
  L504: warning('a Python value is printed without being awaited', 'write (await {text})'),
  L505: error("'{name}' is not a Python name", 'Python names are letters, digits and _ (a - becomes _)'),
  L901: error("'{form}' is not supported yet", '{help}'),
} as const satisfies Record<string, Entry>

export type Code = keyof typeof DIAGNOSTICS
export type Facts = Readonly<Record<string, string | number>>

export interface Note {
  readonly message: string
  readonly line: number
  readonly column: number
}
export interface Diagnostic {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  readonly hint: string
  readonly file: string
  readonly line: number // 1-based
  readonly column: number // 1-based
  readonly endLine: number
  readonly endColumn: number
  readonly sourceLine: string
  readonly notes: readonly Note[]
}

const fill = (template: string, facts: Facts): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in facts ? String(facts[name]) : whole))

/** Collects the diagnostics of one compilation, each place and code once, in source order. */
export class Reporter {
  readonly #found: { readonly diagnostic: Diagnostic; readonly start: number }[] = []
  readonly #seen = new Set<string>()
  hasErrors = false

  constructor(readonly source: SourceText) {}

  report(code: Code, span: Span, facts: Facts = {}, notes: readonly { message: string; span: Span }[] = []): void {
    const entry: Entry = DIAGNOSTICS[code]
    const id = `${code}:${span.start}:${span.end}`
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    if (entry.severity === 'error') this.hasErrors = true
    const from = this.source.position(span.start)
    const to = this.source.position(span.end)
    const diagnostic: Diagnostic = {
      code,
      severity: entry.severity,
      message: fill(entry.message, facts),
      hint: fill(entry.hint, facts),
      file: this.source.name,
      ...from,
      endLine: to.line,
      endColumn: to.column,
      sourceLine: this.source.line(from.line),
      notes: notes.map((note) => ({ message: note.message, ...this.source.position(note.span.start) })),
    }
    this.#found.push({ diagnostic, start: span.start })
  }

  get diagnostics(): Diagnostic[] {
    const inOrder = [...this.#found].sort((a, b) => a.start - b.start)
    return inOrder.map((one) => one.diagnostic)
  }
}

/** The human form: place, code and message; the source line; a caret span; the help line. */
export function formatDiagnostic(d: Diagnostic): string {
  const end = d.endLine === d.line ? d.endColumn : d.sourceLine.length + 1
  const carets = '^'.repeat(Math.max(1, end - d.column))
  const gutter = String(d.line)
  const indent = d.sourceLine.slice(0, d.column - 1).replace(/[^\t]/g, ' ')
  const blank = ' '.repeat(gutter.length)
  return [
    `${d.file}:${d.line}:${d.column}: ${d.severity} ${d.code}: ${d.message}`,
    ` ${gutter} | ${d.sourceLine}`,
    ` ${blank} | ${indent}${carets}`,
    ...d.notes.map((note) => ` ${blank} = note: ${d.file}:${note.line}:${note.column}: ${note.message}`),
    `help: ${d.hint}`,
  ].join('\n')
}
