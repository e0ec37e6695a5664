// Async inference to a fixpoint: a function that awaits is async, a call of an async function is awaited, a function
// with an awaited call is async, a parameter that is given an async function is awaited where it is called.

import type { Call, Fn } from '../nodes.js'
import type { Collected } from './collect.js'
import { appliesAsync, isAsyncFn, knownFn, usesAsyncVariant } from './values.js'

export function inferAsync({ fns }: Collected): void {
  for (const fn of fns) if (fn.awaits) fn.isAsync = true
  for (let changed = true; changed;) {
    changed = false
    for (let i = fns.length - 1; i >= 0; i--) if (step(fns[i]!)) changed = true // callees tend to come before callers
  }
}

function step(fn: Fn): boolean {
  let changed = false
  for (const call of fn.calls) {
    if (!call.awaited && mustAwait(call)) call.awaited = changed = true
    if (call.awaited && !fn.isAsync) fn.isAsync = changed = true
    if (passAsync(call)) changed = true
  }
  return changed
}

const mustAwait = (call: Call): boolean => isAsyncFn(call.callee) || usesAsyncVariant(call) || appliesAsync(call)

/** Marks the parameters that are given async functions. */
function passAsync(call: Call): boolean {
  const target = call.args.length > 0 ? knownFn(call.callee) : undefined
  if (!target) return false
  const arity = target.arities.find((one) => one.params.length >= call.args.length) ?? target.arities[0]!
  let changed = false
  call.args.forEach((arg, i) => {
    const param = arity.params[i]?.binding
    if (arg.as !== 'value' || !param || param.asyncCallable || !isAsyncFn(arg.value)) return
    param.asyncCallable = changed = true
  })
  return changed
}
