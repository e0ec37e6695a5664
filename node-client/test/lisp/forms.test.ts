// Forms and macros by their values: each row is a program and what it gives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { print } from '../../src/lisp/index.js'
import { value } from './support.js'

const ROWS: readonly (readonly [string, string])[] = [
  // literals
  ['[1 -2.5 1e3 0xff 1_000 12n ##Inf ##NaN]', '[1 -2.5 1000 255 1000 12n ##Inf ##NaN]'],
  ['[true false nil :k "s" #"a+"i]', '[true false nil :k "s" #"a+"i]'],
  ["['x '(1 b [c]) '{:a 1} '#{2}]", '[x (1 b [c]) {:a 1} #{2}]'],
  ['{:a 1 "b" 2 :c-d {:e nil}}', '{:a 1, :b 2, :c-d {:e nil}}'],
  ['{1 2 [3] 4}', '{1 2, [3] 4}'],
  ['#{1 :a}', '#{1 :a}'],
  ['`(1 ~(+ 1 1) ~@[3 4])', '(1 2 3 4)'],
  ['`(1 ,(+ 1 1) ,@[3 4])', '(1 2 3 4)'],
  ['`[a ~@nil {:k ~(inc 1)}]', '[a {:k 2}]'],
  ['[1 #_2 3 (comment 4)]', '[1 3 nil]'],
  ['(let [f #(+ % %2)] (f 1 2))', '3'],
  ['(#(count %&) 1 2 3)', '3'],
  // let
  ['(let ((a 1) (b (+ a 1))) b)', '2'],
  ['(let [a 1 b (+ a 1)] b)', '2'],
  ['(let (a 1 b (+ a 1)) b)', '2'],
  ['(let [a 1 a (+ a 1)] (let [a (* a 10)] a))', '20'],
  ['(let [[a [b] & c :as d] [1 [2] 3 4]] [a b c d])', '[1 2 [3 4] [1 [2] 3 4]]'],
  ['(let [[a b] nil] [a b])', '[nil nil]'],
  ['(let [{:keys [a b c] :or {b 2} :as m x :y} {:a 1 :y 9}] [a b c x m])', '[1 2 nil 9 {:a 1, :y 9}]'],
  [
    '(letrec [a? (fn [n] (or (= n 0) (b? (- n 1)))) b? (fn [n] (and (> n 0) (a? (- n 1))))] [(a? 4) (a? 3)])',
    '[true false]',
  ],
  // functions
  ['((fn [a b] (- a b)) 5 3)', '2'],
  ['((lambda (x) (* x x)) 4)', '16'],
  ['(defn f "doc" [a (b 10) & more] [a b more]) [(f 1) (f 1 2 3)]', '[[1 10 []] [1 2 [3]]]'],
  ['(defun f (a &optional b) [a b]) [(f 1) (f 1 2)]', '[[1 nil] [1 2]]'],
  ['(defn f ([] 0) ([a] a) ([a & more] [a more])) [(f) (f 1) (f 1 2 3)]', '[0 1 [1 [2 3]]]'],
  ['(defn f [x & {:keys [axis] :or {axis 0}}] [x axis]) [(f 1) (f 1 :axis 2)]', '[[1 0] [1 2]]'],
  ['(defn f [[a b] {:keys [c]}] [a b c]) (f [1 2] {:c 3})', '[1 2 3]'],
  ['(define (sq x) (* x x)) (define y 3) (sq y)', '9'],
  ['(defn outer [] (define (inner x) (* 2 x)) (def k 21) (inner k)) (outer)', '42'],
  [
    '(defn even2? [n] (if (= n 0) true (odd2? (dec n)))) (defn odd2? [n] (if (= n 0) false (even2? (dec n)))) (even2? 7)',
    'false',
  ],
  ['(let [f (fn me [n] (if (= n 0) 1 (* n (me (dec n)))))] (f 5))', '120'],
  ['(apply + 1 [2 3])', '6'],
  ['(defn f [& xs] (count xs)) (f 1 ...[2 3] 4)', '4'],
  ['(defn sum-to [n acc] (if (= n 0) acc (sum-to (- n 1) (+ acc n)))) (sum-to 100000 0)', '5000050000'],
  // control
  ['[(if 0 1 2) (if "" 1 2) (if [] 1 2) (if nil 1 2) (if false 1)]', '[1 1 1 2 nil]'],
  ['(do)', 'nil'],
  ['(loop [i 0 acc []] (if (< i 3) (recur (inc i) (conj acc i)) acc))', '[0 1 2]'],
  ['(loop [[x & xs] [1 2 3] sum 0] (if (nil? x) sum (recur xs (+ sum x))))', '6'],
  ['(map (fn [f] (f)) (loop [i 0 fs []] (if (< i 3) (recur (inc i) (conj fs (fn [] i))) fs)))', '[0 1 2]'],
  ['(let [fs []] (dotimes [i 3] (.push fs (fn [] i))) (map #(%) fs))', '[0 1 2]'],
  ['(loop [a 1 b 2 n 0] (if (< n 3) (recur b a (inc n)) [a b]))', '[2 1]'],
  ['(defn f [n] (loop [i 0] (if (< i 2) (recur (inc i)) (if (> n 0) (f (dec n)) [n i])))) (f 3)', '[0 2]'],
  ['(+ 1 (loop [i 0] (cond (= i 3) 10 (> i 5) 20 :else (recur (inc i)))))', '11'],
  ['(let [i 0 xs []] (while (< i 3) (.push xs i) (set! i (+ i 1))) xs)', '[0 1 2]'],
  ['(let [xs [1 2 3] out []] (while-let [x (.shift xs)] (.push out x)) out)', '[1 2 3]'],
  ['[(and) (or) (and 1 2) (and 1 nil 2) (or nil false 3) (or nil false)]', '[true nil 2 nil 3 false]'],
  ['(let [n 0 f (fn [x] (set! n (inc n)) x)] (and (f 1) (f nil) (f 2)) n)', '2'],
  ['(try (throw (new Error "x")) (catch e (.-message e)))', '"x"'],
  ['(try (throw (new TypeError "x")) (catch js/RangeError e 1) (catch js/TypeError e 2))', '2'],
  ['(try (try (throw (new TypeError "x")) (catch js/RangeError e 1)) (catch e "outer"))', '"outer"'],
  ['(let [log []] (try (.push log 1) (finally (.push log 2))) log)', '[1 2]'],
  ['(let [x (try (throw 1) (catch e 5) (finally 6))] (+ x 1))', '6'],
  ['(loop [i 0] (let [r (try (if (< i 3) :again i) (catch e nil))] (if (= r :again) (recur (inc i)) r)))', '3'],
  // objects
  ['(let [o {:a {:b 5}}] [o.a.b (. o a b) (. o "a" :b) (get o :a) (.-a o)])', '[5 5 5 {:b 5} {:b 5}]'],
  ['[(?. nil a b) (?. {:a nil} a b) (let [o {:a {:b 1}}] (?. o a b))]', '[nil nil 1]'],
  ['(let [o {:a {:b 1}}] (set! o.a.b 2) (set! (. o c) 3) [o (set! o.d 4)])', '[{:a {:b 2}, :c 3, :d 4} 4]'],
  ['(let [m (new Map [[1 2]])] [(.get m 1) (m.get 1) ((. m get) 1) (. m (get 1)) m.size])', '[2 2 2 2 1]'],
  ['(js* "~{} ** ~{}" (+ 1 1) 5)', '32'],
  ['[(js/parseInt "12px") (Math.max 1 2) js/Math.PI]', '[12 2 3.141592653589793]'],
  // core macros
  ['[(when 1 2 3) (when nil 2) (unless nil 4) (when-not 1 2) (if-not nil 1 2)]', '[3 nil 4 nil 1]'],
  [
    '[(if-let [x 1] x 2) (if-let [[a b] [1 2]] (+ a b) 0) (if-let (x nil) x :none) (when-let [x 3] (inc x))]',
    '[1 3 :none 4]',
  ],
  ['(let [x 2] (if-let [x nil] x x))', '2'],
  ['[(cond false 1) (cond nil 1 :else 2) (cond (= 1 1) 3) (cond)]', '[nil 2 3 nil]'],
  ['(cond ((= 1 2) 1) (else 2))', '2'],
  [
    '(map (fn [x] (case x 1 "one" (2 3) "few" :k "key" nil "nil" "many")) [1 3 :k nil 9])',
    '["one" "few" "key" "nil" "many"]',
  ],
  ['(condp < 5 10 "a" 3 "b" "c")', '"b"'],
  ['[(not= 1 2) (not= 1 1)]', '[true false]'],
  ['[(-> 5 (- 3) inc) (->> [1 2] (map inc) (reduce +)) (as-> 1 x (+ x 1) [x x])]', '[3 5 [2 2]]'],
  ['[(some-> {:a 1} :a inc) (some-> {:a 1} :b inc) (some->> 1 (- 5))]', '[2 nil 4]'],
  ['(cond-> {} true (assoc :a 1) false (assoc :b 2))', '{:a 1}'],
  ['(doto [] (.push 1) (.push 2))', '[1 2]'],
  ['(for [x [1 2 3] :when (odd? x) :let [z (* x 10)] y "ab"] (str z y))', '["10a" "10b" "30a" "30b"]'],
  ['(for [[k v] {:a 1 :b 2}] [v k])', '[[1 "a"] [2 "b"]]'],
  ['(let [out []] (doseq [x [1 2] y [3 4]] (.push out (* x y))) out)', '[3 4 6 8]'],
  ['(try (assert (= 1 2)) (catch e (.-message e)))', '"assertion failed: (= 1 2)"'],
  ['(fmt "a {(+ 1 2)} {{b}}")', '"a 3 {b}"'],
  ['(let [a 1] (fmt "{a}-{a}"))', '"1-1"'],
  [
    '(map (fn [x] (match x 0 "zero" [a] [:one a] [a & more] [a more] {:k [b _]} b (or "x" "y") "xy" nil "nil" n :when (> n 9) "big" :else "?")) [0 [1] [1 2 3] {:k [7 8]} "y" nil 10 5])',
    '["zero" [:one 1] [1 [2 3]] 7 "xy" "nil" "big" "?"]',
  ],
  ['(try (match 5 1 2) (catch e (ex-data e)))', '{:value 5}'],
  [
    '(let [log [] f (fn [x] (defer (.push log "last")) (.push log "body") (defer (.push log "first")) x)] [(f 1) log])',
    '[1 ["body" "first" "last"]]',
  ],
  ['(let [log []] (try (do (defer (.push log 1)) (throw 2)) (catch e (.push log e))) log)', '[1 2]'],
  // keywords
  ['[(:a {:a 1}) (:b {:a 1} 2) (map :a [{:a 1} {:a 2}]) (:a nil)]', '[1 2 [1 2] nil]'],
  // macros
  ['(defmacro twice [x] `(do ~x ~x)) (let [n 0] (twice (set! n (inc n))) n)', '2'],
  ['(defmacro my-or [a b] `(let [v ~a] (if v v ~b))) (let [v 5] (my-or nil v))', '5'],
  ['(defmacro my-if [c a b] `(cond ~c ~a :else ~b)) (let [cond 1] (my-if cond 2 3))', '2'],
  ["(defmacro anaphoric [x body] `(let [~'it ~x] ~body)) (anaphoric 5 (+ it 1))", '6'],
  ['(defmacro rev [form] (reverse form)) (rev (1 2 -))', '1'],
  ['(defmacro unroll [n form] `(do ~@(repeat n form))) (let [k 0] (unroll 3 (set! k (+ k 1))) k)', '3'],
  ['(defmacro defs [& names] `(do ~@(map (fn [n] `(def ~n ~(name n))) names))) (defs a b) [a b]', '["a" "b"]'],
  ['(defmacro m [x] `(let [y# ~x] (* y# 2))) (let [y 4] (m y))', '8'],
  [
    '(defn helper-free [x] (inc x)) (defmacro call [x] `(helper-free ~x)) (let [helper-free 1] (call helper-free))',
    '2',
  ],
]

for (const [source, expected] of ROWS) {
  test(source, async () => {
    assert.equal(print(await value(source)), expected)
  })
}
