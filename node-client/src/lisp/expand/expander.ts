// The expander: syntax objects to core nodes. It resolves every name (with its mark), expands macros and hands special
// forms to their table. It never evaluates and never throws: a bad form becomes nil and a diagnostic.

import type { CoreName } from '../runtime/table.js'
import {
  Binding,
  bodyOf,
  constant,
  newFn,
  positional,
  ref,
  type BindingKind,
  type Fn,
  type LoopTarget,
  type Node,
} from '../nodes.js'
import type { Code, Facts, Reporter } from '../diagnostics.js'
import { nearest } from '../suggest.js'
import { isSym, list, sym, type Mark, type Seq, type Span, type Sym, type Syntax } from '../syntax.js'
import { expandCall } from './calls.js'
import { expandCollection } from './collections.js'
import { DECLARERS } from './definitions.js'
import { rootScope } from './root.js'
import { Scope, type Macro, type Meaning, type Special } from './scope.js'
import { build, type Template } from './template.js'
import { expandDotted } from './members.js'
import { Globals, isInside } from './globals.js'

const MAX_EXPANSIONS = 200 // macros inside the results of macros, at one place

export interface ExpanderOptions {
  readonly reporter: Reporter
  readonly importNames: readonly string[]
  /** Compiles and loads a macro's function; the expander itself knows nothing of JavaScript. */
  readonly loadMacro: (fn: Fn, name: string) => MacroFunction | undefined
}
/** Runs a macro on data; template symbols it makes carry `mark`. */
export type MacroFunction = (args: readonly Syntax[], mark: Mark, span: Span) => Syntax

export class Expander {
  readonly reporter: Reporter
  readonly core: Scope
  readonly top: Scope
  readonly main: Fn
  readonly imports: readonly Binding[]
  fn: Fn // the function whose body is being expanded
  auto = false // inside (auto …)
  target: LoopTarget | undefined // where recur goes
  phase: 'run' | 'macro' = 'run' // in a macro body, run-time variables are out of reach
  #marks = 0
  #depth = 0
  /** The definitions that stand among the forms of a file or body. */
  readonly declared = new WeakSet<Syntax>()
  readonly #globals = new Globals()
  readonly #origins = new WeakMap<Syntax, { name: string; span: Span }>()
  readonly #stack: { name: string; span: Span }[] = []

  constructor(readonly options: ExpanderOptions) {
    this.reporter = options.reporter
    this.core = rootScope()
    this.top = new Scope(this.core)
    this.main = newFn('main', undefined, { start: 0, end: 0 })
    this.fn = this.main
    this.imports = options.importNames.map((name) => this.bind(sym(name, { start: 0, end: 0 }), 'import', this.top))
  }

  /** Expands a whole file: first what it defines, then every form, so that functions may refer to later ones. */
  expandProgram(forms: readonly Syntax[]): Node {
    const nodes = this.expandForms(forms, this.top)
    return bodyOf(nodes, { start: 0, end: this.reporter.source.text.length })
  }

  /** Declares what the forms of a file define, macros included. */
  declareAll(forms: readonly Syntax[]): void {
    for (const form of forms) this.#declare(form, this.top, [])
  }

  expandForms(forms: readonly Syntax[], scope: Scope): Node[] {
    const flat: Syntax[] = []
    for (const form of forms) this.#declare(form, scope, flat)
    return this.#expandAll(flat, scope)
  }

  /** What follows a defer in a body is run under a finally. */
  #expandAll(forms: readonly Syntax[], scope: Scope): Node[] {
    const at = scope === this.top ? -1 : forms.findIndex((form) => this.#specialOf(form, scope)?.name === 'defer')
    if (at < 0) return forms.map((form) => this.expand(form, scope))
    const defer = forms[at] as Seq
    const before = forms.slice(0, at).map((form) => this.expand(form, scope))
    const body = bodyOf(this.#expandAll(forms.slice(at + 1), scope), defer.span)
    const final = this.expandBody(defer.items.slice(1), scope, defer.span)
    return [...before, { op: 'try', body, catches: [], final, span: defer.span }]
  }

  #declare(form: Syntax, scope: Scope, out: Syntax[]): void {
    const head = this.expandHead(form, scope)
    const special = this.#specialOf(head, scope)
    if (special?.name === 'do' && scope === this.top) {
      for (const item of (head as Seq).items.slice(1)) this.#declare(this.#inherit(head, item), scope, out)
      return
    }
    const declare = special && DECLARERS[special.name]
    if (declare) {
      this.declared.add(head)
      declare(head as Seq, this, scope)
    }
    out.push(head)
  }

  #inherit(from: Syntax, to: Syntax): Syntax {
    const origin = this.#origins.get(from)
    if (origin && !this.#origins.has(to)) this.#origins.set(to, origin)
    return to
  }

  /** A body: definitions in it are local to it. */
  expandBody(forms: readonly Syntax[], scope: Scope, span: Span): Node {
    if (forms.length === 1) {
      const head = this.expandHead(forms[0]!, scope)
      const special = this.#specialOf(head, scope)
      if (!special || !DECLARERS[special.name]) return this.expand(head, scope)
    }
    const inner = new Scope(scope)
    return bodyOf(this.expandForms(forms, inner), span)
  }

  #specialOf(form: Syntax, scope: Scope): Special | undefined {
    if (form.type !== 'list') return undefined
    const head = form.items[0]
    const meaning = head && isSym(head) ? scope.lookup(head.name, head.mark) : undefined
    return meaning?.what === 'special' ? meaning : undefined
  }

  /** Expands macros at the head of a form until it is something else. */
  expandHead(form: Syntax, scope: Scope): Syntax {
    let current = form
    for (let count = 0; current.type === 'list'; count++) {
      const head = current.items[0]
      const meaning = head && isSym(head) ? scope.lookup(head.name, head.mark) : undefined
      if (meaning?.what !== 'macro') break
      if (count >= MAX_EXPANSIONS) {
        this.error('L203', current.span, { limit: MAX_EXPANSIONS, name: meaning.name })
        return list([sym('do', current.span, this.freshMark(this.core))], current.span)
      }
      const next = this.#checkCount(current, meaning) ? meaning.expand(current, this, scope) : this.nil(current.span)
      current = this.#inherit(current, next)
    }
    return current
  }

  #checkCount(form: Seq, entry: Macro | Special): boolean {
    const count = form.items.length - 1
    if (count >= entry.min && count <= entry.max) return true
    const reason = count < entry.min ? 'something is missing' : 'there is too much in it'
    this.error('L101', form.span, { form: entry.name, reason, shape: `(${`${entry.name} ${entry.arglist}`.trim()})` })
    return false
  }

  nil(span: Span): Syntax {
    return { type: 'atom', value: null, span }
  }

  expand(form: Syntax, scope: Scope): Node {
    const origin = this.#origins.get(form)
    if (origin) this.#stack.push(origin)
    if (++this.#depth > MAX_EXPANSIONS * 5) {
      this.#depth--
      return this.error('L203', form.span, { limit: MAX_EXPANSIONS * 5, name: '…' })
    }
    const node = this.#dispatch(form, scope)
    this.#depth--
    if (origin) this.#stack.pop()
    return node
  }

  #dispatch(form: Syntax, scope: Scope): Node {
    switch (form.type) {
      case 'atom':
        return constant(form.value, form.span)
      case 'keyword':
        return { op: 'keyword', name: form.name, span: form.span }
      case 'regex':
        return { op: 'regex', source: form.source, flags: form.flags, span: form.span }
      case 'symbol':
        return this.resolve(form, scope)
      case 'list':
        return this.#expandList(form, scope)
      default:
        return expandCollection(form, this, scope)
    }
  }

  #expandList(form: Seq, scope: Scope): Node {
    const head = form.items[0]
    if (!head) return this.error('L111', form.span)
    if (!isSym(head)) return expandCall(form, this, scope)
    const meaning = scope.lookup(head.name, head.mark)
    if (meaning?.what === 'macro') {
      const expanded = this.expandHead(form, scope)
      return this.expand(expanded, scope)
    }
    if (meaning?.what !== 'special') return expandCall(form, this, scope)
    return this.#checkCount(form, meaning) ? meaning.expand(form, this, scope) : constant(null, form.span)
  }

  /** A symbol in the place of a value. */
  resolve(symbol: Sym, scope: Scope): Node {
    const meaning = scope.lookup(symbol.name, symbol.mark)
    if (meaning?.what === 'variable') return this.#reference(meaning.binding, symbol)
    if (meaning) {
      const what = meaning.what === 'macro' ? 'macro' : 'special form'
      return this.error('L102', symbol.span, { name: symbol.name, what })
    }
    if (symbol.name.startsWith('js/')) return this.#global(symbol)
    if (symbol.name === '...') return this.error('L309', symbol.span)
    if (/^[^.].*\.[^.]/.test(symbol.name)) return expandDotted(symbol, this, scope)
    return this.unknown(symbol, scope)
  }

  #reference(binding: Binding, symbol: Sym): Node {
    const ours = binding.kind === 'core' || binding.kind === 'global'
    if (this.phase === 'macro' && !ours && !isInside(binding.owner, this.macroFn)) {
      return this.error('L205', symbol.span, { name: symbol.name })
    }
    return ref(binding, symbol.span)
  }
  macroFn: Fn | undefined // the function of the macro being defined

  #global(symbol: Sym): Node {
    const [head, ...path] = symbol.name.slice(3).split('.')
    let node: Node = ref(this.#globals.binding(head!, symbol.span), symbol.span)
    for (const name of path) node = { op: 'get', object: node, key: name, optional: false, span: symbol.span }
    return node
  }

  /** The JavaScript globals used with js/. */
  globalNames(): Iterable<string> {
    return this.#globals.names()
  }

  unknown(symbol: Sym, scope: Scope): Node {
    const near = nearest(symbol.name, scope.names())
    const suggestion = near
      ? `did you mean '${near}'?`
      : `define it with (def ${symbol.name} …), or write js/${symbol.name} for a JavaScript global`
    return this.error('L012', symbol.span, { name: symbol.name, suggestion })
  }

  error(code: Code, span: Span, facts: Facts = {}): Node {
    const notes = this.#stack.map(({ name, span: at }) => ({ message: `in the expansion of '${name}' here`, span: at }))
    this.reporter.report(code, span, facts, notes.reverse())
    return constant(null, span)
  }

  /** Makes a binding for a symbol and defines it in a scope. */
  bind(symbol: Sym, kind: BindingKind, scope: Scope): Binding {
    const binding = new Binding(kind, symbol.name, symbol.span, this.fn)
    binding.synthetic = symbol.mark !== undefined
    scope.define(symbol, { what: 'variable', binding })
    return binding
  }

  /** A binding that no program can name. */
  hidden(name: string, span: Span, kind: BindingKind = 'local'): Binding {
    const binding = new Binding(kind, name, span, this.fn)
    binding.synthetic = true
    return binding
  }

  freshMark(scope: Scope, outer?: Mark): Mark {
    return { id: ++this.#marks, scope, outer }
  }

  /** Builds the expansion of a core macro: its strings are symbols of the core, hygienically. */
  template(parts: Template, span: Span): Syntax {
    return build(parts, this.freshMark(this.core), span)
  }

  /** Remembers that a form came from a user macro, so that an error in it shows both places. */
  tag(form: Syntax, name: string, span: Span): Syntax {
    if (form.type !== 'atom') this.#origins.set(form, { name, span })
    return form
  }

  /** A call of a core function. */
  callCore(name: CoreName, args: readonly Node[], span: Span): Node {
    const callee = this.core.lookup(name, undefined) as Extract<Meaning, { what: 'variable' }>
    return this.call(ref(callee.binding, span), args, span)
  }

  call(callee: Node, args: readonly Node[], span: Span): Node {
    return { op: 'call', callee, args: args.map(positional), optional: false, auto: this.auto, awaited: false, span }
  }

  inFn<T>(fn: Fn, work: () => T): T {
    const outer = this.fn
    this.fn = fn
    const result = work()
    this.fn = outer
    return result
  }

  /** A function without parameters around an expression. */
  thunk(span: Span, body: () => Node): Fn {
    const fn = newFn(undefined, this.fn, span)
    const node = this.inFn(fn, body)
    fn.arities.push({ params: [], rest: undefined, target: { bindings: [], used: false }, body: node })
    return fn
  }
}
