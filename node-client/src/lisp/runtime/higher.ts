// Functions that call functions. Each is written once, as a generator that yields what the function gave; `plain` runs
// it at once, `awaiting` awaits each value before going on. The compiler picks the second for async functions.

import { assoc, concat, get, putKey, seq } from './collections.js'
import { compare, equal } from './equality.js'
import { truthy } from './truth.js'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a function of the program: any arguments, any value
type Fn = (...args: any[]) => any
type Steps = Generator<unknown, unknown, unknown>

function plain(steps: (...args: never[]) => Steps): Fn {
  return (...args) => {
    const run = steps(...(args as never[]))
    let step = run.next()
    while (!step.done) step = run.next(step.value)
    return step.value
  }
}

function awaiting(steps: (...args: never[]) => Steps): Fn {
  return async (...args) => {
    const run = steps(...(args as never[]))
    let step = run.next()
    while (!step.done) step = run.next(await step.value)
    return step.value
  }
}

class Reduced {
  constructor(readonly value: unknown) {}
}
export const reduced = (x: unknown): Reduced => new Reduced(x)

function* mapSteps(f: Fn, first: unknown, ...more: unknown[]): Steps {
  const out: unknown[] = []
  const all = [first, ...more].map(seq)
  const length = Math.min(...all.map((items) => items.length))
  for (let i = 0; i < length; i++)
    out.push(yield more.length === 0 ? f(all[0]![i]) : f(...all.map((items) => items[i])))
  return out
}
function* mapIndexedSteps(f: Fn, coll: unknown): Steps {
  const out: unknown[] = []
  for (const [i, x] of seq(coll).entries()) out.push(yield f(i, x))
  return out
}
/** The items for which f is as wanted. */
const filtering = (wanted: boolean) =>
  function* (f: Fn, coll: unknown): Steps {
    const out: unknown[] = []
    for (const x of seq(coll)) if (truthy(yield f(x)) === wanted) out.push(x)
    return out
  }
function* keepSteps(f: Fn, coll: unknown): Steps {
  const out: unknown[] = []
  for (const x of seq(coll)) {
    const found = yield f(x)
    if (found != null) out.push(found)
  }
  return out
}
function* reduceSteps(f: Fn, ...rest: unknown[]): Steps {
  const items = seq(rest.at(-1))
  if (rest.length === 1 && items.length === 0) return f() as unknown
  let value = rest.length > 1 ? rest[0] : items[0]
  for (let i = rest.length > 1 ? 0 : 1; i < items.length; i++) {
    value = yield f(value, items[i])
    if (value instanceof Reduced) return value.value
  }
  return value
}
function* reductionsSteps(f: Fn, ...rest: unknown[]): Steps {
  const items = seq(rest.at(-1))
  if (rest.length === 1 && items.length === 0) return []
  const out = [rest.length > 1 ? rest[0] : items[0]]
  for (let i = rest.length > 1 ? 0 : 1; i < items.length; i++) out.push(yield f(out.at(-1), items[i]))
  return out
}
function* mapcatSteps(f: Fn, first: unknown, ...more: unknown[]): Steps {
  return concat(...((yield* mapSteps(f, first, ...more)) as unknown[]))
}
function* someSteps(f: Fn, coll: unknown): Steps {
  for (const x of seq(coll)) {
    const found = yield f(x)
    if (truthy(found)) return found
  }
  return null
}
function* findSteps(f: Fn, coll: unknown): Steps {
  for (const x of seq(coll)) if (truthy(yield f(x))) return x
  return null
}
function* everySteps(f: Fn, coll: unknown): Steps {
  for (const x of seq(coll)) if (!truthy(yield f(x))) return false
  return true
}
function* notAnySteps(f: Fn, coll: unknown): Steps {
  return !truthy(yield* someSteps(f, coll))
}
function* runSteps(f: Fn, coll: unknown): Steps {
  for (const x of seq(coll)) yield f(x)
  return null
}
function* groupBySteps(f: Fn, coll: unknown): Steps {
  let groups: unknown = {}
  for (const x of seq(coll)) {
    const key = yield f(x)
    const group = get(groups, key) as unknown[] | null
    if (group) group.push(x)
    else groups = putKey(groups, key, [x])
  }
  return groups
}
function* partitionBySteps(f: Fn, coll: unknown): Steps {
  const out: unknown[][] = []
  let before: unknown
  for (const x of seq(coll)) {
    const key = yield f(x)
    if (out.length > 0 && equal(key, before)) out.at(-1)!.push(x)
    else out.push([x])
    before = key
  }
  return out
}
function* keyedSteps(f: Fn, coll: unknown): Generator<unknown, { key: unknown; x: unknown }[], unknown> {
  const out: { key: unknown; x: unknown }[] = []
  for (const x of seq(coll)) out.push({ key: yield f(x), x })
  return out
}
function* sortBySteps(f: Fn, coll: unknown): Steps {
  const keyed = yield* keyedSteps(f, coll)
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ x }) => x)
}
const extreme = (sign: number) =>
  function* (f: Fn, coll: unknown): Steps {
    const keyed = yield* keyedSteps(f, coll)
    return keyed.length === 0 ? null : keyed.reduce((a, b) => (compare(b.key, a.key) * sign > 0 ? b : a)).x
  }
/** How many items at the start f is true for. */
function* prefix(f: Fn, items: readonly unknown[]): Generator<unknown, number, unknown> {
  let i = 0
  while (i < items.length && truthy(yield f(items[i]))) i++
  return i
}
function* takeWhileSteps(f: Fn, coll: unknown): Steps {
  return seq(coll).slice(0, yield* prefix(f, seq(coll)))
}
function* dropWhileSteps(f: Fn, coll: unknown): Steps {
  return seq(coll).slice(yield* prefix(f, seq(coll)))
}
function* repeatedlySteps(n: number, f: Fn): Steps {
  const out: unknown[] = []
  for (let i = 0; i < n; i++) out.push(yield f())
  return out
}
function* iterateSteps(n: number, f: Fn, x: unknown): Steps {
  const out = n > 0 ? [x] : []
  for (let i = 1; i < n; i++) out.push(yield f(out.at(-1)))
  return out
}
function* updateSteps(coll: unknown, key: unknown, f: Fn, ...args: unknown[]): Steps {
  return assoc(coll, key, yield f(get(coll, key), ...args))
}
function* updateInSteps(coll: unknown, path: unknown, f: Fn, ...args: unknown[]): Steps {
  const [key, ...more] = seq(path)
  if (more.length === 0) return yield* updateSteps(coll, key, f, ...args)
  return assoc(coll, key, yield* updateInSteps(get(coll, key), more, f, ...args))
}
function* mergeWithSteps(f: Fn, ...maps: unknown[]): Steps {
  let made: unknown = {}
  for (const [key, value] of concat(...maps) as [unknown, unknown][]) {
    const old = get(made, key, undefined)
    made = putKey(made, key, old === undefined ? value : yield f(old, value))
  }
  return made
}
function* swapSteps(atom: { value: unknown }, f: Fn, ...args: unknown[]): Steps {
  return (atom.value = yield f(atom.value, ...args))
}

const filterSteps = filtering(true)
const removeSteps = filtering(false)
const minBySteps = extreme(-1)
const maxBySteps = extreme(1)

export const map = /* #__PURE__ */ plain(mapSteps),
  mapAsync = /* #__PURE__ */ awaiting(mapSteps)
export const mapIndexed = /* #__PURE__ */ plain(mapIndexedSteps),
  mapIndexedAsync = /* #__PURE__ */ awaiting(mapIndexedSteps)
export const filter = /* #__PURE__ */ plain(filterSteps),
  filterAsync = /* #__PURE__ */ awaiting(filterSteps)
export const remove = /* #__PURE__ */ plain(removeSteps),
  removeAsync = /* #__PURE__ */ awaiting(removeSteps)
export const keep = /* #__PURE__ */ plain(keepSteps),
  keepAsync = /* #__PURE__ */ awaiting(keepSteps)
export const reduce = /* #__PURE__ */ plain(reduceSteps),
  reduceAsync = /* #__PURE__ */ awaiting(reduceSteps)
export const reductions = /* #__PURE__ */ plain(reductionsSteps),
  reductionsAsync = /* #__PURE__ */ awaiting(reductionsSteps)
export const mapcat = /* #__PURE__ */ plain(mapcatSteps),
  mapcatAsync = /* #__PURE__ */ awaiting(mapcatSteps)
export const some = /* #__PURE__ */ plain(someSteps),
  someAsync = /* #__PURE__ */ awaiting(someSteps)
export const find = /* #__PURE__ */ plain(findSteps),
  findAsync = /* #__PURE__ */ awaiting(findSteps)
export const every = /* #__PURE__ */ plain(everySteps),
  everyAsync = /* #__PURE__ */ awaiting(everySteps)
export const notAny = /* #__PURE__ */ plain(notAnySteps),
  notAnyAsync = /* #__PURE__ */ awaiting(notAnySteps)
export const run = /* #__PURE__ */ plain(runSteps),
  runAsync = /* #__PURE__ */ awaiting(runSteps)
export const groupBy = /* #__PURE__ */ plain(groupBySteps),
  groupByAsync = /* #__PURE__ */ awaiting(groupBySteps)
export const partitionBy = /* #__PURE__ */ plain(partitionBySteps),
  partitionByAsync = /* #__PURE__ */ awaiting(partitionBySteps)
export const sortBy = /* #__PURE__ */ plain(sortBySteps),
  sortByAsync = /* #__PURE__ */ awaiting(sortBySteps)
export const minBy = /* #__PURE__ */ plain(minBySteps),
  minByAsync = /* #__PURE__ */ awaiting(minBySteps)
export const maxBy = /* #__PURE__ */ plain(maxBySteps),
  maxByAsync = /* #__PURE__ */ awaiting(maxBySteps)
export const takeWhile = /* #__PURE__ */ plain(takeWhileSteps),
  takeWhileAsync = /* #__PURE__ */ awaiting(takeWhileSteps)
export const dropWhile = /* #__PURE__ */ plain(dropWhileSteps),
  dropWhileAsync = /* #__PURE__ */ awaiting(dropWhileSteps)
export const repeatedly = /* #__PURE__ */ plain(repeatedlySteps),
  repeatedlyAsync = /* #__PURE__ */ awaiting(repeatedlySteps)
export const iterate = /* #__PURE__ */ plain(iterateSteps),
  iterateAsync = /* #__PURE__ */ awaiting(iterateSteps)
export const update = /* #__PURE__ */ plain(updateSteps),
  updateAsync = /* #__PURE__ */ awaiting(updateSteps)
export const updateIn = /* #__PURE__ */ plain(updateInSteps),
  updateInAsync = /* #__PURE__ */ awaiting(updateInSteps)
export const mergeWith = /* #__PURE__ */ plain(mergeWithSteps),
  mergeWithAsync = /* #__PURE__ */ awaiting(mergeWithSteps)
export const swap = /* #__PURE__ */ plain(swapSteps),
  swapAsync = /* #__PURE__ */ awaiting(swapSteps)

// functions of functions

export const identity = (x: unknown): unknown => x
export const constantly = (x: unknown) => (): unknown => x
export const complement =
  (f: Fn) =>
  (...args: unknown[]): boolean =>
    !truthy(f(...args))
export const partial =
  (f: Fn, ...given: unknown[]) =>
  (...args: unknown[]): unknown =>
    f(...given, ...args)
export const juxt =
  (...fs: Fn[]) =>
  (...args: unknown[]): unknown[] =>
    fs.map((f): unknown => f(...args))
export const apply = (f: Fn, ...args: unknown[]): unknown => f(...args.slice(0, -1), ...seq(args.at(-1)))
export const comp =
  (...fs: Fn[]) =>
  (...args: unknown[]): unknown => {
    if (fs.length === 0) return args[0]
    return fs.slice(0, -1).reduceRight((value, f): unknown => f(value), fs.at(-1)!(...args) as unknown)
  }
export const memoize = (f: Fn): Fn => {
  const known: { args: unknown[]; value: unknown }[] = []
  return (...args: unknown[]) => {
    let found = known.find((entry) => equal(entry.args, args))
    if (!found) known.push((found = { args, value: f(...args) }))
    return found.value
  }
}
