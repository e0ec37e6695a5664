import assert from 'node:assert/strict'
import { inspect } from 'node:util'

import {
  UsageError,
  Dict,
  Ellipsis,
  NdArray,
  delAttr,
  delItem,
  float,
  get,
  isRemote,
  item,
  keep,
  kw,
  op,
  repr,
  same,
  set,
  setItem,
  slice,
  str,
  tuple,
  typeName,
  value,
} from '../../src/index.js'
import { define, onEveryHost, raised, traffic } from './hosts.js'

onEveryHost((check) => {
  check('A1 a nested path is read in one round trip', async ({ $py }) => {
    const { programs } = await traffic(async () => assert.equal(await $py('os').path.sep, '/'))
    assert.equal(programs, 1)
  })

  check('A2 an assignment is acknowledged on request, its failure can be caught', async ({ $py }) => {
    const box = await $py('types').SimpleNamespace(kw({ x: 1 }))
    assert.equal(await set(box, 'z', [1]), null)
    assert.deepEqual(await box.z, [1])
    await assert.rejects(async () => set($py('builtins').object(), 'x', 1), raised('AttributeError'))
  })

  check(
    'A2 an assignment without an answer is in order; its failure rejects what is awaited next',
    async ({ loom }) => {
      const $py = loom.session().$py as (name: string) => any
      const box = await $py('types').SimpleNamespace()
      box.y = 2
      assert.equal(await box.y, 2)
      const one = $py('builtins').int(1)
      one.real = 5
      await assert.rejects(async () => $py('math').pi, raised('AttributeError'))
      assert.ok((await $py('math').pi) > 3)
    },
  )

  check('A3 delete, delAttr, in and hasattr are distinct, and none is silently nothing', async ({ $py }) => {
    const box = await $py('types').SimpleNamespace(kw({ x: 1, y: [5] }))
    const { hasattr } = $py('builtins')
    delete box.x
    assert.equal(await hasattr(box, 'x'), false)
    assert.equal(await op('in', 5, box.y), true)
    await assert.rejects(async () => op('in', 'y', box), raised('TypeError'))
    await delAttr(box, 'y')
    assert.equal(await hasattr(box, 'y'), false)
    await assert.rejects(async () => delAttr(box, 'y'), raised('AttributeError', /y/))
  })

  check('A4 items by text, int, negative int, tuple, slice, Ellipsis and Remote', async ({ $py }) => {
    const xs = $py('builtins').list([0, 1, 2, 3, 4, 5])
    assert.equal(await item(xs, -1), 5)
    assert.deepEqual(await item(xs, slice(1, 6, 2)), [1, 3, 5])
    await setItem(xs, slice(0, 2), [9])
    await delItem(xs, -1)
    assert.deepEqual(await xs, [9, 2, 3, 4])
    const a = $py('numpy').arange(12).reshape(3, 4)
    assert.deepEqual([...((await item(a, tuple(Ellipsis, slice(1, 3)))) as NdArray).shape], [3, 2])
    const key = await $py('builtins').object()
    const d = $py('builtins').dict()
    await setItem(d, key, 'live')
    await setItem(d, tuple('a', 1), 'tuple')
    assert.deepEqual([await item(d, key), await item(d, tuple('a', 1))], ['live', 'tuple'])
    await delItem(d, key)
    await assert.rejects(async () => item(d, key), raised('KeyError'))
  })

  check('A5 keys that look like numbers or dates stay what they are', async ({ $py }) => {
    const d = await keep($py('builtins').dict())
    const entries: [unknown, string][] = [
      ['3', 'text'],
      [3, 'int'],
      ['3d', 'x'],
      ['2020-01-01', 'date'],
      [null, 'none'],
    ]
    for (const [key, text] of entries) await setItem(d, key, text)
    for (const [key, text] of entries) assert.equal(await item(d, key), text)
    assert.deepEqual(await value(d), new Dict(entries))
    await delItem(d, '3')
    assert.equal(await op('in', '3', d), false)
    assert.equal(await op('in', 3, d), true)
  })

  check('A6 attribute and item of a dict are never confused', async ({ $py }) => {
    const d = $py('builtins').dict(kw({ items: 'the item', x: 1 }))
    assert.equal(await item(d, 'items'), 'the item')
    assert.equal(await d.items().__len__(), 2)
    await assert.rejects(async () => d.x, raised('AttributeError', /x/))
    assert.deepEqual(await value(d), { items: 'the item', x: 1 })
  })

  check('A7 names that JavaScript or Polyloom take are reachable', async ({ $py }) => {
    const names = 'then catch finally length call apply bind name prototype constructor toString toJSON valueOf'
    const ours = 'slot session release dispose $py kw opts inspect __proto__ hasOwnProperty'
    const all = [...names.split(' '), ...ours.split(' ')]
    const box = await $py('types').SimpleNamespace(kw(Object.fromEntries(all.map((name) => [name, `py ${name}`]))))
    for (const name of all) {
      if (name !== '__proto__') assert.equal(await get(box, name), `py ${name}`, name)
      if (name !== 'then' && name !== '__proto__') assert.equal(await box[name], `py ${name}`, name)
    }
    await set(box, '__proto__', 'py proto')
    assert.equal(await get(box, '__proto__'), 'py proto')
  })

  check('A7 what is no name is refused at once, and the session goes on', async ({ $py }) => {
    const math = $py('math')
    for (const wrong of [undefined, null, 5, Symbol('pi'), {}]) {
      for (const use of [get, delAttr, (r: any, n: any) => get(r, n, 0), (r: any, n: any) => set(r, n, 0)]) {
        assert.throws(() => use(math, wrong as never), UsageError)
      }
    }
    assert.equal(await math.floor(1.5), 1)
  })

  check('A8 falsy attributes are returned', async ({ $py }) => {
    const falsy = { a: 0, b: '', c: [], d: false, e: null, f: float(0), g: {} }
    const box = await $py('types').SimpleNamespace(kw(falsy))
    assert.deepEqual(await Promise.all(Object.keys(falsy).map((name) => box[name])), [0, '', [], false, null, 0, {}])
    const { Empty, box: held } = define(
      $py,
      `
class Empty:
    def __bool__(self): return False
    def __len__(self): return 0
class box: empty = Empty()
`,
    )
    assert.ok(isRemote(await held.empty))
    assert.equal(await $py('builtins').isinstance(held.empty, Empty), true)
  })

  check('A9 a missing attribute rejects with its name, or gives what was asked for instead', async ({ $py }) => {
    await assert.rejects(async () => $py('math').nope, raised('AttributeError', /nope/))
    assert.equal(await get($py('math'), 'nope', undefined), null)
    assert.equal(await get($py('math'), 'nope', 'fallback'), 'fallback')
    assert.ok(((await get($py('math'), 'pi', 'fallback')) as number) > 3)
  })

  check('A10 a bound method in a variable is called any number of times, side by side', async ({ $py }) => {
    const xs = await keep($py('builtins').list())
    const { append } = xs
    await Promise.all([1, 2, 3].map((x) => append(x)))
    assert.deepEqual(await value(xs), [1, 2, 3])
    const path = $py('os').path
    const { join } = path
    assert.deepEqual(await Promise.all([join('a', 'b'), path.basename('c/d'), join('e', 'f')]), ['a/b', 'd', 'e/f'])
  })

  check('A11 destructured methods keep their receiver', async ({ $py }) => {
    const { upper, replace } = $py('builtins').str('abc')
    assert.deepEqual([await upper(), await replace('a', 'x')], ['ABC', 'xbc'])
  })

  check('A12 a.b().c().d works without intermediate awaits', async ({ $py }) => {
    const text = $py('builtins').str('a b')
    const { programs } = await traffic(async () =>
      assert.equal(await text.upper().replace('A', 'x').split(' ').__getitem__(0), 'x'),
    )
    assert.equal(programs, 1)
    assert.equal(
      await $py('datetime')
        .date(2026, 1, 2)
        .replace(kw({ year: 2027 })).year,
      2027,
    )
  })

  check('A13 callables of every kind', async ({ $py }) => {
    const { partial, reduce } = $py('functools')
    assert.equal(await partial($py('builtins').pow, 2)(10), 1024)
    assert.equal(await reduce($py('operator').add, [1, 2, 3]), 6)
    assert.equal(await $py('datetime').date.fromisoformat('2026-01-02').year, 2026)
    const { Counter } = define(
      $py,
      `
class Counter:
    start = 10
    def __init__(self): self.n = self.start
    def __call__(self, by=1):
        self.n += by
        return self.n
    @staticmethod
    def twice(x): return 2 * x
    @classmethod
    def named(cls): return cls.__name__
    @property
    def half(self): return self.n / 2
`,
    )
    const counter = Counter()
    assert.deepEqual(
      await Promise.all([counter(), counter(5), counter.half, counter.twice(4), Counter.twice(3), Counter.named()]),
      [11, 16, 8, 8, 6, 'Counter'],
    )
  })

  check('A14 operators: binary, unary, compared, in place, reflected and NotImplemented', async ({ $py }) => {
    const { Fraction: F } = $py('fractions')
    assert.equal(String(await op('+', F(1, 3), F(1, 6))), '1/2')
    assert.equal(String(await op('*', 2, F(1, 3))), '2/3')
    const seven = $py('builtins').int(7)
    const binary: [string, number, unknown][] = [
      ['-', 2, 5],
      ['/', 2, 3.5],
      ['//', 2, 3],
      ['%', 4, 3],
      ['**', 2, 49],
      ['&', 3, 3],
      ['|', 8, 15],
      ['^', 1, 6],
      ['<<', 1, 14],
      ['>>', 1, 3],
      ['==', 7, true],
      ['!=', 7, false],
      ['<', 8, true],
      ['<=', 7, true],
      ['>', 7, false],
      ['>=', 8, false],
    ]
    for (const [sign, right, expected] of binary) assert.equal(await op(sign as '+', seven, right), expected, sign)
    const unary: [string, unknown][] = [
      ['not', false],
      ['~', -8],
      ['neg', -7],
      ['pos', 7],
      ['abs', 7],
    ]
    for (const [sign, expected] of unary) assert.equal(await op(sign as 'not', seven), expected, sign)
    const xs = await keep($py('builtins').list([1]))
    assert.equal(await op('is', op('+=', xs, [2]), xs), true)
    assert.deepEqual(await value(xs), [1, 2])
    await assert.rejects(async () => op('+', $py('builtins').object(), 1), raised('TypeError', /unsupported operand/))
  })

  check('A15 str, repr, len, bool, hash, id, type, isinstance, dir, doc and signature', async ({ $py }) => {
    const b = $py('builtins')
    const half = $py('fractions').Fraction(1, 2)
    assert.deepEqual(await Promise.all([str(half), repr(half)]), ['1/2', 'Fraction(1, 2)'])
    assert.equal(await typeName($py('collections').OrderedDict()), 'collections.OrderedDict')
    const xs = await keep(b.list([1, 2]))
    assert.deepEqual(await Promise.all([b.len(xs), b.bool(xs), b.isinstance(xs, b.list)]), [2, true, true])
    assert.equal(await op('==', b.id(xs), b.id(xs)), true)
    assert.equal(await op('==', b.hash('a'), b.hash('a')), true)
    assert.equal(await op('is', b.type(xs), b.list), true)
    assert.ok(((await b.dir(xs)) as string[]).includes('append'))
    assert.match(await b.len.__doc__, /number of items/)
    assert.match(await str($py('inspect').signature($py('json').dumps)), /^\(obj, \*, skipkeys=False/)
  })

  check('A16 looking at a Remote in JavaScript sends nothing and prints no value', async ({ $py }) => {
    const { box } = define($py, 'class Box:\n    def __repr__(self): raise RuntimeError("looked at")\nbox = Box()')
    const live = await box
    const { programs } = await traffic(async () => {
      assert.match(inspect({ deep: [live] }), /\[Remote .*Box\]/)
      assert.match(String(live), /\[Remote .*Box\]/)
      assert.deepEqual(Object.keys(live), [])
      await new Promise((resolve) => setImmediate(resolve))
    })
    assert.equal(programs, 0)
  })

  check('A17 an object whose Python has `then` is no promise by accident', async ({ $py }) => {
    const { trap, called } = define(
      $py,
      `
called = []
class Trap:
    def then(self, *args): called.append(args)
trap = Trap()
`,
    )
    const live = await (async () => trap)()
    assert.ok(isRemote(live))
    assert.equal(await (async () => live)(), live)
    assert.deepEqual(await called, [])
  })

  check('A18 symbols never go to Python', async ({ $py }) => {
    const live = await $py('types').SimpleNamespace()
    const { programs } = await traffic(async () => {
      assert.equal(live[Symbol.toStringTag], undefined)
      assert.equal(live[Symbol.iterator], undefined)
      assert.throws(() => [...live], TypeError)
      assert.throws(() => Number(live), /await it/)
      assert.equal(Symbol.iterator in live, false)
      await new Promise((resolve) => setImmediate(resolve))
    })
    assert.equal(programs, 0)
  })

  check('A19 the same object is the same, also when it goes back', async ({ $py }) => {
    const namespace = $py('types').SimpleNamespace
    const shared = namespace()
    const holder = namespace(kw({ a: shared, b: shared, c: namespace() }))
    const [a, b, c] = await Promise.all([holder.a, holder.b, holder.c])
    assert.ok(same(a, b) && !same(a, c))
    assert.equal(await op('is', a, holder.b), true)
    assert.equal(await op('is', item($py('builtins').list([a]), 0), shared), true)
  })
})
