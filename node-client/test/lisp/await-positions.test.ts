// Forty positions in which an await can stand: each program gives what it gives without the await.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { print } from '../../src/lisp/index.js'
import { value } from './support.js'

/** `@@` is where the await stands; it gives its argument. */
const POSITIONS: readonly (readonly [string, string])[] = [
  ['@@1', '1'],
  ['(+ 1 @@2)', '3'],
  ['(+ @@1 @@2)', '3'],
  ['(let [x @@1] x)', '1'],
  ['(let [x 1] @@x)', '1'],
  ['(let [x (let [y @@1] y)] x)', '1'],
  ['(if @@true 1 2)', '1'],
  ['(if false 1 @@2)', '2'],
  ['(+ 1 (if @@nil 1 2))', '3'],
  ['(str (if true @@"a" "b") "c")', '"ac"'],
  ['(do @@1 2)', '2'],
  ['(and 1 @@2 3)', '3'],
  ['(or nil @@false 3)', '3'],
  ['(or @@nil (+ 1 @@1))', '2'],
  ['(when @@1 2)', '2'],
  ['(cond @@nil 1 @@1 2)', '2'],
  ['(case @@2 1 "a" 2 @@"b")', '"b"'],
  ['(loop [i @@0] (if (< i 3) (recur @@(inc i)) i))', '3'],
  ['(loop [i 0] (if @@(< i 3) (recur (inc i)) @@i))', '3'],
  ['(+ 1 (loop [i 0] (if (< i 3) (recur (inc @@i)) i)))', '4'],
  ['(let [n 0] (while @@(< n 3) (set! n (+ n 1))) n)', '3'],
  ['(let [n 0] (while (< n 3) (set! n @@(+ n 1))) n)', '3'],
  ['(for [x @@[1 2]] @@(inc x))', '[2 3]'],
  ['(for [x [1 2 3] :when @@(odd? x)] x)', '[1 3]'],
  ['(map (fn [x] @@(inc x)) [1 2])', '[2 3]'],
  ['(filter (fn [x] @@(odd? x)) [1 2 3])', '[1 3]'],
  ['(reduce (fn [a b] (+ a @@b)) 0 [1 2 3])', '6'],
  ['(try @@1 (catch e 2))', '1'],
  ['(try (throw @@1) (catch e @@(+ e 1)))', '2'],
  ['(try 1 (finally @@2))', '1'],
  ['((fn [x] @@x) 5)', '5'],
  ['(let [f (fn [x] @@(inc x))] (+ (f 1) (f 2)))', '5'],
  ['(defn f [n] (if (= n 0) 0 (f @@(- n 1)))) (f 5)', '0'],
  ['(defn f [n acc] (if (= n 0) @@acc (f (- n 1) (+ acc n)))) (f 3 0)', '6'],
  ['[@@1 2 @@3]', '[1 2 3]'],
  ['{:a @@1 :b 2}', '{:a 1, :b 2}'],
  ['(.concat @@[1] @@[2])', '[1 2]'],
  ['(let [o {:a 1}] (set! o.a @@5) o.a)', '5'],
  ['(let [x 1] (set! x (+ x @@(do (set! x 10) 5))) x)', '6'],
  ['(-> 1 (+ @@2) (str @@"x"))', '"3x"'],
  ['(let [a (atom 1)] (swap! a (fn [x] @@(inc x))) @a)', '2'],
  ['(defn f [a (b @@7)] (+ a b)) (f 1)', '8'],
]

test('there are forty positions and more', () => {
  assert.ok(POSITIONS.length >= 40)
})
for (const [template, expected] of POSITIONS) {
  test(template, async () => {
    const later = (x: unknown): Promise<unknown> => new Promise((resolve) => setImmediate(resolve, x))
    const waiting = template.replace(/@@/g, '(later* ')
    const source = closeAfterForm(waiting)
    assert.equal(print(await value(template.replace(/@@/g, ''))), expected, 'without await')
    assert.equal(print(await value(source, { later })), expected, source)
  })
}

/** "(later* FORM" becomes "(await (later FORM))" for the one form after it. */
function closeAfterForm(text: string): string {
  const at = text.indexOf('(later* ')
  if (at < 0) return text
  const start = at + '(later* '.length
  const end = formEnd(text, start)
  return closeAfterForm(`${text.slice(0, at)}(await (later ${text.slice(start, end)}))${text.slice(end)}`)
}

function formEnd(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text[i]!
    if ('([{'.includes(char)) depth++
    if (')]}'.includes(char) && --depth <= 0) return depth < 0 ? i : i + 1
    if (depth === 0 && (char === ' ' || i === text.length - 1)) return char === ' ' ? i : i + 1
  }
  return text.length
}
