import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { Redis } from 'ioredis'

import { newId } from '../../src/handle.js'
import { addressOf } from '../../src/transport/address.js'
import { LeaseThread } from '../../src/transport/lease.js'
import { until } from './hosts.js'

const URL = process.env['POLYLOOM_TEST_REDIS_URL']
const LEASE_MS = 2_000

describe('leases of one process', { skip: URL === undefined && 'POLYLOOM_TEST_REDIS_URL names no server' }, () => {
  const address = (): ReturnType<typeof addressOf> => addressOf(URL!)
  const task = (key: string) => ({ address: address(), key, value: 'me', leaseMs: LEASE_MS, mailbox: `${key}-mailbox` })

  test('many clients share a thread and its connection, and end one by one', { timeout: 60_000 }, async () => {
    const admin = new Redis({ ...address(), protocol: 2 })
    const threads = async (): Promise<number> =>
      ((await admin.client('LIST')) as string).split('\n').filter((line) => line.includes('name=polyloom/leases '))
        .length
    const before = await threads() // of other tests
    const keys = Array.from({ length: 20 }, () => `lease-${newId()}`)
    const lapsed = new Set<string>()
    const leases = keys.map((key) => new LeaseThread(task(key), () => lapsed.add(key)))
    await until(async () => leases.every(({ running }) => running) && (await admin.exists(...keys)) === 20)
    assert.equal((await threads()) - before, 1)

    await leases[0]!.stop()
    await admin.del(keys[0]!)
    const renewed = async (): Promise<boolean> => (await admin.pttl(keys[1]!)) > LEASE_MS / 2
    const early = Date.now()
    await until(async () => Date.now() - early > LEASE_MS && (await renewed()))
    assert.deepEqual([leases[0]!.running, leases[1]!.running], [false, true])
    assert.equal(await admin.exists(keys[0]!), 0)

    lapsed.clear()
    await admin.xadd(`${keys[2]!}-mailbox`, '*', 'a', 'b')
    await admin.del(keys[1]!)
    await until(() => Promise.resolve(lapsed.has(keys[1]!)))
    await until(async () => (await admin.pttl(`${keys[2]!}-mailbox`)) > 10 * LEASE_MS)
    assert.deepEqual([...lapsed], [keys[1]])
    await admin.del(`${keys[2]!}-mailbox`)

    await Promise.all(leases.map((lease) => lease.stop()))
    await until(async () => (await threads()) === before)
    const again = new LeaseThread(task(keys[0]!), () => undefined)
    await until(() => Promise.resolve(again.running))
    await again.stop()
    await admin.del(...keys)
    admin.disconnect()
  })
})
