import assert from 'node:assert/strict'

import { iterate, kw, type Remote } from '../../src/index.js'
import { define, onEveryHost, raised, traffic, until } from './hosts.js'

async function all(xs: Remote, chunk?: number): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const x of iterate(xs, chunk === undefined ? {} : { chunk })) seen.push(x)
  return seen
}

const GENERATORS = `
log = []
def endless():
    n = 0
    try:
        while True:
            yield n
            n += 1
    finally:
        log.append('closed')
def echo():
    got = None
    while True:
        try:
            got = yield got
        except ValueError as error:
            got = f'caught {error}'
def failing(n):
    yield from range(n)
    raise KeyError('over')
def stubborn():
    try:
        yield 1
    finally:
        raise RuntimeError('in finally')
def summing():
    total = 0
    try:
        while (got := (yield total)) is not None: total += got
        return {'total': total}
    finally:
        log.append(total)
async def echoing():
    got = None
    try:
        while True:
            try:
                got = yield got
            except ValueError as error:
                got = f'caught {error}'
    finally:
        log.append('closed')
class Old:
    def __getitem__(self, i):
        if i > 2: raise IndexError
        return i * i
class Own:
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
`

onEveryHost((check) => {
  check('E53 for await goes over everything that Python iterates', async ({ $py }) => {
    const { iter, dict, set, str } = $py('builtins')
    const { Old, Own, failing } = define($py, GENERATORS)
    assert.deepEqual(await all(iter([1, 2, 3, 4, 5, 6, 7]), 3), [1, 2, 3, 4, 5, 6, 7])
    assert.deepEqual(await all(dict(kw({ a: 1, b: 2 }))), ['a', 'b'])
    assert.deepEqual(await all(set('a')), ['a'])
    assert.deepEqual(await all(str('héllo'), 2), ['h', 'é', 'l', 'l', 'o'])
    assert.deepEqual(await all($py('io').StringIO('x\ny\n')), ['x\n', 'y\n'])
    assert.deepEqual(await all(Old()), [0, 1, 4])
    assert.deepEqual(await all(Own(), 1), [1, 2, 3])
    assert.deepEqual(await all($py('itertools').islice(failing(9), 2)), [0, 1])
    assert.deepEqual(await all($py('csv').reader(['a,b', 'c,d'])), [
      ['a', 'b'],
      ['c', 'd'],
    ])
    assert.deepEqual(await all(iter([])), [])
    const seen: unknown[] = []
    for await (const x of Own()) seen.push(x)
    assert.deepEqual(seen, [1, 2, 3])
    await assert.rejects(async () => all($py('builtins').int(5)), raised('TypeError', /not iterable/))
  })

  check('E54 the items before an exception come first', async ({ $py }) => {
    const { failing } = define($py, GENERATORS)
    for (const chunk of [1, 2, 5, 6, 100]) {
      const seen: unknown[] = []
      await assert.rejects(
        async () => {
          for await (const x of iterate(failing(5), { chunk })) seen.push(x)
        },
        raised('KeyError', /over/),
      )
      assert.deepEqual(seen, [0, 1, 2, 3, 4], `chunk ${chunk}`)
    }
  })

  check('E55 leaving a loop has run the finally of the generator', async ({ $py }) => {
    const { endless, log } = define($py, GENERATORS)
    for await (const x of iterate(endless(), { chunk: 2 })) if (x === 3) break
    assert.deepEqual(await log, ['closed'])
    await assert.rejects(async () => {
      for await (const x of endless()) if (x === 1) throw new Error('mine')
    }, /mine/)
    assert.deepEqual(await log, ['closed', 'closed'])
    const rows = iterate(endless())
    await rows.next()
    assert.deepEqual(await rows.return(), { value: undefined, done: true })
    assert.deepEqual(await log, ['closed', 'closed', 'closed'])
    assert.deepEqual(await rows.next(), { value: undefined, done: true })
  })

  check('E55 what the finally raises reaches the loop', async ({ $py }) => {
    const { stubborn } = define($py, GENERATORS)
    await assert.rejects(
      async () => {
        for await (const one of iterate(stubborn(), { chunk: 1 })) if (one === 1) break
      },
      raised('RuntimeError', /in finally/),
    )
  })

  check('E55 send, throw and close of a generator', async ({ $py }) => {
    const echo = await define($py, GENERATORS).echo()
    assert.equal(await echo.__next__(), null)
    assert.equal(await echo.send('a'), 'a')
    assert.equal(await echo.throw($py('builtins').ValueError('v')), 'caught v')
    await assert.rejects(async () => echo.throw($py('builtins').KeyError('k')), raised('KeyError'))
    await assert.rejects(async () => echo.send('b'), raised('StopIteration'))
    assert.equal(await echo.close(), null)
  })

  check('E55 what a generator returns, and what it makes of close and throw', async ({ $py }) => {
    const { summing, stubborn, log } = define($py, GENERATORS)
    const { ValueError, next } = $py('builtins')
    const one = await summing()
    assert.equal(await next(one), 0)
    assert.deepEqual([await one.send(2), await one.send(3)], [2, 5])
    await assert.rejects(async () => one.send(null), { type: 'StopIteration', args: [{ total: 5 }] })
    await assert.rejects(async () => one.throw(ValueError('late')), raised('ValueError', /late/))
    assert.equal(await one.close(), null)
    const two = await stubborn()
    await assert.rejects(async () => two.send('early'), raised('TypeError', /just-started/))
    await next(two)
    await assert.rejects(async () => two.close(), raised('RuntimeError', /in finally/))
    const three = await summing()
    const chain = [next(three), three.send(4), three.close(), log.copy()] // one program, in order
    assert.deepEqual(await Promise.all(chain), [0, 4, null, [5, 4]])
  })

  check('E55 asend, athrow and aclose of an asynchronous generator', async ({ $py }) => {
    const { echoing, log } = define($py, GENERATORS)
    const echo = await echoing()
    assert.equal(await echo.__anext__(), null)
    assert.equal(await echo.asend('a'), 'a')
    assert.equal(await echo.athrow($py('builtins').ValueError('v')), 'caught v')
    assert.equal(await echo.aclose(), null)
    assert.deepEqual(await log, ['closed'])
    await assert.rejects(async () => echo.asend('b'), raised('StopAsyncIteration'))
  })

  check('E56 items come in chunks, in order, and no further ahead than one chunk', async ({ $py }) => {
    const { counted, taken } = define(
      $py,
      'taken = []\ndef counted():\n    for n in range(100):\n        taken.append(n)\n        yield n',
    )
    const { programs } = await traffic(async () => assert.equal((await all(counted(), 25)).length, 100))
    assert.ok(programs <= 5, `${programs} programs`)
    await taken.clear()
    const rows = iterate(counted(), { chunk: 10 })
    for (let n = 0; n < 10; n++) assert.deepEqual(await rows.next(), { value: n, done: false })
    assert.equal(await taken.__len__(), 10)
    assert.deepEqual(await rows.next(), { value: 10, done: false })
    assert.equal(await taken.__len__(), 20)
    await rows.return()
    assert.equal(await taken.__len__(), 20)
  })

  check('E57 an infinite iterator can be left and is freed', async ({ $py }) => {
    const probe = define(
      $py,
      `
import weakref
class Endless:
    def __iter__(self): return self
    def __next__(self): return 1
alive = weakref.WeakSet()
def make():
    one = Endless()
    alive.add(one)
    return one
`,
    )
    let seen = 0
    const endless = probe.make()
    for await (const one of iterate(endless, { chunk: 10 })) if ((seen += one as number) === 25) break
    assert.equal(seen, 25)
    endless[Symbol.dispose]()
    await until(async () => (await $py('builtins').len(probe.alive)) === 0)
  })
})
