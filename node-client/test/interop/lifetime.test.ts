import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'

import { Redis } from 'ioredis'

import { connect, handleOf, iterate, keep, kw, release, same, scope, value, type Loom } from '../../src/index.js'
import { openStdio } from '../../src/client.js'
import { newId } from '../../src/handle.js'
import { PROTOCOL, VERSION } from '../../src/ops.js'
import { settingsFrom } from '../../src/settings.js'
import { addressOf } from '../../src/transport/address.js'
import { openRedis } from '../../src/transport/redis.js'
import { HOSTS, onEveryHost, until, type Bench } from './hosts.js'

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

const PROBES = `
import gc, threading, weakref
from polyloom.table import Table
alive = weakref.WeakSet()
class Probe:
    def __init__(self, held=None):
        self.held = held
        alive.add(self)
    def child(self): return Probe()
    def wait(self): return event.wait(20)
event = threading.Event()
def entries():
    """Of the table that holds Probe itself."""
    tables = [one for one in gc.get_objects() if type(one) is Table and any(held is Probe for held in list(one.objects.values()))]
    return sum(len(part) for one in tables for part in (one.objects, one._identities, one._shared, one.late_errors))
`

/** A module of probes that every session of this worker can import, under a name of its own. */
async function probes({
  $py,
}: Pick<Bench, '$py'>): Promise<{ name: string; probe: any; alive: () => Promise<number> }> {
  const name = `probes_${newId().replaceAll('-', '_')}`
  const module = await $py('types').ModuleType(name)
  $py('builtins').exec(PROBES, module.__dict__)
  await $py('sys').modules.__setitem__(name, module)
  return { name, probe: module, alive: () => $py('builtins').len(module.alive) as Promise<number> }
}

/** Say hello and one frame more as a client of its own, and return the answer to it. */
async function tell(url: string, body: object): Promise<any> {
  const settings = settingsFrom({ url }, process.env)
  const client = newId()
  const transport = url.startsWith('stdio:') ? openStdio(settings) : await openRedis(settings, client)
  transport.hold?.(true)
  const answer = new Promise((resolve, reject) => {
    const frame = ({ text }: { text: string }): void => {
      const said = JSON.parse(text) as { t: string }
      if (said.t !== 'hello') resolve(said)
    }
    transport.receive({ frame, end: reject })
  })
  for (const one of [{ t: 'hello', protocol: PROTOCOL, version: VERSION, client }, body]) {
    transport.send({ text: JSON.stringify(one), attachments: [] })
  }
  return answer.finally(() => transport.close())
}

/** Collect garbage until no probe is left. */
async function untilNone(alive: () => Promise<number>): Promise<void> {
  await until(async () => {
    gc()
    return (await alive()) === 0
  })
}

onEveryHost((check) => {
  check('H80 dispose gives back once; later use throws at once and says where it was given back', async (bench) => {
    const { probe, alive } = await probes(bench)
    const one = await probe.Probe()
    function giveBackHere(): void {
      one[Symbol.dispose]()
      one[Symbol.dispose]()
      release(one)
    }
    giveBackHere()
    assert.throws(
      () => one.child(),
      (error: Error) => error.name === 'ReleasedError' && /giveBackHere/.test((error.cause as Error).stack!),
    )
    assert.throws(() => probe.Probe(one), { code: 'Released' })
    await until(async () => (await alive()) === 0)
  })

  check('H81 100,000 dropped objects are freed on the worker, and its table is as it was', async (bench) => {
    const { name, probe, alive } = await probes(bench)
    const Probe = await probe.Probe
    const watcher = (bench.loom.session().$py as (module: string) => any)(name)
    const entries = async (): Promise<number> => {
      gc()
      await alive() // what was collected is given back before
      return (await watcher.entries()) as number
    }
    let before = Infinity
    for (let now = await entries(); now < before; now = await entries()) before = now
    assert.ok(await Probe)
    for (let turn = 0; turn < 20; turn++) await Promise.all(Array.from({ length: 5_000 }, () => Probe()))
    await untilNone(alive)
    await until(async () => (await entries()) <= before)
  })

  check('H82 an object whose op is in flight is not given back', async (bench) => {
    const { name, probe, alive } = await probes(bench)
    const waiting = probe.Probe().wait()
    const other = bench.loom.session().$py as (module: string) => any
    for (let turn = 0; turn < 5; turn++) {
      gc()
      assert.equal(await other('builtins').len(other(name).alive), 1)
    }
    await other(name).event.set()
    assert.equal(await waiting, true)
    await untilNone(alive)
  })

  check('H81 the objects of a result that cannot be read are given back', async (bench) => {
    const { probe, alive } = await probes(bench)
    const source = `def unread(): return [Probe(), {float('nan'): 1, float('-nan'): 2}, Probe(), {'a': (Probe(),)}]`
    await bench.$py('builtins').exec(source, probe.__dict__)
    await assert.rejects(async () => await probe.unread(), { code: 'NotData' })
    await untilNone(alive)
  })

  check('H83 a release beside a new reference to the same object does not free it', async (bench) => {
    const { probe, alive } = await probes(bench)
    const holder = await probe.Probe(probe.Probe())
    const first = await holder.held
    release(first)
    const [second, third] = await Promise.all([holder.held, holder.held])
    assert.ok(same(second, third))
    release(second)
    delete holder.held
    assert.equal(await third.held, null)
    assert.equal(await alive(), 2)
  })

  check('H84 intermediates are freed, and what nobody awaits pins nothing', async (bench) => {
    const { probe, alive } = await probes(bench)
    await (async () => {
      probe.Probe().child()
      assert.equal(await probe.Probe().child().child().held, null)
    })()
    await untilNone(alive)
  })

  check('H85 a scope frees everything made in it but what it returns', async (bench) => {
    const { probe, alive } = await probes(bench)
    const kept = await scope(async () => {
      await probe.Probe()
      probe.Probe().child()
      const list = (await bench.$py('builtins').list([probe.Probe()])) as unknown[]
      assert.equal(list.length, 1)
      return { kept: await probe.Probe('x') }
    })
    await until(async () => (await alive()) === 1)
    assert.equal(await kept.kept.held, 'x')
  })

  check('H88 the id of a session is of no use to another client', async ({ $py, loom, url }) => {
    const secret = await $py('types').SimpleNamespace(kw({ x: 1 }))
    const { session, slot } = handleOf(secret)
    assert.ok(Buffer.from(session, 'base64url').length * 8 >= 96)
    assert.notEqual(loom.session().id, session)
    const theft = { t: 'program', session, n: 2, ops: [['pull', 'keep', slot]] }
    const answer = await tell(url, theft)
    assert.deepEqual([answer.t, answer.results[0][1].code], ['reply', 'UnknownSession'])
    assert.equal(await secret.x, 1)
  })

  check('H89 what is kept stays, although its value is known', async (bench) => {
    const xs = bench.$py('builtins').list([1])
    const [kept, copy] = await Promise.all([keep(xs), value(xs)])
    assert.deepEqual(copy, [1])
    gc()
    await kept['append'](2)
    assert.deepEqual(await value(kept), [1, 2])
  })

  check('H90 a call that cannot be encoded keeps nothing of its arguments', async (bench) => {
    const { probe, alive } = await probes(bench)
    const one = await probe.Probe()
    assert.throws(() => probe.Probe([one, new Uint8Array(1 << 20), Symbol('no')]), { code: 'BadValue' })
    release(one)
    await until(async () => (await alive()) === 0)
  })
})

const INDEX = new URL('../../src/index.js', import.meta.url).href

/** A client in a process of its own that holds a probe of the module `name`, and the pid of its worker. */
async function clientProcess(url: string, name: string | undefined, leaseMs: number): Promise<any> {
  const source = `
    import { createInterface } from 'node:readline'
    import { connect } from ${JSON.stringify(INDEX)}
    const loom = await connect(${JSON.stringify(url)}, { leaseMs: ${leaseMs} })
    const make = ${name ? `loom.$py(${JSON.stringify(name)}).Probe` : `loom.$py('types').SimpleNamespace`}
    const held = await make()
    console.log(await loom.$py('os').getpid())
    for await (const line of createInterface({ input: process.stdin })) {
      try { console.log(JSON.stringify(await held.held)) } catch (error) { console.log(error.code + ': ' + error.hint) }
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, next: async () => (await lines.next()).value as string }
}

function gone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test('H86 stdio: a client that is killed leaves no Python behind', { timeout: 30_000 }, async () => {
  const { child, next } = await clientProcess('stdio:', undefined, 1_000)
  const pid = Number(await next())
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(() => gone(pid))
})

const REDIS = HOSTS.find(({ name }) => name === 'redis')
const options = { skip: REDIS === undefined && 'POLYLOOM_TEST_REDIS_URL names no server', timeout: 60_000 }

/** Run with a client; `cut` breaks the connections that it has. */
async function onRedis(run: (loom: Loom, cut: () => Promise<void>) => Promise<void>): Promise<void> {
  const admin = new Redis({ ...addressOf(REDIS!.url), protocol: 2 })
  const connections = async (): Promise<string[]> =>
    [...String(await admin.client('LIST')).matchAll(/^id=(\d+) .*name=polyloom\//gm)].map((one) => one[1]!)
  const others = new Set(await connections())
  const loom = await connect(REDIS!.url)
  const mine = (await connections()).filter((id) => !others.has(id))
  const cut = async (): Promise<void> => {
    for (const id of mine) await admin.client('KILL', 'ID', id)
  }
  try {
    await run(loom, cut)
  } finally {
    admin.disconnect()
    await loom.close()
  }
}

test('H86 redis: what a killed client held is freed after its lease', options, async () => {
  await onRedis(async (loom) => {
    const { name, alive } = await probes(loom)
    const { child, next } = await clientProcess(REDIS!.url, name, 1_000)
    await next()
    assert.equal(await alive(), 1)
    child.kill('SIGKILL')
    await until(async () => (await alive()) === 0)
  })
})

test('H87 redis: objects and generators outlive a broken connection', options, async () => {
  await onRedis(async (loom, cut) => {
    const $py = loom.$py as (module: string) => any
    const box = await $py('types').SimpleNamespace(kw({ x: 1 }))
    const rows = iterate($py('builtins').iter([1, 2, 3, 4]), { chunk: 1 })
    assert.equal((await rows.next()).value, 1)
    await cut()
    assert.equal(await box.x, 1)
    assert.equal((await rows.next()).value, 2)
  })
})

test('H87 redis: a client that slept longer than its lease gets LeaseExpired', options, async () => {
  await onRedis(async (loom) => {
    const { name, alive } = await probes(loom)
    const { child, next } = await clientProcess(REDIS!.url, name, 1_000)
    await next()
    child.kill('SIGSTOP')
    await until(async () => (await alive()) === 0)
    child.kill('SIGCONT')
    child.stdin.write('ask\n')
    assert.match(await next(), /^LeaseExpired: connect again/)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
})
