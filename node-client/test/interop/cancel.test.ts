import assert from 'node:assert/strict'

import { Cancelled, connect, iterate, opts } from '../../src/index.js'
import { define, onEveryHost, until, type Bench } from './hosts.js'

const DEFINE = `
import asyncio, threading, time, weakref

log = []
gates = {}

def gate(name):
    return gates.setdefault(name, threading.Lock())

def shut(name):
    gate(name).acquire()

def open(name):
    gate(name).release()

def mark(name):
    log.append(name)
    return name

def spin(name):
    "never ends by itself"
    try:
        log.append(name)
        while True:
            pass
    finally:
        log.append(name + " ended")

def busy(turns, value):
    for _ in range(turns):
        pass
    return value

def nap(name):
    try:
        log.append(name)
        time.sleep(3600)
    finally:
        log.append(name + " ended")

def in_c(name):
    log.append(name)
    gate(name).acquire()
    log.append(name + " went on")

def stubborn(name):
    log.append(name)
    try:
        time.sleep(3600)
    except BaseException as error:
        log.append(type(error).__name__)
    return name

async def wait(name):
    try:
        log.append(name)
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        log.append(name + " cancelled")
        raise

def ask(function, name):
    try:
        log.append(name)
        return function()
    finally:
        log.append(name + " ended")

class Thing:
    pass

def thing(name):
    log.append(name)
    try:
        gate(name).acquire()
        time.sleep(3600)
    except BaseException:
        pass
    made = Thing()
    weakref.finalize(made, log.append, name + " freed")
    return made

def endless():
    try:
        log.append("began")
        yield 1
        while True:
            pass
    finally:
        log.append("closed")
`

/** A call that can be given up: its promise, and what gives it up. */
function started(call: (options: ReturnType<typeof opts>) => PromiseLike<unknown>): {
  result: Promise<unknown>
  stop: () => void
} {
  const controller = new AbortController()
  const result = Promise.resolve(call(opts({ signal: controller.signal })))
  result.catch(() => undefined)
  return { result, stop: () => controller.abort(new Error('stop')) }
}

/** The probe of one session, seen from another, which is not held up by it. */
async function pair({ $py, loom }: Bench): Promise<{ probe: any; beside: any; end: () => void }> {
  const name = `polyloom_probe_${Math.random().toString(36).slice(2)}`
  const probe = define($py, DEFINE)
  await $py('sys').modules.__setitem__(name, probe)
  const other = loom.session()
  return { probe, beside: other.$py(name), end: () => other.close() }
}

const logged = (beside: any, entry: string) => async (): Promise<boolean> =>
  ((await beside.log) as string[]).includes(entry)

onEveryHost((check) => {
  check('G75 before sending: nothing runs', async ({ $py }) => {
    const probe = define($py, DEFINE)
    assert.throws(() => probe.mark('a', opts({ signal: AbortSignal.abort(new Error('early')) })), /early/)
    const { result, stop } = started((options) => probe.mark('b', options))
    stop()
    await assert.rejects(result, /stop/)
    assert.deepEqual(await probe.log, [])
  })

  check('G75 queued: it does not begin, and what depends on it fails', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    await probe.shut('door')
    const first = probe.in_c('door').then()
    await until(logged(beside, 'door'))
    const { result, stop } = started((options) => probe.mark('queued', options))
    const gone = probe.mark('gone', opts({ timeout: 1 }))
    const dependent = gone.upper().then(null, (error: unknown) => error)
    await assert.rejects(async () => gone, { code: 'Timeout' })
    stop()
    await assert.rejects(result, /stop/)
    await beside.open('door')
    await first
    assert.ok((await dependent) instanceof Cancelled)
    assert.deepEqual(await probe.log, ['door', 'door went on'])
    end()
  })

  check('G75 running in Python code: it is interrupted, its finally runs, the session goes on', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    const { result, stop } = started((options) => probe.spin('spin', options))
    await until(logged(beside, 'spin'))
    stop()
    await assert.rejects(result, /stop/)
    assert.equal(await probe.mark('next'), 'next')
    assert.deepEqual(await probe.log, ['spin', 'spin ended', 'next'])
    end()
  })

  check('G75 in a sleep: it is interrupted', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    const { result, stop } = started((options) => probe.nap('nap', options))
    await until(logged(beside, 'nap'))
    stop()
    await assert.rejects(result, /stop/)
    assert.deepEqual(await probe.log, ['nap', 'nap ended'])
    end()
  })

  check('G75 in an async def: CancelledError is thrown inside', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const { result, stop } = started((options) => probe.wait('w', options))
    await until(logged(probe, 'w'))
    stop()
    await assert.rejects(result, /stop/)
    await until(logged(probe, 'w cancelled'))
    assert.equal(await probe.mark('next'), 'next')
  })

  check('G75 in C code: the call into C ends, then it is interrupted', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    await probe.shut('c')
    const { result, stop } = started((options) => probe.in_c('c', options))
    await until(logged(beside, 'c'))
    stop()
    await assert.rejects(result, /stop/)
    await beside.open('c')
    assert.deepEqual(await probe.log, ['c'])
    end()
  })

  check('G75 after the end: nothing happens', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const { result, stop } = started((options) => probe.mark('done', options))
    assert.equal(await result, 'done')
    stop()
    assert.equal(await probe.mark('next'), 'next')
    assert.deepEqual(await probe.log, ['done', 'next'])
  })

  check('G75 while it waits for a callback, and inside of one', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    const never = new Promise(() => undefined)
    const { result, stop } = started((options) => probe.ask(() => never, 'ask', options))
    await until(logged(beside, 'ask'))
    stop()
    await assert.rejects(result, /stop/)
    assert.deepEqual(await probe.log, ['ask', 'ask ended'])
    const inner = async (): Promise<unknown> => {
      const { result, stop } = started((options) => probe.spin('inner', options))
      await until(logged(beside, 'inner'))
      stop()
      return result.then(null, (error: unknown) => (error as Error).message)
    }
    assert.equal(await probe.ask(inner, 'outer'), 'stop')
    assert.deepEqual(await probe.log, ['ask', 'ask ended', 'outer', 'inner', 'inner ended', 'outer ended'])
    end()
  })

  check('G75 code that catches the interrupt goes on, and its result is dropped', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    const { result, stop } = started((options) => probe.stubborn('s', options))
    await until(logged(beside, 's'))
    stop()
    await assert.rejects(result, /stop/)
    assert.deepEqual(await probe.log, ['s', 'Interrupt'])
    end()
  })

  check('G74 a late result is dropped, and what it held is freed', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    await probe.shut('late')
    const late = probe.thing('late', opts({ timeout: 20 }))
    await assert.rejects(async () => late, { code: 'Timeout', message: /thing.* took longer than 20 ms/ })
    await beside.open('late')
    await until(logged(probe, 'late freed'))
    end()
  })

  check('G74 a timeout of an iteration interrupts the generator', async (bench) => {
    const { probe, beside, end } = await pair(bench)
    const rows: unknown[] = []
    const loop = async (): Promise<void> => {
      for await (const row of iterate(probe.endless(), { chunk: 1, timeout: 200 })) rows.push(row)
    }
    await assert.rejects(loop, { code: 'Timeout' })
    assert.deepEqual(rows, [1])
    await until(logged(beside, 'closed'))
    end()
  })

  check('G76 an interrupt never meets another call', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const outcomes = { done: 0, stopped: 0 }
    for (let i = 0; i < 300; i++) {
      const controller = new AbortController()
      const aimed = probe.busy(60_000, `a${i}`, opts({ signal: controller.signal }))
      const beside = [0, 1, 2].map((n) => probe.busy(500, `b${i}-${n}`))
      const timer = setTimeout(() => controller.abort(), i % 5)
      const [one, ...others] = await Promise.allSettled([aimed, ...beside])
      clearTimeout(timer)
      if (one.status === 'fulfilled') assert.equal(one.value, `a${i}`)
      outcomes[one.status === 'fulfilled' ? 'done' : 'stopped']++
      assert.deepEqual(
        others.map((other: any) => other.value as unknown),
        [0, 1, 2].map((n) => `b${i}-${n}`),
      )
    }
    assert.equal(outcomes.done + outcomes.stopped, 300)
  })

  check('G78 programs without an answer are limited; the error says so and the session goes on', async ({ url }) => {
    const loom = await connect(url, { inFlight: 3 })
    const abs = (loom.$py as Bench['$py'])('builtins').abs
    const sent = []
    for (let i = 0; i < 3; i++) {
      sent.push(abs(-i).then())
      await new Promise((resolve) => process.nextTick(resolve))
    }
    assert.throws(() => abs(-4), { code: 'LimitExceeded', message: /in_flight: 3 .*inFlight/ })
    assert.deepEqual(await Promise.all(sent), [0, 1, 2])
    assert.equal(await abs(-5), 5)
    await loom.close()
  })
})
