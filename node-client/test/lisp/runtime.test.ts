// The runtime core, each row a program; and the table that the compiler and the documentation read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { print, runtime } from '../../src/lisp/index.js'
import { CORE } from '../../src/lisp/runtime/table.js'
import { value } from './support.js'

// prettier-ignore
const ROWS: readonly (readonly [string, string])[] = [
  ['[(+) (+ 1 2 3) (- 5) (- 5 1 1) (* 2 3) (/ 1 2) (/ 4) (** 2 5) (quot -7 2) (rem -7 2) (mod -7 2)]', '[0 6 -5 3 6 0.5 0.25 32 -3 -1 1]'],
  ['(map #(apply % [7 2]) [+ - * / quot rem mod max min])', '[9 5 14 3.5 3 1 1 7 2]'],
  ['[(+ 1n 2n) (inc 1) (dec 1) (max 1 3 2) (min 3 1) (abs -2) (floor 1.5) (round 2.5) (sqrt 9)]', '[3n 2 0 3 1 2 1 3 3]'],
  ['[(< 1 2 3) (< 1 3 2) (>= 3 3 1) (= 1 1 1) (= [1 {:a 2}] (list 1 {:a 2})) (= #{1 2} #{2 1}) (= nil js/undefined) (= "a" :a) (identical? [] [])]', '[true false true true true true true false false]'],
  ['[(compare 1 2) (compare "b" "a") (compare nil 1) (compare [1 2] [1 3]) (sort [3 1 2]) (sort > [1 3 2]) (sort-by count ["bb" "a"])]', '[-1 1 -1 -1 [1 2 3] [3 2 1] ["a" "bb"]]'],
  ['[(nil? nil) (some? 0) (number? 1) (int? 1.5) (string? "") (keyword? :a) (symbol? (quote a)) (fn? inc) (list? (quote (1))) (vector? [1]) (map? {}) (set? #{}) (empty? "") (even? 2) (odd? -3) (zero? 0) (boolean 0)]', '[true true true false true true true true true true true true true true true true true]'],
  ['[(get {:a 1} :a) (get {:a 1} "a") (get [1 2] 1) (get "ab" 0) (get #{:a} :a) (get nil :a 5) (get {} :toString) (get-in {:a [{:b 1}]} [:a 0 :b]) (nth [1 2] 1) (nth [1] 5 :no)]', '[1 1 2 "a" :a 5 nil 1 2 :no]'],
  ['[(first [1 2]) (second [1 2]) (last [1 2]) (rest [1 2]) (next [1]) (butlast [1 2]) (count {:a 1}) (count nil) (first nil) (rest nil) (rest (quote (1 2)))]', '[1 2 2 [2] nil [1] 1 0 nil [] (2)]'],
  ['[(keys {:a 1}) (vals {:a 1}) (contains? {:a nil} :a) (contains? [1] 1) (contains? #{[1]} [1]) (index-of [1 2] 2) (select-keys {:a 1 :b 2} [:a :c])]', '[["a"] [1] true false true 1 {:a 1}]'],
  ['(let [m {:a 1} v [1]] [(assoc m :b 2) (assoc v 1 2) (assoc nil :a 1) (assoc m 5 6) (dissoc m :a) (conj v 2 3) (conj (list 1) 0) (conj #{1} 1) (conj m [:c 3]) m v])', '[{:a 1, :b 2} [1 2] {:a 1} {:a 1, 5 6} {} [1 2 3] (0 1) #{1} {:a 1, :c 3} {:a 1} [1]]'],
  ['[(assoc-in {} [:a :b] 1) (update {:a 1} :a + 2) (update-in {:a {:b 1}} [:a :b] inc) (merge {:a 1} nil {:b 2}) (merge-with + {:a 1} {:a 2 :b 3}) (into [] #{1 2}) (into {} [[:a 1]]) (concat [1] nil (list 2)) (cons 0 [1])]', '[{:a {:b 1}} {:a 3} {:a {:b 2}} {:a 1, :b 2} {:a 3, :b 3} [1 2] {:a 1} [1 2] (0 1)]'],
  ['(let [m {} v []] (assoc! m :a 1) (conj! v 1) (dissoc! m :b) [m v])', '[{:a 1} [1]]'],
  ['[(map + [1 2] [10 20 30]) (map-indexed vector ["a"]) (filter odd? (range 5)) (remove odd? (range 4)) (keep #(get % :a) [{:a 1} {}]) (mapcat range [1 2]) (reduce + [1 2 3]) (reduce + 10 []) (reductions + [1 2 3])]', '[[11 22] [[0 "a"]] [1 3] [0 2] [1] [0 0 1] 6 10 [1 3 6]]'],
  ['[(reduce (fn [a x] (if (> x 2) (reduced a) (+ a x))) 0 (range 10)) (some #{3} []) (some #(when (> % 1) %) [1 2]) (every? odd? [1 3]) (not-any? odd? [2]) (find odd? [2 3])]', '[3 nil 2 true true 3]'],
  ['[(group-by odd? [1 2 3]) (frequencies ["a" "b" "a"]) (frequencies [[1] [1]]) (zipmap [:a :b] [1 2]) (partition 2 (range 5)) (partition-all 2 (range 5)) (partition-by odd? [1 3 2]) (split-at 1 [1 2])]', '[{true [1 3], false [2]} {:a 2, :b 1} {[1] 2} {:a 1, :b 2} [[0 1] [2 3]] [[0 1] [2 3] [4]] [[1 3] [2]] [[1] [2]]]'],
  ['[(take 2 (range 5)) (drop 3 (range 5)) (take-last 2 (range 5)) (drop-last 3 (range 5)) (take-nth 2 (range 5)) (take-while odd? [1 2 3]) (drop-while odd? [1 2 3]) (range 1 7 2) (range 3 0 -1) (repeat 2 :x) (iterate 3 inc 1)]', '[[0 1] [3 4] [3 4] [0 1] [0 2 4] [1] [2 3] [1 3 5] [3 2 1] [:x :x] [1 2 3]]'],
  ['[(reverse [1 2]) (distinct [1 [2] [2] 1]) (dedupe [1 1 2 1]) (flatten [1 [2 [3]]]) (interleave [1 2] [3 4]) (interpose 0 [1 2]) (union #{1} #{2}) (intersection #{1 2} #{2}) (difference #{1 2} #{2}) (max-by count ["a" "bb"])]', '[[2 1] [1 [2]] [1 2 1] [1 2 3] [1 3 2 4] [1 0 2] #{1 2} #{2} #{1} "bb"]'],
  ['[((comp inc #(* 2 %)) 3) ((partial + 1) 2) ((complement nil?) 1) ((juxt inc dec) 1) ((constantly 1) 2) (identity 1) (let [n (atom 0) f (memoize (fn [x] (swap! n inc)))] (f 1) (f 1) @n)]', '[7 3 true [2 0] 1 1 1]'],
  ['[(str "a" 1 nil :k [1 "x"]) (pr-str "a" nil) (subs "abc" 1) (upper "a") (capitalize "aBC") (trim " a ") (split "a,b" ",") (split "a1b2c" #"\\d" 2) (join ", " [1 2]) (replace "aXbX" "X" "-") (replace "a1" #"\\d" inc)]', '["a1:k[1 \\"x\\"]" "\\"a\\" nil" "bc" "A" "Abc" "a" ["a" "b"] ["a" "b2c"] "1, 2" "a-b-" "a11"]'],
  ['[(starts-with? "abc" "a") (ends-with? "abc" "b") (includes? "abc" "b") (blank? " ") (pad-left 5 3) (re-find #"(\\d)(x)?" "a1") (re-matches #"\\d" "12") (re-seq #"\\d" "a1b2") (parse-long "12") (parse-long "x") (parse-double "1.5")]', '[true false true true "  5" ["1" "1" nil] nil ["1" "2"] 12 nil 1.5]'],
  ['(let [a (atom 1)] [(swap! a + 2 3) @a (reset! a 0) (deref a)])', '[6 6 0 0]'],
  ['(try (throw (ex-info "bad" {:a 1})) (catch e [(ex-message e) (ex-data e)]))', '["bad {:a 1}" {:a 1}]'],
  ['[(name :a) (keyword "a") (symbol "s") (hash-map :a 1) (hash-map 1 2) (hash-set 1 1) (set [1 1]) (vec (list 1)) (seq []) (seq "ab")]', '["a" :a s {:a 1} {1 2} #{1} #{1} [1] nil ["a" "b"]]'],
  ['(get {"__proto__" 1} "__proto__")', '1'],
]

for (const [source, expected] of ROWS) {
  test(source, async () => {
    assert.equal(print(await value(source)), expected)
  })
}

test('the table and the exports agree, and every entry is documented', () => {
  const exported = runtime as unknown as Record<string, unknown>
  for (const [name, entry] of Object.entries(CORE)) {
    assert.equal(typeof exported[entry.js], 'function', `${name}: ${entry.js}`)
    if (entry.async !== undefined) assert.equal(typeof exported[entry.async], 'function', entry.async)
    assert.match(entry.doc, /\.$|[:…]|@a/, name)
    assert.ok(entry.min <= entry.max, name)
  }
})
test('keywords are interned, callable, and their name to Python and JSON', () => {
  const k = runtime.keyword('a')
  assert.equal(k, runtime.keyword('a'))
  assert.equal(k({ a: 1 }), 1)
  assert.equal((k as unknown as Record<symbol, unknown>)[Symbol.for('polyloom.name')], 'a')
  assert.equal(JSON.stringify({ k: [runtime.keyword('x').toString()] }), '{"k":[":x"]}')
})
test('a data list is an Array', () => {
  assert.ok(Array.isArray(runtime.list(1, 2)))
  assert.deepEqual([...runtime.list(5)], [5])
})
test('+ as a function refuses strings', async () => {
  await assert.rejects(value('(reduce + ["a" "b"])'), /use str/)
})
test('an NdArray is a sequence of its rows', async () => {
  const nd = { data: new Float64Array([1, 2, 3, 4]), shape: [2, 2], dtype: 'float64' }
  assert.equal(print(await value('[(count nd) (first nd) (map count nd)]', { nd })), '[2 [1 2] [2 2]]')
})
