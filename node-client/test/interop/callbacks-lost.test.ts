/** Callbacks whose client dies, or loses its connection. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { Redis } from 'ioredis'

import { connect } from '../../src/index.js'
import type { Loom } from '../../src/loom.js'
import { addressOf } from '../../src/transport/address.js'
import { HOSTS, define, until, type Bench } from './hosts.js'

const REDIS = HOSTS.find(({ name }) => name === 'redis')
const options = { skip: REDIS === undefined && 'POLYLOOM_TEST_REDIS_URL names no server', timeout: 60_000 }
const INDEX = new URL('../../src/index.js', import.meta.url).href

const DEFINE = `
log = []
kept = []

def ask(function):
    kept.append(function)
    log.append("asked")
    try:
        return function()
    except Exception as error:
        log.append(f"{type(error).__name__}: {error}")
        raise

def again():
    try:
        kept[0]()
    except Exception as error:
        return type(error).__name__
`

async function named(loom: Loom): Promise<{ name: string; probe: any }> {
  const $py = loom.$py as Bench['$py']
  const name = `polyloom_lost_${Math.random().toString(36).slice(2)}`
  const probe = define($py, DEFINE)
  await $py('sys').modules.__setitem__(name, probe)
  return { name, probe }
}

test('F67 redis: the owner of a callback is killed, and Python is told within its lease', options, async () => {
  const loom = await connect(REDIS!.url)
  const { name, probe } = await named(loom)
  const source = `
    import { connect } from ${JSON.stringify(INDEX)}
    const loom = await connect(${JSON.stringify(REDIS!.url)}, { leaseMs: 1000 })
    await loom.$py(${JSON.stringify(name)}).ask(() => { console.log('inside'); return new Promise(() => {}) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  assert.equal(value, 'inside')
  assert.deepEqual(await probe.log, ['asked'])
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(async () => ((await probe.log) as string[]).length > 1)
  assert.match(((await probe.log) as string[])[1]!, /^Gone: the lease of this client ended/)
  assert.equal(await probe.again(), 'Gone')
  await loom.close()
})

test('F67 redis: a callback goes on when the connections of its client break', options, async () => {
  const admin = new Redis({ ...addressOf(REDIS!.url), protocol: 2 })
  const clients = async (): Promise<string[]> =>
    [...String(await admin.client('LIST')).matchAll(/^id=(\d+) .*name=polyloom\//gm)].map((one) => one[1]!)
  const before = new Set(await clients())
  const loom = await connect(REDIS!.url)
  const mine = (await clients()).filter((id) => !before.has(id))
  const { probe } = await named(loom)
  const { abs } = (loom.$py as Bench['$py'])('builtins')
  const result = await probe.ask(async () => {
    for (const id of mine) await admin.client('KILL', 'ID', id)
    return (await abs(-7)) as number
  })
  assert.equal(result, 7)
  await loom.close()
  admin.disconnect()
})

test('F67 stdio: a client that is killed in a callback leaves no Python behind', { timeout: 30_000 }, async () => {
  const source = `
    import { connect } from ${JSON.stringify(INDEX)}
    const { $py } = await connect('stdio:')
    console.log(await $py('os').getpid())
    await $py('builtins').list($py('builtins').map(() => { console.log('inside'); return new Promise(() => {}) }, [1]))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const pid = Number((await lines.next()).value)
  assert.equal((await lines.next()).value, 'inside')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(() => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  })
})
