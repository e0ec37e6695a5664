import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { PythonError, connect, isRemote, kw, release, same, scope, within, type Remote } from '../../src/index.js'
import { HOSTS, define, onEveryHost, raised, traffic, until } from './hosts.js'

const DOORS = `
import asyncio, contextlib
log = []

class Door:
    def __init__(self, name='door', answer=None, raises=None):
        self.name, self.answer, self.raises = name, answer, raises
    def __enter__(self):
        log.append(f'enter {self.name}')
        return self
    def __exit__(self, kind, error, trace):
        told = None if kind is None else [kind.__module__ + '.' + kind.__qualname__, str(error), trace is not None]
        log.append([self.name, told])
        if self.raises:
            raise self.raises
        return self.answer
    def who(self):
        return self.name

class AsyncDoor(Door):
    async def __aenter__(self):
        self.task = asyncio.current_task()
        await asyncio.sleep(0)
        return Door.__enter__(self)
    async def __aexit__(self, *error):
        await asyncio.sleep(0)
        if self.task is not asyncio.current_task():
            log.append('another task')
        return Door.__exit__(self, *error)

class Stuck:
    def __enter__(self):
        raise LookupError('stuck')
    def __exit__(self, *error):
        log.append('exit of stuck')

class Never:
    async def __aenter__(self):
        try:
            log.append('waits')
            await asyncio.Event().wait()
        finally:
            log.append('given up')
    async def __aexit__(self, *error):
        log.append('exit of never')

class Again:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): raise error

class Wrapping:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): raise RuntimeError('wrapped') from error

@contextlib.contextmanager
def generated(name):
    log.append(f'begin {name}')
    try:
        yield name
    except KeyError as error:
        log.append(f'caught {error!r}')
    finally:
        log.append(f'end {name}')

@contextlib.asynccontextmanager
async def asynchronous(name):
    await asyncio.sleep(0)
    try:
        yield {'name': name}
    finally:
        log.append(f'end {name}')

def fail():
    raise KeyError('k')
`

const boom = (error: unknown): never => {
  throw error
}

const never = (): never => assert.fail('it was fulfilled')

onEveryHost((check) => {
  for (const kind of ['Door', 'AsyncDoor'] as const) {
    const enter = (manager: Remote, body: (value: any) => unknown): Promise<unknown> =>
      within(manager, body, kind === 'Door' ? undefined : { async: true })

    check(`E60 ${kind}: the body gets what __enter__ gives, __exit__ gets nothing`, async ({ $py }) => {
      const { [kind]: Door, log } = define($py, DOORS)
      const result = await enter(Door('a'), async (door) => {
        assert.deepEqual(await log, ['enter a'])
        return [await door['who'](), 5]
      })
      assert.deepEqual(result, ['a', 5])
      assert.deepEqual(await log, ['enter a', ['a', null]])
    })

    check(`E60 ${kind}: an error of the body reaches __exit__, and comes back as the same object`, async ({ $py }) => {
      const { [kind]: Door, log } = define($py, DOORS)
      const errors = [
        new TypeError('no'),
        Object.assign(new Error('own'), { name: 'Own' }),
        'a text',
        undefined,
        { a: 1 },
      ]
      for (const error of errors) {
        const thrown = await enter(Door(), () => boom(error)).then(never, (one: unknown) => one)
        assert.equal(thrown, error)
      }
      assert.deepEqual(
        ((await log) as unknown[]).filter(Array.isArray).map(([, told]) => told as unknown),
        ['TypeError: no', 'Own: own', 'Error: a text', 'Error: undefined', 'Error: [object Object]'].map((text) => [
          'polyloom.js.JSError',
          text,
          true,
        ]),
      )
    })

    check(`E60 ${kind}: a truthy answer suppresses`, async ({ $py }) => {
      const { [kind]: Door, log } = define($py, DOORS)
      assert.equal(await enter(Door(kw({ answer: [0] })), () => boom(new Error('no'))), undefined)
      assert.equal(await enter(Door(kw({ answer: true })), () => 5), 5)
      await assert.rejects(
        enter(Door(kw({ answer: [] })), () => boom(new Error('no'))),
        /no/,
      )
      assert.equal(((await log) as unknown[]).length, 6)
    })

    check(`E60 ${kind}: what __exit__ raises takes the place of the error`, async ({ $py }) => {
      const { [kind]: Door } = define($py, DOORS)
      const raises = $py('builtins').OSError('in exit')
      await assert.rejects(
        enter(Door(kw({ raises })), () => 5),
        raised('OSError', /in exit/),
      )
      const mine = new Error('mine')
      await assert.rejects(
        enter(Door(kw({ raises })), () => boom(mine)),
        (error: unknown) => {
          assert.ok(error instanceof PythonError && error.matches('OSError'))
          assert.equal(error.context, mine)
          return true
        },
      )
    })

    check(`E60 ${kind}: contexts of a session that is closed in the body are left in reverse order`, async (bench) => {
      const { loom, $py } = bench
      const session = loom.session()
      const probe = define(session.$py as typeof $py, DOORS)
      const name = `doors_${process.pid}_${bench.transport}_${kind}`
      await session.$py('sys')['modules']['__setitem__'](name, probe)
      let order: unknown
      const body = (): Promise<unknown> =>
        enter(probe[kind]('inner'), async (door) => {
          await door
          session.close()
          return 5
        })
      await assert.rejects(enter(probe[kind]('outer', kw({ answer: true })), body), { code: 'SessionClosed' })
      const { log } = $py(name)
      await until(async () => ((order = await log) as unknown[]).length >= 4)
      const told = ['polyloom.errors.Gone', 'the client closed the session', true]
      assert.deepEqual(order, ['enter outer', 'enter inner', ['inner', told], ['outer', told]])
    })
  }

  check('E60 the enter takes no round trip of its own', async ({ $py }) => {
    const { Door, AsyncDoor } = define($py, DOORS)
    await Door('warm').who()
    const once = await traffic(async () => within(Door('a'), (door) => door['who']()))
    assert.equal(once.programs, 2)
    const twice = await traffic(async () => within(AsyncDoor('a'), (door) => door['who'](), { async: true }))
    assert.equal(twice.programs, 3)
  })

  check('E60 an exception of Python reaches __exit__ as itself', async ({ $py }) => {
    const { Door, fail, log, generated } = define($py, DOORS)
    const { suppress } = $py('contextlib')
    const { KeyError, IndexError, LookupError } = $py('builtins')
    assert.equal(await within(suppress(KeyError), () => fail()), undefined)
    assert.equal(await within(suppress(LookupError), () => fail().depends.on.it), undefined)
    await assert.rejects(
      within(suppress(IndexError), () => fail()),
      raised('KeyError'),
    )
    let inside: unknown
    const outside = await within(Door(), async () => {
      await within(Door(), () => fail()).catch((error: unknown) => boom((inside = error)))
    }).catch((error: unknown) => error)
    assert.ok(outside instanceof PythonError)
    assert.equal(outside, inside)
    assert.deepEqual(((await log) as unknown[]).slice(2), Array(2).fill(['door', ['builtins.KeyError', "'k'", true]]))
    await log.clear()
    assert.equal(await within(generated('g'), () => fail()), undefined)
    assert.deepEqual(await log, ['begin g', "caught KeyError('k')", 'end g'])
    await log.clear()
    await assert.rejects(
      within(Door(), () => scope(async () => fail())),
      raised('KeyError'),
    )
    assert.equal(((await log) as string[][])[1]![1]![1], "'k'")
  })

  check('E60 a failed assignment is told as an error of its own', async ({ $py }) => {
    const { Door, log, fail } = define($py, DOORS)
    const error = await within(Door(), async () => {
      $py('builtins').object().x = 1 // nobody can be told but the next one
      await fail()
    }).catch((one: unknown) => one as PythonError)
    assert.equal((error as PythonError).type, 'AttributeError')
    assert.match(((await log) as [string, string[]][])[1]![1][1]!, /no attribute 'x'/)
  })

  check('E60 an __exit__ that raises the error again, or another one from it', async ({ $py }) => {
    const { Again, Wrapping, fail } = define($py, DOORS)
    const mine = new RangeError('mine')
    assert.equal(await within(Again(), () => boom(mine)).catch((error: unknown) => error), mine)
    const kept = await fail().then(never, (error: unknown) => error)
    assert.equal(await within(Again(), () => boom(kept)).catch((error: unknown) => error), kept)
    await assert.rejects(
      within(Wrapping(), () => boom(mine)),
      (error: Error) => error.name === 'RuntimeError' && error.cause === mine,
    )
    await assert.rejects(
      within(Wrapping(), () => fail()),
      (error: Error) => (error.cause as PythonError).type === 'KeyError',
    )
  })

  check('E60 a transaction is committed, or rolled back', async ({ $py }) => {
    const base = await $py('sqlite3').connect(':memory:', kw({ check_same_thread: false }))
    await base.execute('create table t (x integer primary key)')
    const rows = (): Promise<unknown> => base.execute('select x from t').fetchall()
    await within(base, async (open) => {
      assert.ok(same(await open, base))
      await base.execute('insert into t values (1)')
    })
    await assert.rejects(
      within(base, async () => {
        await base.execute('insert into t values (2)')
        boom(new Error('no'))
      }),
      /no/,
    )
    await assert.rejects(
      within(base, () => base.execute('insert into t values (1)')),
      raised('sqlite3.IntegrityError'),
    )
    assert.deepEqual(String(await rows()), '1')
  })

  check('E60 contexts inside one another, and side by side', async ({ $py }) => {
    const { Door, AsyncDoor, log, asynchronous } = define($py, DOORS)
    const deep = (n: number): Promise<unknown> =>
      n
        ? within((n % 2 ? Door : AsyncDoor)(`${n}`), () => deep(n - 1), { async: n % 2 === 0 })
        : Promise.resolve('deep')
    assert.equal(await deep(4), 'deep')
    const left = ['1', '2', '3', '4'].map((name) => [name, null])
    assert.deepEqual(await log, ['enter 4', 'enter 3', 'enter 2', 'enter 1', ...left])
    await log.clear()
    const names = Array.from({ length: 20 }, (_, n) => `n${n}`)
    const one = async (name: string): Promise<unknown> =>
      within(asynchronous(name), async (value) => [await value, await value['get']('name')], { async: true })
    assert.deepEqual(
      await Promise.all(names.map(one)),
      names.map((name) => [{ name }, name]),
    )
    assert.deepEqual(((await log) as string[]).sort(), names.map((name) => `end ${name}`).sort())
  })

  check('E60 an ExitStack, a TemporaryDirectory and a file', async ({ $py }) => {
    const { generated, log } = define($py, DOORS)
    await within($py('contextlib').ExitStack(), async (stack) => {
      stack['enter_context'](generated('a'))
      assert.equal(await stack['enter_context'](generated('b')), 'b')
      stack['callback'](log.append, 'called back')
    })
    assert.deepEqual(await log, ['begin a', 'begin b', 'called back', 'end b', 'end a'])
    const { path } = $py('os')
    const folder = await within($py('tempfile').TemporaryDirectory(), async (name) => {
      const text = path.join(name, 'x.txt')
      await within($py('builtins').open(text, 'w'), (file) => file['write']('hello'))
      assert.equal(await within($py('builtins').open(text), (file) => file['read']()), 'hello')
      return name
    })
    assert.equal(await path.exists(folder), false)
  })

  check('E60 an enter that fails is never left, and its failure is the outcome', async ({ $py }) => {
    const { Stuck, log } = define($py, DOORS)
    let ran = 0
    await assert.rejects(
      within(Stuck(), () => ran++),
      raised('LookupError', /stuck/),
    )
    await assert.rejects(
      within(Stuck(), (value) => value['anything']),
      raised('LookupError', /stuck/),
    )
    await assert.rejects(
      within(Stuck(), () => boom(new Error('mine'))),
      raised('LookupError', /stuck/),
    )
    assert.equal(ran, 1)
    await assert.rejects(
      within($py('builtins').object(), () => 5),
      raised('TypeError', /context manager protocol/),
    )
    await assert.rejects(
      within(Stuck(), () => ran++, {}),
      raised('LookupError', /stuck/),
    )
    assert.equal(ran, 1) // with options it waits for the enter
    await assert.rejects(
      within($py('asyncio').Lock(), () => 5),
      raised('TypeError', /it is an asynchronous one/),
    )
    await assert.rejects(async () => within(5 as never, () => 5), { code: 'Usage' })
    assert.deepEqual(await log, [])
  })

  check('E60 entering can be given up', async ({ $py }) => {
    const { Never, Door, log } = define($py, DOORS)
    const limit = new AbortController()
    const never = within(Never(), () => boom(new Error('not to be run')), { async: true, signal: limit.signal })
    const given = assert.rejects(never, /enough/)
    const logged = async (count: number): Promise<boolean> => ((await log) as unknown[]).length === count
    await until(() => logged(1)) // what has not begun is not even entered
    limit.abort(new Error('enough'))
    await given
    await until(() => logged(2))
    assert.deepEqual(await log, ['waits', 'given up'])
    await assert.rejects(
      within(Door(), () => 5, { signal: AbortSignal.abort(new Error('before')) }),
      /before/,
    )
    assert.deepEqual(await log, ['waits', 'given up'])
  })

  check('E60 a lock of asyncio lets one body in at a time', async ({ $py }) => {
    const lock = $py('asyncio').Lock()
    const seen = $py('builtins').list([])
    const turn = (n: number): Promise<unknown> =>
      within(
        lock,
        async () => {
          await seen.append(n)
          await seen.append(n)
        },
        { async: true },
      )
    await Promise.all([1, 2, 3].map(turn))
    assert.deepEqual(await seen, [1, 1, 2, 2, 3, 3])
  })

  check('E60 a timeout of asyncio that runs out during the body is told by its exit', async ({ $py }) => {
    const { deadline } = define($py, 'import asyncio\nasync def deadline(): return asyncio.timeout(0)')
    await assert.rejects(
      within(await deadline(), (timeout) => until(() => timeout['expired']()), { async: true }),
      raised('TimeoutError'),
    )
  })

  check('E60 a release during the body leaves the context open to its end', async ({ $py }) => {
    const { Door, log } = define($py, DOORS)
    await within(Door('a'), async (door) => {
      await door
      release(door)
      assert.deepEqual(await log, ['enter a'])
    })
    await scope(() => within(Door('b'), () => 5))
    assert.deepEqual(await log, ['enter a', ['a', null], 'enter b', ['b', null]])
  })

  check('E60 a value that is data is what the body gets when it awaits it', async ({ $py }) => {
    const { generated, asynchronous } = define($py, DOORS)
    assert.equal(await within(generated('a'), async (name) => await name), 'a')
    assert.deepEqual(await within(asynchronous('b'), (value) => value, { async: true }), { name: 'b' })
    assert.ok(isRemote(await within($py('io').StringIO(), (file) => file)))
  })

  check('E60 in a callback, and with a full conversation', async ({ url, $py }) => {
    const { Door, log } = define($py, DOORS)
    const { list, map } = $py('builtins')
    assert.deepEqual(await list(map((name: string) => within(Door(name), (door) => door['who']()), ['a', 'b'])), [
      'a',
      'b',
    ])
    assert.deepEqual(await log, ['enter a', ['a', null], 'enter b', ['b', null]])
    const narrow = await connect(url, { inFlight: 2 })
    const doors = define(narrow.$py, DOORS)
    const { Event } = narrow.$py('threading')
    const gate = await Event()
    const waiting: Promise<unknown>[] = []
    const left = within(doors.Door('c'), async (door) => {
      await door
      for (let n = 0; n < 2; n++) {
        waiting.push(Promise.resolve(gate.wait(0.2)))
        await new Promise((resolve) => setImmediate(resolve))
      }
      assert.throws(() => gate.wait(), { code: 'LimitExceeded' })
      return 5
    })
    assert.equal(await left, 5)
    await Promise.all(waiting)
    assert.deepEqual(await doors.log, ['enter c', ['c', null]])
    await narrow.close()
  })
})

const INDEX = new URL('../../src/index.js', import.meta.url).href

/** A client in a process of its own, inside two contexts that write into a file when they are left. */
async function clientProcess(url: string, file: string): Promise<ReturnType<typeof spawn>> {
  const source = `
    import { connect, get, within } from ${JSON.stringify(INDEX)}
    const loom = await connect(${JSON.stringify(url)}, { leaseMs: 1_000 })
    const module = loom.$py('types').ModuleType('probe')
    loom.$py('builtins').exec(${JSON.stringify(WRITERS)}, get(module, '__dict__'))
    await within(module.Writer(${JSON.stringify(file)}, 'a'), () =>
      within(module.AsyncWriter(${JSON.stringify(file)}, 'b'), async (value) => {
        await value
        console.log('inside')
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      }, { async: true }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(createInterface({ input: child.stdout }), 'line')
  return child
}

const WRITERS = `
import asyncio, time
class Writer:
    def __init__(self, file, name): self.file, self.name = file, name
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        time.sleep(0.05)
        with open(self.file, 'a') as file: file.write(f'{self.name} {kind.__name__}\\n')
        raise error
class AsyncWriter(Writer):
    async def __aenter__(self): return self
    async def __aexit__(self, kind, error, trace):
        await asyncio.sleep(0.05)
        with open(self.file, 'a') as file: file.write(f'{self.name} {kind.__name__}\\n')
        raise OSError('in exit')
`

for (const { name, url } of HOSTS) {
  test(`E60 ${name}: what a killed client was in is left, the last one first`, { timeout: 30_000 }, async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'polyloom-contexts-')), 'left')
    const child = await clientProcess(url, file)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const read = (): Promise<string> => readFile(file, 'utf8').catch(() => '')
    await until(async () => (await read()).split('\n').length > 2)
    assert.equal(await read(), 'b Gone\na Gone\n')
  })
}
