// Async inference and the forms that run things side by side.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { print } from '../../src/lisp/index.js'
import { body, codes, run, value } from './support.js'

const gives = async (source: string, expected: string): Promise<void> => {
  assert.equal(print(await value(source)), expected)
}

test('a call of an async function is awaited, however far away the await is', async () => {
  const code = body('(defn a [] (b)) (defn b [] (c)) (defn c [] (await (sleep 0)) 1) (+ (a) 1)')
  assert.match(code, /async function a\(\) \{\n {2}return await b\(\);/)
  await gives('(defn a [] (b)) (defn b [] (c)) (defn c [] (await (sleep 0)) 1) (+ (a) 1)', '2')
})
test('mutual recursion reaches the fixpoint', () =>
  gives(
    '(defn e [n] (if (= n 0) true (o (dec n)))) (defn o [n] (if (= n 0) (do (await (sleep 0)) false) (e (dec n)))) (e 5)',
    'false',
  ))
test('a function that awaits nothing stays a plain function', () => {
  assert.doesNotMatch(body('(defn f [x] (fn [] (await x))) (defn g [x] (f x))'), /async function/)
})
test('a parameter that is given an async function is awaited where it is called', () =>
  gives('(defn twice [f x] (f (f x))) (twice (fn [x] (await (sleep 0)) (inc x)) 1)', '3'))
test('functions in variables, arms and partial applications stay awaited', () =>
  gives(
    '(defn slow [a b] (await (sleep 0)) (+ a b)) (let [f slow g (partial slow 1) h (if true slow +)] [(f 1 1) (g 2) (h 2 2) (apply slow [3 2])])',
    '[2 3 4 5]',
  ))
test('map, filter, reduce and their like await in order', () =>
  gives(
    `(let [log [] f (fn [x] (.push log x) (await (sleep 0)) x)]
     [(map f [3 1]) (filter f [nil 2]) (reduce (fn [a b] (+ a (f b))) 0 [1 2]) (some f [nil 5 6]) (sort-by f [2 1])
      (group-by f [1 1]) (swap! (atom 1) (fn [x] (+ x (f 1)))) (every? f [1 nil 2]) (mapcat (fn [x] [(f x)]) [7]) log])`,
    '[[3 1] [2] 3 5 [1 2] {1 [1 1]} 2 false [7] [3 1 nil 2 1 2 nil 5 2 1 1 1 1 1 nil 7]]',
  ))
test('await-all runs side by side and keeps the order', async () => {
  const { value: found, printed } = await run(
    '(defn f [n s] (print "start" n) (await (sleep s)) (print "end" n) n) (await-all (f 1 0.02) (f 2 0.001) 3 (do (await (sleep 0)) 4))',
  )
  assert.deepEqual(found, [1, 2, 3, 4])
  assert.deepEqual(printed, ['start 1', 'start 2', 'end 2', 'end 1'])
})
test('plet binds what is made side by side', () => gives('(plet [a (do (await (sleep 0)) 1) [b] [2]] (+ a b))', '3'))
test('spawn gives the promise, and its error waits for the await', async () => {
  await gives('(defn f [] (await (sleep 0)) 5) (let [p (spawn (f))] [(instance? js/Promise p) (await p)])', '[true 5]')
  await gives(
    '(let [p (spawn (throw (new Error "x")))] (await (sleep 0.005)) (try (await p) (catch e (.-message e))))',
    '"x"',
  )
})
test('await-any, race and settled', async () => {
  await gives(
    '[(await-any (throw 1) (do (await (sleep 0.01)) 2) (do (await (sleep 0.001)) 3)) (race (do (await (sleep 0.01)) 1) 2)]',
    '[3 2]',
  )
  await gives('(settled 1 (throw 2))', '[{:ok 1} {:error 2}]')
})
test('timeout and retry', async () => {
  await gives(
    '[(timeout 1 (do (await (sleep 0)) 1)) (try (timeout 0.002 (sleep 1)) (catch e (.-name e)))]',
    '[1 "TimeoutError"]',
  )
  await gives(
    '(let [n 0] [(retry 3 (do (set! n (inc n)) (when (< n 3) (throw n)) n)) (try (retry {:times 2 :delay 0.001} (throw "no")) (catch e e))])',
    '[3 "no"]',
  )
})
test('pmap keeps order and limits what runs at a time', async () => {
  const source =
    '(let [now (atom 0) top (atom 0)] [(pmap (fn [x] (swap! now inc) (swap! top max @now) (await (sleep 0.001)) (swap! now dec) (* x x)) (range 6) 2) @top])'
  await gives(source, '[[0 1 4 9 16 25] 2]')
})
test('for and doseq with awaits are loops, and closures keep their own values', () =>
  gives('(let [fs (for [i (range 3)] (do (await (sleep 0)) (fn [] i)))] (map (fn [f] (f)) fs))', '[0 1 2]'))
test('a tail call in an async function is a loop', () =>
  gives('(defn count-down [n] (await nil) (if (= n 0) "done" (count-down (dec n)))) (count-down 20000)', '"done"'))
test('the tail of a try is awaited before it leaves', () =>
  gives('(defn go [f] (try (f) (catch e (await (sleep 0)) "caught"))) (go (fn [] (js/Promise.reject 1)))', '"caught"'))
test('an async callback of foreign code is a warning, of a core function that cannot await an error', () => {
  assert.deepEqual(codes('(.map [1] (fn [x] (await x)))'), ['L401'])
  assert.deepEqual(codes('(sort (fn [a b] (await a)) [1])'), ['L402'])
  assert.deepEqual(codes('(.map [1] (fn [x] x))'), [])
})
