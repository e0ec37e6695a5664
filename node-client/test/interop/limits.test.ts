import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Dict, LimitExceeded, Tuple, ValueRefused, connect, isRemote, tuple, typeName, value } from '../../src/index.js'
import { onEveryHost, until, type Bench } from './hosts.js'
import { ECHO, probe, refused } from './probe.js'

const BOMBS = `${ECHO}
def nested(n):
    value = []
    for _ in range(n): value = [value]
    return value
def loop():
    value = {'a': [1, ({},)]}
    value['a'][1][0]['again'] = value
    return value
def text_of(n): return 'x' * n
def fail(n): raise ValueError('x' * n)
`

function nested(levels: number): unknown {
  let made: unknown = []
  for (let level = 0; level < levels; level++) made = [made]
  return made
}

onEveryHost((check) => {
  check('C40 a value that contains itself is refused with the path to where it does', async ({ $py }) => {
    const { echo, loop } = probe($py, BOMBS)
    const mine: Record<string, unknown> = { list: [{}] }
    ;(mine['list'] as Record<string, unknown>[])[0]!['self'] = mine
    await refused(() => echo(1, mine), ValueRefused, '$.args[1].list[0].self', /contains itself/)
    await refused(() => loop(), ValueRefused, '$.a[1][0].again', /contains itself/)
    await refused(() => value(loop()), ValueRefused, '$.a[1][0].again', /contains itself/)
  })

  check('C40 a shared part is copied to each of its places', async ({ $py }) => {
    const { echo, shared } = probe($py, `${ECHO}\ndef shared(): x = [1]; return [x, {'a': x}, x]`)
    const part = [1]
    assert.deepEqual(await echo([part, part]), [[1], [1]])
    assert.deepEqual(await shared(), [[1], { a: [1] }, [1]])
  })

  check('C41 J99 a value nested too deeply is refused on its own side, and the session goes on', async ({ $py }) => {
    const { echo, nested: there } = probe($py, BOMBS)
    await refused(() => echo(nested(250)), LimitExceeded, /^\$\.args\[0\]\[0\]/, /depth/)
    await refused(() => there(250), LimitExceeded, /^\$\[0\]\[0\]/, /depth/)
    await refused(() => there(100_000), LimitExceeded, /^\$\[0\]\[0\]/, /depth/)
    assert.deepEqual(await there(199), nested(199))
    assert.deepEqual(await echo(nested(198)), nested(198))
  })

  check('C41 J99 a text too large for a frame is refused on its own side, and the session goes on', async ({ $py }) => {
    const { echo, text_of, fail } = probe($py, BOMBS)
    const size = 70 << 20
    await refused(() => echo('x'.repeat(size)), LimitExceeded, '$.args[0]', /frame_bytes/)
    const [large, small] = await Promise.allSettled([text_of(size), text_of(3)])
    assert.ok(large.status === 'rejected' && large.reason instanceof LimitExceeded, large.status)
    assert.match(String(large.reason), /frame_bytes/)
    assert.deepEqual(small, { status: 'fulfilled', value: 'xxx' })
    await refused(() => fail(size), LimitExceeded, '', /frame_bytes/)
    assert.equal(await echo(1), 1)
  })

  check('C43 value({dict, unknown}) makes something else of dicts, and of what has no copy', async ({ $py }) => {
    const { tree } = probe(
      $py,
      `def tree(): return {'a': [1, {2: (3, {'b': object})}], 'c': {4, 5}, '__proto__': open}`,
    )
    const map = (entries: [unknown, unknown][]): Map<unknown, unknown> => new Map(entries)
    const one: any = await value(tree(), { dict: map, unknown: (remote) => remote['__name__'] })
    assert.deepEqual([...one.keys()], ['a', 'c', '__proto__'])
    const pair = one.get('a')[1].get(2)
    assert.ok(pair instanceof Tuple)
    assert.deepEqual([pair[0], pair[1].get('b'), one.get('__proto__')], [3, 'object', 'open'])
    assert.deepEqual(one.get('c'), new Set([4, 5]))
    const two: any = await value(tree(), { unknown: (remote) => typeName(remote), depth: 1 })
    assert.deepEqual(Object.entries(two), [
      ['a', 'list'],
      ['c', 'set'],
      ['__proto__', 'builtin_function_or_method'],
    ])
    assert.equal(await value($py('builtins').object(), { unknown: () => 'no copy' }), 'no copy')
    assert.ok(isRemote(await value($py('builtins').object(), { unknown: (remote) => remote })))
    await assert.rejects(value($py('builtins').object(), { dict: map }), { code: 'NotData' })
    await assert.rejects(value($py('builtins').int('x'), { unknown: () => 5 }), { type: 'ValueError' })
    const shared = await value(tree(), { unknown: () => null })
    assert.deepEqual((shared as any).a, [1, new Dict([[2, tuple(3, { b: null })]])])
  })

  check('C43 value({depth}) copies so many levels, and gives Remotes below', async ({ $py }) => {
    const { tree } = probe($py, `def tree(): return {'a': [1, [2]], 'b': (3, {'c': 4}), 'd': 5, 'e': b'x'}`)
    const made = tree()
    const one: any = await value(made, { depth: 1 })
    assert.deepEqual([isRemote(one.a), isRemote(one.b), one.d, [...one.e]], [true, true, 5, [120]])
    assert.deepEqual(await one.a[Symbol.for('nothing')], undefined)
    assert.deepEqual(await value(one.a), [1, [2]])
    const two: any = await value(made, { depth: 2 })
    assert.ok(two.a[0] === 1 && isRemote(two.a[1]) && two.b instanceof Tuple && two.b[0] === 3 && isRemote(two.b[1]))
    assert.deepEqual(await value(made, { depth: 3 }), {
      a: [1, [2]],
      b: tuple(3, { c: 4 }),
      d: 5,
      e: new Uint8Array([120]),
    })
    await one.a.append(6)
    assert.deepEqual(((await value(made)) as any).a, [1, [2], 6])
    for (const depth of [0, -1, 1.5]) await assert.rejects(value(made, { depth }), { code: 'Usage' })
  })

  check('J98 names of Object.prototype are inert in dicts of both directions', async ({ $py }) => {
    const { echo, text } = probe($py, ECHO)
    const sent = JSON.parse('{"__proto__": {"x": 1}, "constructor": {"prototype": 2}, "toString": 3}') as object
    const back = (await echo([sent])) as object[]
    assert.deepStrictEqual(back, [sent])
    assert.equal(Object.getPrototypeOf(back[0]), Object.prototype)
    assert.equal(({} as { x?: number }).x, undefined)
    const [, python] = (await text({ ['__class__']: 1, __dict__: 2 })) as string[]
    assert.equal(python, "{'__class__': 1, '__dict__': 2}")
  })

  check('J97 no pickle is read from a client', async ({ $py }) => {
    const { echo } = probe($py, ECHO)
    const pickled = (await $py('pickle').dumps($py('os').system)) as Uint8Array
    assert.deepStrictEqual(await echo(pickled), pickled)
    assert.deepStrictEqual(await echo({ reduce: ['os.system', ['true']] }), { reduce: ['os.system', ['true']] })
  })

  check('C42 what has no wire form is refused with its path, and nothing of the call is sent', async ({ $py }) => {
    const { echo, seen } = probe($py, `${ECHO}\nseen = []`)
    class Point {
      x = 1
    }
    for (const [bad, message] of [
      [new Point(), /class Point/],
      [Symbol('s'), /symbol/],
      [/x/, /RegExp/],
      [new Error('x'), /class Error/],
      [Promise.resolve(1), /await/],
    ] as const) {
      await refused(() => seen.append([{ a: bad }]), ValueRefused, '$.args[0][0].a', message)
    }
    assert.deepEqual(await seen, [])
    assert.equal(await echo(1), 1)
  })
})

test('G78 a session that the host has no room for rejects what is awaited there, the others go on', async () => {
  process.env['POLYLOOM_SESSIONS'] = '2'
  const loom = await connect('stdio:').finally(() => delete process.env['POLYLOOM_SESSIONS'])
  const pid = (one: { $py: unknown }): Promise<unknown> => Promise.resolve((one.$py as Bench['$py'])('os').getpid())
  const [second, third] = [loom.session(), loom.session()]
  const full = (error: unknown): boolean => error instanceof LimitExceeded && /worker_sessions/.test(error.message)
  await assert.rejects(pid(third), full)
  assert.equal(await pid(second), await pid(loom))
  second.close()
  await until(() =>
    pid(loom.session()).then(
      () => true,
      (error: unknown) => !full(error),
    ),
  )
  await loom.close()
})
