// The output: readable, without functions called in place, and golden for a few programs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileLispToJS } from '../../src/lisp/index.js'
import { mangle } from '../../src/lisp/lower/names.js'
import * as emitted from '../../src/lisp/emit/program.js'
import { Lowering } from '../../src/lisp/lower/lowering.js'
import { body, load } from './support.js'

// prettier-ignore
const GOLDEN: readonly (readonly [string, string])[] = [
  ['(let [a 1] {:a a :b a})', 'const a = 1;\nreturn { a, b: a };'],
  ['(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))', 'function fib(n) {\n  return n < 2 ? n : fib(n - 1) + fib(n - 2);\n}\nreturn null;'],
  ['(defn f [x] (when x (print x) 1))', 'function f(x) {\n  if (x != null && x !== false) {\n    print(x);\n    return 1;\n  }\n  return null;\n}\nreturn null;'],
  ['(defn total [xs] (let [sum 0] (doseq [x xs] (set! sum (+ sum x))) sum))', 'function total(xs) {\n  let sum = 0;\n  for (const x of $rt.iter(xs)) {\n    sum = sum + x;\n  }\n  return sum;\n}\nreturn null;'],
  ['(loop [i 0 acc []] (if (< i 5) (recur (inc i) (conj acc i)) acc))', 'let i = 0;\nlet acc = [];\nwhile (i < 5) {\n  acc = $rt.conj(acc, i);\n  i = i + 1;\n}\nreturn acc;'],
  ['(defn load-it [url] (let [r (await (js/fetch url))] (await (.json r))))', 'async function loadIt(url) {\n  const r = await fetch(url);\n  return await r.json();\n}\nreturn null;'],
  ['(try (js/JSON.parse "x") (catch ValueError e 1) (catch js/SyntaxError e 2))', 'try {\n  return JSON.parse("x");\n} catch (e) {\n  if (typeof e?.matches === "function" && e.matches("ValueError")) {\n    return 1;\n  } else if (e instanceof SyntaxError) {\n    return 2;\n  } else {\n    throw e;\n  }\n}'],
  ['(await (py.len (py.list [1 2]) :key 1))', 'return await $py("builtins").len($py("builtins").list([1, 2]), $rt.kw({ key: 1 }));'],
  ['(await-all (sleep 1) (do (print 1) 2))', 'return await Promise.all([$rt.sleep(1), $rt.spawn(async () => {\n  print(1);\n  return 2;\n})]);'],
  ['(let [a 1] (let [a (+ a 1)] (fn [a] a)))', 'const a = 1;\nconst a$1 = a + 1;\nreturn a$2 => a$2;'],
]

for (const [source, expected] of GOLDEN) {
  test(source, () => {
    assert.equal(body(source), expected)
  })
}

interface Walked {
  readonly type?: string
  readonly callee?: Walked
}

/** Calls every object of a tree. */
function walk(node: unknown, visit: (node: Walked) => void): void {
  if (node === null || typeof node !== 'object') return
  if (!Array.isArray(node)) visit(node)
  for (const child of Object.values(node)) walk(child, visit)
}

test('no function is called where it stands', () => {
  const { program } = emitted
  const sources = GOLDEN.map(([source]) => source).concat(
    '((fn [x] x) 1)',
    '((fn [& xs] xs) 1 2)',
    '((fn me [n] (if n (me nil) 1)) 2)',
    '(+ 1 ((fn ([a] a) ([a b] b)) 1))',
    '(str (try 1 (catch e 2)) (loop [i 0] (if (< i 3) (recur (+ i 1)) i)) (let [x 1] x) (do 1 2) (and 1 (or nil 2)))',
    '(spawn (let [x (await (sleep 1))] x)) (timeout 1 (retry 2 (sleep 0)))',
  )
  let calls = 0
  const { into } = Lowering.prototype
  Lowering.prototype.into = function (node, dest, out) {
    into.call(this, node, dest, out)
    if (node !== this.main.arities[0]!.body) return
    walk(program({ imports: [], keywords: new Map(), usesRuntime: true, body: out, isAsync: true }), (one) => {
      if (one.type !== 'CallExpression') return
      calls++
      assert.doesNotMatch(one.callee?.type ?? '', /Function/)
    })
  }
  try {
    for (const source of sources) compileLispToJS(source)
  } finally {
    Lowering.prototype.into = into
  }
  assert.ok(calls > 30)
})

test('names are readable JavaScript', () => {
  const names: Record<string, string> = {
    'read-csv': 'readCsv',
    'empty?': 'isEmpty',
    'save!': 'save$',
    'a->b': 'aToB',
    '*debug*': 'debug',
    new: 'new_',
    'x#': 'x_',
    '+': 'plus',
    '<=>': 'lessEqualGreater',
    $py: '$py',
    'a.b': 'a_b',
    '%1': 'it',
    '-': 'minus',
    été: 'été',
    a$b: 'a_b',
  }
  for (const [lisp, expected] of Object.entries(names)) assert.equal(mangle(lisp), expected, lisp)
})
test('names that clash in JavaScript stay apart', () => {
  const code = body(
    '(def a-b 1) (def aB 2) (def Map 3) (def imports 4) (def class 5) (let [Promise 6 it 7] [a-b aB Map imports class Promise it (new js/Map)])',
  )
  assert.match(code, /\[aB, aB\$1, Map\$1, imports_, class_, Promise\$1, it, new Map\(\)\]/)
})
test('compact output has no indentation, and an inline map is appended on request', () => {
  const { code } = compileLispToJS('(defn f [x] (let [y x] y))', {
    pretty: false,
    inlineMap: true,
    sourceName: 'x.lisp',
  })
  assert.doesNotMatch(code, /^ /m)
  assert.match(code, /\/\/# sourceURL=x\.lisp\n\/\/# sourceMappingURL=data:application\/json/)
})
test('a large program compiles with an inline map, and compact output runs', async () => {
  const source = Array.from({ length: 2000 }, (_, i) => `(defn f${i} [x] (if (> x ${i}) (str x "é") nil))`).join('\n')
  const { code } = compileLispToJS(`${source}\n(f1 5)`, { pretty: false, inlineMap: true })
  assert.equal(await load(code)({}), '5é')
})
