import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'

import {
  UsageError,
  delAttr,
  delItem,
  get,
  item,
  iterate,
  keep,
  kw,
  map,
  op,
  opts,
  repr,
  set,
  setItem,
  str,
  typeName,
  value,
} from '../src/index.js'
import { names, scriptedHost, settled } from './support/host.js'

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

test('G74 a timeout rejects although the host is silent, a late result is dropped', async () => {
  const host = scriptedHost({ reply: () => undefined })
  await assert.rejects(async () => host.$py('m').f(opts({ timeout: 30 })), { code: 'Timeout' })
  const { session, n } = host.programs[0]!
  host.send({ t: 'reply', session, n, results: [1] })
  await settled()
  await host.close()
})

test('G74 G75 options without a meaning are refused, and no time is too long', async () => {
  const host = scriptedHost()
  const { f } = host.$py('m')
  for (const timeout of [-1, NaN, '50', null]) assert.throws(() => f(opts({ timeout } as never)), UsageError)
  assert.throws(() => f(opts({ signal: {} } as never)), UsageError)
  assert.throws(() => opts({ timout: 5 } as never), /timout/)
  for (const timeout of [Infinity, 2 ** 40]) assert.ok((await f(opts({ timeout }))) !== undefined)
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
