import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { NdArray, float16 } from '../src/arrays.js'
import { Decoder, Encoder, registerCodec, type Codec } from '../src/codec.js'
import { fromHalf, toHalf } from '../src/halves.js'
import { PyDate, PyDateTime, PyTime, TimeDelta } from '../src/times.js'

class Point {
  constructor(readonly parts: unknown) {}
}
class Sub extends Point {}

const CODEC: Codec<Point> = { type: Point, encode: ({ parts }) => parts, decode: (parts) => new Point(parts) }

function roundTrip(value: unknown): unknown {
  const encoder = new Encoder()
  const text = encoder.encode(value)
  return new Decoder(encoder.attachments).decode(JSON.parse(text))
}

test('a registered class travels, its subclass does not, and neither once it is taken back', () => {
  const undo = registerCodec('point', CODEC)
  const sent = { a: [new Point([1, new Uint8Array([2])]), new Point(new Point(null))] }
  assert.equal(new Encoder().encode(new Point([1])), '["x:point",[[1]]]')
  assert.deepStrictEqual(roundTrip(sent), sent)
  assert.throws(() => new Encoder().encode(new Sub(1)), { code: 'BadValue' })
  undo()
  undo()
  assert.throws(() => new Encoder().encode(new Point(1)), { code: 'BadValue' })
  assert.throws(() => new Decoder().decode(['x:point', 1]), { code: 'NotData' })
})

test('a name or class that is taken is refused', () => {
  const undo = registerCodec('point', CODEC)
  for (const name of ['point', 'Upper', '', 'a b', 'x:y', 'ä']) {
    assert.throws(() => registerCodec(name, { ...CODEC, type: Sub }), { code: 'Usage' }, name)
  }
  assert.throws(() => registerCodec('other', CODEC), { code: 'Usage' })
  assert.throws(() => registerCodec('mine', { type: Map, encode: () => 1, decode: () => new Map() }), { code: 'Usage' })
  undo()
})

test('undoing an old registration leaves a newer one', () => {
  const old = registerCodec('point', CODEC)
  old()
  const newer = registerCodec('point', CODEC)
  old()
  assert.deepStrictEqual(roundTrip(new Point(1)), new Point(1))
  newer()
})

test('a converter that throws refuses its value with the place, one that never ends meets the limit of depth', () => {
  const boom = (): never => {
    throw new RangeError('lost')
  }
  const undo = registerCodec('point', { type: Point, encode: boom, decode: boom })
  assert.throws(() => new Encoder().encode({ a: [new Point(1)] }), {
    code: 'BadValue',
    path: '.a[0]',
    message: /encoding "x:point" threw RangeError: lost/,
  })
  assert.throws(() => new Decoder().decode({ a: ['x:point', 1] }), { code: 'BadValue', path: '.a', message: /lost/ })
  assert.throws(() => new Decoder().decode(['x:point']), { code: 'BadValue' })
  undo()
  const endless = registerCodec('point', { ...CODEC, encode: () => new Point(1) })
  assert.throws(() => new Encoder().encode(new Point(1)), { code: 'LimitExceeded' })
  endless()
})

test('every half float comes back from its number', () => {
  for (let bits = 0; bits < 65_536; bits++) {
    const number = fromHalf(bits)
    assert.equal(toHalf(number), Number.isNaN(number) ? 0x7e00 : bits)
  }
})

test('a number becomes the nearest half float', () => {
  fc.assert(
    fc.property(fc.double({ min: -65_519, max: 65_519, noNaN: true }), (number) => {
      const bits = toHalf(number)
      const error = Math.abs(fromHalf(bits) - number)
      for (const near of [bits - 1, bits + 1]) {
        if ((near & 0x7c00) === 0x7c00 || near < 0 || near > 65_535) continue
        assert.ok(Math.abs(fromHalf(near) - number) >= error)
      }
    }),
  )
})

test('arrays become nested lists of plain values', () => {
  assert.deepEqual(new NdArray(new BigInt64Array([1n, 2n ** 60n]), [2, 1]).toList(), [[1], [2n ** 60n]])
  assert.deepEqual(new NdArray(new Uint8Array([0, 1]), [2], 'bool').toList(), [false, true])
  assert.deepEqual(new NdArray(new Float64Array(0), [2, 0, 3]).toList(), [[], []])
  assert.deepEqual(float16([1, 0.5]).toList(), [1, 0.5])
  assert.equal(new NdArray(new Float32Array([5]), []).toList(), 5)
})

test('texts of times that Python does not print are refused where they are made', () => {
  for (const text of ['2026-02-29', '2026-13-01', '0000-01-01', '20260102', '2026-1-2', '2026-04-31']) {
    assert.throws(() => new PyDate(text), TypeError, text)
  }
  assert.equal(new PyDate('2024-02-29').iso, '2024-02-29')
  assert.throws(() => new PyDateTime('2026-01-02 03:04:05'), TypeError)
  assert.throws(() => new PyDateTime('2026-02-30T00:00:00'), TypeError)
  assert.throws(() => new PyTime('03:04:05+01:00', 0, 'Europe/Berlin'), TypeError)
  assert.throws(() => new TimeDelta(1e9), TypeError)
  assert.deepEqual(new TimeDelta(0, 0, -1), new TimeDelta(-1, 86_399, 999_999))
  assert.ok(Object.is(new TimeDelta(-0, -0, -0).seconds, 0))
})
