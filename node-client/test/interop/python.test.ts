import assert from 'node:assert/strict'

import fc from 'fast-check'

import {
  NdArray,
  PyDateTime,
  TimeDelta,
  float,
  get,
  keep,
  kw,
  tuple,
  typeName,
  value,
  Complex,
  Decimal,
  Dict,
  Fraction,
  FrozenSet,
  Range,
  UUID,
} from '../../src/index.js'
import { onEveryHost } from './hosts.js'

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
)
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value')),
    // Keys that look like integers change places in JavaScript's objects, so order is not compared here.
    fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    fc.uint8Array(),
  ),
})).value

onEveryHost((check) => {
  check('C28 to C36 values come back as they are, and have their Python type', async ({ $py }) => {
    const same_ = $py('copy').copy
    const table: [unknown, string][] = [
      [2n ** 53n, 'int'],
      [-(2n ** 63n), 'int'],
      [10n ** 5000n, 'int'],
      [NaN, 'float'],
      [-Infinity, 'float'],
      [-0, 'float'],
      [5e-324, 'float'],
      [true, 'bool'],
      ['\u0000 e\u0301 😀 \u05e9 \u2028', 'str'],
      ['lone \ud800', 'str'],
      [tuple(1, tuple('a')), 'tuple'],
      [new Set([1, 'a']), 'set'],
      [new FrozenSet([tuple(1)]), 'frozenset'],
      [
        new Dict<unknown, unknown>([
          [1, 'a'],
          ['1', 'b'],
          [tuple(1), null],
        ]),
        'dict',
      ],
      [new Date(1234), 'datetime.datetime'],
      [new PyDateTime('2026-10-25T02:30:00.000001+01:00', 1, 'Europe/Berlin'), 'datetime.datetime'],
      [new TimeDelta(-1, 86_399, 999_999), 'datetime.timedelta'],
      [new Decimal('1.10'), 'decimal.Decimal'],
      [new Fraction('1/3'), 'fractions.Fraction'],
      [new UUID('12345678-1234-5678-1234-567812345678'), 'uuid.UUID'],
      [new Complex(1.5, -2), 'complex'],
      [new Range(0, 10, 2), 'range'],
      [Uint8Array.from({ length: 256 }, (_, byte) => byte), 'bytes'],
    ]
    for (const [sent, type] of table) {
      assert.deepStrictEqual(await same_(sent), sent, type)
      assert.equal(await typeName(get($py('types').SimpleNamespace(kw({ x: sent })), 'x')), type)
    }
    assert.equal(await typeName($py('types').SimpleNamespace(kw({ x: float(1) })).x), 'float')
    assert.equal(await typeName($py('types').SimpleNamespace(kw({ x: 1 })).x), 'int')
  })

  check('C31 any document survives', async ({ $py }) => {
    const copy = $py('copy').copy
    await fc.assert(
      fc.asyncProperty(document, async (sent) => {
        assert.deepStrictEqual(await copy(sent), sent)
      }),
      { numRuns: 200 },
    )
  })

  check('C32 8 MB of bytes arrive as they were', async ({ $py }) => {
    const big = new Uint8Array(8 << 20)
    for (let index = 0; index < big.length; index += 997) big[index] = index
    assert.ok(Buffer.from(big).equals(await $py('builtins').bytes(big)))
  })

  check('C37 C38 numpy', async ({ $py }) => {
    const np = $py('numpy')
    assert.deepEqual(
      await np
        .arange(12)
        .reshape(3, 4)
        .sum(kw({ axis: 0 })),
      new NdArray(new BigInt64Array([12n, 15n, 18n, 21n])),
    )
    for (const dtype of [
      'bool',
      'int8',
      'uint16',
      'int32',
      'uint64',
      'float16',
      'float32',
      'float64',
      'complex64',
      'complex128',
    ]) {
      const array = (await np.ones(tuple(2, 3), kw({ dtype }))) as NdArray
      assert.deepEqual([array.dtype, [...array.shape]], [dtype, [2, 3]])
      assert.equal(await np.array_equal(array, np.ones(tuple(2, 3), kw({ dtype }))), true, dtype)
      assert.equal(await np.asarray(array).dtype.name, dtype)
    }
    assert.deepEqual([...((await np.arange(6).reshape(2, 3).T) as NdArray).data], [0n, 3n, 1n, 4n, 2n, 5n])
    assert.equal(await np.sum(new Float64Array([0.5, 1])), 1.5)
    assert.equal(await np.int64(7), 7)
    assert.equal(await np.bool_(true), true)
    assert.equal(await typeName(await keep(np.float64(1.5))), 'numpy.float64')
  })

  check('G71 G73 order, and many results to the right promises', async ({ $py }) => {
    const xs = await keep($py('builtins').list())
    const echo = $py('operator').index
    const results = Array.from({ length: 5_000 }, (_, n) => {
      xs.append(n)
      return echo(n)
    })
    assert.deepEqual(
      await Promise.all(results),
      Array.from({ length: 5_000 }, (_, n) => n),
    )
    assert.deepEqual(
      await value(xs),
      Array.from({ length: 5_000 }, (_, n) => n),
    )
  })

  check('J98 names of Object.prototype are inert in both directions', async ({ $py }) => {
    const sent = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as object
    const back = (await $py('copy').copy(sent)) as object
    assert.deepStrictEqual(Object.keys(back), ['__proto__', 'constructor'])
    assert.equal(Object.getPrototypeOf(back), Object.prototype)
  })

  check('sessions have their own objects', async ({ loom, $py }) => {
    const other = loom.session()
    const box = (other.$py as any)('types').SimpleNamespace(kw({ x: 1 }))
    assert.equal(await $py('builtins').getattr(box, 'x'), 1) // lent (§14)
    assert.equal(await box.x, 1)
    other.close()
    assert.throws(() => $py('builtins').id(box), { code: 'SessionClosed' })
    assert.throws(() => box.x(), { code: 'SessionClosed' })
  })
})
