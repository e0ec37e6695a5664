import assert from 'node:assert/strict'
import { test } from 'node:test'

import { copyOf, giveBack } from '../src/copies.js'

const filled = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value)

test('memory that was given back serves copies of about its size, whole and with their own bytes', () => {
  const first = copyOf(filled(200_000, 1))
  giveBack(first)
  const second = copyOf(filled(150_000, 2))
  assert.equal(second.buffer, first.buffer)
  assert.deepEqual(second, filled(150_000, 2))
  assert.notEqual(copyOf(filled(150_000, 3)).buffer, first.buffer, 'it is in use')
  giveBack(second)
  assert.notEqual(copyOf(filled(250_000, 4)).buffer, first.buffer, 'it is too small')
  assert.notEqual(copyOf(filled(90_000, 5)).buffer, first.buffer, 'it is too large')
  assert.deepEqual(copyOf(filled(200_000, 6)), filled(200_000, 6))
})

test('small copies have memory of their own', () => {
  const small = copyOf(filled(1_000, 1))
  giveBack(small)
  assert.notEqual(copyOf(filled(1_000, 2)).buffer, small.buffer)
})
