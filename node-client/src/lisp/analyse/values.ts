// What is known of values before the program runs: which function a callee is, which values are Python's, which
// functions are async, which expressions are booleans, numbers or strings.

import type { Binding, Call, Fn, Node } from '../nodes.js'
import { coreEntry } from '../runtime/table.js'

/** The function a callee certainly is. */
export function knownFn(node: Node): Fn | undefined {
  if (node.op === 'fn') return node
  if (node.op !== 'ref' || node.binding.mutable) return undefined
  const { init } = node.binding
  return init?.op === 'fn' ? init : init?.op === 'ref' && init.binding !== node.binding ? knownFn(init) : undefined
}

export const coreName = (node: Node): string | undefined =>
  node.op === 'ref' && node.binding.kind === 'core' ? node.binding.name : undefined

export type Kind = 'python' | 'boolean' | 'number' | 'string' | 'array' | 'function' | 'unknown'

const ARITHMETIC = new Set([
  '+',
  '-',
  '*',
  '/',
  '**',
  'quot',
  'rem',
  'mod',
  'inc',
  'dec',
  'count',
  'abs',
  'floor',
  'ceil',
  'round',
  'sqrt',
])
const TEXT = new Set(['str', 'pr-str', 'join', 'subs', 'upper', 'lower', 'trim', 'name', 'capitalize', 'replace'])
const ARRAYS = new Set(
  `vector vec range map mapv filter filterv remove keep mapcat map-indexed sort sort-by take drop concat keys vals reverse
   distinct partition partition-all split split-lines re-seq flatten rest repeat list interpose interleave`.split(
    /\s+/,
  ),
)

const visiting = new Set<Node | Binding>() // what is being looked at: a cycle is unknown

export function kindOf(node: Node): Kind {
  switch (node.op) {
    case 'const':
      return typeof node.value === 'string'
        ? 'string'
        : typeof node.value === 'number'
          ? 'number'
          : typeof node.value === 'boolean'
            ? 'boolean'
            : 'unknown'
    case 'ref':
      return kindOfBinding(node.binding)
    case 'get':
      return kindOf(node.object) === 'python' ? 'python' : 'unknown'
    case 'call':
      return guarded(node, () => kindOfCall(node))
    case 'do':
      return node.body.length > 0 ? kindOf(node.body.at(-1)!) : 'unknown'
    case 'let':
      return guarded(node, () => kindOf(node.body))
    case 'if':
      return joined([node.then, node.otherwise])
    case 'and':
    case 'or':
      return joined(node.args)
    case 'vector':
    case 'list':
      return 'array'
    case 'fn':
      return 'function'
    default:
      return 'unknown'
  }
}

function guarded(node: Node | Binding, work: () => Kind): Kind {
  if (visiting.has(node)) return 'unknown'
  visiting.add(node)
  const kind = work()
  visiting.delete(node)
  return kind
}

function joined(nodes: readonly Node[]): Kind {
  const first = kindOf(nodes[0]!)
  return first !== 'unknown' && nodes.every((node) => kindOf(node) === first) ? first : 'unknown'
}

function kindOfBinding(binding: Binding): Kind {
  if (binding.kind === 'import') return binding.name === '$py' ? 'python' : 'unknown'
  if (!binding.init || binding.kind === 'param' || binding.kind === 'loop') return 'unknown'
  if (binding.mutable) return guarded(binding, () => plainKind(joined([binding.init!, ...binding.assigned])))
  return guarded(binding, () => kindOf(binding.init!))
}

/** What a variable that changes may be known as. */
const plainKind = (kind: Kind): Kind =>
  kind === 'boolean' || kind === 'number' || kind === 'string' ? kind : 'unknown'

function kindOfCall(call: Call): Kind {
  const name = coreName(call.callee)
  if (name !== undefined) return kindOfCore(name, call)
  if (call.awaited) return 'unknown'
  if (kindOf(call.callee) === 'python') return 'python'
  const fn = knownFn(call.callee)
  return fn && !fn.isAsync && fn.arities.length === 1 ? kindOf(fn.arities[0]!.body) : 'unknown'
}

function kindOfCore(name: string, call: Call): Kind {
  if (name === 'once') return call.args[0] ? kindOf(call.args[0].value) : 'unknown'
  if (name === 'get') return call.args[0] && kindOf(call.args[0].value) === 'python' ? 'python' : 'unknown'
  if (call.awaited && ARRAYS.has(name)) return 'array'
  if (coreEntry(name).bool) return 'boolean'
  if (ARITHMETIC.has(name)) return 'number'
  return TEXT.has(name) ? 'string' : ARRAYS.has(name) ? 'array' : 'unknown'
}

/** $py itself makes modules; every other Python callee makes results. */
export const isModuleMaker = (node: Node): boolean =>
  node.op === 'ref' && node.binding.kind === 'import' && node.binding.name === '$py'

/** Functions of functions whose result is async if their first argument is. */
const CARRIERS = new Set(['partial', 'memoize', 'identity'])

/** Whether a value is (or may be, at one of several places) a function that gives a promise to await. */
export function isAsyncFn(node: Node, seen: ReadonlySet<Binding> = new Set()): boolean {
  switch (node.op) {
    case 'fn':
      return node.isAsync
    case 'ref':
      return isAsyncBinding(node.binding, seen)
    case 'if':
      return isAsyncFn(node.then, seen) || isAsyncFn(node.otherwise, seen)
    case 'and':
    case 'or':
      return node.args.some((arg) => isAsyncFn(arg, seen))
    case 'do':
      return node.body.length > 0 && isAsyncFn(node.body.at(-1)!, seen)
    case 'let':
      return isAsyncFn(node.body, seen)
    case 'call':
      return carriesAsync(node, seen)
    default:
      return false
  }
}

function carriesAsync(call: Call, seen: ReadonlySet<Binding>): boolean {
  const name = coreName(call.callee)
  const first = call.args[0]
  return name !== undefined && CARRIERS.has(name) && first !== undefined && isAsyncFn(first.value, seen)
}

function isAsyncBinding(binding: Binding, seen: ReadonlySet<Binding>): boolean {
  if (binding.kind === 'core') return coreEntry(binding.name).awaits
  if (binding.asyncCallable) return true
  if ((!binding.init && binding.assigned.length === 0) || seen.has(binding)) return false
  const next = new Set(seen).add(binding)
  return (
    (binding.init !== undefined && isAsyncFn(binding.init, next)) ||
    binding.assigned.some((value) => isAsyncFn(value, next))
  )
}

/** A core function that is given an async function: its awaiting variant is called. */
export function usesAsyncVariant(call: Call): boolean {
  const name = coreName(call.callee)
  if (name === undefined || coreEntry(name).async === undefined) return false
  return call.args.some((arg) => arg.as === 'value' && isAsyncFn(arg.value))
}

const SYNC_GLOBALS = new Set(
  `Math JSON Number String Object Array Boolean BigInt Symbol console parseInt parseFloat isNaN isFinite performance
   structuredClone`.split(/\s+/),
)

/** A JavaScript global, or a method of one, that never gives a promise. */
export function isSyncGlobal(callee: Node): boolean {
  if (callee.op === 'get') return isSyncGlobal(callee.object)
  return callee.op === 'ref' && callee.binding.kind === 'global' && SYNC_GLOBALS.has(callee.binding.name)
}

/** Whether the value of a node could be a promise nobody awaits yet. */
export function mayBePromise(node: Node): boolean {
  if (node.op === 'if') return mayBePromise(node.then) || mayBePromise(node.otherwise)
  if (node.op === 'call') return coreName(node.callee) === undefined && !isSyncGlobal(node.callee)
  return (
    node.op === 'ref' ||
    node.op === 'get' ||
    node.op === 'js' ||
    node.op === 'and' ||
    node.op === 'or' ||
    node.op === 'do'
  )
}

/** (apply f xs) gives what f gives. */
export const appliesAsync = (call: Call): boolean =>
  coreName(call.callee) === 'apply' && call.args[0] !== undefined && isAsyncFn(call.args[0].value)
