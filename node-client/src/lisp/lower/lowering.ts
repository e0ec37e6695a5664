// The lowering: core nodes to IR by lazy A-normalisation. `expr` appends the statements an expression needs and gives
// what is left of it; `into` lowers a node into a destination, so control forms never become expressions by force.

import type { Binding, Fn, LoopTarget, Node } from '../nodes.js'
import { constRhs, nameRhs, type Rhs, type Stmt } from '../ir.js'
import type { Span } from '../syntax.js'
import { CONTROL } from './control.js'
import { EXPRESSIONS } from './expressions.js'
import { Names, mangle } from './names.js'
import { isSimple } from './simple.js'
import { mayBePromise } from '../analyse/values.js'

/** 0: constant. 1: reads what may change. 2: has effects. */
export type Effect = 0 | 1 | 2
export interface Low {
  readonly rhs: Rhs
  readonly effect: Effect
}

/** Where a value goes; `leave` breaks out of the loop whose tail the value is. */
export interface Dest {
  readonly to: 'return' | 'assign' | 'discard'
  readonly name?: string
  readonly leave?: boolean
  readonly shared?: boolean // the program can see the variable: only a finished value may go there
}
export const RETURN: Dest = { to: 'return' }
export const DISCARD: Dest = { to: 'discard' }
export const assignTo = (name: string): Dest => ({ to: 'assign', name })

export interface LoopState {
  readonly label: string
  labelled: boolean // some continue needs the label
  readonly vars: readonly string[] // JavaScript names that recur assigns
}

/** What is known while one JavaScript function is lowered. */
export interface Frame {
  readonly names: Names
  readonly fn: Fn
  tries: number // enclosing try blocks
  innermost: LoopTarget | undefined
}

export interface LoweringOptions {
  /** Count steps, for macros: compiled code calls $step() in functions and loops. */
  readonly steps: boolean
}

export class Lowering {
  frame: Frame
  usesRuntime = false
  readonly loops = new Map<LoopTarget, LoopState>()
  readonly declared = new Set<Binding>() // definitions whose declaration is out
  readonly keywords = new Map<string, string>() // keyword to the constant that holds it
  readonly functionNames: Record<string, string> = {} // JavaScript to Lisp, where they differ
  readonly simple = new WeakMap<Node, boolean>()

  constructor(
    readonly main: Fn,
    readonly options: LoweringOptions,
  ) {
    this.frame = { names: new Names(undefined), fn: main, tries: 0, innermost: undefined }
  }

  expr(node: Node, out: Stmt[]): Low {
    const expression = EXPRESSIONS[node.op] as ((node: Node, lowering: Lowering, out: Stmt[]) => Low) | undefined
    return expression && !this.isControl(node) ? expression(node, this, out) : this.#throughTemporary(node, out)
  }

  /** Needs statements of its own, not only those of its operands. */
  isControl(node: Node): boolean {
    if (!CONTROL[node.op]) return false
    const call = node.op === 'await' ? node.value : node
    return call.op === 'call' ? call.tail !== undefined : node.op !== 'await' && !isSimple(node, this)
  }

  /** A control form whose value is wanted: lowered into a variable declared before it. */
  #throughTemporary(node: Node, out: Stmt[]): Low {
    if (node.op === 'let' || node.op === 'do') return this.#lastOf(node, out)
    const name = this.temp('value')
    this.#declare(name, node, out)
    return { rhs: nameRhs(name, node.span), effect: 0 } // assigned once, before its only use
  }

  /** A variable that a control form assigns; if that is the first thing it does, the declaration does it. */
  #declare(name: string, node: Node, out: Stmt[]): void {
    const at = out.length
    out.push({ s: 'bind', name, value: undefined, mutable: true, span: node.span })
    this.into(node, assignTo(name), out)
    const next = out[at + 1]
    if (next?.s !== 'set' || next.target.t !== 'name' || next.target.name !== name) return
    out.splice(at, 2, { s: 'bind', name, value: next.value, mutable: out.length > at + 2, span: next.span })
  }

  /** let and do: their statements first, the last expression is the value. */
  #lastOf(node: Node & { op: 'let' | 'do' }, out: Stmt[]): Low {
    const last = node.op === 'let' ? node.body : node.body.at(-1)
    this.prelude(node, out)
    return last ? this.expr(last, out) : { rhs: constRhs(null, node.span), effect: 0 }
  }

  /** What comes before the value of a let or do. */
  prelude(node: Node & { op: 'let' | 'do' }, out: Stmt[]): void {
    if (node.op === 'let') {
      if (node.rec) for (const { binding } of node.pairs) this.nameOf(binding)
      for (const { binding, value } of node.pairs) this.bind(binding, value, out)
      return
    }
    for (const item of node.body) if (item.op === 'def') this.nameOf(item.binding)
    for (const item of node.body.slice(0, -1)) this.into(item, DISCARD, out)
  }

  into(node: Node, dest: Dest, out: Stmt[]): void {
    const early = dest.shared && (node.op === 'and' || node.op === 'or' || node.op === 'try')
    const control = CONTROL[node.op] as
      ((node: Node, dest: Dest, lowering: Lowering, out: Stmt[]) => boolean) | undefined
    if (!early && control?.(node, dest, this, out)) return
    const low = this.expr(node, out)
    this.deliver(low, dest, out, node)
  }

  deliver(low: Low, dest: Dest, out: Stmt[], node: Node): void {
    const { span } = node
    const rhs =
      dest.to !== 'discard' && this.leavesTry(low, node) ? ({ t: 'await', value: low.rhs, span } as const) : low.rhs
    if (dest.to === 'return') out.push({ s: 'ret', value: rhs, span })
    else if (dest.to === 'assign') out.push({ s: 'set', target: nameRhs(dest.name!, span), value: rhs, span })
    else if (low.effect > 0 && rhs.t !== 'name' && rhs.t !== 'const') out.push({ s: 'eval', value: rhs, span })
    if (dest.leave && dest.to !== 'return') out.push({ s: 'break', label: undefined, span })
  }

  /** In an async function the tail of a try is awaited before it leaves, so that its errors are caught there. */
  leavesTry(low: Low, node: Node): boolean {
    return (
      this.frame.tries > 0 && this.frame.fn.isAsync && low.effect === 2 && low.rhs.t !== 'await' && mayBePromise(node)
    )
  }

  /** Lowers operands in order. An earlier one is captured if a later one needs statements and could change it. */
  operands(nodes: readonly Node[], out: Stmt[]): Low[] {
    const lowered = nodes.map((node) => {
      const stmts: Stmt[] = []
      return { low: this.expr(node, stmts), stmts }
    })
    const last = lowered.findLastIndex(({ stmts }) => stmts.length > 0)
    return lowered.map(({ low, stmts }, i) => {
      out.push(...stmts)
      return i < last && low.effect > 0 ? this.capture(low, out) : low
    })
  }

  capture(low: Low, out: Stmt[]): Low {
    if (low.rhs.t === 'spread') {
      const inner = this.capture({ rhs: { t: 'array', items: [low.rhs], span: low.rhs.span }, effect: low.effect }, out)
      return { rhs: { ...low.rhs, value: inner.rhs }, effect: 0 }
    }
    const name = this.temp('value')
    out.push({ s: 'bind', name, value: low.rhs, mutable: false, span: low.rhs.span })
    return { rhs: nameRhs(name, low.rhs.span), effect: 0 }
  }

  temp(base: string): string {
    return this.frame.names.take(base)
  }

  /** The JavaScript name of a variable, given where it is declared. */
  nameOf(binding: Binding): string {
    if (binding.jsName === '') binding.jsName = this.temp(mangle(binding.name))
    return binding.jsName
  }

  bind(binding: Binding, value: Node, out: Stmt[]): void {
    if (this.isAlias(binding, value)) {
      binding.jsName = this.nameOf(value.binding)
      return
    }
    const { span } = value
    const control = this.isControl(value)
    if (value.op === 'let' || value.op === 'do') {
      if (control) {
        this.prelude(value, out)
        return this.bind(binding, (value.op === 'let' ? value.body : value.body.at(-1))!, out)
      }
    } else if (control) {
      return this.#declare(this.nameOf(binding), value, out)
    }
    const { rhs } = this.expr(value, out)
    const name = this.nameOf(binding)
    if (value.op === 'fn') this.noteFunction(name, binding.name)
    out.push({ s: 'bind', name, value: rhs, mutable: binding.mutable, span })
  }

  /** A name that a macro made for a variable that does not change: no copy is needed. */
  isAlias(binding: Binding, value: Node): value is Node & { op: 'ref' } {
    if (!binding.synthetic || binding.mutable || binding.jsName !== '' || value.op !== 'ref') return false
    const { kind, mutable } = value.binding
    return !mutable && (kind === 'local' || (!binding.captured && (kind === 'param' || kind === 'catch')))
  }

  /** A function of the runtime, as $rt.name. */
  runtime(name: string, span: Span): Rhs {
    this.usesRuntime = true
    return { t: 'get', object: nameRhs('$rt', span), key: name, optional: false, span }
  }

  callRuntime(name: string, args: readonly Rhs[], span: Span): Rhs {
    this.usesRuntime = true
    return { t: 'method', object: nameRhs('$rt', span), key: name, args, optional: false, span }
  }

  /** The constant that holds a keyword, declared once at the top. */
  keyword(name: string, span: Span): Rhs {
    let constant = this.keywords.get(name)
    if (constant === undefined) {
      this.usesRuntime = true
      const word = mangle(name).replace(/^\d/, '_$&')
      constant = `k$${word}`
      for (let n = 2; [...this.keywords.values()].includes(constant); n++) constant = `k$${word}_${n}`
      this.keywords.set(name, constant)
    }
    return nameRhs(constant, span)
  }

  noteFunction(js: string, lisp: string | undefined): void {
    if (lisp !== undefined && lisp !== js) this.functionNames[js] = lisp
  }

  inFrame<T>(fn: Fn, work: () => T): T {
    const outer = this.frame
    this.frame = { names: new Names(outer.names), fn, tries: 0, innermost: undefined }
    const result = work()
    this.frame = outer
    return result
  }
}
