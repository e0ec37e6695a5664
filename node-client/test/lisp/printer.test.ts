// The printer: values as the reader would read them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { display, print, runtime } from '../../src/lisp/index.js'
import { fakePython, value } from './support.js'

// prettier-ignore
const ROWS: readonly (readonly [unknown, string])[] = [
  [null, 'nil'], [undefined, 'nil'], [true, 'true'], [1.5, '1.5'], [-0, '-0'], [Infinity, '##Inf'], [NaN, '##NaN'], [12n, '12n'],
  ['a"\n\u0001', '"a\\"\\n\\u{1}"'], [[1, [2]], '[1 [2]]'], [runtime.list(1, 'a'), '(1 "a")'], [{ a: 1, 'b c': 2 }, '{:a 1, "b c" 2}'],
  [new Map<unknown, unknown>([[1, 'x'], ['k', null]]), '{1 "x", :k nil}'], [new Set([1, 'a']), '#{1 "a"}'],
  [runtime.keyword('k'), ':k'], [runtime.symbol('s'), 's'], [/a"b/g, '#"a\\"b"g'], [new Date(0), '#inst "1970-01-01T00:00:00.000Z"'],
  [function foo() { /* nothing */ }, '#<fn foo>'], [new TypeError('x'), '#<TypeError "x">'], [runtime.atom(1), '#<atom 1>'],
  [{ data: new Float64Array([1, 2, 3, 4]), shape: [2, 2], dtype: 'float64' }, '[[1 2] [3 4]]'],
  [{ data: new Float64Array([7]), shape: [], dtype: 'float64' }, '7'],
  [{ data: new Int32Array(2000), shape: [2000], dtype: 'int32' }, '[0 0 0 … 0 0 0]'],
  [new Uint8Array([1, 2]), '[1 2]'], [Promise.resolve(1), '#<promise>'], [Object.create(null), '{}'],
  [new (class P { toString() { return 'P!' } })(), 'P!'], [new (class Q { x = 1 })(), '#<Q>'],
]

for (const [x, expected] of ROWS) {
  test(expected, () => {
    assert.equal(print(x), expected)
  })
}
test('a Remote is described by what is known here; nothing is sent', () => {
  const { $py, sent } = fakePython()
  assert.equal(print($py('numpy')), '#<py numpy>')
  assert.equal(sent.length, 0)
  const bad = new Proxy(() => undefined, {
    get: (_, key) =>
      key === Symbol.for('polyloom.remote') && {
        describe: () => {
          throw new Error('x')
        },
      },
  })
  assert.equal(print(bad), '#<py object>')
})
test('a cycle and great depth end', () => {
  const loop: unknown[] = [1]
  loop.push(loop)
  assert.equal(print(loop), '[1 …]')
  let deep: unknown = 1
  for (let i = 0; i < 5000; i++) deep = [deep]
  assert.match(print(deep), /…/)
})
test('str writes strings bare and nil as nothing', () => {
  assert.equal(display('a'), 'a')
  assert.equal(display(null), '')
  assert.equal(display(['a']), '["a"]')
})
test('what is printed reads back as the same value', async () => {
  const data = fc.letrec<{ x: unknown }>((tie) => ({
    x: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      fc.double(),
      fc.bigInt(),
      fc.string(),
      fc.array(tie('x')),
      fc.dictionary(fc.string(), tie('x')),
    ),
  })).x
  await fc.assert(
    fc.asyncProperty(data, async (x) => {
      assert.equal(print(await value(print(x))), print(x))
    }),
    { numRuns: 300, seed: 3 },
  )
})
