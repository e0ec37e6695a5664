import assert from 'node:assert/strict'

import { iterate, kw, opts } from '../../src/index.js'
import { define, onEveryHost, raised, until, type Bench } from './hosts.js'

const DEFINE = `
import asyncio, threading, time

log = []
idents = []

def here():
    idents.append(threading.get_ident())
    return len(set(idents))

def slow():
    log.append("slow")
    time.sleep(0.05)
    return here()

async def later(x):
    await asyncio.sleep(0)
    return x

async def forever():
    log.append("forever")
    await asyncio.sleep(3600)

def call(function, *args):
    return function(*args)

class Ticks:
    def __aiter__(self):
        return self
    async def __anext__(self):
        log.append("tick")
        await asyncio.sleep(3600)
`

onEveryHost((check) => {
  check('a session stays on one thread, whatever is slow and whoever reads', async ({ $py, loom }) => {
    const probe = define($py, DEFINE)
    const others = [loom.session(), loom.session()]
    const beside = others.map((one) => define(one.$py as Bench['$py'], DEFINE))
    for (let i = 0; i < 4; i++) {
      const all = [probe, ...beside].flatMap((one) => [one.here(), one.slow(), one.here()])
      assert.deepEqual(await Promise.all(all), Array(9).fill(1))
    }
    for (const one of others) one.close()
  })

  check('what belongs to a thread can be used after a slow call', async ({ $py, transport }) => {
    const probe = define($py, DEFINE)
    const database = $py('sqlite3').connect(':memory:')
    await database.execute('create table t (x)')
    await $py('decimal').getcontext().__setattr__('prec', 5)
    await probe.slow()
    await database.execute('insert into t values (1)')
    assert.deepEqual([...((await database.execute('select x from t').fetchone()) as number[])], [1])
    assert.equal(String(await $py('decimal').Decimal(1).__truediv__(3)), '0.33333')
    await $py('decimal').getcontext().__setattr__('prec', 28)
    if (transport !== 'stdio') return
    const { SIGUSR1, SIG_IGN, SIG_DFL, signal } = $py('signal')
    await signal(SIGUSR1, SIG_IGN) // only the main thread may
    await signal(SIGUSR1, SIG_DFL)
  })

  check('F66 a callback awaits a coroutine', async ({ $py }) => {
    const probe = define($py, DEFINE)
    assert.equal(await probe.call(async () => (await probe.later(5)) as number), 5)
  })

  check('G79 a callback awaits what was asked for before it, in the same program', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const [coroutine, number, list] = [probe.later(6), probe.here(), $py('builtins').iter([1])]
    const all = await Promise.all([
      coroutine,
      number,
      list,
      probe.call(async () => [await coroutine, await number, (await list) === (await list)]),
    ])
    assert.deepEqual([all[0], all[1]], [6, 1])
    assert.deepEqual(all[3], [6, 1, false])
    const inner = await probe.call(() => probe.call(async () => (await coroutine) as number))
    assert.equal(inner, 6)
  })

  check('G79 a callback that awaits what waits for it is told so', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const seen: { later?: any; own?: any } = {}
    const call = probe.call(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return (await seen.later) as unknown
    })
    const result = call.then(null, (error: Error) => error.message)
    await new Promise((resolve) => setImmediate(resolve))
    seen.later = probe.here()
    const after = seen.later.then()
    assert.match(String(await result), /waits for the end of this callback/)
    assert.equal(await after, 1)
    const itself = probe.call(async () => (await seen.own) as number)
    seen.own = itself
    await assert.rejects(async () => itself, /waits for the callback that asks/)
  })

  check('G75 an op that waits for a coroutine is given up, the coroutine goes on', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const pending = probe.forever(opts({ signal: new AbortController().signal }))
    pending.then(null, () => undefined)
    await until(async () => ((await probe.log) as string[]).includes('forever'))
    await assert.rejects(async () => probe.call(pending, opts({ timeout: 50 })), { code: 'Timeout' })
    assert.equal(await probe.here(), 1)
  })

  check('G74 an asynchronous iteration that takes too long is given up', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const loop = async (): Promise<void> => {
      for await (const tick of iterate(probe.Ticks(), { timeout: 1_500 })) assert.fail(String(tick))
    }
    await assert.rejects(loop, { code: 'Timeout' })
    assert.deepEqual(await probe.log, ['tick'])
  })

  check('many sessions at once, each with calls of its own', async ({ loom }) => {
    const sessions = Array.from({ length: 40 }, () => loom.session())
    const sums = sessions.map((one, i) => (one.$py as Bench['$py'])('builtins').sum([i, 1], kw({ start: 1 })))
    assert.deepEqual(
      await Promise.all(sums),
      sessions.map((_, i) => i + 2),
    )
    await assert.rejects(async () => (sessions[0]!.$py as Bench['$py'])('builtins').nope(), raised('AttributeError'))
    for (const one of sessions) one.close()
  })
})
