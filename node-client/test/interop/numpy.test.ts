import assert from 'node:assert/strict'

import fc from 'fast-check'

import {
  Complex,
  LimitExceeded,
  NdArray,
  ValueRefused,
  float16,
  isRemote,
  keep,
  kw,
  tuple,
  typeName,
  value,
} from '../../src/index.js'
import { onEveryHost } from './hosts.js'
import { ECHO, probe, refused } from './probe.js'

const NUMPY = `${ECHO}
import numpy as np
def made(dtype): return np.array([0, 1, 2, 250], dtype='uint8').astype(dtype).reshape(2, 2)
def seen(a): return [type(a).__name__, a.dtype.name, list(a.shape), a.tobytes().hex(), bool(a.flags.writeable)]
`

onEveryHost((check) => {
  check('C37 arrays of every dtype of numbers go there and back', async ({ $py }) => {
    const { made, echo, seen } = probe($py, NUMPY)
    const kinds = new Map<string, unknown>([
      ['bool', Uint8Array],
      ['uint8', Uint8Array],
      ['int8', Int8Array],
      ['int16', Int16Array],
      ['uint16', Uint16Array],
      ['int32', Int32Array],
      ['uint32', Uint32Array],
      ['int64', BigInt64Array],
      ['uint64', BigUint64Array],
      ['float16', Uint16Array],
      ['float32', Float32Array],
      ['float64', Float64Array],
      ['complex64', Float32Array],
      ['complex128', Float64Array],
    ])
    for (const [dtype, type] of kinds) {
      const array = (await made(dtype)) as NdArray
      assert.deepEqual([array.dtype, array.shape, array.data.constructor], [dtype, [2, 2], type])
      assert.deepStrictEqual(await echo(array), array, dtype)
      const [kind, name, shape, hex, writeable] = (await seen(array)) as unknown[]
      assert.deepEqual([kind, name, shape, writeable], ['ndarray', dtype, [2, 2], true])
      const { buffer, byteOffset, byteLength } = array.data
      assert.equal(hex, Buffer.from(buffer, byteOffset, byteLength).toString('hex'), dtype)
    }
  })

  check('C37 moments of numpy keep their unit, and NaT', async ({ $py }) => {
    const { echo, seen, stamps } = probe(
      $py,
      `${NUMPY}\ndef stamps(): return [np.array(['2026-01-02', 'NaT'], dtype=f'datetime64[{u}]') for u in ('D', 's', 'ns')] + [np.array([5, -1], dtype='timedelta64[us]')]`,
    )
    const arrays = (await stamps()) as NdArray[]
    const dtypes = ['datetime64[D]', 'datetime64[s]', 'datetime64[ns]', 'timedelta64[us]']
    assert.deepEqual(
      arrays.map((one) => one.dtype),
      dtypes,
    )
    assert.deepEqual([...arrays[0]!.data], [20_455n, -(2n ** 63n)])
    assert.deepEqual([...arrays[3]!.data], [5n, -1n])
    assert.deepStrictEqual(await echo(arrays), arrays)
    assert.deepEqual(((await seen(arrays[2])) as unknown[]).slice(0, 3), ['ndarray', 'datetime64[ns]', [2]])
  })

  check('C37 arrays of every layout: 0-d, empty, strided, columns first, read-only, big-endian', async ({ $py }) => {
    const { layouts, seen } = probe(
      $py,
      `${NUMPY}
base = np.arange(6, dtype='int16').reshape(2, 3)
locked = base.copy(); locked.flags.writeable = False
def layouts(): return [np.array(5.0), np.zeros((0, 3)), base[:, ::-1], base[::, ::2], np.asfortranarray(base), base.T, locked, base.astype('>i2')]`,
    )
    const lists = ((await layouts()) as NdArray[]).map((one) => one.toList())
    const rows = [
      [0, 1, 2],
      [3, 4, 5],
    ]
    assert.deepStrictEqual(lists, [
      ...[5, []],
      rows.map((row) => row.toReversed()),
      ...[
        [
          [0, 2],
          [3, 5],
        ],
        rows,
        [
          [0, 3],
          [1, 4],
          [2, 5],
        ],
        rows,
        rows,
      ],
    ])
    const shapes = ((await layouts()) as NdArray[]).map((one) => one.shape)
    assert.deepEqual(shapes.slice(0, 2), [[], [0, 3]])
    for (const one of (await layouts()) as NdArray[]) {
      assert.deepEqual(((await seen(one)) as unknown[])[2], one.shape)
      assert.equal(((await seen(one)) as unknown[])[4], true)
    }
  })

  check(
    'C37 arrays of texts, objects, structures and long doubles stay live, and value() lists them',
    async ({ $py }) => {
      const { others, item } = probe(
        $py,
        `${NUMPY}
def others(): return [np.array(['a', 'bc']), np.array([1, None], dtype=object), np.array([(1, 2.5)], dtype='i4,f8'), np.ma.array([1, 2], mask=[0, 1]), np.array([b'x'])]
def item(): return [np.longdouble(1), np.zeros(1, 'longdouble'), np.array([(1, 2.5)], dtype='i4,f8')[0]]`,
      )
      const live: any = await others()
      assert.ok(live.every(isRemote))
      assert.deepEqual(await Promise.all(live.slice(0, 4).map((one: any) => value(one))), [
        ...[['a', 'bc'], [1, null], [tuple(1, 2.5)], [1, null]],
      ])
      assert.equal(await live[0].dtype.name, 'str64')
      const [double, doubles, row]: any = await item()
      assert.ok([double, doubles, row].every(isRemote))
      assert.deepEqual(await value(row), tuple(1, 2.5))
      assert.throws(() => new NdArray(new Uint8Array(4), [1], 'str32'), /stay on the Python side/)
      assert.throws(() => new NdArray(new Uint8Array(4), [5]), /4 bytes are no array/)
    },
  )

  check('C37 half floats and complex numbers have a form in JavaScript', async ({ $py }) => {
    const { seen, halves } = probe(
      $py,
      `${NUMPY}
def halves(a): return [a.astype('float16'), np.array([1 + 2j, -1j], dtype='complex64'), np.array([True]), np.array([2**60, 1])]`,
    )
    const doubles = [0, -0, 1, 65_504, 65_519, 65_520, 6e-8, 2 ** -25, 2 ** -24, 0.1, 2049, 2051, -Infinity, NaN]
    const [half, complex, bool, int]: any = await halves(new Float64Array(doubles))
    assert.deepStrictEqual(float16(doubles).data, half.data)
    assert.deepStrictEqual(half.toList().slice(0, 6), [0, -0, 1, 65_504, 65_504, Infinity])
    assert.deepStrictEqual(complex.toList(), [new Complex(1, 2), new Complex(-0, -1)])
    assert.deepStrictEqual([bool.toList(), int.toList()], [[true], [2n ** 60n, 1]])
    assert.deepEqual(((await seen(float16([1, 2], [2, 1]))) as unknown[]).slice(0, 4), [
      ...['ndarray', 'float16', [2, 1], '003c0040'],
    ])
  })

  check('C37 any half float is rounded as numpy rounds it', async ({ $py }) => {
    const { halves } = probe(
      $py,
      `${NUMPY}\ndef halves(a):\n  with np.errstate(all='ignore'): return a.astype('float16')`,
    )
    const number = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ min: -70_000, max: 70_000, noNaN: true }),
      fc.float({ noNaN: true }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(number, { maxLength: 50 }), async (numbers) => {
        const there = (await halves(new Float64Array(numbers))) as NdArray
        assert.deepStrictEqual(float16(numbers).data, there.data)
        assert.deepStrictEqual(float16(there.toList() as number[]).data, there.data)
      }),
      { numRuns: 200 },
    )
  })

  check('C37 views of either byte order and of complex numbers are arrays', async ({ $py }) => {
    const { views } = probe(
      $py,
      `${NUMPY}
import ctypes
def views(): return [memoryview(one) for one in [np.array([1.5, -2], '>f8'), np.array([[1+2j]], '>c8'), np.array([3j], 'c16'), (ctypes.c_int16 * 2)(1, -2), np.array([1, 0], '?')]]`,
    )
    const arrays = (await views()) as NdArray[]
    assert.deepEqual(
      arrays.map((one) => [one.dtype, one.shape, [...(one.data as Iterable<number>)]]),
      [
        ['float64', [2], [1.5, -2]],
        ['complex64', [1, 1], [1, 2]],
        ['complex128', [1], [0, 3]],
        ['int16', [2], [1, -2]],
        ['bool', [2], [1, 0]],
      ],
    )
  })

  check('C38 scalars of numpy are plain values', async ({ $py }) => {
    const np = $py('numpy')
    assert.equal(await np.int64(7), 7)
    assert.equal(await np.uint64(2n ** 64n - 1n), 2n ** 64n - 1n)
    assert.equal(await np.bool_(true), true)
    assert.equal(await np.float32(0.5), 0.5)
    assert.equal(await np.float16(1.5), 1.5)
    assert.equal(await np.str_('s'), 's')
    assert.deepStrictEqual(await np.complex64(new Complex(1, 2)), new Complex(1, 2))
    assert.deepStrictEqual(await np.bytes_(new Uint8Array([1])), new Uint8Array([1]))
    assert.deepStrictEqual(await np.datetime64('2026-01-02'), (await $py('datetime').date(2026, 1, 2)) as unknown)
    const nat = (await np.datetime64('NaT')) as NdArray
    assert.deepEqual([nat.dtype, nat.shape, nat.data[0]], ['datetime64', [], -(2n ** 63n)])
    const ns = (await np.datetime64('2026-01-02T03:04:05.123456789')) as NdArray
    assert.deepEqual([ns.dtype, ns.shape], ['datetime64[ns]', []])
    assert.deepEqual(await np.array_equal(ns, np.datetime64('2026-01-02T03:04:05.123456789')), true)
    assert.equal(await typeName(await keep(np.float64(1.5))), 'numpy.float64')
    const { text } = probe($py, ECHO)
    const whole = np.float64(2)
    assert.equal(await whole, 2)
    assert.deepEqual(await text(whole), ['float', '2.0'])
  })

  check('C39 views of every kind arrive as their own bytes and dtype', async ({ $py }) => {
    const { text, seen, echo } = probe($py, NUMPY)
    const { buffer } = new Uint8Array([9, 9, 1, 2, 3, 4, 5, 6, 9, 9, 9, 9, 9, 9, 9, 9])
    for (const view of [
      new Uint8Array(buffer, 2, 3),
      Buffer.from(buffer, 2, 3),
      new DataView(buffer, 2, 3),
      buffer.slice(2, 5),
    ]) {
      assert.deepEqual(await text(view), ['bytes', "b'\\x01\\x02\\x03'"])
    }
    assert.deepEqual(((await seen(new Int16Array(buffer, 2, 2))) as unknown[]).slice(1, 4), ['int16', [2], '01020304'])
    assert.deepEqual(((await seen(new Uint8ClampedArray(buffer, 3, 1))) as unknown[]).slice(1, 4), ['uint8', [1], '02'])
    for (const type of [Int8Array, Uint32Array, Float32Array, Float64Array] as const) {
      const sent = new type([1, 2, 3])
      assert.deepStrictEqual(await echo(sent), new NdArray(sent))
    }
    assert.deepStrictEqual(await echo(new BigUint64Array([2n ** 63n])), new NdArray(new BigUint64Array([2n ** 63n])))
  })

  check('C39 a call takes a snapshot of memory, and refuses what is shared or gone', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    const live = new Uint8Array([1])
    const pending = echo(live)
    live[0] = 9
    assert.deepEqual([...((await pending) as Uint8Array)], [1])
    const shared = new SharedArrayBuffer(8)
    for (const memory of [shared, new Uint8Array(shared), new DataView(shared), new Float64Array(shared)]) {
      await refused(() => echo({ a: memory }), ValueRefused, '$.args[0].a', /shared/)
    }
    const { buffer } = new Uint8Array([1])
    const views = [buffer, new Uint8Array(buffer), new DataView(buffer), new Int8Array(buffer)]
    structuredClone(buffer, { transfer: [buffer] })
    const resized = new (ArrayBuffer as any)(16, { maxByteLength: 16 })
    views.push(new Uint8Array(resized, 8), new DataView(resized, 8), new Int8Array(resized, 12, 1))
    resized.resize(8)
    views.push(new Int8Array(resized, 7, 1))
    resized.resize(4)
    for (const gone of views) await refused(() => echo([gone]), ValueRefused, '$.args[0][0]', /transferred/)
  })

  check('J99 attachments beyond their number are refused on both sides', async ({ $py }) => {
    const { echo, many } = probe($py, `${ECHO}\ndef many(n): return [b'x'] * n`)
    const bytes = Array.from({ length: 65_537 }, () => new Uint8Array(1))
    await refused(() => echo(bytes), LimitExceeded, '$.args[0][65536]', /attachments/)
    await refused(() => many(65_537), LimitExceeded, '$[65536]', /attachments/)
    assert.equal(((await many(65_536)) as unknown[]).length, 65_536)
    assert.equal(
      await $py('numpy')
        .zeros(3)
        .sum(kw({ axis: 0 })),
      0,
    )
  })
})
