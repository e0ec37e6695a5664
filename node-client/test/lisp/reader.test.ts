// The reader: spans, recovery, and that it never hangs or throws.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileLispToJS, isIncomplete, read } from '../../src/lisp/index.js'
import type { Syntax } from '../../src/lisp/syntax.js'
import { unparse } from '../../src/lisp/unparse.js'

const forms = (text: string): string[] => read(text).forms.map(unparse)
const codes = (text: string): string[] => read(text).diagnostics.map((one) => one.code)

test('every node has a span inside its parent, and the text of an atom is at its span', () => {
  const text = '(defn f [x #_y] {:a "s"} #{1 \'q} `(a ~b ,@c) ^:m [1] @d ...e)'
  const check = (form: Syntax, from: number, to: number): void => {
    assert.ok(form.span.start >= from && form.span.end <= to && form.span.start < form.span.end)
    if ('items' in form) for (const item of form.items) check(item, form.span.start, form.span.end)
    else if (form.type === 'symbol' && /^[a-z]$/.test(form.name))
      assert.equal(text.slice(form.span.start, form.span.end), form.name)
  }
  for (const form of read(text).forms) check(form, 0, text.length)
})
test('a comma is white space outside of a quasiquote and an unquote inside', () => {
  assert.deepEqual(forms('[1, 2]'), ['[1 2]'])
  assert.deepEqual(forms('`(1 ,a ,@b)'), ['(quasiquote (1 (unquote a) (unquote-splicing b)))'])
})
test('the shebang, comments and #_ are nothing', () => {
  assert.deepEqual(forms('#!/usr/bin/env polyloom\n; c\n1 #_(2 3) #_#_4 5 6'), ['1', '6'])
})
test('after a missing closer the forms that could be read are there', () => {
  assert.deepEqual(forms('(a (b c) [d'), ['(a (b c) [d])'])
  assert.deepEqual(codes('(a (b c) [d'), ['L001', 'L001'])
})
test('a wrong closer is reported once and reading goes on', () => {
  assert.deepEqual(forms('(a [b) c'), ['(a [b])', 'c'])
  assert.deepEqual(codes('(a [b) c'), ['L003'])
  assert.deepEqual(forms('(a ] b) c'), ['(a b)', 'c'])
  assert.deepEqual(codes(') a'), ['L002'])
})
test('very deep nesting is a diagnostic, not a stack overflow', () => {
  const text = '('.repeat(100_000)
  assert.ok(codes(text).includes('L014'))
  assert.ok(compileLispToJS("'".repeat(100_000)).diagnostics.length > 0)
})
test('an incomplete text is told from a wrong one', () => {
  assert.ok(isIncomplete('(a "b'))
  assert.ok(!isIncomplete('(a) )'))
})
test('any text is read, with its errors, and compiled or refused', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '#{',
      '#(',
      '"',
      '\\',
      "'",
      '`',
      '~',
      '~@',
      ',',
      '@',
      '^',
      '#_',
      '##Inf',
      '#"',
      ';',
      '\n',
      ' ',
      ':a',
      '...',
      '%',
      'let',
      'fn',
      'loop',
      'recur',
      'x',
      '1',
      '.',
      'a.b',
      'defmacro',
      'if',
      'try',
      'catch',
      'def',
      '&',
    ),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, spaced) => {
      const text = pieces.join(spaced ? ' ' : '')
      read(text)
      const { code, diagnostics } = compileLispToJS(text)
      const failed = diagnostics.some((one) => one.severity === 'error')
      assert.equal(code === '', failed, text)
      if (code !== '') assert.equal(typeof (0, eval)(code), 'function', text)
    }),
    { numRuns: 3000, seed: 7 },
  )
})
