import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'

import {
  delAttr,
  get,
  handleOf,
  isRemote,
  item,
  keep,
  kw,
  op,
  repr,
  same,
  set,
  setItem,
  str,
  tuple,
  typeName,
  PythonError,
} from '../src/index.js'
import { names, scriptedHost, settled } from './support/host.js'

const failure = (message: string, extra: object = {}): unknown => [
  'error',
  { code: 'PythonError', message, type: 'ValueError', mro: ['ValueError', 'Exception'], args: [message], ...extra },
]

const live = (slot: number): unknown => ['handle', slot, 'numpy.ndarray', slot]

test('A1 a nested path is read in one round trip', async () => {
  const host = scriptedHost({ answer: () => 3.5 })
  assert.equal(await host.$py('mod').math.pi, 3.5)
  assert.equal(host.programs.length, 1)
  const [imported, got, pulled] = host.programs[0]!.ops
  assert.deepEqual(
    [imported, got, pulled],
    [
      ['import', 1, 'mod'],
      ['getattr', 2, ['ref', 1, 'math'], 'pi'],
      ['pull', 'auto', 2],
    ],
  )
  await host.close()
})

test('B25 a Remote is an argument at once, as a path and at any depth (B24)', async () => {
  const host = scriptedHost()
  const m = host.$py('m')
  const a = m.f()
  await m.g(a, m.x.y, { deep: [new Map([['k', a]])] })
  assert.deepEqual(host.programs[0]!.ops[2], [
    'call',
    3,
    ['ref', 1, 'g'],
    [['ref', 2], ['ref', 1, 'x', 'y'], { deep: [[['dict', 'k', ['ref', 2]]]] }],
  ])
  await host.close()
})

test('B21 only kw() is keywords, and B22 they may have any name', async () => {
  const host = scriptedHost()
  const f = host.$py('m').f
  await f({ axis: 0 })
  await f(1, kw(JSON.parse('{"__proto__":1,"then":2,"self":3}') as Record<string, unknown>), kw({ skip: undefined }))
  assert.deepEqual(host.programs[0]!.ops[1], ['call', 2, ['ref', 1, 'f'], [{ axis: 0 }]])
  const keywords = host.programs[1]!.ops.find(([name]) => name === 'call')![4] as object
  assert.deepEqual(Object.keys(keywords), ['__proto__', 'then', 'self'])
  await host.close()
})

test('B23 trailing undefined arguments are dropped, others are None', async () => {
  const host = scriptedHost()
  await host.$py('m').f(undefined, 1, undefined, undefined)
  assert.deepEqual(host.programs[0]!.ops[1]![3], [null, 1])
  await host.close()
})

test('B26 a Remote of another session is lent before it is used, and given back when that is over', async () => {
  const host = scriptedHost()
  const lender = host.loom.session()
  const other = (lender.$py('m') as any).f()
  assert.equal(await host.$py('m').g(1, [other]), 0)
  const [lends, borrows] = host.programs
  assert.deepEqual(lends!.ops.at(-1), ['lend', 3, ['ref', 2]])
  assert.deepEqual(borrows!.ops[1]!.slice(2), [
    ['ref', 1, 'g'],
    [1, [[['far', lender.id, 1, 3]]]],
  ])
  assert.ok(!('far' in borrows!), 'it is of this conversation')
  await other.x
  assert.deepEqual(host.programs[2]!.ops.at(-1), ['release', 3])
  await host.close()
})

test('B26 what was lent for a call that is refused is given back', async () => {
  const host = scriptedHost()
  const lender = host.loom.session()
  const other = (lender.$py('m') as any).f()
  assert.throws(() => host.$py('m').g(other, Symbol('s')), { code: 'BadValue', path: '$.args[1]' })
  await other.x
  assert.deepEqual(host.programs[1]!.ops.at(-1), ['release', 3])
  await host.close()
})

test('B26 a Remote of another local process is refused', async () => {
  const hosts = [scriptedHost(), scriptedHost()]
  const other = hosts[0]!.$py('m').f()
  assert.throws(() => hosts[1]!.$py('m').g(1, [other]), { code: 'BadValue', path: '$.args[1][0]' })
  await Promise.all(hosts.map((host) => host.close()))
})

test('what cannot be encoded throws from the call, with its path, and sends nothing', async () => {
  const host = scriptedHost()
  const f = host.$py('m').f
  assert.throws(() => f(1, { a: [() => 1, Symbol('s')] }), { code: 'BadValue', path: '$.args[1].a[1]' })
  assert.throws(() => f(new Uint8Array(4), kw({ x: [Symbol('s')] })), { path: '$.kwargs.x[0]' })
  assert.throws(() => item(f, [new Date(NaN)]), { path: '$.key[0]' })
  assert.equal(await f(2), 0)
  assert.deepEqual(names(host.programs[0]), ['import', 'call', 'pull'])
  await host.close()
})

test('arguments are taken as they are at the call', async () => {
  const host = scriptedHost()
  const xs = [1]
  const pending = host.$py('m').f(xs)
  xs.push(2)
  await pending
  assert.deepEqual(host.programs[0]!.ops[1]![3], [[[1]]])
  await host.close()
})

test('A10 A11 methods in variables keep their receiver', async () => {
  const host = scriptedHost()
  const { append } = host.$py('m').xs
  await Promise.all([append(1), append(2)])
  assert.deepEqual(
    host.programs[0]!.ops.slice(1, 3).map(([, , target]) => target),
    [
      ['ref', 1, 'xs', 'append'],
      ['ref', 1, 'xs', 'append'],
    ],
  )
  await host.close()
})

test('A7 names that JavaScript would take are reachable', async () => {
  const host = scriptedHost()
  const m = host.$py('m')
  for (const name of [
    'then',
    'catch',
    'length',
    'call',
    'apply',
    'bind',
    'name',
    'prototype',
    'constructor',
    'toString',
  ]) {
    assert.ok(isRemote(get(m, name)), name)
    if (name !== 'then') assert.ok(isRemote(m[name]), name)
  }
  await m.f.call(1)
  assert.deepEqual(host.programs[0]!.ops[1]![2], ['ref', 1, 'f', 'call'])
  await host.close()
})

test('A2 an assignment is sent in order, its failure is told to the next thing awaited', async () => {
  const host = scriptedHost({
    reply: ({ session, n, ops }) => ({
      t: 'reply',
      session,
      n,
      results: ops.filter(([name]) => name === 'pull').flatMap(([, , ...slots]) => slots.map(() => 1)),
      failed: ops.flatMap(([name], index) => (name === 'setattr' ? [[index, failure('frozen')]] : [])),
    }),
  })
  const r = host.$py('m').f()
  r.x = 5
  delete r.y
  await settled()
  assert.deepEqual(host.programs[0]!.ops.slice(2), [
    ['setattr', 0, ['ref', 2], 'x', 5],
    ['delattr', 0, ['ref', 2], 'y'],
  ])
  await assert.rejects(
    async () => r.z,
    (error) => error instanceof PythonError && error.message === 'frozen',
  )
  assert.equal(await r.z, 1)
  const earlier = r.before()
  void earlier.then(() => undefined)
  r.x = 6
  await assert.rejects(async () => r.after, /frozen/)
  assert.equal(await earlier, 1)
  await host.close()
})

test('A2 the pull after the assignment that failed is told, and where the assignment was made', async () => {
  const host = scriptedHost({
    reply: ({ session, n, ops }) => ({
      t: 'reply',
      session,
      n,
      results: ops.filter(([name]) => name === 'pull').flatMap(([, , ...slots]) => slots.map(() => 1)),
      failed: ops.flatMap(([name, , , attribute], index) => (attribute === 'bad' ? [[index, failure(name)]] : [])),
    }),
  })
  const r = host.$py('m').f()
  const pull = (x: any): Promise<unknown> => x.then((value: unknown) => value)
  function assignHere(): void {
    r.bad = 2
  }
  r.good = 1
  const [before, between] = [pull(r.one), pull(r.two)]
  await Promise.resolve()
  assignHere()
  const after = pull(r.three)
  assert.deepEqual(await Promise.all([before, between]), [1, 1])
  await assert.rejects(after, (error: Error) => /assignHere/.test(error.stack!))
  await host.close()
})

test('D52 an awaited attribute has the place of its await', async () => {
  const host = scriptedHost({ answer: () => failure('none') })
  const m = host.$py('m')
  async function awaitHere(): Promise<void> {
    await m.some.attribute
  }
  await assert.rejects(awaitHere(), (error: Error) => /awaitHere/.test(error.stack!) && !/path\.js/.test(error.stack!))
  await host.close()
})

test('A2 A3 set and delAttr are acknowledged on request', async () => {
  const host = scriptedHost({ answer: (_, made) => (made![0] === 'setattr' ? failure('no') : null) })
  const m = host.$py('m')
  await assert.rejects(async () => set(m, 'x', 1), /no/)
  assert.equal(await delAttr(m, 'x'), null)
  await host.close()
})

test('A4 items by any key', async () => {
  const host = scriptedHost()
  const m = host.$py('m')
  const key = m.key()
  await Promise.all([item(m.d, -1), item(m.d, tuple('a', 1)), item(m.d, key), setItem(m.d, key, null)])
  assert.deepEqual(host.programs[0]!.ops.slice(2, 6), [
    ['getitem', 3, ['ref', 1, 'd'], -1],
    ['getitem', 4, ['ref', 1, 'd'], ['tuple', 'a', 1]],
    ['getitem', 5, ['ref', 1, 'd'], ['ref', 2]],
    ['setitem', 6, ['ref', 1, 'd'], ['ref', 2], null],
  ])
  await host.close()
})

test('A14 A15 operators, repr, str and type', async () => {
  const host = scriptedHost({ answer: () => 'text' })
  const m = host.$py('m')
  await Promise.all([op('+', 1, m.a), op('not', m.a), repr(m.a), str(m.a), typeName(m.a)])
  assert.deepEqual(host.programs[0]!.ops.filter(([name]) => name !== 'pull').slice(1), [
    ['operator', 2, '+', 1, ['ref', 1, 'a']],
    ['operator', 3, 'not', ['ref', 1, 'a']],
    ['repr', 4, ['ref', 1, 'a']],
    ['str', 5, ['ref', 1, 'a']],
    ['type', 6, ['ref', 1, 'a']],
  ])
  assert.throws(() => op('&&' as '+', m.a, 1), /no operator/)
  await host.close()
})

test('A16 A18 inspection and symbols are local', async () => {
  const host = scriptedHost()
  const m = host.$py('numpy').linalg.svd
  assert.equal(inspect(m), '[Remote numpy.linalg.svd]')
  assert.equal(inspect({ m: [m] }), '{ m: [ [Remote numpy.linalg.svd] ] }')
  assert.equal(String(m), '[Remote numpy.linalg.svd]')
  assert.throws(() => (m as unknown as number) + 1, /await it/)
  assert.equal(m[Symbol.toStringTag as unknown as string], undefined)
  assert.deepEqual(Reflect.ownKeys(m), [])
  assert.equal('svd' in m, false)
  await settled()
  assert.deepEqual(host.programs.map(names), [['import']])
  await host.close()
})

test('A17 an awaited live object is no promise any more, and comes back from async functions', async () => {
  const host = scriptedHost({ answer: (slot) => live(slot) })
  const a = await (async () => host.$py('m').f())()
  assert.ok(isRemote(a))
  assert.equal((a as any).then, undefined)
  assert.equal(await a, a)
  assert.equal(inspect(a), '[Remote numpy.ndarray]')
  assert.equal(host.programs.length, 1)
  assert.equal(String(handleOf(a)), `scripted/${host.programs[0]!.session}/2`)
  await host.close()
})

test('A19 same() compares what the handles name', async () => {
  const host = scriptedHost({ answer: (slot) => ['handle', slot, 'T', slot < 4 ? 7 : 8] })
  const f = host.$py('m').f
  const [a, b, c] = await Promise.all([f(), f(), f()])
  assert.equal(same(a, b), true)
  assert.equal(same(a, c), false)
  assert.equal(same(a, a), true)
  assert.equal(same(await keep(a), b), true)
  assert.throws(() => handleOf(a.path), { code: 'Usage' })
  await host.close()
})

test('live objects inside data are Remotes', async () => {
  const host = scriptedHost({ answer: () => [[['handle', -1, 'T', 1], { x: ['handle', -2, 'T', 2] }]] })
  const [first, { x }] = (await host.$py('m').f()) as [any, { x: any }]
  await first.g(x)
  const call = host.programs[1]!.ops.find(([name]) => name === 'call')!
  assert.deepEqual(call.slice(2), [['ref', -1, 'g'], [['ref', -2]]])
  await host.close()
})

test('a getter that calls while arguments are encoded does not mix up attachments', async () => {
  const host = scriptedHost()
  const m = host.$py('m')
  const nested = {
    get x(): number {
      m.inner(new Uint8Array([2]))
      return 1
    },
  }
  await m.outer(new Uint8Array([1]), nested)
  const [, inner, outer] = host.programs[0]!.ops
  assert.deepEqual([inner![3], outer![3]], [[['bytes', 1]], [['bytes', 0], { x: 1 }]])
  await host.close()
})
