import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { Redis } from 'ioredis'

import { NoWorker, WorkerLost, connect } from '../../src/index.js'
import { newId } from '../../src/handle.js'
import { Keys } from '../../src/keys.js'
import { addressOf } from '../../src/transport/address.js'
import { findWorker } from '../../src/transport/registry.js'
import { ownWorker, type OwnWorker } from '../support/worker.js'
import { define, until } from './hosts.js'

const URL = process.env['POLYLOOM_TEST_REDIS_URL']
const FAR = 2 ** 50 // ms; a lease that does not end here

describe('placement', { skip: URL === undefined && 'POLYLOOM_TEST_REDIS_URL names no server' }, () => {
  let admin: Redis
  before(() => {
    admin = new Redis({ ...addressOf(URL!), protocol: 2 })
  })
  after(() => admin.disconnect())

  /** Enter workers under a prefix of their own: `{id: [load, labels]}`. */
  async function registry(workers: Record<string, [load: number, labels: string]>): Promise<Keys> {
    const keys = new Keys(`place-${newId()}:`)
    for (const [id, [load, labels]] of Object.entries(workers)) {
      await admin.zadd(keys.workers, FAR, id)
      await admin.zadd(keys.load, load, id)
      if (labels) await admin.hset(keys.labels, id, labels)
    }
    return keys
  }

  test('a hundred clients that come at once are spread evenly', async () => {
    const keys = await registry({ a: [0, ''], b: [0, ''], c: [0, ''], d: [0, ''] })
    const found = await Promise.all(
      Array.from({ length: 100 }, (_, n) => findWorker(admin, keys, `client${n}`, {}, 10_000)),
    )
    const counts = new Map<string, number>()
    for (const { id } of found) counts.set(id, (counts.get(id) ?? 0) + 1)
    assert.deepEqual([...counts.values()], [25, 25, 25, 25])
    const placed = await Promise.all(['a', 'b', 'c', 'd'].map((id) => admin.zcard(keys.placed(id))))
    assert.deepEqual(placed, [25, 25, 25, 25])
    assert.ok((await admin.pttl(keys.placed('a'))) > 0)
  })

  test('the least loaded worker is chosen until it is like the others, then any of them', async () => {
    const keys = await registry({ busy: [3, ''], idle: [1, ''] })
    const ids: string[] = []
    for (let n = 0; n < 2; n++) ids.push((await findWorker(admin, keys, `c${n}`, {}, 1_000)).id)
    assert.deepEqual(ids, ['idle', 'idle'])
    const firsts = new Set<string>()
    await until(async () => {
      await admin.zadd(keys.load, 1, 'busy', 1, 'idle')
      return firsts.add((await findWorker(admin, keys, 'c', {}, 1_000)).id).size === 2
    })
  })

  test('a worker whose lease has ended gets no client', async () => {
    const keys = await registry({ dead: [0, 'gpu'], live: [9, 'gpu'] })
    await admin.zadd(keys.workers, 1, 'dead')
    assert.equal((await findWorker(admin, keys, 'c', { labels: ['gpu'] }, 1_000)).id, 'live')
    await assert.rejects(findWorker(admin, keys, 'c', { worker: 'dead' }, 1_000), { code: 'NoWorker' })
  })

  test('a worker that renews its lease after it had ended gets clients again', async () => {
    const keys = await registry({ late: [0, ''], other: [5, ''] })
    await admin.zadd(keys.workers, 1, 'late')
    assert.equal((await findWorker(admin, keys, 'c', {}, 1_000)).id, 'other')
    await admin.zadd(keys.workers, FAR, 'late')
    await admin.zadd(keys.load, 0, 'late')
    assert.equal((await findWorker(admin, keys, 'd', {}, 1_000)).id, 'late')
  })

  test('a label is found among a thousand workers, the least loaded one that has it', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => [`w${n}`, [n, n % 400 === 399 ? 'gpu' : '']] as const)
    const keys = await registry(Object.fromEntries(many) as Record<string, [number, string]>)
    assert.equal((await findWorker(admin, keys, 'c', { labels: ['gpu'] }, 1_000)).id, 'w399')
    assert.equal((await findWorker(admin, keys, 'c', { worker: 'w799', labels: ['gpu'] }, 1_000)).id, 'w799')
    await assert.rejects(findWorker(admin, keys, 'c', { labels: ['tpu'] }, 1), (error) => {
      assert.ok(error instanceof NoWorker)
      assert.equal(error.workers.length, 1_000)
      return true
    })
  })

  test('labels are whole words, and all of them must be there', async () => {
    const keys = await registry({ one: [0, 'gpu zone=ab'], two: [5, 'gpu.large zone=a'], three: [9, 'gpu zone=a'] })
    const find = async (...labels: string[]): Promise<string> => (await findWorker(admin, keys, 'c', { labels }, 1)).id
    assert.equal(await find('zone=a', 'gpu'), 'three')
    assert.equal(await find('gpu.large'), 'two')
    await assert.rejects(find('gpu', 'zone'), (error) => {
      assert.ok(error instanceof NoWorker)
      assert.match(error.message, /no live worker has the labels gpu zone .*one \(gpu zone=ab\)/)
      assert.deepEqual(error.labels, ['gpu', 'zone'])
      assert.deepEqual(error.workers.map(({ id }) => id).sort(), ['one', 'three', 'two'])
      return true
    })
  })

  test('an unknown worker is said at once, with those there are', async () => {
    const keys = await registry({ one: [0, ''] })
    const none = connect(URL, { prefix: keys.prefix, worker: 'two', workerTimeoutMs: 3_600_000 })
    await assert.rejects(none, { code: 'NoWorker', worker: 'two', message: /has the id two .*one \(no labels\)/ })
  })

  test('a local process has no labels', async () => {
    await assert.rejects(connect('stdio:', { labels: ['gpu'] }), { code: 'NoWorker' })
  })

  describe('of sessions', () => {
    const prefix = `own-${newId()}:`
    const workers: OwnWorker[] = []
    before(async () => {
      for (const label of ['red', 'blue'])
        workers.push(await ownWorker(URL!, ['*'], { prefix, labels: [label, 'any'] }))
    })
    after(() => Promise.all(workers.map((worker) => worker.stop())))

    const pid = (session: { $py: any }): Promise<number> => session.$py('os').getpid()

    test('a session with other labels is on another worker, behind the same Loom', { timeout: 60_000 }, async () => {
      const loom = await connect(URL, { ...workers[0]!.options, labels: ['red'] })
      const same = loom.session({ labels: ['any', 'red'] })
      const other = loom.session({ labels: ['blue'] })
      assert.equal(await pid(same), await pid(loom))
      assert.notEqual(await pid(other), await pid(loom))
      assert.notEqual(other.worker, loom.worker)
      const named = loom.session({ worker: other.worker })
      assert.equal(await pid(named), await pid(other))
      assert.equal(loom.session({ worker: loom.worker }).worker, loom.worker)
      other.close()
      await assert.rejects(async () => pid(other), { code: 'SessionClosed' })
      assert.equal(await pid(named), await pid(named))
      const sleep = async (): Promise<unknown> => await (named.$py('time') as any).sleep(3_600)
      const pending = assert.rejects(sleep(), { code: 'SessionClosed' })
      await loom.close()
      await pending
      await assert.rejects(async () => pid(named), { code: 'SessionClosed' })
    })

    test('a session for labels that nobody has rejects what is awaited there', { timeout: 60_000 }, async () => {
      const loom = await connect(URL, { ...workers[0]!.options, labels: ['any'] })
      await pid(loom)
      await loom.close()
      const hasty = await connect(URL, { prefix, workerTimeoutMs: 5_000 })
      const unknown = hasty.session({ worker: 'nobody' })
      await assert.rejects(async () => pid(unknown), { code: 'NoWorker', worker: 'nobody' })
      await hasty.close()
    })

    test('the load that workers tell makes up for the reservations', { timeout: 60_000 }, async () => {
      const keys = new Keys(prefix)
      const looms = await Promise.all(Array.from({ length: 6 }, () => connect(URL, workers[0]!.options)))
      const count = async (): Promise<number> => {
        const loads = await admin.zrange(keys.load, '0', '-1', 'WITHSCORES')
        return loads.reduce((sum, load, index) => sum + (index % 2 ? Number(load) : 0), 0)
      }
      const reserved = async (): Promise<number> => {
        const ids = await admin.zrange(keys.load, '0', '-1')
        return admin.exists(...ids.map((id) => keys.placed(id)))
      }
      await until(async () => (await reserved()) === 0 && (await count()) === 6)
      await Promise.all(looms.map((loom) => loom.close()))
      await until(async () => (await count()) === 0)
    })
  })

  test('a worker that is shut down says which programs have begun', { timeout: 60_000 }, async () => {
    const worker = await ownWorker(URL!, ['*'], { grace: 0.01, lease: 60 })
    const loom = await connect(URL, worker.options)
    const module = define(
      loom.$py,
      'import builtins, time\ndef hold():\n    builtins.held = True\n    time.sleep(3600)',
    )
    const lost = (started: boolean) => (error: unknown) => error instanceof WorkerLost && error.started === started
    const held = assert.rejects(async () => await module.hold(), lost(true))
    const other = loom.session().$py('builtins') as any
    await until(async () => await other.getattr(other, 'held', false))
    const queued = assert.rejects(async () => await module.hold(), lost(false))
    await worker.stop()
    await Promise.all([held, queued])
    await loom.close()
  })
})
