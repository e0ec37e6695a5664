import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'

import { isRemote, keep, release, scope, value } from '../src/index.js'
import { names, scriptedHost, settled, type Op } from './support/host.js'

const live = (slot: number): unknown => ['handle', slot, 'numpy.ndarray', slot]

test('an awaited scalar is remembered, and sent as what it is', async () => {
  const host = scriptedHost({ answer: (slot) => `v${slot}` })
  const m = host.$py('m')
  const s = m.f()
  assert.equal(await s, 'v2')
  assert.equal(await s, 'v2')
  await m.g(s)
  assert.deepEqual(host.programs[1]!.ops, [
    ['call', 3, ['ref', 1, 'g'], ['v2']],
    ['pull', 'auto', 3],
  ])
  assert.equal(await s.upper(), 'v5')
  assert.deepEqual(host.programs[2]!.ops.slice(0, 2), [
    ['getitem', 4, [['v2']], 0],
    ['call', 5, ['ref', 4, 'upper'], []],
  ])
  await host.close()
})

test('slots with scalars are given back together, by a program that is sent anyway', async () => {
  const host = scriptedHost({ answer: (slot) => (slot === 20 ? 'long'.repeat(100) : slot) })
  const { f } = host.$py('m')
  for (let i = 0; i < 17; i++) await f()
  const slots = Array.from({ length: 16 }, (_, i) => 2 + i)
  assert.deepEqual(
    host.programs.flatMap(({ ops }) => ops.filter(([name]) => name === 'release')),
    [['release', ...slots]],
  )
  await f() // slot 19
  await f() // slot 20, which holds something
  await f()
  assert.deepEqual(host.programs.at(-1)!.ops.at(-1), ['release', 18, 19, 20])
  await host.close()
})

test('a slot with a number in it costs no program of its own, unless there are many', async () => {
  const host = scriptedHost({ answer: () => 1.5 })
  const { f } = host.$py('m')
  await f()
  await delay(150)
  assert.equal(host.programs.length, 1)
  await Promise.all(Array.from({ length: 1_000 }, () => f()))
  await settled()
  assert.deepEqual(names(host.programs.at(-1)), ['release'])
  await host.close()
})

test('slots are given back soon even where no program follows', async () => {
  const host = scriptedHost({ answer: () => 'long'.repeat(100) })
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
