// Evaluation order. Programs are generated, run by a small reference interpreter and by the compiler, plain and with
// awaits put around any subexpression: values and effects must be the same. Two seeded mutants must be caught.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { print } from '../../src/lisp/index.js'
import { EXPRESSIONS } from '../../src/lisp/lower/expressions.js'
import { Lowering } from '../../src/lisp/lower/lowering.js'
import { js, load } from './support.js'

/** A program: awaits stand where `wait` is set. */
type Expr = { readonly wait: boolean } & (
  | { readonly op: 'num'; readonly n: number }
  | { readonly op: 'var' | 'log'; readonly name: string }
  | { readonly op: 'set'; readonly name: string; readonly args: readonly [Expr] }
  | { readonly op: 'let' | 'for'; readonly name: string; readonly args: readonly [Expr, Expr] }
  | { readonly op: '+' | 'vector' | 'do' | 'and' | 'or' | 'eff' | 'call' | 'map'; readonly args: readonly Expr[] }
  | { readonly op: 'if' | 'try' | 'loop'; readonly args: readonly [Expr, Expr, Expr] }
)

const NAMES = ['x', 'y', 'z']
const name = fc.constantFrom(...NAMES)
const wait = fc.boolean()

const { expr } = fc.letrec<{ expr: Expr }>((tie) => {
  const one = tie('expr')
  const three = fc.tuple(one, one, one)
  const leaf = fc.oneof(
    fc.record({ op: fc.constant('num' as const), n: fc.integer({ min: -3, max: 9 }), wait }),
    fc.record({ op: fc.constant('var' as const), name, wait }),
  )
  const node = fc.oneof(
    fc.record({
      op: fc.constantFrom('+', 'vector', 'do', 'and', 'or', 'call', 'eff', 'map'),
      args: fc.array(one, { minLength: 1, maxLength: 3 }),
      wait,
    }),
    fc.record({ op: fc.constant('set' as const), name, args: fc.tuple(one), wait }),
    fc.record({ op: fc.constantFrom('let', 'for'), name, args: fc.tuple(one, one), wait }),
    fc.record({ op: fc.constantFrom('if', 'try', 'loop'), args: three, wait }),
  )
  return { expr: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, node) }
})

/** The text of a program; with `awaits`, the marked subexpressions are awaited. */
function text(e: Expr, awaits: boolean): string {
  const source = bare(e, awaits)
  return awaits && e.wait ? `(await (resolve ${source}))` : source
}

function bare(e: Expr, awaits: boolean): string {
  const args = 'args' in e ? e.args.map((arg) => text(arg, awaits)) : []
  switch (e.op) {
    case 'num':
      return String(e.n)
    case 'var':
    case 'log':
      return e.name
    case 'set':
      return `(set! ${e.name} ${args[0]})`
    case 'let':
      return `(let [${e.name} ${args[0]}] ${args[1]})`
    case 'for':
      return `(for [${e.name} [${args[0]} 1]] ${args[1]})`
    case '+':
      return `(num-add ${args.join(' ')})`
    case 'vector':
      return `[${args.join(' ')}]`
    case 'eff':
      return `(eff ${args.join(' ')})`
    case 'call':
      return `((fn [a & more] (eff a) ${args[0]}) ${args.join(' ')})`
    case 'map':
      return `(map (fn [i] (eff i) ${args[0]}) [1 2])`
    case 'if':
      return `(if (small? ${args[0]}) ${args[1]} ${args[2]})`
    case 'try':
      return `(try (do ${args[0]} (throw ${args[1]})) (catch err (eff err) ${args[2]}))`
    case 'loop':
      return `(loop [i 0 acc ${args[0]}] (if (< i 2) (recur (+ i 1) (eff acc ${args[1]})) (do ${args[2]} acc)))`
    default:
      return `(${e.op} ${args.join(' ')})`
  }
}

type Env = ReadonlyMap<string, { value: unknown }>
class Thrown {
  constructor(readonly value: unknown) {}
}
const truthy = (x: unknown): boolean => x != null && x !== false
const numAdd = (...xs: unknown[]): number => xs.reduce<number>((a, b) => a * 3 + (typeof b === 'number' ? b : 1), 0)
const small = (x: unknown): boolean => typeof x === 'number' && x % 2 === 0

/** The meaning of a program, written down as plainly as can be. */
function meaning(e: Expr, env: Env, effects: unknown[]): unknown {
  const go = (sub: Expr, inner = env): unknown => meaning(sub, inner, effects)
  const bound = (to: unknown, as: string): Env => new Map([...env, [as, { value: to }]])
  const eff = (...xs: unknown[]): unknown => {
    effects.push(print(xs))
    return xs.at(-1)
  }
  switch (e.op) {
    case 'num':
      return e.n
    case 'var':
    case 'log':
      return env.get(e.name)!.value
    case 'set': {
      const value = go(e.args[0])
      return (env.get(e.name)!.value = value)
    }
    case 'let':
      return go(e.args[1], bound(go(e.args[0]), e.name))
    case 'for':
      return [go(e.args[0]), 1].map((item) => go(e.args[1], bound(item, e.name)))
    case '+':
      return numAdd(...e.args.map((arg) => go(arg)))
    case 'vector':
      return e.args.map((arg) => go(arg))
    case 'eff':
      return eff(...e.args.map((arg) => go(arg)))
    case 'do':
      return e.args.map((arg) => go(arg)).at(-1)
    case 'and':
    case 'or':
      return logic(e.op, e.args, go)
    case 'call': {
      const [first] = e.args.map((arg) => go(arg))
      eff(first)
      return go(e.args[0]!)
    }
    case 'map':
      return [1, 2].map((i) => (eff(i), go(e.args[0]!)))
    case 'if':
      return go(small(go(e.args[0])) ? e.args[1] : e.args[2])
    case 'try':
      try {
        go(e.args[0])
        const value = go(e.args[1])
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what the program throws
        throw new Thrown(value)
      } catch (error) {
        if (!(error instanceof Thrown)) throw error
        eff(error.value)
        return go(e.args[2])
      }
    case 'loop': {
      let acc = go(e.args[0])
      for (let i = 0; i < 2; i++) acc = eff(acc, go(e.args[1]))
      go(e.args[2])
      return acc
    }
  }
}

function logic(op: 'and' | 'or', args: readonly Expr[], go: (e: Expr) => unknown): unknown {
  let value: unknown = null
  for (const arg of args) {
    value = go(arg)
    if (truthy(value) === (op === 'or')) return value
  }
  return value
}

const START = { x: 2, y: 3, z: null }

async function outcome(e: Expr, awaits: boolean): Promise<string> {
  const effects: unknown[] = []
  const source = `(def x 2) (def y 3) (def z nil) (set! x 2) (set! y 3) (set! z nil) (let [result ${text(e, awaits)}] [result x y z])`
  const imports = {
    eff: (...xs: unknown[]) => {
      effects.push(print(xs))
      return xs.at(-1)
    },
    resolve: (x: unknown) => Promise.resolve(x),
    'num-add': numAdd,
    'small?': small,
  }
  const found = await load(js(source, { importNames: Object.keys(imports) }))(imports)
  return print([found, effects])
}

function expected(e: Expr): string {
  const effects: unknown[] = []
  const cells = new Map(Object.entries(START).map(([key, value]) => [key, { value: value }]))
  const result = meaning(e, cells, effects)
  return print([[result, ...NAMES.map((key) => cells.get(key)!.value)], effects])
}

const property = fc.asyncProperty(expr, async (e) => {
  const right = expected(e)
  assert.equal(await outcome(e, false), right, text(e, false))
  assert.equal(await outcome(e, true), right, text(e, true))
})
const RUNS = { numRuns: 3000, seed: 20 }

test('compiled programs mean what the reference interpreter says, with and without awaits', async () => {
  await fc.assert(property, RUNS)
})

async function isKilled(): Promise<boolean> {
  const details = await fc.check(property, { ...RUNS, endOnFailure: true })
  return details.failed
}

test('a compiler that does not capture operands is caught', async () => {
  const { capture } = Lowering.prototype
  Lowering.prototype.capture = (low) => low
  try {
    assert.ok(await isKilled())
  } finally {
    Lowering.prototype.capture = capture
  }
})

test('a compiler that takes mutable variables for constants is caught', async () => {
  const table = EXPRESSIONS as { ref: typeof EXPRESSIONS.ref }
  const { ref } = table
  table.ref = (node, lowering, out) => ({ ...ref!(node, lowering, out), effect: 0 })
  try {
    assert.ok(await isKilled())
  } finally {
    table.ref = ref
  }
})
