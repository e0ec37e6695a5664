import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'

import fc from 'fast-check'

import { NdArray, float16 } from '../src/arrays.js'
import { Decoder, Encoder } from '../src/codec.js'
import { PolyloomError } from '../src/errors.js'
import { PyDateTime, TimeDelta } from '../src/times.js'
import { Complex, Dict, Float, FrozenSet, Range, Tuple, float, tuple } from '../src/values.js'

function there(value: unknown): string {
  return new Encoder().encode(value)
}

function roundTrip(value: unknown): unknown {
  const encoder = new Encoder()
  const wire = encoder.encode(value)
  return new Decoder(encoder.attachments).decode(JSON.parse(wire))
}

function refused(value: unknown, path: string, message: RegExp): void {
  assert.throws(
    () => there(value),
    (error) => error instanceof PolyloomError && error.rooted().path === path && message.test(error.message),
  )
}

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'binary' }),
  fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
)
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    fc.array(tie('value')).map((items) => tuple(...items)),
    fc.uniqueArray(fc.integer()).map((items) => new Set(items)),
    fc.uniqueArray(fc.string()).map((items) => new FrozenSet(items)),
    fc.array(fc.tuple(fc.integer(), tie('value'))).map((entries) => new Dict(entries)),
    fc.uint8Array(),
    fc.float64Array().map((data) => new NdArray(data)),
    fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
  ),
})).value

test('every value comes back as it was (C28 to C39)', () => {
  fc.assert(
    fc.property(anything, (value) => {
      assert.deepStrictEqual(roundTrip(value), value)
    }),
    { numRuns: 2_000 },
  )
})

test('C28 integers are exact at every border', () => {
  const borders = [0n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 64n]
  for (const border of borders) {
    const back = roundTrip(border)
    assert.equal(BigInt(back as number), border)
    assert.equal(typeof back, Number.isSafeInteger(Number(border)) ? 'number' : 'bigint')
  }
  assert.equal(roundTrip(10n ** 5000n), 10n ** 5000n)
  refused(10n ** 100_001n, '$', /int_digits/)
})

test('C29 float(1) is a float, 1 is an int, and unsafe integers are floats', () => {
  assert.equal(there(float(1)), '["float","1.0"]')
  assert.equal(there(new Float(0.5)), '0.5')
  assert.equal(there(new Float(-0)), '["float","-0.0"]')
  assert.equal(there(1), '1')
  assert.equal(there(2 ** 53), '["float","9.007199254740992e+15"]')
  assert.equal(there([1, 2 ** 53]), '[[1,["float","9.007199254740992e+15"]]]')
  assert.equal(there([1, -0]), '[[1,["float","-0.0"]]]')
})

test('B27 user data that looks like a wire form stays user data', () => {
  for (const value of [['ref', 1], { ref: 1 }, [['int', '5']], { $h: 1 }, ['date', 1], [[]], { then: 1 }]) {
    assert.deepStrictEqual(roundTrip(value), value)
  }
})

test('J98 keys of Object.prototype are inert in both directions', () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}') as object
  const back = roundTrip(hostile) as object
  assert.deepStrictEqual(back, hostile)
  assert.equal(Object.getPrototypeOf(back), Object.prototype)
  assert.equal(({} as { polluted?: number }).polluted, undefined)
  const nested = new Decoder().decode(JSON.parse('{"__proto__":[[1]]}')) as object
  assert.equal(Object.getPrototypeOf(nested), Object.prototype)
  assert.deepStrictEqual(Object.getOwnPropertyDescriptor(nested, '__proto__')?.value, [1])
})

test('C40 a cycle is refused with its path, a shared part is not', () => {
  const cyclic: Record<string, unknown> = { list: [{}] }
  ;(cyclic['list'] as Record<string, unknown>[])[0]!['self'] = cyclic
  refused(cyclic, '$.list[0].self', /contains itself/)
  const map = new Map<unknown, unknown>()
  map.set('m', map)
  refused(map, '$.m', /contains itself/)
  const shared = [1]
  assert.equal(there([shared, shared]), '[[[[1]],[[1]]]]')
})

test('C41 too deep a value is refused', () => {
  let deep: unknown = []
  for (let level = 0; level < 250; level++) deep = [deep]
  assert.throws(() => there(deep), { code: 'LimitExceeded' })
})

test('what has no wire form is refused with the path to it', () => {
  class Point {
    x = 1
  }
  refused({ a: [1, new Point()] }, '$.a[1]', /class Point/)
  refused([() => 1], '$[0]', /function/)
  refused({ 'a b': Symbol('s') }, '$["a b"]', /symbol/)
  refused([new Date(NaN)], '$[0]', /invalid Date/)
  refused([new Uint8Array(new SharedArrayBuffer(4))], '$[0]', /shared/)
  refused([Promise.resolve(1)], '$[0]', /await it first/)
  refused(new Set([0, [1]]), '$[1]', /unhashable/)
  refused(new Map([[[1], 1]]), '$["1"]', /unhashable/)
  refused([new Error('x')], '$[0]', /class Error/)
  refused([/x/], '$[0]', /class RegExp/)
})

test('C34 keys that Python holds equal are refused, not merged', () => {
  for (const keys of [
    [1, true],
    [0, false],
    [1, 1n],
    [tuple(1), tuple(1)],
  ]) {
    assert.throws(() => there(new Map(keys.map((key) => [key, 0] as const))), { code: 'BadValue' })
  }
  const fine = new Map<unknown, unknown>([
    [1, 'a'],
    ['1', 'b'],
    [null, 'c'],
    [0.5, 'd'],
  ])
  assert.deepStrictEqual(new Map(roundTrip(fine) as Map<unknown, unknown>), fine)
})

test('C34 tuples are keys by value', () => {
  const pair = (name: string): unknown => tuple(1, tuple(name))
  const dict = roundTrip(new Map<unknown, unknown>([[pair('a'), 'x']])) as Dict
  assert.equal(dict.get(pair('a')), 'x')
  assert.equal(dict.get(pair('b')), undefined)
  assert.equal(dict.has(pair('a')), true)
  assert.equal(dict.set(pair('a'), 'y').size, 1)
  assert.equal(dict.delete(pair('a')), true)
  assert.equal(dict.size, 0)
})

test('C32 C39 bytes are those of the view, and a snapshot', () => {
  const buffer = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]).buffer
  for (const view of [new Uint8Array(buffer, 2, 3), Buffer.from(buffer, 2, 3), new DataView(buffer, 2, 3)]) {
    const encoder = new Encoder()
    assert.equal(encoder.encode(view), '["bytes",0]')
    assert.deepEqual([...encoder.attachments[0]!], [2, 3, 4])
  }
  const live = new Uint8Array([1])
  const encoder = new Encoder()
  encoder.encode(live)
  live[0] = 9
  assert.deepEqual([...encoder.attachments[0]!], [1])
})

test('C39 typed arrays keep their dtype', () => {
  const back = roundTrip(new Int16Array([1, -2])) as NdArray
  assert.ok(back.data instanceof Int16Array)
  assert.deepEqual([back.dtype, back.shape, [...back.data]], ['int16', [2], [1, -2]])
  assert.equal((roundTrip(new BigInt64Array([2n ** 60n])) as NdArray).data[0], 2n ** 60n)
})

test('C37 an array at an odd address is copied, at an even one it is a view', () => {
  const bytes = new Uint8Array(24)
  new DataView(bytes.buffer).setFloat64(8, 1.5, true)
  const view = new Decoder([bytes.subarray(8, 16)]).decode(['ndarray', 0, 'float64', [1]]) as NdArray
  assert.equal(view.data.buffer, bytes.buffer)
  const odd = new Uint8Array(17)
  new DataView(odd.buffer).setFloat64(1, 2.5, true)
  assert.equal((new Decoder([odd.subarray(1, 9)]).decode(['ndarray', 0, 'float64', [1]]) as NdArray).data[0], 2.5)
})

test('C35 a Date stands only for what it holds exactly', () => {
  assert.ok(roundTrip(new Date(1234)) instanceof Date)
  assert.ok(roundTrip(new PyDateTime('2026-01-02T03:04:05.000001+00:00')) instanceof PyDateTime)
  assert.ok(roundTrip(new PyDateTime('2026-01-02T03:04:05')) instanceof PyDateTime)
  assert.ok(roundTrip(new PyDateTime('2026-01-02T03:04:05+01:00')) instanceof PyDateTime)
  assert.equal(new PyDateTime('2026-01-02T03:04:05.123456+01:00').toDate().toISOString(), '2026-01-02T02:04:05.123Z')
  assert.throws(() => new PyDateTime('2026-01-02T03:04:05').toDate(), TypeError)
  assert.equal(String(new TimeDelta(-1, 86_399, 999_999)), '-1 day, 23:59:59.999999')
})

test('undefined is None, a hole too, and a Lisp keyword is its name', () => {
  assert.equal(there([undefined, null]), '[[null,null]]')
  assert.equal(there(new Array(1)), '[[null]]')
  assert.equal(there({ [Symbol.for('polyloom.name')]: 'axis' }), '"axis"')
})

test('objects of another realm are plain too', () => {
  const made = vm.runInNewContext('({a: [1, new Map([["k", 1]]), new Set([2]), new Date(0)]})') as unknown
  assert.equal(there(made), '{"a":[[1,["dict","k",1],["set",2],["datetime","1970-01-01T00:00:00+00:00",0,null]]]}')
})

test('C29 C36 what is no number makes no float, and C34 no range', () => {
  for (const wrong of ['5', 'x', null, undefined, true, 5n, {}] as never[]) {
    assert.throws(() => float(wrong), TypeError)
    assert.throws(() => new Complex(1, wrong), TypeError)
    assert.throws(() => float16([wrong]), TypeError)
  }
  for (const wrong of ['5', 1.5, NaN, 2 ** 53, null] as never[]) assert.throws(() => new Range(wrong, 1), TypeError)
})

test('C37 the shape of an array is its own', () => {
  const shape = [2, 1]
  const array = new NdArray(new Float64Array(2), shape)
  shape.push('"' as never)
  assert.deepEqual(array.shape, [2, 1])
  assert.throws(() => (array.shape as number[]).push(1), TypeError)
})

test('C34 arrays are written item by item, whatever toJSON says', () => {
  const items = Object.assign([1, 'a'], { toJSON: () => ['ref', 1] })
  assert.equal(there(items), '[[1,"a"]]')
})

test('C42 objects of another realm are told by what they can do', () => {
  const row = (source: string): unknown => [vm.runInNewContext(source)]
  refused(row('new (class Row extends Array {})'), '$[0]', /Row/)
  refused(row('new (class Lookup extends Map {})'), '$[0]', /Lookup/)
  refused(row('new (class Liar { get [Symbol.toStringTag]() { return "Date" } })'), '$[0]', /Liar/)
  refused(row('new SharedArrayBuffer(1)'), '$[0]', /shared/)
  assert.equal(there(row('({ [Symbol.toStringTag]: "Map", a: [1] })')), '[[{"a":[[1]]}]]')
})

test('values print as Python prints them', () => {
  assert.equal(String(tuple(1, 2)), '1,2')
  assert.ok(Array.isArray(tuple(1)) && tuple(5) instanceof Tuple)
  assert.equal(String(new Range(0, 10, 2)), 'range(0, 10, 2)')
  assert.deepEqual([...new Range(3, 0, -1)], [3, 2, 1])
})
