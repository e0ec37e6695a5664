// The compiler: source text to JavaScript, source map and diagnostics. The phases in order, and nothing else.

import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { analyse } from './analyse/index.js'
import { Reporter, type Diagnostic } from './diagnostics.js'
import { generate, type Generated } from './emit/generate.js'
import { program } from './emit/program.js'
import { LispSyntaxError } from './errors.js'
import { Expander, type MacroFunction } from './expand/expander.js'
import { JS_GLOBALS } from './expand/root.js'
import type { Stmt } from './ir.js'
import { Lowering, RETURN } from './lower/lowering.js'
import { mangle } from './lower/names.js'
import { NotSyntax, STEP_LIMIT, StepLimit, toData, toSyntax } from './macros.js'
import { newFn, type Fn } from './nodes.js'
import { readForms } from './reader/reader.js'
import * as runtime from './runtime/index.js'
import { LispSymbol } from './runtime/names.js'
import { SourceText } from './source.js'
import type { Mark, Syntax } from './syntax.js'

export interface CompileOptions {
  /** Names bound from the imports object; they count as known. Default: $py, print, args. */
  readonly importNames?: readonly string[]
  /** Indented output; default true. */
  readonly pretty?: boolean
  /** Append the source map as a data URL; default false. */
  readonly inlineMap?: boolean
  /** The name of the source in diagnostics, stack frames and the map; default program.lisp. */
  readonly sourceName?: string
}

/** `names` of the source map's extension: JavaScript function names to Lisp ones, where they differ. */
export type LispSourceMap = EncodedSourceMap & {
  readonly x_polyloom: { readonly names: Readonly<Record<string, string>> }
}

export interface Compiled {
  /** Evaluates to an async function of the imports object; empty if there are errors. */
  readonly code: string
  readonly map: LispSourceMap
  readonly diagnostics: readonly Diagnostic[]
}

const DEFAULT_IMPORTS = ['$py', 'print', 'args']
const EMPTY_MAP: LispSourceMap = { version: 3, names: [], sources: [], mappings: '', x_polyloom: { names: {} } }

/** Never throws for a mistake in the program: `diagnostics` holds them, and `code` is empty if one is an error. */
export function compileLispToJS(text: string, options: CompileOptions = {}): Compiled {
  const source = new SourceText(text, options.sourceName ?? 'program.lisp')
  const reporter = new Reporter(source)
  const expander = newExpander(reporter, options)
  const { main } = expander
  const body = expander.expandProgram(readForms(reporter))
  main.arities.push({ params: [], rest: undefined, target: { bindings: [], used: false }, body })
  main.awaits = true
  if (!reporter.hasErrors) analyse(main, reporter)
  if (reporter.hasErrors) return { code: '', map: EMPTY_MAP, diagnostics: reporter.diagnostics }
  const imports = importsOf(expander)
  const pretty = options.pretty ?? true
  const { generated, lowering } = emit(main, source, {
    imports,
    globals: expander.globalNames(),
    pretty,
    isMacro: false,
  })
  const map: LispSourceMap = { ...generated.map, x_polyloom: { names: lowering.functionNames } }
  return { code: generated.code + trailer(source.name, map, options), map, diagnostics: reporter.diagnostics }
}

/** The same, but throws a LispSyntaxError with all diagnostics if one is an error. */
export function compile(text: string, options: CompileOptions = {}): Compiled {
  const compiled = compileLispToJS(text, options)
  if (compiled.diagnostics.some((one) => one.severity === 'error')) throw new LispSyntaxError(compiled.diagnostics)
  return compiled
}

export function newExpander(reporter: Reporter, options: CompileOptions): Expander {
  const importNames = options.importNames ?? DEFAULT_IMPORTS
  return new Expander({ reporter, importNames, loadMacro: (fn, name) => loadMacro(fn, name, reporter) })
}

/** The comments that name the source for V8's stack frames. */
function trailer(name: string, map: LispSourceMap, options: CompileOptions): string {
  const url = `//# sourceURL=${name.replace(/\s/g, '%20')}\n`
  if (!options.inlineMap) return url
  const bytes = new TextEncoder().encode(JSON.stringify(map))
  const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return `${url}//# sourceMappingURL=data:application/json;charset=utf-8;base64,${encoded}\n`
}

/** The imports that are used, with their JavaScript names. */
function importsOf(expander: Expander): EmitOptions['imports'] {
  const names = new Set<string>()
  return expander.imports.flatMap((binding) => {
    if (binding.uses === 0) return []
    binding.jsName = mangle(binding.name)
    while (names.has(binding.jsName)) binding.jsName += '_'
    names.add(binding.jsName)
    return [{ name: binding.name, jsName: binding.jsName }]
  })
}

interface EmitOptions {
  readonly imports: readonly { readonly name: string; readonly jsName: string }[]
  readonly globals: Iterable<string> // names that no variable may hide
  readonly pretty: boolean
  readonly isMacro: boolean
}

function emit(main: Fn, source: SourceText, options: EmitOptions): { generated: Generated; lowering: Lowering } {
  const { imports, isMacro: steps } = options
  const lowering = new Lowering(main, { steps })
  for (const name of [...JS_GLOBALS, ...options.globals, ...imports.map((one) => one.jsName)])
    lowering.frame.names.reserve(name)
  const body: Stmt[] = []
  lowering.into(main.arities[0]!.body, RETURN, body)
  const { keywords, usesRuntime } = lowering
  const made = program({ imports, keywords, usesRuntime, body, isAsync: !steps })
  return { generated: generate(made, source, options.pretty), lowering }
}

type LoadedMacro = (...args: unknown[]) => unknown

/** Compiles the function of a macro. `thunk` gives the function. */
function loadMacro(thunk: Fn, name: string, reporter: Reporter): MacroFunction | undefined {
  const main = newFn('main', undefined, thunk.span)
  main.arities.push({
    params: [],
    rest: undefined,
    target: { bindings: [], used: false },
    body: thunk.arities[0]!.body,
  })
  analyse(main, reporter)
  const fn = thunk.arities[0]!.body
  if (fn.op === 'fn' && fn.isAsync) reporter.report('L404', fn.span)
  if (reporter.hasErrors) return undefined
  const { generated } = emit(main, reporter.source, {
    imports: MACRO_IMPORTS,
    globals: [],
    pretty: true,
    isMacro: true,
  })
  const state = { steps: 0, mark: undefined as Mark | undefined }
  const run = instantiate(generated.code, state)
  return (args, mark, span) => expandWith(run, args, mark, span, name, state, reporter)
}

const MACRO_IMPORTS = [
  { name: '$step', jsName: '$step' },
  { name: '$template', jsName: '$template' },
]

interface MacroState {
  steps: number
  mark: Mark | undefined
}

/** Evaluates the code of a macro with the two functions it may call besides the runtime. */
function instantiate(code: string, state: MacroState): LoadedMacro {
  const $step = (): void => {
    if (++state.steps > STEP_LIMIT) throw new StepLimit()
  }
  const $template = (name: string, start: number, end: number): LispSymbol =>
    new LispSymbol(name, state.mark, { start, end })
  const load = (0, eval)(code) as (imports: object) => LoadedMacro
  return load({ $step, $template, $rt: runtime })
}

function expandWith(
  run: LoadedMacro,
  args: readonly Syntax[],
  mark: Mark,
  span: Syntax['span'],
  name: string,
  state: MacroState,
  reporter: Reporter,
): Syntax {
  state.steps = 0
  state.mark = mark
  try {
    return toSyntax(run(...args.map(toData)), span)
  } catch (error) {
    if (error instanceof StepLimit) reporter.report('L202', span, { name, limit: STEP_LIMIT })
    else if (error instanceof NotSyntax) reporter.report('L204', span, { what: error.message })
    else reporter.report('L201', span, { name, reason: (error as Error).message })
    return { type: 'atom', value: null, span }
  }
}
