import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { NameTaken, UnknownName, UsageError, ValueRefused, connect, keep, release } from '../../src/index.js'
import { newId } from '../../src/handle.js'
import type { Loom } from '../../src/loom.js'
import { ownWorker, type OwnWorker } from '../support/worker.js'
import { define, onEveryHost, until } from './hosts.js'

const URL = process.env['POLYLOOM_TEST_REDIS_URL']
const COUNTER = `
class Counter:
    def __init__(self):
        self.count = 0

    def step(self):
        self.count += 1
        return self.count
`

/** Untyped, since this repository's compiler options ask for brackets around names of index signatures. */
const named = (loom: Loom, name: string): any => loom.named(name)

onEveryHost((check) => {
  const fresh = (): string => `test:${newId()}`

  check('H89 an object shared under a name is one object for all who use it', async ({ loom, $py }) => {
    const name = fresh()
    const counter = define($py, COUNTER).Counter()
    assert.equal(await loom.share(counter, name), null)
    const one = named(loom, name)
    assert.equal(await counter.step(), 1)
    assert.equal(await one.step(), 2)
    assert.equal(await named(loom, name).step(), 3)
    assert.equal(await counter.count, 3)
    await loom.unshare(name)
  })

  check('what is shared and used in one tick needs no await between', async ({ loom, $py }) => {
    const name = fresh()
    loom.share($py('collections').deque([1]), name)
    const shared = named(loom, name)
    shared.append(2)
    loom.unshare(name)
    assert.deepEqual(await shared.copy().pop(), 2)
    await assert.rejects(async () => await named(loom, name), { code: 'UnknownShared' })
  })

  check('H89 a release of one gives back its own reference only', async ({ loom, $py }) => {
    const name = fresh()
    const counter = define($py, COUNTER).Counter()
    loom.share(counter, name)
    const one = await keep(named(loom, name))
    const other = await keep(named(loom, name))
    release(counter)
    release(one)
    assert.equal(await other.step(), 1)
    await loom.unshare(name)
    assert.equal(await other.step(), 2)
    assert.throws(() => one.step(), { code: 'Released' })
  })

  check('the object outlives the session that shared it', async ({ loom }) => {
    const name = fresh()
    const session = loom.session()
    await loom.share(define(session.$py, COUNTER).Counter(), name)
    session.close()
    assert.equal(await named(loom, name).step(), 1)
    await loom.unshare(name)
  })

  check('a name belongs to one object: the same again changes nothing, another is refused', async ({ loom, $py }) => {
    const name = fresh()
    const first = define($py, COUNTER).Counter()
    await loom.share(first, name)
    await loom.share(first, name)
    await loom.share(named(loom, name), name)
    await assert.rejects(
      async () => await loom.share($py('decimal').Context(), name),
      (error) => {
        assert.ok(error instanceof NameTaken)
        assert.equal(error.worker, loom.worker)
        assert.match(error.message, new RegExp(`${name}.* is shared by the worker ${loom.worker} already`))
        return true
      },
    )
    assert.equal(await named(loom, name).step(), 1)
    await loom.unshare(name)
    await loom.share($py('decimal').Context(), name)
    await loom.unshare(name)
  })

  check('of those who share under one name at once, one wins', async ({ loom, $py }) => {
    const name = fresh()
    const sessions = Array.from({ length: 5 }, () => loom.session())
    const shared = sessions.map(async (session) => await loom.share(define(session.$py, COUNTER).Counter(), name))
    const outcomes = await Promise.allSettled(shared)
    const lost = outcomes.filter((one) => one.status === 'rejected')
    assert.equal(lost.length, 4)
    for (const { reason } of lost) assert.ok(reason instanceof NameTaken)
    assert.equal(await named(loom, name).step(), 1)
    await $py('builtins').abs(1)
    await loom.unshare(name)
    for (const session of sessions) session.close()
  })

  check('an unknown name is told, with names that there are', async ({ loom, $py }) => {
    const name = fresh()
    await loom.share($py('decimal').Context(), name)
    const nobody = fresh()
    const unknown = (error: unknown): boolean =>
      error instanceof UnknownName && error.code === 'UnknownShared' && error.hint.includes(name)
    await assert.rejects(async () => await named(loom, nobody).step(), unknown)
    await assert.rejects(async () => await loom.unshare(nobody), unknown)
    await loom.unshare(name)
    await assert.rejects(async () => await loom.unshare(name), { code: 'UnknownShared' })
    loom.share($py('decimal').Context(), nobody)
    assert.equal(await named(loom, nobody).prec, 28)
    await loom.unshare(nobody)
  })

  check('what is no name is refused before it is sent', async ({ loom, $py }) => {
    const thing = await keep($py('decimal').Context())
    for (const name of ['', 'two words', 'line\n', 'é', 'x'.repeat(129), 7, undefined])
      for (const use of [() => loom.share(thing, name as string), () => named(loom, name as string)])
        assert.throws(use, (error) => error instanceof UsageError && /no name for an object/.test(error.message))
    assert.throws(() => loom.share({} as any, 'x'), UsageError)
  })

  check('a function of JavaScript is not shared: it ends with its session', async ({ loom, $py }) => {
    const holder = $py('types').SimpleNamespace()
    holder.f = () => 1
    await assert.rejects(async () => await loom.share(holder.f, fresh()), ValueRefused)
  })

  check('the error of a share that failed has its call site', async ({ loom, $py }) => {
    const name = fresh()
    await loom.share($py('decimal').Context(), name)
    const failed = loom.share($py('decimal').Context(), name)
    await assert.rejects(
      async () => await failed,
      (error: Error) => /shared\.test\.ts/.test(error.stack!.split('\n').find((line) => line.startsWith('    at'))!),
    )
    await loom.unshare(name)
  })

  check('data is shared as well, and comes as data', async ({ loom, $py }) => {
    const name = fresh()
    const list = $py('builtins').list([1])
    loom.share(list, name)
    list.append(2)
    await $py('builtins').abs(1) // sessions have orders of their own
    assert.deepEqual(await named(loom, name), [1, 2])
    await loom.unshare(name)
  })
})

describe('shared on redis', { skip: URL === undefined && 'POLYLOOM_TEST_REDIS_URL names no server' }, () => {
  const prefix = `own-${newId()}:`
  const workers: OwnWorker[] = []
  const looms: Loom[] = []
  before(async () => {
    for (const label of ['red', 'blue']) workers.push(await ownWorker(URL!, ['*'], { prefix, labels: [label] }))
    for (const label of ['red', 'blue']) looms.push(await connect(URL, { ...workers[0]!.options, labels: [label] }))
  })
  after(async () => {
    await Promise.all(looms.map((loom) => loom.close()))
    await Promise.all(workers.map((worker) => worker.stop()))
  })

  test('H89 a client of another worker uses the one object, where it is', { timeout: 60_000 }, async () => {
    const [red, blue] = looms as [Loom, Loom]
    await red.share(define(red.$py, COUNTER).Counter(), 'counter')
    const far = named(blue, 'counter')
    assert.equal(await far.step(), 1)
    assert.equal(await named(red, 'counter').step(), 2)
    assert.equal(await named(blue, 'counter').count, 2)
    await assert.rejects(async () => await blue.share(define(blue.$py, COUNTER).Counter(), 'counter'), {
      code: 'NameTaken',
      worker: red.worker,
    })
    await blue.unshare('counter')
    await blue.share(define(blue.$py, COUNTER).Counter(), 'counter')
    const moved = {
      code: 'UnknownShared',
      message: new RegExp(`shared by the worker ${blue.worker}, not here .ask again`),
    }
    await assert.rejects(async () => await named(red, 'counter').step(), moved)
    assert.equal(await named(red, 'counter').step(), 1)
    assert.equal(await far.step(), 3)
    await red.unshare('counter')
  })

  test('names of a worker end with it, and may be taken at once', { timeout: 60_000 }, async () => {
    const [red] = looms as [Loom]
    const worker = await ownWorker(URL!, ['*'], { prefix, labels: ['green'] })
    const green = await connect(URL, { ...worker.options, labels: ['green'] })
    await green.share(define(green.$py, COUNTER).Counter(), 'brief')
    const far = named(red, 'brief')
    assert.equal(await far.step(), 1)
    process.kill(worker.pid, 'SIGKILL')
    await assert.rejects(async () => await far.step(), { code: 'WorkerLost' })
    await until(() =>
      red.share(define(red.$py, COUNTER).Counter(), 'brief').then(
        () => true,
        () => false,
      ),
    )
    assert.equal(await named(red, 'brief').step(), 1)
    await assert.rejects(async () => await (green.$py('os') as any).getpid(), { code: 'WorkerLost' })
    await green.close()
    await red.unshare('brief')
  })
})
