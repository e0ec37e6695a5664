import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'

import { scriptedHost, settled, type ScriptedHost } from './support/host.js'

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

function released(host: ScriptedHost): Set<number> {
  const ops = host.programs.flatMap((program) => program.ops.filter(([name]) => name === 'release'))
  return new Set(ops.flatMap(([, ...slots]) => slots as number[]))
}

async function collect(host: ScriptedHost, enough: number): Promise<Set<number>> {
  for (let turn = 0; turn < 40 && released(host).size < enough; turn++) {
    gc()
    await delay(20)
  }
  return released(host)
}

test('H81 H84 what nobody holds is given back: intermediates, live objects, objects inside data', async () => {
  const host = scriptedHost({
    answer: (slot, op) =>
      op![2]?.toString().includes('list') ? [[['handle', -slot, 'T', 1]]] : ['handle', slot, 'T', 1],
  })
  await (async () => {
    const m = host.$py('m')
    m.dropped()
    await m.first().second().third()
    await m.list()
  })()
  await settled()
  const slots = await collect(host, 6)
  assert.deepEqual(
    [...slots].sort((a, b) => a - b),
    [-6, 2, 3, 4, 5, 6],
  )
  await host.close()
})

test('H82 what is held, or has an op in flight, is not given back', async () => {
  const host = scriptedHost({
    reply: ({ ops, session, n }) =>
      ops.some(([name]) => name === 'pull') ? undefined : { t: 'reply', session, n, results: [] },
  })
  const m = host.$py('m')
  const path = m.held().some.path
  const pending = m.slow().then((x: unknown) => x)
  m.dropped()
  await settled()
  const slots = await collect(host, 1)
  assert.deepEqual([...slots], [4])
  const { session, n } = host.programs.find(({ ops }) => ops.some(([name]) => name === 'pull'))!
  host.send({ t: 'reply', session, n, results: [1] })
  assert.equal(await pending, 1)
  assert.ok(path)
  await host.close()
})

test('H81 after 20,000 dropped objects everything is given back, in few programs', async () => {
  const host = scriptedHost({ answer: (slot) => ['handle', slot, 'T', slot] })
  const f = host.$py('m').f
  for (let turn = 0; turn < 20; turn++) await Promise.all(Array.from({ length: 1_000 }, () => f()))
  const slots = await collect(host, 20_000)
  assert.ok(slots.size >= 20_000 - 1, `${slots.size} of 20,000`)
  await host.close()
})
