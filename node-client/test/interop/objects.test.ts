import assert from 'node:assert/strict'

import {
  Complex,
  Decimal,
  Fraction,
  LimitExceeded,
  PyDate,
  PyDateTime,
  PyTime,
  TimeDelta,
  UUID,
  ValueRefused,
  isRemote,
  tuple,
  typeName,
  value,
} from '../../src/index.js'
import { onEveryHost } from './hosts.js'
import { ECHO, probe, refused } from './probe.js'

onEveryHost((check) => {
  check('C34 subclasses and named tuples stay live, and value() copies them', async ({ $py }) => {
    const made = probe(
      $py,
      `
from collections import *
Point = namedtuple('Point', 'x y')
class Names(dict): pass
def items(): return [Point(1, 2), deque([1, 2]), OrderedDict(b=1, a=2), defaultdict(list, a=[1]), Counter('aab'), Names(x=1)]
def views(): d = {'a': 1}; return [d.keys(), d.values(), d.items()]
`,
    )
    const live: any = await made.items()
    assert.ok(live.every(isRemote))
    assert.equal(await live[0].x, 1)
    const copies = [tuple(1, 2), [1, 2], { b: 1, a: 2 }, { a: [1] }, { a: 2, b: 1 }, { x: 1 }]
    assert.deepStrictEqual(await Promise.all(live.map((one: any) => value(one))), copies)
    assert.deepStrictEqual(await value(made.items()), copies)
    assert.deepEqual(Object.keys(await value<object>(live[2])), ['b', 'a'])
    assert.deepStrictEqual(await value(made.views()), [['a'], [1], [tuple('a', 1)]])
    assert.deepEqual(await typeName(live[0]), 'probe.Point')
  })

  check('C35 moments keep microseconds, offset, zone and fold', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const moments = [
      new PyDateTime('2026-01-02T03:04:05.000006'),
      new PyDateTime('2026-01-02T03:04:05.000006+05:30'),
      new PyDateTime('2026-10-25T02:30:00+01:00', 1, 'Europe/Berlin'),
      new PyDateTime('2026-10-25T02:30:00+02:00', 0, 'Europe/Berlin'),
      new PyDateTime('2026-01-02T03:04:05+00:00', 0, 'UTC'),
      new PyDate('0001-01-01'),
      new PyTime('03:04:05.000006'),
      new PyTime('03:04:05-08:00'),
      new PyTime('02:30:00', 1, 'Europe/Berlin'),
      new TimeDelta(-1, 86_399, 999_999),
      new TimeDelta(999_999_999, 86_399, 999_999),
    ]
    for (const sent of moments) assert.deepStrictEqual(await echo(sent), sent)
    assert.deepStrictEqual(await echo(moments), moments)
    assert.deepEqual(await text(moments[8]), [
      'datetime.time',
      "datetime.time(2, 30, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'), fold=1)",
    ])
    assert.deepStrictEqual(new TimeDelta(0, 100_000, -1), new TimeDelta(1, 13_599, 999_999))
  })

  check('C35 a Date is an aware datetime, and one comes back where it holds the moment exactly', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    for (const ms of [0, 1234, -1, 253_402_300_799_999]) assert.deepStrictEqual(await echo(new Date(ms)), new Date(ms))
    assert.deepEqual(await text(new Date(1)), [
      'datetime.datetime',
      'datetime.datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=datetime.timezone.utc)',
    ])
    await refused(() => echo([new Date(NaN)]), ValueRefused, '$.args[0][0]', /invalid Date/)
    await refused(() => echo(new Date(8.64e15)), ValueRefused, '$.args[0]', /years/)
    const unknown = new PyDateTime('2026-01-02T03:04:05+00:00', 0, 'Mars/Olympus')
    await refused(() => echo(unknown), ValueRefused, '$.ops[0].args[0]', /Mars\/Olympus/)
  })

  check('C36 exact numbers, UUIDs', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const values = [
      ...['1.10', '-0', 'NaN', '-sNaN', 'Infinity', '1E+400'].map((one) => new Decimal(one)),
      ...['1/3', '-2', `${10n ** 5000n}/3`].map((one) => new Fraction(one)),
      ...[new Complex(1.5, -2), new Complex(NaN, -0), new Complex(1e17, -Infinity)],
      new UUID('12345678-1234-5678-1234-567812345678'),
    ]
    for (const sent of values) assert.deepStrictEqual(await echo(sent), sent)
    assert.deepEqual(await text(new Decimal('1.10')), ['decimal.Decimal', "Decimal('1.10')"])
    assert.deepEqual(await text(new Complex(1, -0)), ['complex', '(1-0j)'])
    assert.equal(String(await echo(new Fraction('2/4'))), '1/2')
  })

  check('C36 paths, enums and dataclasses stay live, and value() gives what is in them', async ({ $py }) => {
    const made = probe(
      $py,
      `
import dataclasses, enum, pathlib, types
class Color(enum.Enum): RED = 'red'
class Level(enum.IntEnum): LOW = 1
@dataclasses.dataclass
class Order: id: int; lines: list; color: Color; parent: object = None
def path(): return pathlib.PurePosixPath('/a/b')
def order(): return Order(7, [Order(8, [], Color.RED)], Color.RED)
def space(): return types.SimpleNamespace(a=Level.LOW, b=object())
def chain(n): return Order(n, [], Color.RED, chain(n - 1) if n else None)
def loop(): o = Order(1, [], Color.RED); o.parent = o; return o
def is_red(c): return c is Color.RED
`,
    )
    const [path, order, space]: any = await Promise.all([made.path(), made.order(), made.space()])
    assert.ok([path, order, space, await made.Color.RED, await made.Level.LOW].every(isRemote))
    assert.equal(await value(path), '/a/b')
    assert.equal(await value(made.Color.RED), 'red')
    assert.equal(await value(made.Level.LOW), 1)
    const inner = { id: 8, lines: [], color: 'red', parent: null }
    assert.deepStrictEqual(await value(order), { id: 7, lines: [inner], color: 'red', parent: null })
    const parts = (await value(space)) as any
    assert.ok(parts.a === 1 && isRemote(parts.b))
    await refused(() => value(made.chain(205)), LimitExceeded, /^(\$?\.parent.*)?$/, /depth/)
    assert.equal(await made.is_red(made.Color.RED), true)
    await refused(() => value(made.loop()), ValueRefused, '$.parent', /contains itself/)
  })
})
