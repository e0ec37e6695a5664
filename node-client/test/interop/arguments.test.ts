import assert from 'node:assert/strict'

import { UsageError, ValueRefused, connect, item, kw, op, opts, tuple, value } from '../../src/index.js'
import { define, onEveryHost, raised, traffic } from './hosts.js'
import { refused } from './probe.js'

const TAKES = `
def plain(a, b=2): return [a, b]
def named(*, key): return key
def placed(a, /, b): return [a, b]
def all(*args, **kwargs): return [args, kwargs]
def count(*args): return len(args)
`

onEveryHost((check) => {
  check('B20 positional, keyword, keyword-only, positional-only, *args and **kwargs', async ({ $py }) => {
    const { plain, named, placed, all } = define($py, TAKES)
    assert.deepEqual(await plain(1), [1, 2])
    assert.deepEqual(await plain(kw({ b: 3, a: 4 })), [4, 3])
    assert.equal(await named(kw({ key: 5 })), 5)
    assert.deepEqual(await placed(1, kw({ b: 6 })), [1, 6])
    assert.deepEqual(await all(1, 'x', kw({ y: null })), [tuple(1, 'x'), { y: null }])
    await assert.rejects(async () => named(5), raised('TypeError'))
    await assert.rejects(async () => placed(kw({ a: 1, b: 2 })), raised('TypeError', /positional-only/))
    await assert.rejects(async () => plain(1, kw({ nope: 1 })), raised('TypeError', /nope/))
  })

  check('B21 a plain object as the last argument is an argument', async ({ $py }) => {
    const { all } = define($py, TAKES)
    assert.deepEqual(await all({ axis: 0 }), [tuple({ axis: 0 }), {}])
    assert.deepEqual(await all({ axis: 0 }, kw({ axis: 1 })), [tuple({ axis: 0 }), { axis: 1 }])
  })

  check('B21 what kw and opts give is no data, and kw takes names only', async ({ $py }) => {
    const { all } = define($py, TAKES)
    await refused(() => all([kw({ a: 1 })]), ValueRefused, '$.args[0][0]', /kw/)
    await refused(() => all({ x: opts({ timeout: 1 }) }), ValueRefused, '$.args[0].x', /opts/)
    for (const wrong of [null, 'a', [1], new Map([['a', 1]]), new Set(['a']), all]) {
      assert.throws(() => kw(wrong as never), UsageError)
    }
    assert.deepEqual(await all(kw({})), [tuple(), {}])
  })

  check('B22 keywords may have any name', async ({ $py }) => {
    const { all } = define($py, TAKES)
    const names = ['then', 'self', 'cls', 'kw', 'slot', 'ref', 'constructor', 'with space', '']
    const given = Object.fromEntries(names.map((name) => [name, name]))
    assert.deepEqual(await item(all(kw(given)), 1), given)
    const proto = JSON.parse('{"__proto__": 1}') as Record<string, unknown>
    assert.deepEqual(Object.keys((await item(all(kw(proto)), 1)) as object), ['__proto__'])
  })

  check('B23 trailing undefined is left out, null is None, undefined before an argument too', async ({ $py }) => {
    const { plain, all, count } = define($py, TAKES)
    assert.deepEqual(await plain(1, undefined), [1, 2])
    assert.deepEqual(await plain(1, null), [1, null])
    assert.equal(await count(undefined, 1, undefined, undefined), 2)
    assert.deepEqual(await all(undefined, 1, kw({ gone: undefined })), [tuple(null, 1), {}])
  })

  check('B24 Remotes at any depth are their objects', async ({ $py }) => {
    const { SimpleNamespace } = $py('types')
    const inner = await SimpleNamespace(kw({ x: 5 }))
    const outer = $py('builtins').dict([tuple('k', [inner, { y: new Map([[1, inner.x]]) }])])
    assert.equal(await op('is', item(item(outer, 'k'), 0), inner), true)
    assert.equal(await item(item(item(item(outer, 'k'), 1), 'y'), 1), 5)
  })

  check('B25 a Remote that is still pending is an argument, in one round trip', async ({ $py }) => {
    const { add, mul } = $py('operator')
    const { programs } = await traffic(async () => assert.equal(await add(mul(2, 3), [mul(4, 5)][0]), 26))
    assert.equal(programs, 1)
  })

  check('B25 a promise of JavaScript is refused with its place', async ({ $py }) => {
    assert.throws(
      () => $py('operator').add(1, [Promise.resolve(1)]),
      (error) => error instanceof ValueRefused && error.path === '$.args[1][0]' && /await/.test(error.message),
    )
  })

  check('B26 a Remote of another session or client is that object or refused, never another', async (bench) => {
    const { loom, $py, url, transport } = bench
    const beside = loom.session()
    const other = await connect(url)
    for (const their of [beside.$py, other.$py]) {
      const box = (their as any)('types').SimpleNamespace(kw({ x: 1 }))
      if (transport === 'stdio' && their === other.$py) {
        assert.throws(() => $py('builtins').len([box]), { code: 'BadValue', path: '$.args[0][0]' })
        assert.throws(() => $py('types').SimpleNamespace(kw({ box: { held: box } })), { code: 'BadValue' })
      } else {
        const held = $py('types').SimpleNamespace(kw({ box: { held: box } }))
        await $py('builtins').setattr($py('operator').getitem(held.box, 'held'), 'x', 2)
      }
      assert.equal(await box.x, transport === 'stdio' && their === other.$py ? 1 : 2)
    }
    beside.close()
    await other.close()
  })

  check('B27 data that looks like the marks of a bridge is data', async ({ $py }) => {
    const { plain } = define($py, TAKES)
    const looks = [
      ['ref', 1],
      ['handle', 1, 'int', 1],
      ['error', { code: 'PythonError' }],
      ['date', 1],
      [['x']],
      { ffid: 3 },
      { $h: 1 },
      { __pyref__: 1, __type__: 'int' },
      { __bytes__: 'AA==' },
      ['pull', 'auto', 1],
    ]
    for (const data of looks) assert.deepEqual(await item(plain(data), 0), data, JSON.stringify(data))
    assert.deepEqual(await value(item(plain(kw({ a: looks })), 0)), looks)
  })
})
