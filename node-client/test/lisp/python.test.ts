// Python values: paths, keyword arguments, awaiting, auto mode, context managers, errors.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { print, runtime } from '../../src/lisp/index.js'
import { body, codes, fakePython, js, load, run, value, type Sent } from './support.js'

const sent = async (source: string, answer?: (one: Sent) => unknown): Promise<Sent[]> => {
  const python = fakePython(answer)
  await value(source, { $py: python.$py })
  return python.sent
}

test('a keyword and a value are a keyword argument, and - is _', async () => {
  const [call] = await sent('(py.import "pandas" :as pd) (await (pd.read-csv "x.csv" :na-values [1] :header nil))')
  assert.deepEqual(call, { path: 'pandas.read_csv', args: ['x.csv'], kwargs: { na_values: [1], header: null } })
})
test('spread positionals and spliced keyword arguments', async () => {
  const [call] = await sent('(py.import "m" :as m) (let [xs [2 3] o {:b-c 2}] (await (m.f 1 ...xs :a 1 :& o)))')
  assert.deepEqual(call, { path: 'm.f', args: [1, 2, 3], kwargs: { a: 1, b_c: 2 } })
})
test('a keyword given to Python is its name', async () => {
  const [call] = await sent('(await (py.f :a)) ')
  assert.deepEqual(call?.args, ['a'])
})
test('for a callee that is not known, the run time decides what a keyword argument is', async () => {
  const source =
    '(defn call-it [f] (f 1 :axis-x 2)) [(call-it (fn [& xs] xs)) (let [o {:m (fn [& xs] xs)}] (o.m 1 :k 2 :& {:l 3}))]'
  assert.equal(print(await value(source)), '[[1 :axis-x 2] [1 :k 2 :l 3]]')
  const [call, method] = await sent(
    '(defn call-it [f] (f 1 :axis-x 2)) (await (call-it ($py "m"))) (defn m [o] (o.m 1 :k 2)) (await (m ($py "n")))',
  )
  assert.deepEqual(call, { path: 'm', args: [1], kwargs: { axis_x: 2 } })
  assert.deepEqual(method, { path: 'n.m', args: [1], kwargs: { k: 2 } })
})
test('the argument that carries keyword arguments has one symbol and a record without prototype', () => {
  const made = runtime.kw({ axis: 0 }) as Record<symbol, object>
  assert.deepEqual(Reflect.ownKeys(made), [Symbol.for('polyloom.kw')])
  assert.equal(Object.getPrototypeOf(made[Symbol.for('polyloom.kw')]), null)
})
test('nested calls are one program: only the outer is awaited', () => {
  assert.equal(
    body('(py.import "numpy" :as np) (await (np.sum (np.array [1 2])))'),
    'const np = $py("numpy");\nreturn await np.sum(np.array([1, 2]));',
  )
})
test('a function is an argument for Python, async where it awaits, and is no warning', async () => {
  const source = '(py.import "m" :as m) (await (m.map (fn [x] (await (m.f x))) :key inc))'
  assert.deepEqual(codes(source), [])
  const [call] = await sent(source)
  const [given] = call!.args as [(x: number) => unknown]
  assert.ok(given(1) instanceof Promise)
  assert.equal(call!.kwargs!['key'], runtime.inc)
})
test('keywords that Python gives to a function are keywords', async () => {
  const source = '(py.import "m" :as m) (await (m.f (fn [x & {:keys [by_step]}] [x by_step])))'
  const [call] = await sent(source)
  const [given] = call!.args as [(...all: unknown[]) => unknown]
  assert.deepEqual(given(1, { by_step: 2 }), [1, 2])
})
test('py.from binds attributes, also under other names', async () => {
  const [call] = await sent('(py.from "pandas" [DataFrame read_csv :as read-csv]) (await (read-csv "x"))')
  assert.equal(call?.path, 'pandas.read_csv')
})
test('py.import in a body is local to it', () => {
  assert.deepEqual(codes('(defn f [] (py.import "math") (await (math.sqrt 2))) (f)'), [])
  assert.deepEqual(codes('(defn f [] (py.import "math") 1) (math.sqrt 2)'), ['L012'])
})
test('py-> is a chain of methods, awaited at its end', () => {
  assert.equal(
    body('(py-> ($py "numpy") (arange 12) (reshape 3 4) (sum :axis 0) .T)'),
    'return await $py("numpy").arange(12).reshape(3, 4).sum($rt.kw({ axis: 0 })).T;',
  )
})
test('get of a Python value is an item, also when that is only known at run time', async () => {
  const calls = await sent('(await (get ($py "df") "col")) (defn g [o k] (get o k)) (await (g ($py "df") :col))')
  assert.deepEqual(
    calls.map(({ path, args }) => [path, args]),
    [
      ['df.__getitem__', ['col']],
      ['df.__getitem__', ['col']],
    ],
  )
  const branded = Object.assign(() => null, {
    [Symbol.for('polyloom.remote')]: { item: (key: unknown) => ['item', key] },
  })
  assert.deepEqual(runtime.get(branded, runtime.keyword('k')), ['item', 'k'])
})
test('set! of a Python attribute is a plain assignment', () => {
  assert.equal(body('(py.import "m" :as m) (set! m.my-x 1) 2'), 'const m = $py("m");\nm.my_x = 1;\nreturn 2;')
})
test('an un-awaited result used as data is an error, one that is dropped a warning', () => {
  for (const source of [
    '(+ 1 (py.f))',
    '(if (py.f) 1 2)',
    '(let [x (py.f)] (str x))',
    '(for [x (py.f)] x)',
    '(not (py.f))',
    '(defn f [] (py.g)) (inc (f))',
    '(count (. (py.f) T))',
  ]) {
    assert.deepEqual(codes(source), ['L501'], source)
  }
  assert.deepEqual(codes('(py.f) 1'), ['L502'])
  assert.deepEqual(codes('(print (py.f))'), ['L504'])
  assert.deepEqual(codes('(let [x (await (py.f))] (+ x 1))'), [])
})
test('(auto …) awaits where data is needed and keeps one program where it is not', () => {
  const auto = (source: string): string =>
    body(`(py.import "numpy" :as np) (auto ${source})`).replace('const np = $py("numpy");\n', '')
  assert.equal(auto('(+ (np.sum [1]) 1)'), 'return await np.sum([1]) + 1;')
  assert.equal(auto('(np.sum (np.array [1]))'), 'return await np.sum(np.array([1]));')
  assert.equal(
    auto('(let [a (np.array [1])] (+ (np.sum a) (np.mean a)))'),
    'const a = np.array([1]);\nreturn await np.sum(a) + await np.mean(a);',
  )
  assert.equal(
    auto('(let [a (np.sum [1])] (+ a (np.mean a)))'),
    'const a = await np.sum([1]);\nreturn a + await np.mean(a);',
  )
  assert.equal(auto('(do (np.seed 1) (explicit (np.f 1)))'), 'await np.seed(1);\nreturn np.f(1);')
  assert.equal(auto('(let [f args] (f 1))'), 'const f = args;\nreturn await f(1);')
  assert.equal(auto('(Math.max 1 (count "a"))'), 'return Math.max(1, $rt.count("a"));')
})
test('the pragma turns auto on for the file, and functions become async', () => {
  const code = body('(pragma :await :auto) (py.import "numpy" :as np) (defn mean [xs] (np.mean xs)) (+ (mean [1]) 1)')
  assert.match(code, /async function mean\(xs\) \{\n {2}return await np\.mean\(xs\);\n\}/)
  assert.match(code, /return await mean\(\[1\]\) \+ 1;/)
})
test('with binds what entering gives, and leaves on every way out', async () => {
  const paths = async (source: string, answer = false): Promise<unknown[]> =>
    (await sent(source, ({ path }) => answer || path)).map((one) => [one.path, ...one.args])
  assert.deepEqual(await paths('(with [f (py.open "x")] f)'), [
    ['builtins.open', 'x'],
    ['enter builtins.open()'],
    ['leave builtins.open()'],
  ])
  const failing = '(try (with [f (py.open "x")] (throw "no")) (catch e e))'
  assert.deepEqual((await paths(failing)).at(-1), ['leave builtins.open()', 'no'])
  assert.deepEqual((await paths('(try (with [f (py.open 1)] (throw nil)) (catch e 1))')).at(-1), [
    'leave builtins.open()',
    null,
  ])
  const nested = await paths('(with [f (py.open 1) g (py.exec f)] g)')
  assert.deepEqual(
    nested.map((one) => (one as string[])[0]),
    ['builtins.open', 'enter builtins.open()', 'builtins.exec', 'enter builtins.exec()'].concat(
      ['exec', 'open'].map((name) => `leave builtins.${name}()`),
    ),
  )
  assert.equal(await value('(with [f (py.open "x")] (throw 1))', { $py: fakePython(() => true).$py }), null)
})
test('with closes JavaScript resources too', async () => {
  const { value: found, printed } = await run('(with [r {:close (fn [] (print "closed")) :x 5}] r.x)')
  assert.deepEqual([found, printed], [5, ['closed']])
})
test('typed catch matches Python classes by name and passes the others on', async () => {
  const error = (...names: string[]): Error =>
    Object.assign(new Error('x'), { matches: (name: string) => names.includes(name) })
  const boom = (e: unknown) => (): never => {
    throw e
  }
  const source = '(try (boom) (catch ValueError e 1) (catch numpy.linalg.LinAlgError e 2) (catch js/RangeError e 3))'
  assert.equal(await value(source, { boom: boom(error('ValueError', 'Exception')) }), 1)
  assert.equal(await value(source, { boom: boom(error('numpy.linalg.LinAlgError')) }), 2)
  assert.equal(await value(source, { boom: boom(new RangeError()) }), 3)
  await assert.rejects(value(source, { boom: boom(new TypeError('other')) }), /other/)
  await assert.rejects(value(source, { boom: boom(error('KeyError')) }), /x/)
})
test('for-await goes over a Python iterable, in chunks if asked', async () => {
  const asked: unknown[] = []
  const remote = Object.assign(() => null, {
    [Symbol.for('polyloom.remote')]: {
      iterate: (options: unknown) => (
        asked.push(options),
        (async function* () {
          yield 1
          yield 2
        })()
      ),
    },
  })
  const source =
    '(let [out []] (for-await [x (py-iter xs :chunk 500)] (.push out x)) (for-await [x xs] (.push out x)) out)'
  assert.deepEqual(await value(source, { xs: remote }), [1, 2, 1, 2])
  assert.deepEqual(asked, [{ chunk: 500 }, {}])
})
test('without a runtime a program that needs one says so', async () => {
  const code = js('(str 1)')
  const key = Symbol.for('polyloom.lisp.runtime')
  const globals = globalThis as Record<symbol, unknown>
  const kept = globals[key]
  delete globals[key]
  try {
    await assert.rejects(load(code)({}), /the Lisp runtime is missing: import 'polyloom\/lisp'/)
    assert.equal(await load(code)({ $rt: runtime }), '1')
  } finally {
    globals[key] = kept
  }
})
