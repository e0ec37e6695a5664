import assert from 'node:assert/strict'

import fc from 'fast-check'

import {
  NdArray,
  PyDateTime,
  PythonError,
  TimeDelta,
  delItem,
  float,
  get,
  item,
  iterate,
  keep,
  kw,
  op,
  release,
  repr,
  same,
  scope,
  set,
  setItem,
  slice,
  str,
  tuple,
  typeName,
  value,
  Complex,
  Decimal,
  Dict,
  Ellipsis,
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
  check('A1 A12 paths and chains', async ({ $py }) => {
    assert.equal(await $py('os').path.sep, '/')
    assert.equal(await $py('builtins').str('a b').upper().replace('A', 'x').split(' ').__getitem__(0), 'x')
  })

  check('A2 A3 attributes are set and deleted in order', async ({ $py }) => {
    const box = await $py('types').SimpleNamespace(kw({ x: 1 }))
    box.y = 2
    assert.equal(await box.y, 2)
    delete box.x
    assert.equal(await $py('builtins').hasattr(box, 'x'), false)
    await set(box, 'z', [1])
    assert.deepEqual(await box.z, [1])
    assert.equal(await get(box, 'none', 'fallback'), 'fallback')
  })

  check('A2 the failure of an assignment rejects the next thing awaited', async ({ loom }) => {
    const $py = loom.session().$py as (name: string) => any
    const one = $py('builtins').int(1)
    one.real = 5
    await assert.rejects(
      async () => $py('math').pi,
      (error) => error instanceof PythonError && error.matches('AttributeError'),
    )
    assert.ok((await $py('math').pi) > 3)
  })

  check('A4 A5 items by every kind of key', async ({ $py }) => {
    const d = await keep($py('builtins').dict())
    const entries: [unknown, string][] = [
      ['3', 'text'],
      [3, 'int'],
      ['3d', 'x'],
      [tuple(1, 'a'), 'tuple'],
      [null, 'none'],
    ]
    for (const [key, text] of entries) await setItem(d, key, text)
    for (const [key, text] of entries) assert.equal(await item(d, key), text)
    await delItem(d, '3')
    assert.equal(await op('in', '3', d), false)
    const xs = $py('builtins').list(new Range(0, 10))
    assert.equal(await item(xs, -1), 9)
    assert.deepEqual(await item(xs, slice(1, 8, 3)), [1, 4, 7])
    const a = $py('numpy').arange(12).reshape(3, 4)
    assert.deepEqual([...((await item(a, tuple(Ellipsis, slice(1, 3)))) as NdArray).shape], [3, 2])
  })

  check('A8 falsy attributes are returned', async ({ $py }) => {
    const falsy = { a: 0, b: '', c: [], d: false, e: null, f: float(0) }
    const box = await $py('types').SimpleNamespace(kw(falsy))
    assert.deepEqual(await Promise.all('abcdef'.split('').map((name) => box[name])), [0, '', [], false, null, 0])
  })

  check('A9 a missing attribute rejects with its name', async ({ $py }) => {
    await assert.rejects(
      async () => $py('math').nope,
      (error) => {
        assert.ok(error instanceof PythonError && error.matches('AttributeError'))
        assert.match(error.message, /nope/)
        return true
      },
    )
  })

  check('A13 callables of every kind', async ({ $py }) => {
    const { partial, reduce } = $py('functools')
    assert.equal(await partial($py('builtins').pow, 2)(10), 1024)
    assert.equal(await reduce($py('operator').add, [1, 2, 3]), 6)
    assert.equal(await $py('datetime').date.fromisoformat('2026-01-02').year, 2026)
  })

  check('A14 A15 operators and questions', async ({ $py }) => {
    const { Fraction: F } = $py('fractions')
    assert.equal(String(await op('+', F(1, 3), F(1, 6))), '1/2')
    assert.equal(String(await op('*', 2, F(1, 3))), '2/3')
    assert.equal(await op('<', F(1, 3), 1), true)
    assert.equal(await op('not', F(0)), true)
    const xs = await keep($py('builtins').list([1]))
    await op('+=', xs, [2])
    assert.deepEqual(await value(xs), [1, 2])
    assert.equal(await repr(xs), '[1, 2]')
    assert.equal(await str(F(1, 2)), '1/2')
    assert.equal(await typeName($py('collections').OrderedDict()), 'collections.OrderedDict')
    assert.equal(await $py('builtins').len(xs), 2)
  })

  check('A19 the same object is the same, also when it goes back', async ({ $py }) => {
    const namespace = $py('types').SimpleNamespace
    const shared = namespace()
    const holder = namespace(kw({ a: shared, b: shared, c: namespace() }))
    const [a, b, c] = await Promise.all([holder.a, holder.b, holder.c])
    assert.ok(same(a, b) && !same(a, c))
    assert.equal(await op('is', a, holder.b), true)
  })

  check('B20 arguments of every kind', async ({ $py }) => {
    assert.equal(
      await $py('builtins')
        .sorted([3, 1], kw({ reverse: true }))
        .__len__(),
      2,
    )
    await assert.rejects(
      async () => $py('math').sqrt(1, kw({ nope: 1 })),
      (error) => (error as PythonError).matches('TypeError'),
    )
    assert.deepEqual(await $py('builtins').dict(kw({ then: 1, self: 2, a: null })), { then: 1, self: 2, a: null })
  })

  check('B24 B25 Remotes at any depth, pending or not', async ({ $py }) => {
    const { SimpleNamespace } = $py('types')
    const inner = SimpleNamespace(kw({ x: 5 }))
    const outer = $py('builtins').dict([tuple('k', [inner, { y: inner.x }])])
    assert.equal(await item(item(outer, 'k'), 0).then((r: any) => r.x), 5)
    assert.equal(await item(item(item(outer, 'k'), 1), 'y'), 5)
  })

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

  check('D44 to D48 exceptions', async ({ $py }) => {
    const { loads } = $py('json')
    await assert.rejects(
      async () => loads('{'),
      (error) => {
        assert.ok(error instanceof PythonError)
        assert.equal(error.type, 'json.decoder.JSONDecodeError')
        assert.ok(error.matches('ValueError') && !error.matches('KeyError'))
        assert.ok(error.frames.length > 0 && error.frames.at(-1)!.file.endsWith('.py'))
        assert.match(error.op, /json\.loads/)
        assert.match(error.stack!, /python\.test/)
        return true
      },
    )
    const bad = loads('{')
    const [dependent, independent] = await Promise.allSettled([bad.keys(), loads('[1]')])
    assert.match((dependent as PromiseRejectedResult).reason.op, /json\.loads/)
    assert.deepEqual((independent as PromiseFulfilledResult<unknown>).value, [1])
  })

  check('D48 a module that is missing is told to what uses it', async ({ $py }) => {
    await assert.rejects(
      async () => $py('no_such_module').x.y(),
      (error) => (error as PythonError).matches('ModuleNotFoundError'),
    )
  })

  check('D51 a SyntaxError', async ({ $py }) => {
    await assert.rejects(
      async () => $py('ast').parse('1 +'),
      (error) => (error as PythonError).type === 'SyntaxError',
    )
  })

  check('E53 iteration over everything', async ({ $py }) => {
    const all = async (xs: any): Promise<unknown[]> => {
      const seen: unknown[] = []
      for await (const x of iterate(xs, { chunk: 3 })) seen.push(x)
      return seen
    }
    const { iter, dict, set: makeSet } = $py('builtins')
    assert.deepEqual(await all(iter([1, 2, 3, 4, 5, 6, 7])), [1, 2, 3, 4, 5, 6, 7])
    assert.deepEqual(await all(dict(kw({ a: 1, b: 2 }))), ['a', 'b'])
    assert.deepEqual(await all(makeSet('a')), ['a'])
    assert.deepEqual(await all($py('builtins').str('héllo')), ['h', 'é', 'l', 'l', 'o'])
    assert.deepEqual(await all($py('csv').reader(['a,b', 'c,d'])), [
      ['a', 'b'],
      ['c', 'd'],
    ])
    assert.deepEqual(await all(iter([])), [])
  })

  check('E54 the items before an exception come first', async ({ $py }) => {
    const failing = $py('builtins').map($py('math').sqrt, [1, 4, -1, 9])
    const seen: unknown[] = []
    await assert.rejects(
      async () => {
        for await (const x of iterate(failing)) seen.push(x)
      },
      (error) => (error as PythonError).matches('ValueError'),
    )
    assert.deepEqual(seen, [1, 2])
  })

  check('E57 an infinite iterator can be left', async ({ $py }) => {
    let seen = 0
    for await (const x of iterate($py('itertools').count(), { chunk: 10 })) if ((seen = x) === 25) break
    assert.equal(seen, 25)
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

  check('H80 H85 release and scope', async ({ $py }) => {
    const make = $py('types').SimpleNamespace
    const box = await make()
    release(box)
    assert.throws(() => box.x(), { code: 'Released' })
    const kept = await scope(async () => {
      await make()
      return { kept: await make(kw({ x: 1 })) }
    })
    assert.equal(await kept.kept.x, 1)
  })

  check('I93 a path through plain data works as through a handle', async ({ $py }) => {
    assert.deepEqual(
      await $py('builtins')
        .dict(kw({ a: 1 }))
        .items()
        .__len__(),
      1,
    )
    const text = $py('builtins').str('abc')
    assert.equal(await text, 'abc')
    assert.equal(await text.upper(), 'ABC')
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
    assert.throws(() => $py('builtins').id(box), { code: 'BadValue' })
    assert.equal(await box.x, 1)
    other.close()
    assert.throws(() => box.x(), { code: 'SessionClosed' })
  })
})
