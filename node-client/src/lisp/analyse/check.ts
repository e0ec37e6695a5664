// Checks of the finished tree: arity, keyword arguments, Python values used as data or dropped, async functions given
// to code that does not await them.

import type { Reporter } from '../diagnostics.js'
import type { Arg, Call, Fn, Node } from '../nodes.js'
import { coreEntry } from '../runtime/table.js'
import { withContexts, type Context } from './contexts.js'
import { coreName, isAsyncFn, isModuleMaker, kindOf, knownFn } from './values.js'

const FOREIGN_CALLBACKS = new Set([
  'forEach',
  'map',
  'filter',
  'reduce',
  'some',
  'every',
  'find',
  'findIndex',
  'sort',
  'flatMap',
  'replace',
])
const CANNOT_AWAIT = new Set(['sort', 'comp', 'complement', 'juxt', 'replace'])

export function check(main: Fn, reporter: Reporter): void {
  const visit = (node: Node, context: Context): void => {
    checkPython(node, context, reporter)
    if (node.op === 'call') checkCall(node, reporter)
    if (node.op === 'spawn' && context === 'drop') reporter.report('L403', node.span, { name: 'spawn' })
    withContexts(node, context, visit)
  }
  visit(main, 'value')
}

const sourceOf = (node: Node, reporter: Reporter): string => {
  const text = reporter.source.text.slice(node.span.start, node.span.end)
  return text.length > 60 || text.includes('\n') ? '…' : text
}

function checkPython(node: Node, context: Context, reporter: Reporter): void {
  if (context !== 'data' && context !== 'drop') return
  if (node.op !== 'call' && node.op !== 'get' && node.op !== 'ref') return
  if (kindOf(node) !== 'python') return
  const facts = { text: sourceOf(node, reporter) }
  if (context === 'data') reporter.report('L501', node.span, facts)
  else if (node.op === 'call' && !isModuleMaker(node.callee)) reporter.report('L502', node.span, facts)
}

function checkCall(call: Call, reporter: Reporter): void {
  const name = coreName(call.callee)
  if (name !== undefined) checkCore(name, call, reporter)
  else if (kindOf(call.callee) === 'python') checkKeywords(call, reporter)
  else checkKnown(call, reporter)
  const method = call.callee.op === 'get' && typeof call.callee.key === 'string' ? call.callee.key : undefined
  if (method !== undefined && FOREIGN_CALLBACKS.has(method) && kindOf(call.callee) !== 'python') {
    for (const arg of call.args)
      if (isAsyncFn(arg.value)) reporter.report('L401', arg.value.span, { name: `.${method}` })
  }
}

/** How many arguments a call has, unless a spread hides it. */
function countArgs(args: readonly Arg[]): number | undefined {
  let count = 0
  for (const arg of args) {
    if (arg.as === 'spread' || arg.as === 'splice') return undefined
    count += arg.as === 'named' ? 2 : 1
  }
  return count
}

const expectation = (min: number, max: number): string =>
  max === Infinity ? `at least ${min}` : min === max ? String(min) : `${min} to ${max}`

function checkCore(name: string, call: Call, reporter: Reporter): void {
  const { min, max, args } = coreEntry(name)
  const found = countArgs(call.args)
  if (found !== undefined && (found < min || found > max)) {
    reporter.report('L301', call.span, { name, expected: expectation(min, max), found, arglist: `[${args}]` })
  }
  if (name === '+')
    for (const arg of call.args) if (kindOf(arg.value) === 'string') reporter.report('L304', arg.value.span)
  if (CANNOT_AWAIT.has(name)) {
    for (const arg of call.args) if (isAsyncFn(arg.value)) reporter.report('L402', arg.value.span, { name })
  }
}

function checkKnown(call: Call, reporter: Reporter): void {
  const isPrint =
    call.callee.op === 'ref' && call.callee.binding.kind === 'import' && call.callee.binding.name === 'print'
  if (isPrint) {
    for (const arg of call.args)
      if (kindOf(arg.value) === 'python')
        reporter.report('L504', arg.value.span, { text: sourceOf(arg.value, reporter) })
  }
  const fn = knownFn(call.callee)
  const found = countArgs(call.args)
  if (!fn || found === undefined) return
  const ranges = fn.arities.map(({ params, rest }) => ({
    min: params.filter((param) => !param.optional).length,
    max: rest ? Infinity : params.length,
  }))
  if (ranges.length === 0 || ranges.some(({ min, max }) => found >= min && found <= max)) return
  const expected = ranges.map(({ min, max }) => expectation(min, max)).join(' or ')
  reporter.report('L301', call.span, { name: fn.name ?? 'this function', expected, found, arglist: arglistOf(fn) })
}

function arglistOf(fn: Fn): string {
  return fn.arities
    .map(({ params, rest }) => {
      const names = params.map((param) => (param.optional ? `(${param.binding.name} …)` : param.binding.name))
      return `[${[...names, ...(rest ? ['&', rest.name] : [])].join(' ')}]`
    })
    .join(' ')
}

function checkKeywords(call: Call, reporter: Reporter): void {
  const seen = new Set<string>()
  for (const arg of call.args) {
    if (arg.as === 'named') {
      if (seen.has(arg.name)) reporter.report('L305', arg.span, { name: arg.name })
      seen.add(arg.name)
      if (!/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(arg.name)) reporter.report('L505', arg.span, { name: arg.name })
    } else if (seen.size > 0 && arg.as !== 'splice') reporter.report('L306', arg.value.span)
  }
}
