import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { ValueRefused, connect, keep, map, release, typeName } from '../../src/index.js'
import { newId } from '../../src/handle.js'
import type { Loom, LoomSession } from '../../src/loom.js'
import { ownWorker, type OwnWorker } from '../support/worker.js'
import { define, onEveryHost, raised } from './hosts.js'

const URL = process.env['POLYLOOM_TEST_REDIS_URL']
const COUNTER = `
class Counter:
    def __init__(self):
        self.count = 0

    def step(self):
        self.count += 1
        return self.count

def steps(counter, times):
    return [counter.step() for _ in range(times)]

def kind(value):
    return type(value).__name__

def same(a, b):
    return a is b

def call(f, *rest):
    return f(*rest)

def alive(ref):
    return ref() is not None

def fail():
    raise LookupError('not there')
`

type Using = Pick<LoomSession, '$py'>

/** Untyped, since this repository's compiler options ask for brackets around names of index signatures. */
const py = ({ $py }: Using, name: string): any => $py(name)

const module = ({ $py }: Using): any => define($py, COUNTER)

onEveryHost((check) => {
  check('B26 an object of another session of this worker is passed itself', async ({ loom }) => {
    const [one, other] = [loom.session(), loom.session()]
    const counter = module(one).Counter()
    assert.deepEqual(await module(other).steps(counter, 3), [1, 2, 3])
    assert.equal(await counter.count, 3)
    assert.equal(await module(other).call(module(loom).call, counter.step), 4)
    assert.equal(
      await module(one).same(await keep(module(other).call(module(loom).call, () => counter)), counter),
      true,
    )
    one.close()
    other.close()
  })

  check('it is passed as it is at this point of the order, before what is asked for later', async ({ loom }) => {
    const other = loom.session()
    const list = py(loom, 'builtins').list([1])
    const copies = []
    for (let n = 2; n < 12; n++) {
      list.append(n)
      copies.push(py(other, 'copy').copy(list))
    }
    const lengths = (await Promise.all(copies)).map((copy: any) => copy.length as number)
    assert.ok(
      lengths.every((length, at) => length >= at + 2),
      String(lengths),
    )
    other.close()
  })

  check('two sessions that use what the other has just asked for do not wait for each other', async ({ loom }) => {
    const [one, other] = [loom.session(), loom.session()]
    const [left, right] = [py(one, 'operator'), py(other, 'operator')]
    let a = left.add(1, 0)
    let b = right.add(1, 0)
    for (let n = 0; n < 20; n++) [a, b] = [left.add(a, b), right.add(b, a)]
    assert.deepEqual(await Promise.all([a, b]), [2 ** 20, 2 ** 20])
    one.close()
    other.close()
  })

  check('a release of what is lent does not overtake its use, and gives it back there', async ({ loom }) => {
    const [one, other] = [loom.session(), loom.session()]
    const ref = py(one, 'weakref').ref
    const counter = module(one).Counter()
    const seen = ref(counter)
    const stepped = module(other).steps(counter, 1)
    release(counter)
    assert.deepEqual(await stepped, [1])
    while (await module(one).alive(seen)) await new Promise((resolve) => setTimeout(resolve, 20))
    one.close()
    other.close()
  })

  check('an attribute of it, in a container, as a keyword and as a key', async ({ loom }) => {
    const other = loom.session()
    const counter = module(other).Counter()
    counter.count = 7
    const build = py(loom, 'builtins').dict
    assert.deepEqual(await build([['a', { inside: [counter.count] }]]), { a: { inside: [7] } })
    assert.equal(await module(loom).call(py(loom, 'builtins').len, [counter, counter]), 2)
    assert.equal(await py(loom, 'operator').getitem({ x: 5 }, py(other, 'builtins').str('x')), 5)
    other.close()
  })

  check('what failed there fails here, with that error', async ({ loom }) => {
    const other = loom.session()
    await assert.rejects(async () => await py(loom, 'builtins').abs(module(other).fail()), raised('LookupError'))
    assert.equal(await py(loom, 'builtins').abs(-1), 1)
    other.close()
  })

  check('it is waited for: what a slow session has yet to make', async ({ loom }) => {
    const other = loom.session()
    const time = py(other, 'time')
    time.sleep(0.2)
    const late = py(other, 'operator').add(20, 1)
    assert.equal(await py(loom, 'operator').mul(late, 2), 42)
    other.close()
  })

  check('a value that is known here is sent as a value', async ({ loom }) => {
    const other = loom.session()
    const number = py(other, 'operator').add(20, 1)
    assert.equal(await number, 21)
    other.close()
    assert.equal(await py(loom, 'operator').mul(number, 2), 42)
  })

  check('an object of a session that was closed is refused', async ({ loom }) => {
    const other = loom.session()
    const counter = await keep(module(other).Counter())
    other.close()
    assert.throws(() => module(loom).kind(counter), { code: 'SessionClosed' })
  })

  check('a session that is closed while another waits for what it lends', async ({ loom }) => {
    const other = loom.session()
    py(other, 'time').sleep(0.3)
    const kind = module(loom).kind(module(other).Counter())
    await py(loom.session(), 'builtins').abs(1)
    other.close() // programs before it still run
    assert.equal(await kind, 'Counter')
  })

  check('in the body of a map', async ({ loom }) => {
    const other = loom.session()
    const counter = module(other).Counter()
    const steps = module(loom).steps
    assert.deepEqual(await map(py(loom, 'builtins').range(3), (n) => steps(counter, n)), [[], [1], [2, 3]])
    await assert.rejects(
      async () => await map(py(loom, 'builtins').range(3), (n) => py(other, 'builtins').abs(n)),
      /stands for every item of a map/,
    )
    other.close()
  })

  check('in a callback, from the session that waits for it and to it', async ({ loom }) => {
    const other = loom.session()
    const probe = module(loom)
    const counter = probe.Counter()
    const there = module(other)
    assert.deepEqual(await probe.call(async () => there.steps(counter, 2)), [1, 2])
    const made = await keep(probe.call(() => there.Counter()))
    assert.equal(await typeName(made), 'probe.Counter')
    other.close()
  })

  check('sessions with threads lend and borrow, side by side', async ({ loom }) => {
    const [one, other] = [loom.session({ threads: 4 }), loom.session({ threads: 4 })]
    const [left, right] = [module(one), module(other)]
    const counters = Array.from({ length: 8 }, () => left.Counter())
    const stepped = counters.map((counter) => right.steps(counter, 2))
    assert.deepEqual(await Promise.all(stepped), Array(8).fill([1, 2]))
    const sums = counters.map((counter, n) => py(other, 'operator').add(counter.count, py(one, 'operator').neg(n)))
    assert.deepEqual(
      await Promise.all(sums),
      counters.map((_, n) => 2 - n),
    )
    one.close()
    other.close()
  })

  check('many attachments in one op', async ({ $py }) => {
    const many = Array.from({ length: 3_000 }, (_, n) => Buffer.from(`number ${n}`))
    assert.equal(await $py('builtins').len(many), 3_000)
    assert.deepEqual(await $py('operator').getitem(many, -1), Uint8Array.from(many.at(-1)!))
  })
})

describe('lent', () => {
  test('an object of another local process is refused before anything is sent', { timeout: 30_000 }, async () => {
    const [one, other] = await Promise.all([connect('stdio:'), connect('stdio:')])
    const counter = await keep(module(one).Counter())
    assert.throws(
      () => module(other).kind(counter),
      (error) =>
        error instanceof ValueRefused && /another local process .*await it and send its value/.test(error.message),
    )
    await Promise.all([one.close(), other.close()])
  })
})

describe('lent on redis', { skip: URL === undefined && 'POLYLOOM_TEST_REDIS_URL names no server' }, () => {
  const prefix = `own-${newId()}:`
  const workers: OwnWorker[] = []
  const looms: Loom[] = []
  const options = { prefix, workerTimeoutMs: 30_000 }
  before(async () => {
    for (const label of ['red', 'blue']) workers.push(await ownWorker(URL!, ['*'], { prefix, labels: [label] }))
    for (const label of ['red', 'blue']) looms.push(await connect(URL, { ...options, labels: [label] }))
  })
  after(async () => {
    await Promise.all(looms.map((loom) => loom.close()))
    await Promise.all(workers.map((worker) => worker.stop()))
  })
  const pair = (): [Loom, Loom] => looms as [Loom, Loom]

  test(
    'B26 redis: data of another worker is copied, whatever its type, small and large',
    { timeout: 60_000 },
    async () => {
      const [red, blue] = pair()
      const same = module(blue).kind
      const pickle = py(red, 'decimal')
      assert.equal(await same(pickle.Decimal('1.5')), 'Decimal')
      assert.equal(await same(py(red, 'builtins').frozenset([1])), 'frozenset')
      const np = (loom: Loom): any => py(loom, 'numpy')
      for (const size of [3, 100_000, 2_000_000]) {
        const far = np(red).arange(size)
        assert.equal(await np(blue).sum(far), (size * (size - 1)) / 2)
      }
      const bytes = py(red, 'os').urandom(1_000_000)
      const digest = (loom: Loom): any => py(loom, 'hashlib').sha256(bytes).hexdigest()
      assert.equal(await digest(blue), await digest(red))
    },
  )

  test('a copy is of what the object was when it was lent', { timeout: 60_000 }, async () => {
    const [red, blue] = pair()
    const list = py(red, 'builtins').list([1])
    const copied = py(blue, 'builtins').list(list)
    list.append(2)
    assert.deepEqual(await copied, [1])
    assert.deepEqual(await list, [1, 2])
  })

  test('B26 redis: what is not data is refused, with the worker where it lives', { timeout: 60_000 }, async () => {
    const [red, blue] = pair()
    const counter = module(red).Counter()
    const refused = {
      code: 'NotData',
      message: new RegExp(`Counter is not data; it lives on the worker ${red.worker} .*loom.share`),
    }
    await assert.rejects(async () => await module(blue).kind(counter), refused)
    await assert.rejects(async () => await module(blue).kind([{ deep: counter }]), refused)
    const list = py(red, 'builtins').list([1, counter])
    await assert.rejects(async () => await module(blue).kind(list), { code: 'NotData' })
    await assert.rejects(async () => await module(blue).kind(module(red).fail()), raised('LookupError'))
    assert.equal(await module(blue).kind(counter.count), 'int')
  })

  test('workers that fetch from each other at once do not wait for each other', { timeout: 60_000 }, async () => {
    const [red, blue] = pair()
    const [left, right] = [py(red, 'operator'), py(blue, 'operator')]
    let a = left.add(1, 0)
    let b = right.add(1, 0)
    for (let n = 0; n < 20; n++) [a, b] = [left.add(a, b), right.add(b, a)]
    assert.deepEqual(await Promise.all([a, b]), [2 ** 20, 2 ** 20])
    const sums = Array.from({ length: 50 }, (_, n) => [left.add(right.neg(n), 1), right.add(left.neg(n), 1)])
    assert.deepEqual(
      await Promise.all(sums.flat()),
      sums.flatMap((_, n) => [1 - n, 1 - n]),
    )
  })

  test('a session of another worker that is not there yet lends as well', { timeout: 60_000 }, async () => {
    const [red, blue] = pair()
    const far = red.session({ worker: blue.worker })
    assert.equal(await py(red, 'operator').add(py(far, 'operator').add(1, 1), 1), 3)
    const name = `data:${newId()}`
    await blue.share(py(blue, 'collections').deque([1, 2]), name)
    assert.deepEqual(await py(red, 'builtins').list((red.named(name) as any).copy().pop().__repr__()), ['2'])
    await blue.unshare(name)
    far.close()
  })

  test('two clients on one worker: the object itself', { timeout: 60_000 }, async () => {
    const [red] = pair()
    const second = await connect(URL, { ...options, labels: ['red'] })
    const counter = module(red).Counter()
    assert.deepEqual(await module(second).steps(counter, 2), [1, 2])
    assert.equal(await counter.count, 2)
    await second.close()
  })

  test('a worker that dies while it is asked', { timeout: 60_000 }, async () => {
    const [red] = pair()
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const worker = await ownWorker(URL!, ['*'], { prefix, labels: ['green'] })
      const green = await connect(URL, { ...options, labels: ['green'] })
      const time = py(green, 'time')
      await time.sleep(0)
      time.sleep(3_600)
      const late = py(green, 'operator').add(1, 1)
      const used = assert.rejects(async () => await py(red, 'operator').add(late, 1), {
        code: 'WorkerLost',
        message: new RegExp(`the worker ${green.worker}, where an argument lives, was lost`),
      })
      await new Promise((resolve) => setTimeout(resolve, 300))
      process.kill(worker.pid, signal)
      await used
      assert.equal(await py(red, 'operator').add(1, 1), 2)
      await green.close()
      if (signal === 'SIGSTOP') process.kill(worker.pid, 'SIGKILL')
      await worker.stop()
    }
  })

  test('a durable session neither lends nor borrows', { timeout: 60_000 }, async () => {
    const [red] = pair()
    const durable = red.session({ durable: `run:${newId()}` })
    const refused = (error: unknown): boolean =>
      error instanceof ValueRefused && /a durable session, or in one, .*await it and send its value/.test(error.message)
    assert.throws(() => py(durable, 'builtins').abs(py(red, 'builtins').abs(-1)), refused)
    assert.throws(() => py(red, 'builtins').abs(py(durable, 'builtins').abs(-1)), refused)
    assert.equal(await py(durable, 'builtins').abs(-2), 2)
    durable.close()
  })

  test('what was asked for goes out before close', { timeout: 60_000 }, async () => {
    const [red, blue] = pair()
    const name = `late:${newId()}`
    const deque = await keep(py(red, 'collections').deque())
    await red.share(deque, name)
    const hasty = await connect(URL, { ...options, labels: ['blue'] })
    const far = hasty.session({ worker: red.worker })
    ;(hasty.named(name) as any).append(py(hasty, 'operator').add(1, 1))
    py(far, 'operator').add(py(hasty, 'operator').add(1, 1), 1)
    await hasty.close()
    assert.equal(await py(blue, 'operator').add(1, 1), 2)
    await red.unshare(name)
  })
})
