import assert from 'node:assert/strict'

import fc from 'fast-check'

import {
  Complex,
  Decimal,
  Dict,
  Float,
  Fraction,
  FrozenSet,
  LimitExceeded,
  PolyloomError,
  PyDate,
  PythonError,
  Range,
  TimeDelta,
  Tuple,
  UUID,
  ValueRefused,
  float,
  isRemote,
  keep,
  tuple,
  typeName,
  value,
} from '../../src/index.js'
import { onEveryHost } from './hosts.js'
import { ECHO, NAUGHTY, probe, refused } from './probe.js'

const SAFE = Number.MAX_SAFE_INTEGER

onEveryHost((check) => {
  check('C28 ints of any size are exact both ways', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const numbers = [0, -1, 2 ** 31, -(2 ** 31), SAFE, -SAFE]
    const bigs = [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 63n), 2n ** 64n, 10n ** 4300n, -(10n ** 5000n)]
    for (const sent of [...numbers, ...bigs]) {
      assert.equal(await echo(sent), sent)
      if (String(sent).length < 30) assert.deepEqual(await text(sent), ['int', String(sent)])
    }
    assert.equal(await echo(5n), 5)
    assert.equal(await $py('builtins').pow(10, 5000), 10n ** 5000n)
  })

  check('C28 an int above the limit of digits is refused where it is, and the session goes on', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    await refused(() => echo({ a: [10n ** 100_000n] }), LimitExceeded, '$.args[0].a[0]', /int_digits/)
    await refused(() => $py('builtins').pow(10, 100_000), LimitExceeded, '', /int_digits/)
    await refused(() => $py('builtins').list([1, $py('builtins').pow(2, 10 ** 7)]), LimitExceeded, '$[1]', /int_digits/)
    assert.equal(await echo(10n ** 99_999n), 10n ** 99_999n)
  })

  check('C29 floats are exact to the last bit', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const floats = [0.1, -0, NaN, Infinity, -Infinity, 5e-324, 2.2250738585072014e-308, Number.MAX_VALUE, 1e21, 1e300]
    for (const sent of floats) {
      assert.ok(Object.is(await echo(sent), sent), String(sent))
      assert.equal(await typeName(echo(sent)), 'float')
      assert.deepEqual(await echo([sent]), [sent])
    }
    assert.deepEqual(await text(-0), ['float', '-0.0'])
    assert.deepEqual(await text(2 ** 53), ['float', '9007199254740992.0'])
  })

  check('C29 1 is an int, float(1) is 1.0', async ({ $py }) => {
    const { text } = probe($py, ECHO)
    assert.deepEqual(await text(1), ['int', '1'])
    assert.deepEqual(await text(float(1)), ['float', '1.0'])
    assert.deepEqual(await text(new Float(-3)), ['float', '-3.0'])
    assert.deepEqual(await text([1, float(1), { x: float(2) }]), ['list', "[1, 1.0, {'x': 2.0}]"])
    assert.deepEqual(await text(tuple(float(0), -0)), ['tuple', '(0.0, -0.0)'])
  })

  check('C29 each NaN is an object of its own', async ({ $py }) => {
    const { apart } = probe($py, 'def apart(a): return a[0] is not a[1] and len({(a[0],), (a[1],)}) == 2')
    assert.equal(await apart([NaN, NaN]), true)
  })

  check('C29 a float that was awaited goes back as a float', async ({ $py }) => {
    const { text, one } = probe($py, `${ECHO}\ndef one(): return 1.0`)
    const whole = one()
    assert.equal(await whole, 1)
    assert.deepEqual(await text(whole), ['float', '1.0'])
    assert.deepEqual(await text([whole]), ['list', '[1.0]'])
    assert.equal(await whole.is_integer(), true)
    const copied = $py('math').pow(2, 60)
    assert.equal(await copied, 2 ** 60)
    assert.deepEqual(await text(copied), ['float', '1.152921504606847e+18'])
    const int = $py('math').floor(1.5)
    assert.equal(await int, 1)
    assert.deepEqual(await text(int), ['int', '1'])
  })

  check('C30 True is not 1, in containers and as keys', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    assert.deepStrictEqual(await echo([true, 1, false, 0]), [true, 1, false, 0])
    assert.deepEqual(await text([true, 1, 0, false]), ['list', '[True, 1, 0, False]'])
    assert.deepEqual(await text(new Map([[true, 1]])), ['dict', '{True: 1}'])
    assert.deepEqual(await text(new Map([[1, true]])), ['dict', '{1: True}'])
    assert.deepEqual([...((await echo(new Map([[true, 1]]))) as Dict).keys()], [true])
    assert.deepStrictEqual(await echo(new Set([true, 2])), new Set<unknown>([true, 2]))
  })

  check('C31 strings are exact: NUL, surrogates, right to left, and what breaks others', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    const { len, ord } = $py('builtins')
    for (const sent of NAUGHTY) assert.equal(await echo(sent), sent)
    assert.deepEqual(await echo(NAUGHTY), NAUGHTY)
    const keyed = Object.fromEntries(NAUGHTY.map((key, index) => [key, index]))
    assert.deepStrictEqual(await echo(keyed), keyed)
    assert.deepEqual([await len('\u{1f600}'), await ord('\ud800'), await len('a\u0000b')], [1, 0xd800, 3])
  })

  check('C31 10 MB of text arrive as they were', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    for (const unit of ['a', 'é', '\u{1f600}']) {
      const sent = unit.repeat((10 << 20) / Buffer.byteLength(unit))
      assert.ok((await echo(sent)) === sent, unit)
    }
  })

  check('C32 every byte value arrives, and empty bytes', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    assert.deepStrictEqual(await echo(all), all)
    assert.deepStrictEqual(await echo(new Uint8Array()), new Uint8Array())
    assert.deepEqual(await text(new Uint8Array([0, 255])), ['bytes', "b'\\x00\\xff'"])
    for (const kind of ['bytearray', 'memoryview']) {
      assert.deepStrictEqual(await $py('builtins')[kind](all), all, kind)
    }
    const nested = { a: [all, tuple(new Uint8Array([1]))] }
    assert.deepStrictEqual(await echo(nested), nested)
  })

  check('C32 64 MB of bytes go there and back', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    const sent = Buffer.alloc(64 << 20)
    for (let index = 0; index < sent.length; index += 4093) sent[index] = index
    assert.ok(sent.equals((await echo(sent)) as Uint8Array))
  })

  check('C33 None in containers, undefined as None, missing as missing', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    assert.deepStrictEqual(await echo([null, [null], { a: null }, tuple(null)]), [
      null,
      [null],
      { a: null },
      tuple(null),
    ])
    assert.deepStrictEqual(await echo([undefined, 1]), [null, 1])
    assert.deepEqual(await text({ a: undefined }), ['dict', "{'a': None}"])
    assert.strictEqual(await echo(null), null)
    const given = (await echo({ a: null })) as object
    assert.ok('a' in given && !('b' in given))
  })

  check('C34 sequences and sets keep their type', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const values: [unknown, string][] = [
      [tuple(1, tuple('a'), []), 'tuple'],
      [[], 'list'],
      [new Set<unknown>([1, 'a', null]), 'set'],
      [new FrozenSet([tuple(1)]), 'frozenset'],
      [new Range(0, 10, 2), 'range'],
      [new Range(0, 2n ** 70n), 'range'],
    ]
    for (const [sent, type] of values) {
      assert.deepStrictEqual(await echo(sent), sent)
      assert.equal(((await text(sent)) as string[])[0], type)
    }
  })

  check('C34 dicts keep order and keys of every hashable kind', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const keys: unknown[] = [
      ...[1, '1', 'b', 'a', null, 0.5, NaN, -Infinity, 2n ** 70n, tuple(1, 2), tuple(), new FrozenSet([1])],
      ...[new PyDate('2026-01-02'), new Date(1), new Date(2), new TimeDelta(1), new Decimal('1.1')],
      ...[
        new Fraction('1/3'),
        new Complex(1, 2),
        new UUID('12345678-1234-5678-1234-567812345678'),
        new Uint8Array([1]),
      ],
    ]
    const sent = new Dict(keys.map((key, index) => [key, index]))
    const back = (await echo(sent)) as Dict
    assert.ok(back instanceof Dict)
    assert.deepStrictEqual([...back], [...sent])
    assert.equal(back.get(tuple(1, 2)), 9)
    assert.equal(back.get(new Date(2)), 14)
    assert.deepEqual(await text(new Map([[float(1), 'x']])), ['dict', "{1.0: 'x'}"])
    assert.deepStrictEqual(await echo({ z: 1, a: 2, '2020-01-01': 3, '3d': 4 }), {
      z: 1,
      a: 2,
      '2020-01-01': 3,
      '3d': 4,
    })
  })

  check('C34 keys that are equal to nothing but themselves stay apart, and the session goes on', async ({ $py }) => {
    const { made, echo, text } = probe(
      $py,
      `${ECHO}
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo
def twice(a, b, c=None): return [{a: 1, b: 2}, {(a,): 1, (b,): 2}, {frozenset([a]): 1, frozenset([b]): 2}]
def made():
    nan = lambda: float('nan')
    berlin, paris = (datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(f'Europe/{city}')) for city in ('Berlin', 'Paris'))
    pairs = [(int, str), (Decimal('NaN'), Decimal('NaN')), (complex(nan(), 0), complex(nan(), 0)), (berlin, paris), (b'\\xff', b'\\xfe')]
    return [one for pair in pairs for one in twice(*pair)] + twice(nan(), nan())[1:]`,
    )
    const dicts = (await made()) as Dict[]
    assert.equal(dicts.length, 17)
    for (const dict of dicts) {
      assert.deepEqual([dict.size, [...dict.values()]], [2, [1, 2]])
      assert.deepEqual([...((await echo(dict)) as Dict).values()], [1, 2])
    }
    const bytes = new Map(['ff', 'fe'].map((hex) => [Buffer.from(hex, 'hex'), hex]))
    assert.deepEqual(await text(bytes), ['dict', "{b'\\xff': 'ff', b'\\xfe': 'fe'}"])
    assert.equal(new Dict(bytes).get(new Uint8Array([0xfe]) as never), 'fe')
    const types = new Map(['int', 'str'].map((name) => [tuple($py('builtins')[name]), name]))
    assert.deepEqual(await text(types), ['dict', "{(<class 'int'>,): 'int', (<class 'str'>,): 'str'}"])
  })

  check('C34 keys and members that Python holds equal are refused with their place', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    for (const [a, b] of [
      [1, true],
      [0, false],
      [1, float(1)],
      [1, 1n],
      [2 ** 53, 2n ** 53n],
      [tuple(1), tuple(true)],
      [1, new Complex(1, 0)],
      [new Uint8Array([97]), Buffer.from('a')],
      [1, new Decimal('1.00')], // this one Python itself finds
    ]) {
      const map = new Map([
        [a, 0],
        [b, 1],
      ])
      await refused(() => echo({ m: [map] }), ValueRefused, /^\$.*\.m\[0\]/, /equal/)
      await refused(() => echo([new Set([a, b])]), ValueRefused, /^\$.*args\[0\]/, /equal/)
    }
    assert.equal(await echo(1), 1)
  })

  check('C28 to C36 any value comes back as it was', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    await fc.assert(
      fc.asyncProperty(anything, async (sent) => {
        assert.deepStrictEqual(await echo(sent), sent)
      }),
      { numRuns: 300 },
    )
  })

  check('C42 what throws while it is read is refused with its place, and the session goes on', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    const mine = new Error('mine')
    const throws = (): never => {
      throw mine
    }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const values: [unknown, string, RegExp][] = [
      [
        {
          a: [
            {
              get x() {
                return throws()
              },
            },
          ],
        },
        '$.args[0].a[0].x',
        /Error: mine/,
      ],
      [[1, new Proxy({}, { ownKeys: throws })], '$.args[0][1]', /Error: mine/],
      [new Proxy({}, { getPrototypeOf: throws }), '$.args[0]', /Error: mine/],
      [[revoked.proxy], '$.args[0][0]', /revoked/],
      [new Map([[Object.create(null), 1]]), '$.args[0].object', /unhashable/],
      ['\0'.repeat(2 ** 28), '$.args[0]', /frame_bytes/],
    ]
    for (const [sent, path, message] of values) await refused(() => echo(sent), PolyloomError, path, message)
    await assert.rejects(
      async () =>
        echo({
          get x() {
            return throws()
          },
        }),
      { cause: mine },
    )
    assert.equal(await echo(1), 1)
  })

  check('C42 an instance of a class of its own is refused, whatever it derives from or says it is', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    class Row extends Array {}
    class Pair extends Tuple {}
    class Lookup extends Map {}
    class Money {
      amount = 1
    }
    class Liar {
      get [Symbol.toStringTag](): string {
        return 'Map'
      }
    }
    for (const one of [new Row(), new Pair(), new Lookup(), new Liar(), new Money()]) {
      await refused(() => echo({ a: [one] }), ValueRefused, '$.args[0].a[0]', new RegExp(one.constructor.name))
    }
  })

  check('C42 what is not data rejects a copy, and the worker goes on', async ({ $py }) => {
    const box = await $py('types').SimpleNamespace()
    await assert.rejects(async () => value($py('threading').Lock()), { code: 'NotData' })
    const mixed = await value<unknown[]>($py('builtins').list([1, $py('threading').Lock()]))
    assert.ok(mixed[0] === 1 && isRemote(mixed[1]))
    await assert.rejects(
      async () => value($py('builtins').int('x')),
      (error) => error instanceof PythonError,
    )
    assert.ok(isRemote(await keep(box)))
  })
})

const scalar = fc.oneof(
  ...[fc.constant(null), fc.boolean(), fc.double(), fc.maxSafeInteger(), fc.string({ unit: 'binary' })],
  fc.bigInt().filter((big) => !Number.isSafeInteger(Number(big))),
  fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
  fc.uuid().map((text) => new UUID(text)),
  fc.tuple(fc.double(), fc.double()).map(([re, im]) => new Complex(re, im)),
  fc
    .tuple(fc.integer({ min: -999_999_998, max: 999_999_998 }), fc.nat(86_399), fc.nat(999_999))
    .map((parts) => new TimeDelta(...parts)),
  fc.uint8Array(),
)
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    fc.array(tie('value')).map((items) => tuple(...items)),
    fc.uniqueArray(fc.integer()).map((items) => new FrozenSet(items)),
    fc.array(fc.tuple(fc.integer(), tie('value')), { minLength: 1 }).map((entries) => new Dict(entries)),
  ),
})).value
