// What the first sketch of this compiler got wrong, one test each.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileLispToJS, read } from '../../src/lisp/index.js'
import { body, codes, fakePython, js, run, value } from './support.js'

test('vectors and (. x y) read', async () => {
  assert.deepEqual(read('[1 (. x y)]').diagnostics, [])
  assert.deepEqual(await value('(let [x {:y 2}] [1 (. x y)])'), [1, 2])
})
test('let gives the value of its body', async () => {
  assert.equal(await value('(let ((a 1) (b 2)) (+ a b))'), 3)
})
test('the program is an async function, not a call of one', async () => {
  const made = (0, eval)(js('1')) as unknown
  assert.equal(typeof made, 'function')
  assert.equal((made as object).constructor.name, 'AsyncFunction')
  assert.equal(await value('1'), 1)
})
test('the arms of if declare nothing twice', async () => {
  assert.equal(await value('(let [x (if true (let [y 1] y) (let [y 2] y))] x)'), 1)
  assert.equal(await value('(+ (if true (do (print 1) 1) 2) (if nil (do (print 1) 1) 2))'), 3)
})
test('an operand is read before a later one changes it', async () => {
  assert.equal(await value('(def x 1) (+ x (do (set! x 5) x))'), 6)
})
test('await inside a nested lambda makes that lambda async, and not the function around it', () => {
  const code = body('(defn outer [] (fn [] (await (sleep 0))))')
  assert.match(code, /^function outer\(\)/)
  assert.match(code, /async \(\) =>/)
})
test('or evaluates each argument once', async () => {
  const { value: found, printed } = await run('(defn f [x] (print "f") x) (or (f nil) (f 2) (f 3))')
  assert.equal(found, 2)
  assert.deepEqual(printed, ['f', 'f'])
})
test('the same source gives the same bytes', () => {
  const source =
    '(defmacro m [x] `(let [y# ~x] y#)) (defn f [a] (or a (m (loop [i 0] (if (< i 3) (recur (inc i)) i))))) (f nil)'
  const first = compileLispToJS(source)
  assert.notEqual(first.code, '')
  for (let i = 0; i < 5; i++) {
    compileLispToJS('(let [a (gensym)] (or a nil 1 (do 2)))')
    assert.deepEqual(compileLispToJS(source), first)
  }
})
test('a py.import is visible to the rest of the file', async () => {
  const { $py, sent } = fakePython()
  await value('(py.import "numpy" :as np) (defn f [] (await (np.sum [1]))) (f)', { $py })
  assert.deepEqual(sent, [{ path: 'numpy.sum', args: [[1]], kwargs: undefined }])
})
test('string escapes', async () => {
  assert.equal(await value(String.raw`"a\n\t\"\\\u{1F600}"`), 'a\n\t"\\\u{1F600}')
})
test('quoted data is data, not JSON text', async () => {
  const found = await value('\'(1 [2 "x"] {:a nil})')
  assert.ok(Array.isArray(found))
  assert.equal(found.length, 3)
  assert.deepEqual(found[1], [2, 'x'])
})
test('an unclosed form at the end of the file is a diagnostic', () => {
  assert.deepEqual(codes('(let [a 1'), ['L001', 'L001'])
  assert.deepEqual(codes('"abc'), ['L004'])
  assert.deepEqual(codes("'"), ['L007'])
})
test('an attribute path sends nothing until the call', async () => {
  const { $py, sent } = fakePython()
  await value('(py.import "a.b" :as b) (let [f b.c.d] (await (f 1)))', { $py })
  assert.deepEqual(
    sent.map((one) => one.path),
    ['a.b.c.d'],
  )
})
test('a definition inside an expression is refused', () => {
  assert.deepEqual(codes('(let [b 1] (+ 1 (def b 2)))'), ['L113'])
  assert.deepEqual(codes('(def y 1) (if y (def y 2))'), ['L113'])
})
test('the founding example needs no runtime', async () => {
  const source = '(let ((np ($py "numpy"))) (await ((. np sum) [1 2 3 4])))'
  assert.equal(body(source), 'const np = $py("numpy");\nreturn await np.sum([1, 2, 3, 4]);')
  const { $py } = fakePython(({ args }) => (args[0] as number[]).reduce((a, b) => a + b))
  const found = await ((0, eval)(js(source)) as (imports: object) => Promise<unknown>)({ $py, print: () => null })
  assert.equal(found, 10)
})
