// Expansion as a public function, hygiene, and macros by patterns.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LispSyntaxError, expand, print } from '../../src/lisp/index.js'
import { value } from './support.js'

test('macros are expanded everywhere but in quoted data', () => {
  assert.deepEqual(expand("(when a (unless b 1)) '(when a)"), ['(if a (do (if b nil (do 1))) nil)', '(quote (when a))'])
  assert.deepEqual(expand('(-> x (f 1) g)'), ['(g (f x 1))'])
  assert.deepEqual(expand('(defmacro twice [x] `(do ~x ~x)) (twice (p))').slice(1), ['(do (p) (p))'])
  assert.throws(() => expand('(when'), LispSyntaxError)
})
test('a core macro is not broken by local names', async () => {
  assert.equal(await value('(let [if 1 do 2 not 3] (when-not nil (or nil if)))'), 1)
  assert.equal(print(await value('(defn map [f xs] 5) [(map 1 2) (for [x [1]] x)]')), '[5 [1]]')
})
test('the names a macro binds capture nothing, and the names of its place are kept', async () => {
  assert.equal(await value('(defmacro my-or [a b] `(let [v ~a] (if v v ~b))) (let [v 5] (my-or nil v))'), 5)
  assert.equal(await value('(defmacro m1 [x] `(m2 ~x)) (defmacro m2 [x] `(+ ~x 1)) (let [m2 5] (m1 2))'), 3)
  assert.equal(await value('(def k 7) (defmacro get-k [] `k) (let [k 1] (get-k))'), 7)
})
test('syntax-rules: repetition, literals, hygiene', async () => {
  const swap = '(define-syntax swap (syntax-rules () ((_ a b) (let [tmp a] (set! a b) (set! b tmp))))) '
  assert.equal(print(await value(`${swap}(def tmp 1) (def other 2) (swap tmp other) [tmp other]`)), '[2 1]')
  const myLet = '(define-syntax my-let (syntax-rules () ((_ ((n v) ...) body ...) ((fn [n ...] body ...) v ...)))) '
  assert.equal(await value(`${myLet}(my-let ((a 1) (b 2)) 0 (+ a b))`), 3)
  const myCond =
    '(define-syntax my-cond (syntax-rules (else) ((_ (else e)) e) ((_ (c e) rest ...) (if c e (my-cond rest ...))))) '
  assert.equal(await value(`${myCond}(my-cond (false 1) (nil 2) (else 3))`), 3)
})
