// The analyser: fills in the [analysed] fields of the core nodes and reports what is wrong with the whole.

import type { Reporter } from '../diagnostics.js'
import type { Fn } from '../nodes.js'
import { inferAsync } from './asyncness.js'
import { inferAuto } from './auto.js'
import { check } from './check.js'
import { collect } from './collect.js'
import { markTails } from './tail.js'

export function analyse(main: Fn, reporter: Reporter): void {
  const collected = collect(main)
  markTails(collected, reporter)
  inferAsync(collected)
  if (collected.hasAuto) {
    inferAuto(main)
    inferAsync(collected)
  }
  check(main, reporter)
}
