// Stack frames: where V8 says a form failed, mapped to the Lisp source. `»` marks the place in each program.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileLispToJS, formatFrame, mapError } from '../../src/lisp/index.js'
import { load } from './support.js'

const ROWS: readonly (readonly [string, string, string | undefined])[] = [
  ['throw of a new error', '(defn f [x]\n  (throw »(new Error "boom")))\n(f 1)', 'f'],
  ['throw of a value made before', '(defn make-it [] »(new Error "x"))\n(throw (make-it))', 'make-it'],
  ['read of nil', '(defn reads-nil [x]\n  »(.-foo x))\n(reads-nil nil)', 'reads-nil'],
  ['path through nil', '(defn f [x]\n  (+ 1 »x.a.b))\n(f {})', 'f'],
  ['missing method', '(defn f [o] (+ 1\n    »(o.missing 3)))\n(f {})', 'f'],
  ['missing method in a thread', '(defn f [x]\n  (-> x (.slice 1)\n     »(.nope)))\n(f "abc")', 'f'],
  ['call of what is not a function, in a let', '(defn f [g] (let [r »(g 1)] r))\n(f 5)', 'f'],
  ['call in an arm of if', '(defn f [g] (str (if g »(g 1) 2)))\n(f 5)', 'f'],
  ['call in an argument', '(defn f [g] (print 1 »(g 1)))\n(f 5)', 'f'],
  ['call in a vector', '(defn f [g] [1 »(g 1)])\n(f 5)', 'f'],
  ['call in a map', '(defn f [g] {:a 1 :b »(g 1)})\n(f 5)', 'f'],
  ['new of what is not a class', '(defn f [C] »(new C 1))\n(f 5)', 'f'],
  ['assignment to nil', '(defn f [o] »(set! o.x 1) 2)\n(f nil)', 'f'],
  ['a statement', '(defn f [g]\n  (print 1)\n  »(g)\n  2)\n(f 5)', 'f'],
  ['after an await', '(defn f [g]\n  (await (sleep 0))\n  »(g 1))\n(f 5)', 'f'],
  ['awaited rejection of a runtime function', '»(nth [1] 5)', undefined],
  ['inside a loop', '(loop [i 0]\n  (if (< i 3) (recur (+ i 1)) »(i.nope)))', undefined],
  ['inside doseq', '(doseq [x [nil]]\n  »(.foo x))', undefined],
  ['inside a lambda for map', '(defn f [xs] (map (fn [x] »(.foo x)) xs))\n(f [nil])', undefined],
  ['test of an if', '(defn f [g] (if »(g) 1 2))\n(f 5)', 'f'],
  ['test of a while', '(defn f [g] (while »(g) 1))\n(f 5)', 'f'],
  ['at top level', '(def x nil)\n»(.foo x)', undefined],
]

for (const [name, marked, fn] of ROWS) {
  test(name, async () => {
    const offset = marked.indexOf('»')
    const source = marked.replace('»', '')
    const before = marked.slice(0, offset).split('\n')
    const { code, map } = compileLispToJS(source, { sourceName: 'frames.lisp' })
    const error = await load(code)({ print: () => null }).then(
      () => undefined,
      (e: unknown) => e,
    )
    const [frame] = mapError(error, map, 'frames.lisp')
    assert.ok(frame, String((error as Error | undefined)?.stack))
    assert.deepEqual([frame.line, frame.column], [before.length, before.at(-1)!.length + 1], code)
    assert.equal(frame.function, fn)
  })
}

test('a frame is shown with its line and a caret', async () => {
  const source = '(defn read-it [x]\n\t(.foo x))\n(read-it nil)'
  const { code, map } = compileLispToJS(source, { sourceName: 'a b.lisp' })
  const error = await load(code)({}).catch((e: unknown) => e)
  const frames = mapError(error, map, 'a b.lisp')
  assert.equal(formatFrame(frames[0]!, map), 'a b.lisp:2:2: in read-it\n 2 | \t(.foo x))\n   | \t^')
  assert.deepEqual(
    frames.map((frame) => frame.line),
    [2, 3],
  )
})
test('an async frame is found too', async () => {
  const source = '(defn inner [] (await (sleep 0)) (throw (new Error "x")))\n(defn outer []\n  (+ 1 (inner)))\n(outer)'
  const { code, map } = compileLispToJS(source, { sourceName: 'f.lisp' })
  const error = await load(code)({}).catch((e: unknown) => e)
  assert.deepEqual(
    mapError(error, map, 'f.lisp').map(({ function: name, line }) => [name, line]),
    [
      ['inner', 1],
      ['outer', 3],
      [undefined, 4],
    ],
  )
})
test('an error from elsewhere has no Lisp frames', () => {
  const { map } = compileLispToJS('1')
  assert.deepEqual(mapError(new Error('x'), map, 'program.lisp'), [])
  assert.deepEqual(mapError(null, map, 'program.lisp'), [])
})
