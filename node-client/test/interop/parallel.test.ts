import assert from 'node:assert/strict'

import { UsageError, item, iterate, keep, map, opts, setItem, within } from '../../src/index.js'
import type { LoomSession, SessionOptions } from '../../src/loom.js'
import { define, onEveryHost, raised, until, type Bench } from './hosts.js'

const DEFINE = `
import contextlib, threading

gates = {}
log = []
changed = threading.Condition()

def gate(name):
    return gates.setdefault(name, threading.Event())

def wait(name):
    log.append("wait " + name)
    assert gate(name).wait(60)
    return name

def open_gate(name):
    gate(name).set()

def meet(count, here=[0]):
    with changed:
        here[0] += 1
        changed.notify_all()
        assert changed.wait_for(lambda: here[0] >= count, 60)
        return here[0]

class Box:
    def __init__(self, name="box"):
        self.name = name
        self.seen = []
    def note(self, x, other=None):
        self.seen.append(x)
        return self
    def wait(self, name):
        wait(name)
        self.seen.append(name)
        return self
    def call(self, function, *args):
        result = function(*args)
        self.seen.append("called")
        return result

@contextlib.contextmanager
def during(name):
    log.append("enter " + name)
    try:
        yield name
    finally:
        log.append("leave " + name)

def note(x):
    log.append(x)
    return x
`

type Py = Bench['$py']

let modules = 0

/** Import a new module of that source: calls on what an import gave have no order among themselves. */
async function probeOf($py: Py): Promise<any> {
  const name = `probe${modules++}`
  await $py('sys').modules.__setitem__(name, define($py, DEFINE))
  return $py(name)
}

/** Run a test in a session with threads. */
async function inParallel(
  loom: Bench['loom'],
  threads: number,
  run: ($py: Py, probe: any) => Promise<void>,
): Promise<void> {
  const session = loom.session({ threads })
  try {
    await run(session.$py as Py, await probeOf(session.$py as Py))
  } finally {
    session.close()
  }
}

onEveryHost((check) => {
  check('G72 calls of one tick in a session with threads meet', ({ loom }) =>
    inParallel(loom, 4, async (_, probe) => {
      const met = await Promise.all([1, 2, 3, 4].map(() => probe.meet(4)))
      assert.deepEqual(met, [4, 4, 4, 4])
    }),
  )

  check('G71 ops on other handles run while one waits, those on the same handle wait their turn', ({ loom }) =>
    inParallel(loom, 3, async (_, probe) => {
      const [slow, quick] = [probe.Box(), probe.Box()]
      const last = slow.wait('a').note('after').seen.copy().then()
      slow.note('last')
      assert.deepEqual(await quick.note(1).seen, [1])
      assert.deepEqual(await quick.note(2).seen, [1, 2])
      await probe.open_gate('a')
      assert.deepEqual(await last, ['a', 'after'])
      assert.deepEqual(await slow.seen, ['a', 'after', 'last'])
    }),
  )

  check('G71 an op waits for all handles that it names, at any depth, also through unresolved promises', ({ loom }) =>
    inParallel(loom, 4, async (_, probe) => {
      const [a, b, c] = [probe.Box('a'), probe.Box('b'), probe.Box('c')]
      const slow = a.wait('one')
      const joined = b.note(0, { deep: [slow] })
      b.note(1)
      assert.deepEqual(await c.note(5).seen, [5])
      assert.deepEqual(await probe.log, ['wait one'])
      await probe.open_gate('one')
      assert.deepEqual(await joined.seen, [0, 1])
      assert.deepEqual(await a.seen, ['one'])
    }),
  )

  check('G71 any mix of ops keeps the order on each handle', ({ loom }) =>
    inParallel(loom, 8, async (_, probe) => {
      const random = generator(7)
      const boxes = [1, 2, 3, 4, 5].map(() => probe.Box())
      const expected: number[][] = boxes.map(() => [])
      for (let i = 0; i < 600; i++) {
        const [at, other] = [random(5), random(5)]
        boxes[at].note(i, random(3) ? null : boxes[other])
        expected[at]!.push(i)
        if (!random(20)) await Promise.resolve()
        if (!random(90)) await new Promise((resolve) => setImmediate(resolve))
      }
      assert.deepEqual(await Promise.all(boxes.map((one) => one.seen)), expected)
    }),
  )

  check(
    'G71 what is assigned on a module comes before what reads it after, and after what read it before',
    ({ loom }) =>
      inParallel(loom, 4, async (_, probe) => {
        const gate = await probe.gate('m')
        const before = probe.wait('m').then()
        probe.word = 'new'
        const after = probe.word.then()
        assert.equal(await gate.is_set(), false)
        await gate.set()
        assert.deepEqual(await Promise.all([before, after]), ['m', 'new'])
      }),
  )

  check('G72 more calls than threads are all run, n at once', ({ loom }) =>
    inParallel(loom, 3, async (_, probe) => {
      const results = await Promise.all(Array.from({ length: 300 }, (_, i) => probe.note(i)))
      assert.deepEqual(
        results,
        Array.from({ length: 300 }, (_, i) => i),
      )
      assert.equal(((await probe.log) as number[]).length, 300)
    }),
  )

  check('G79 programs that wait for callbacks make room for what the callbacks await', ({ loom }) =>
    inParallel(loom, 2, async (_, probe) => {
      const boxes = [probe.Box(), probe.Box(), probe.Box()]
      const free = probe.Box()
      const seen: { value?: Promise<unknown> } = {}
      const calls = boxes.map((box) => box.call(async () => await seen.value))
      seen.value = free.note(3).seen.then((x: unknown) => x)
      assert.deepEqual(await Promise.all(calls), [[3], [3], [3]])
    }),
  )

  check('G79 a callback asks its own session, on the stack that waits', ({ loom }) =>
    inParallel(loom, 2, async (_, probe) => {
      const box = probe.Box()
      const inner = await box.call(async () => (await box.note('inside').seen) as string[])
      assert.deepEqual(inner, ['inside'])
      assert.deepEqual(await box.seen, ['inside', 'called'])
      const later: { after?: any } = {}
      const call = box.call(async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return (await later.after) as unknown
      })
      const failed = call.then(null, (error: Error) => error.message)
      await new Promise((resolve) => setImmediate(resolve))
      later.after = box.note('late')
      const after = later.after.then()
      assert.match(String(await failed), /waits for the end of this callback/)
      await after
      assert.deepEqual(await box.seen, ['inside', 'called', 'late'])
    }),
  )

  check('functions given to programs side by side are held as long as Python holds them', ({ loom }) =>
    inParallel(loom, 8, async (_, probe) => {
      const boxes = Array.from({ length: 40 }, () => probe.Box())
      for (let round = 0; round < 5; round++) {
        const results = boxes.map((box, i) => box.call((x: number) => x + i, round))
        assert.deepEqual(
          await Promise.all(results),
          boxes.map((_, i) => i + round),
        )
      }
    }),
  )

  check('within has everything between its enter and its exit', ({ loom }) =>
    inParallel(loom, 4, async (_, probe) => {
      await within(probe.during('a'), () => {
        for (const x of ['1', '2', '3']) probe.note(x)
      })
      const log = (await probe.log) as string[]
      assert.deepEqual([log[0], log.at(-1)], ['enter a', 'leave a'])
      assert.deepEqual(log.slice(1, -1).sort(), ['1', '2', '3'])
    }),
  )

  check('map, iterate, items and errors are as in other sessions', ({ loom }) =>
    inParallel(loom, 4, async ($py, probe) => {
      const list = $py('builtins').list([1, 2, 3])
      assert.deepEqual(await map(list, (x: any) => probe.note(x)), [1, 2, 3])
      setItem(list, 0, 9)
      assert.equal(await item(list, 0), 9)
      const items: unknown[] = []
      for await (const x of iterate(list)) items.push(x)
      assert.deepEqual(items, [9, 2, 3])
      await assert.rejects(async () => probe.nope().more(), raised('AttributeError'))
      const bytes = await Promise.all([1, 2].map((x) => $py('builtins').bytes(new Uint8Array([x, x]))))
      assert.deepEqual(
        bytes.map((one) => [...(one as Uint8Array)]),
        [
          [1, 1],
          [2, 2],
        ],
      )
      const kept = await keep(probe.note('x'))
      assert.equal(await kept.upper(), 'X')
    }),
  )

  check('G75 what waits for its turn is given up, what runs is interrupted', ({ loom }) =>
    inParallel(loom, 2, async ($py, probe) => {
      const box = probe.Box()
      const running = box.call($py('time').sleep, 60, opts({ timeout: 200 }))
      const behind = box.call(probe.note, 'never', opts({ timeout: 100 }))
      await assert.rejects(async () => behind, { code: 'Timeout' })
      await assert.rejects(async () => running, { code: 'Timeout' })
      await until(async () => ((await box.seen) as unknown[]).length === 0)
      assert.deepEqual(await probe.log, [])
    }),
  )

  check('B26 objects go from a session with threads to others and back, in the order of each handle', ({ $py, loom }) =>
    inParallel(loom, 4, async (_, probe) => {
      const [box, list] = [probe.Box(), $py('builtins').list([1])]
      const slow = box.wait('lent')
      assert.equal(await probe.note(7), 7)
      list.append(2)
      const taken = probe.Box().note(list).seen.then()
      const lent = $py('builtins').getattr(slow.note('then'), 'seen').then()
      await probe.open_gate('lent')
      assert.deepEqual(await lent, ['lent', 'then'])
      assert.deepEqual(await taken, [[1, 2]])
    }),
  )

  check('the end of a session with threads rejects what is pending', async ({ $py, loom }) => {
    const session = loom.session({ threads: 2 })
    const probe = await probeOf(session.$py as Py)
    const name = `probe${modules - 1}`
    const [runs, waits] = [probe.Box().wait('end'), probe.Box()]
    const pending = [runs.note(1, waits), waits.note(1, runs)].map((one) =>
      assert.rejects(async () => one, { code: 'SessionClosed' }),
    )
    await until(async () => ((await probe.log) as string[]).length === 1)
    session.close()
    await Promise.all(pending)
    await $py(name).open_gate('end')
  })

  check('threads that are no number from 1 to 64 are refused', ({ loom }) => {
    for (const threads of [0, 65, -1, 1.5, NaN, '4', null] as number[])
      assert.throws(() => loom.session({ threads }), UsageError, String(threads))
    assert.throws(() => loom.session({ threads: 2, durable: 'run' }), /a durable session runs one call at a time/)
    const one: LoomSession = loom.session({ threads: 1 } satisfies SessionOptions)
    one.close()
    return Promise.resolve()
  })
})

/** Return a generator of numbers below a bound, the same ones each time. */
function generator(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * below)
  }
}
