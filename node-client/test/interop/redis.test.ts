import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'

import { Redis } from 'ioredis'

import { connect } from '../../src/index.js'
import { addressOf } from '../../src/transport/address.js'

const digest = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

const URL = process.env['POLYLOOM_TEST_REDIS_URL']

describe('redis', { skip: URL === undefined && 'POLYLOOM_TEST_REDIS_URL names no server' }, () => {
  let admin: Redis
  before(() => {
    admin = new Redis({ ...addressOf(URL!), protocol: 2 })
  })
  after(() => admin.disconnect())

  /** The addresses of the connections that clients of this test opened since `known`. */
  async function connections(known: ReadonlySet<string> = new Set()): Promise<{ id: string; addr: string }[]> {
    const lines = String(await admin.client('LIST')).split('\n')
    const found = lines.flatMap((line) => /id=(\d+) addr=(\S+).* name=polyloom\//.exec(line)?.slice(1, 3) ?? [])
    const pairs = found.flatMap((id, index) => (index % 2 ? [] : [{ id, addr: found[index + 1]! }]))
    return pairs.filter(({ id }) => !known.has(id))
  }

  async function open(): Promise<{ $py: any; close: () => Promise<void>; mine: { id: string; addr: string }[] }> {
    const known = new Set((await connections()).map(({ id }) => id))
    const loom = await connect(URL)
    return { $py: loom.$py, close: () => loom.close(), mine: await connections(known) }
  }

  test('no worker under the prefix is said when the time given is over', async () => {
    const none = connect(URL, { prefix: 'nobody-is-here:', workerTimeoutMs: 300 })
    await assert.rejects(none, { code: 'NoWorker' })
  })

  test('F7 no call is lost or run twice when the connections break', async () => {
    const { $py, close, mine } = await open()
    const xs = $py('builtins').list()
    const index = $py('operator').index
    for (let n = 0; n < 100; n++) {
      xs.append(n)
      const pending = index(n)
      if (n % 40 === 20) for (const { id } of mine) await admin.client('KILL', 'ID', id)
      assert.equal(await pending, n)
    }
    assert.deepEqual(
      await xs,
      Array.from({ length: 100 }, (_, n) => n),
    )
    await close()
  })

  test('P4 large attachments travel as blobs, both ways, and leave nothing behind', async () => {
    const loom = await connect(URL)
    const { copy } = (loom.$py as any)('copy')
    const large = Uint8Array.from({ length: 1_000_003 }, (_, index) => index % 251)
    const both = await Promise.all([copy(large), copy([large, large.subarray(1), 'x']), copy(large.subarray(0, 10))])
    assert.deepEqual(both[0], large)
    assert.deepEqual([...both[1]], [large, large.subarray(1), 'x'])
    assert.deepEqual(both[2], large.subarray(0, 10))
    for (let left = -1; left !== 0; await delay(10)) left = (await admin.keys('*:blob:*')).length
    await loom.close()
  })

  test('P4 large bytes that change after the call, and copies whose memory is used again, arrive as they were', async () => {
    const { $py, close } = await open()
    const { md5 } = $py('hashlib')
    const bytes = new Uint8Array(3_000_000)
    for (let turn = 1; turn <= 6; turn++) {
      bytes.fill(turn)
      const sums = [md5(bytes).hexdigest(), md5(bytes.subarray(0, 2_000_000 + turn)).hexdigest()]
      bytes.fill(0)
      const wanted = [3_000_000, 2_000_000 + turn].map((size) => digest(new Uint8Array(size).fill(turn)))
      assert.deepEqual(await Promise.all(sums), wanted)
    }
    await close()
  })

  test('F7 large bytes come back whole although every connection of the client breaks', async () => {
    const { $py, close, mine } = await open()
    const [, client] = / name=polyloom\/([^/]+)/.exec(String(await admin.client('LIST', 'ID', mine[0]!.id)))!
    const { copy } = $py('copy')
    const large = Uint8Array.from({ length: 5_000_000 }, (_, index) => index % 251)
    let seen = false
    for (let turn = 0; turn < 12; turn++) {
      const pending = copy(large)
      const lines = String(await admin.client('LIST')).split('\n')
      const own = lines.filter((line) => line.includes(`name=polyloom/${client}/`))
      seen ||= own.some((line) => line.includes('/bulk'))
      if (turn % 3 === 2) for (const line of own) await admin.client('KILL', 'ID', /id=(\d+)/.exec(line)![1]!)
      assert.ok(Buffer.from(await pending).equals(large), `turn ${turn}`)
    }
    assert.ok(seen, 'there was a connection for large strings')
    await close()
  })

  test('F5 a script that computes for many leases keeps its objects', async () => {
    const loom = await connect(URL, { leaseMs: 1_000 })
    const box = await (loom.$py as any)('types').SimpleNamespace()
    box.x = 1
    await delay(1_000)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
    assert.equal(await box.x, 1)
    await loom.close()
  })

  test('P10 an idle client sends at most one command a second', async () => {
    const known = new Set((await connections()).map(({ id }) => id))
    const { $py, close, mine } = await open()
    await $py('math').sqrt(4)
    await delay(2_500) // by then a thread renews the lease
    const monitor = await admin.monitor()
    const thread = await connections(new Set([...known, ...mine.map(({ id }) => id)]))
    const addresses = new Set([...mine, ...thread].map(({ addr }) => addr))
    let commands = 0
    monitor.on('monitor', (_time: string, _arguments: string[], source: string) => addresses.has(source) && commands++)
    await delay(6_000)
    monitor.disconnect()
    assert.ok(commands <= 6 && commands > 0, `${commands} commands in 6 s`)
    await close()
  })

  test('close leaves no lease, and a mailbox that ends', async () => {
    const { $py, close, mine } = await open()
    await $py('math').sqrt(4)
    const line = String(await admin.client('LIST', 'ID', mine[0]!.id))
    const client = / name=polyloom\/([^/]+)\//.exec(line)![1]!
    assert.equal((await admin.keys(`*{c:${client}}:*`)).length, 2)
    await close()
    await delay(100)
    for (const key of await admin.keys(`*{c:${client}}:*`)) assert.ok((await admin.pttl(key)) > 0, key)
  })
})
