import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { inspect } from 'node:util'

import {
  delAttr,
  delItem,
  get,
  handleOf,
  isRemote,
  item,
  iterate,
  keep,
  kw,
  map,
  op,
  opts,
  release,
  repr,
  same,
  scope,
  set,
  setItem,
  str,
  tuple,
  typeName,
  value,
  PythonError,
} from '../src/index.js'
import { names, scriptedHost, settled, type Op } from './support/host.js'

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

test('I91 a chain of calls is one program and one pull', async () => {
  const host = scriptedHost()
  await host
    .$py('numpy')
    .arange(12)
    .reshape(3, 4)
    .sum(kw({ axis: 0 }))
  assert.deepEqual(
    host.programs.map((one) => one.ops),
    [
      [
        ['import', 1, 'numpy'],
        ['call', 2, ['ref', 1, 'arange'], [12]],
        ['call', 3, ['ref', 2, 'reshape'], [3, 4]],
        ['call', 4, ['ref', 3, 'sum'], [], { axis: 0 }],
        ['pull', 'auto', 4],
      ],
    ],
  )
  await host.close()
})

test('I91 what one tick asks for is one program, its pulls one op', async () => {
  const host = scriptedHost({ answer: (slot) => slot })
  const f = host.$py('m').f
  const results = await Promise.all([1, 2, 3].map((x) => f(x)))
  assert.deepEqual(results, [2, 3, 4])
  assert.deepEqual(names(host.programs[0]), ['import', 'call', 'call', 'call', 'pull'])
  await host.close()
})

test('I91 a tick with many calls is cut into programs, and G73 every promise gets its own result', async () => {
  const host = scriptedHost({ answer: (_, made) => (made![3] as number[])[0] })
  const f = host.$py('m').f
  const results = await Promise.all(Array.from({ length: 10_000 }, (_, x) => f(x)))
  assert.deepEqual(
    results,
    Array.from({ length: 10_000 }, (_, x) => x),
  )
  assert.ok(host.programs.length >= 19 && host.programs.length <= 22, `${host.programs.length} programs`)
  assert.deepEqual(
    host.programs.map((one) => one.n),
    host.programs.map((_, index) => index + 1),
  )
  await host.close()
})

test('I92 what nobody awaits is not pulled', async () => {
  const host = scriptedHost()
  host.$py('m').f(1)
  await settled()
  assert.deepEqual(names(host.programs[0]), ['import', 'call'])
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

test('B26 a Remote of another session is refused', async () => {
  const host = scriptedHost()
  const other = (host.loom.session().$py('m') as any).f()
  assert.throws(() => host.$py('m').g(1, [other]), { code: 'BadValue', path: '$.args[1][0]' })
  await host.close()
})

test('what cannot be encoded throws from the call, with its path, and sends nothing', async () => {
  const host = scriptedHost()
  const f = host.$py('m').f
  assert.throws(() => f(1, { a: [0, () => 1] }), { code: 'BadValue', path: '$.args[1].a[1]' })
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

test('an awaited scalar is remembered, its slot given back with the next program', async () => {
  const host = scriptedHost({ answer: (slot) => `v${slot}` })
  const m = host.$py('m')
  const s = m.f()
  assert.equal(await s, 'v2')
  assert.equal(await s, 'v2')
  await m.g(s)
  assert.deepEqual(host.programs[1]!.ops, [
    ['call', 3, ['ref', 1, 'g'], ['v2']],
    ['pull', 'auto', 3],
    ['release', 2],
  ])
  assert.equal(await s.upper(), 'v5')
  assert.deepEqual(host.programs[2]!.ops.slice(0, 2), [
    ['getitem', 4, [['v2']], 0],
    ['call', 5, ['ref', 4, 'upper'], []],
  ])
  await host.close()
})

test('slots are given back soon even where no program follows', async () => {
  const host = scriptedHost()
  await host.$py('m').f()
  await delay(150)
  await settled()
  assert.deepEqual(host.programs.map(names), [['import', 'call', 'pull'], ['release']])
  await host.close()
})

test('keep and value ask for what they say', async () => {
  const host = scriptedHost({ answer: (slot, _, mode) => (mode === 'keep' ? ['handle', slot, 'list', 1] : [[1]]) })
  const r = host.$py('m').f()
  const [kept, copy, plain] = await Promise.all<any>([keep(r), value(r), r])
  assert.ok(isRemote(kept))
  assert.equal(kept.then, undefined)
  assert.deepEqual([copy, plain], [[1], [1]])
  await (kept as any).append(2)
  const call = host.programs[1]!.ops[0] as Op
  assert.deepEqual(call[2], ['ref', 2, 'append'])
  assert.equal(await value(Promise.resolve(5)), 5)
  await host.close()
})

test('a scalar that is kept is not given back', async () => {
  const host = scriptedHost({
    answer: (slot, _, mode) => (mode === 'keep' ? ['handle', slot, 'numpy.float64', 1] : 1.5),
  })
  const r = host.$py('m').f()
  const [kept] = await Promise.all<any>([keep(r), r])
  await kept.dtype
  assert.deepEqual(host.programs[1]!.ops[0], ['getattr', 3, ['ref', 2], 'dtype'])
  assert.ok(!names(host.programs[1]).includes('release'))
  await host.close()
})

test('H80 release frees once; later use throws and shows where it was released', async () => {
  const host = scriptedHost({ answer: (slot) => live(slot) })
  const r = await host.$py('m').f()
  function giveBackHere(): void {
    release(r)
    release(r)
  }
  giveBackHere()
  assert.throws(
    () => r.g(),
    (error: Error) => error.name === 'ReleasedError' && /giveBackHere/.test((error.cause as Error).stack!),
  )
  assert.throws(() => host.$py('m').g(r), { code: 'Released' })
  await host.$py('m').g()
  const released = host.programs.flatMap(({ ops }) => ops.filter(([name]) => name === 'release'))
  assert.deepEqual(released, [['release', 2]])
  await host.close()
})

test('H80 dispose is release, and a path holds nothing', async () => {
  const host = scriptedHost({ answer: (slot) => live(slot) })
  const r = await host.$py('m').f()
  release(r.path)
  r[Symbol.dispose]()
  await r.path[Symbol.asyncDispose]
  assert.throws(() => r.g(), { code: 'Released' })
  release(host.$py('m'))
  await host.$py('m').g()
  await host.close()
})

test('H85 a scope frees what was made in it, except what it returns', async () => {
  const host = scriptedHost({ answer: (slot) => live(slot) })
  const f = host.$py('m').f
  const outside = await f()
  const kept = await scope(async () => {
    const a = await f()
    const b = await a.g()
    return { b }
  })
  assert.throws(() => release(5 as never), /takes a Remote/)
  await kept.b.h()
  await outside.h()
  const released = host.programs.flatMap(({ ops }) => ops.filter(([name]) => name === 'release'))
  assert.deepEqual(released, [['release', 3]])
  await host.close()
})

test('G74 a timeout rejects on time, a late result is dropped', async () => {
  const host = scriptedHost({ reply: () => undefined })
  const begun = Date.now()
  await assert.rejects(async () => host.$py('m').f(opts({ timeout: 30 })), { code: 'Timeout' })
  assert.ok(Date.now() - begun < 500)
  const { session, n } = host.programs[0]!
  host.send({ t: 'reply', session, n, results: [1] })
  await settled()
  await host.close()
})

test('G74 G75 everything that is asked for takes opts', async () => {
  const host = scriptedHost({ reply: () => undefined })
  const m = host.$py('m')
  const aborted = opts({ signal: AbortSignal.abort(new Error('early')) })
  const asked: ((options: typeof aborted) => unknown)[] = [
    (o) => m.f(1, o),
    (o) => get(m, 'x', o),
    (o) => get(m, 'x', null, o),
    (o) => set(m, 'x', 1, o),
    (o) => delAttr(m, 'x', o),
    (o) => item(m.d, 1, o),
    (o) => setItem(m.d, 1, 2, o),
    (o) => delItem(m.d, 1, o),
    (o) => op('+', m.a, 1, o),
    (o) => op('not', m.a, o),
    (o) => map(m.xs, (x: any) => x.y, o),
  ]
  for (const ask of asked) assert.throws(() => ask(aborted), /early/, String(ask))
  for (const ask of [keep, value, repr, str, typeName]) {
    await assert.rejects(async () => ask(m.x, aborted), /early/, ask.name)
  }
  const soon = opts({ timeout: 1 })
  const pending = [...asked.map((ask) => ask(soon)), ...[keep, value, repr, str, typeName].map((ask) => ask(m.x, soon))]
  const outcomes = await Promise.allSettled(pending as Promise<unknown>[])
  assert.deepEqual(
    outcomes.map((one) => one.status === 'rejected' && (one.reason as { code: string }).code),
    outcomes.map(() => 'Timeout'),
  )
  const gone = new AbortController()
  const rows = iterate(m.rows, { signal: gone.signal }).next()
  gone.abort(new Error('enough'))
  await assert.rejects(rows, /enough/)
  await host.close()
})

test('I94 a map is one op, whose body refers to the item and to what stands before', async () => {
  const host = scriptedHost({ answer: () => [[1]] })
  const m = host.$py('m')
  const ten = m.ten()
  await map(m.xs, (x: any) => {
    x.seen = true
    return { twice: host.$py('math').fsum([x.size, x]), tens: op('*', x, ten) }
  })
  assert.deepEqual(host.programs[0]!.ops, [
    ['import', 1, 'm'],
    ['call', 2, ['ref', 1, 'ten'], []],
    ['import', 5, 'math'],
    [
      'map',
      8,
      ['ref', 1, 'xs'],
      3,
      [
        ['setattr', 4, ['ref', 3], 'seen', true],
        [
          'call',
          6,
          ['ref', 5, 'fsum'],
          [
            [
              [
                ['ref', 3, 'size'],
                ['ref', 3],
              ],
            ],
          ],
        ],
        ['operator', 7, '*', ['ref', 3], ['ref', 2]],
      ],
      { twice: ['ref', 6], tens: ['ref', 7] },
    ],
    ['pull', 'auto', 8],
  ])
  await host.close()
})

test('I94 what the callback of a map cannot know, or may not do, throws', async () => {
  const host = scriptedHost({ answer: () => [[]] })
  const m = host.$py('m')
  let leaked: any
  const wrong: [(x: any) => unknown, RegExp][] = [
    [(x) => (x > 1 ? 1 : 2), /stands for every item/],
    [(x) => Number(x), /stands for every item/],
    [(x) => `${x.name}`, /stands for every item/],
    [(x) => [...x], /not iterable|undefined is not a function/],
    [async (x) => x.y, /synchronous/],
    [async (x) => (await x.f()) as unknown, /synchronous/],
    [() => () => 1, /a function/],
  ]
  for (const [fn, message] of wrong) assert.throws(() => map(m.xs, fn), message, String(fn))
  await map(m.xs, (x: any) => {
    leaked = x
    return x
  })
  assert.throws(() => leaked.f(), /no meaning outside/)
  await assert.rejects(async () => leaked, /no meaning outside/)
  await m.f()
  const released = host.programs.flatMap(({ ops }) => ops.filter(([name]) => name === 'release'))
  assert.deepEqual(released, [])
  await host.close()
})

test('G75 a signal rejects with its reason, before and after the call', async () => {
  const host = scriptedHost({ reply: () => undefined })
  const f = host.$py('m').f
  assert.throws(() => f(opts({ signal: AbortSignal.abort(new Error('early')) })), /early/)
  const controller = new AbortController()
  const pending = f(opts({ signal: controller.signal }))
  setTimeout(() => controller.abort(new Error('late')), 10)
  await assert.rejects(async () => pending, /late/)
  await host.close()
})

test('E53 E56 iteration takes chunks; leaving early gives the iterator back', async () => {
  let chunk = 0
  const host = scriptedHost({
    answer: () => ({ items: [[chunk * 2, chunk * 2 + 1]], done: ++chunk === 3 }),
  })
  const xs = host.$py('m').xs
  const seen: unknown[] = []
  for await (const x of iterate(xs, { chunk: 2 })) seen.push(x)
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5])
  assert.deepEqual(host.programs[0]!.ops.slice(1), [
    ['iter', 2, ['ref', 1, 'xs']],
    ['next', 3, ['ref', 2], 2],
    ['pull', 'auto', 3],
  ])
  chunk = 0
  for await (const x of xs) if (x === 1) break
  assert.deepEqual(host.programs.at(-1)!.ops[0], ['close', 8, ['ref', 6]])
  await delay(150)
  const released = host.programs.flatMap(({ ops }) =>
    ops.filter(([name]) => name === 'release').flatMap(([, ...slots]) => slots),
  )
  assert.ok(released.includes(2) && released.includes(6), String(released))
  await host.close()
})

test('one import op for each module of a session', async () => {
  const host = scriptedHost()
  const { $py } = host
  await Promise.all([$py('a').x, $py('a').y, $py('b').z])
  await $py('a').x
  const imports = host.programs.flatMap(({ ops }) => ops.filter(([name]) => name === 'import'))
  assert.deepEqual(
    imports.map(([, , name]) => name),
    ['a', 'b'],
  )
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
