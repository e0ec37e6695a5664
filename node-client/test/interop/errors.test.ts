import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Gone, PythonError, connect, get, kw } from '../../src/index.js'
import { ownWorker } from '../support/worker.js'
import { HOSTS, define, onEveryHost, raised } from './hosts.js'

async function errorOf(ask: () => PromiseLike<unknown>): Promise<PythonError> {
  const error = await Promise.resolve(ask()).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof PythonError, String(error))
  return error
}

const FAILS = `
class Refused(LookupError):
    def __init__(self, what, code):
        super().__init__(what)
        self.code, self.where = code, object
        self.add_note('noted')
class Mute(Exception):
    def __str__(self): raise RuntimeError('no text')
def plain(): raise Refused('what', 7)
def caused():
    try: plain()
    except Refused as error: raise ValueError('outer') from error
def during():
    try: plain()
    except Refused: {}['key']
def group(): raise ExceptionGroup('several', [ValueError('a'), KeyError('b')])
def mute(): raise Mute('x')
def end(kind): raise kind('ended')
def deep(): return deep()
`

onEveryHost((check) => {
  check('D44 an error has type, message, args, frames, traceback, notes, its chain and its group', async ({ $py }) => {
    const probe = define($py, FAILS)
    const plain = await errorOf(() => probe.plain())
    assert.deepEqual(
      [plain.name, plain.type, plain.message, plain.args],
      ['Refused', 'probe.Refused', 'what', ['what']],
    )
    assert.deepEqual([plain.notes, plain.code], [['noted'], 'PythonError'])
    assert.deepEqual(
      plain.frames.map(({ file, line, function: name }) => [file, line, name]),
      [['<string>', 9, 'plain']],
    )
    assert.match(plain.traceback, /^Traceback \(most recent call last\):\n[^]*probe\.Refused: what/)
    const caused = await errorOf(() => probe.caused())
    assert.deepEqual(
      [caused.type, (caused.cause as PythonError).type, caused.context],
      ['ValueError', 'probe.Refused', null],
    )
    const during = await errorOf(() => probe.during())
    assert.deepEqual(
      [during.type, (during.context as PythonError).type, during.cause],
      ['KeyError', 'probe.Refused', undefined],
    )
    const group = await errorOf(() => probe.group())
    assert.deepEqual(
      group.group.map((one) => one instanceof PythonError && one.type),
      ['ValueError', 'KeyError'],
    )
    const library = await errorOf(() => $py('json').loads('{'))
    const { file, source } = library.frames.at(-1)!
    assert.ok(file.endsWith('decoder.py') && source.length > 0, file)
  })

  check('D45 errors match by their type and by those it derives from', async ({ $py }) => {
    const error = await errorOf(() => define($py, FAILS).plain())
    for (const type of ['Refused', 'probe.Refused', 'LookupError', 'Exception', 'BaseException']) {
      assert.ok(error.matches(type), type)
    }
    for (const type of ['KeyError', 'other.Refused', 'object', '']) assert.ok(!error.matches(type), type)
  })

  check('D46 attributes of an exception travel, and one without a text breaks nothing', async ({ $py }) => {
    const probe = define($py, FAILS)
    assert.deepEqual((await errorOf(() => probe.plain())).attributes, { code: 7, where: "<class 'object'>" })
    const mute = await errorOf(() => probe.mute())
    assert.equal(mute.type, 'probe.Mute')
    assert.match(mute.message, /its text raised RuntimeError/)
  })

  check(
    'D48 a chain rejects with its first failing step; dependents tell it, others are not touched',
    async ({ $py }) => {
      const { loads } = $py('json')
      const unhandled: unknown[] = []
      const note = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', note)
      const bad = loads('{')
      bad.nobody().asks()
      const [dependent, deeper, independent] = await Promise.allSettled([bad.keys(), bad.a.b().c, loads('[1]')])
      for (const one of [dependent, deeper]) {
        const { reason } = one as PromiseRejectedResult
        assert.ok(raised('JSONDecodeError')(reason))
        assert.equal(reason.op, 'call json.loads')
      }
      assert.deepEqual((independent as PromiseFulfilledResult<unknown>).value, [1])
      await assert.rejects(async () => $py('no_such_module').x.y(), raised('ModuleNotFoundError'))
      await new Promise((resolve) => setImmediate(resolve))
      process.off('unhandledRejection', note)
      assert.deepEqual(unhandled, [])
    },
  )

  check(
    'D49 SystemExit, KeyboardInterrupt, MemoryError and RecursionError reject, and the worker goes on',
    async ({ $py }) => {
      const { end, deep } = define($py, FAILS)
      for (const kind of ['SystemExit', 'KeyboardInterrupt', 'MemoryError', 'GeneratorExit', 'StopIteration']) {
        await assert.rejects(async () => end($py('builtins')[kind]), raised(kind, /ended/), kind)
      }
      await assert.rejects(async () => deep(), raised('RecursionError'))
      await assert.rejects(async () => $py('sys').exit(3), raised('SystemExit'))
      assert.equal(await $py('math').sqrt(16), 4)
    },
  )

  check('D51 a SyntaxError has its line, offset and text', async ({ $py }) => {
    const error = await errorOf(() => $py('builtins').exec('x = 1\ny = = 2\n'))
    const { file, line, offset, source } = error.syntax!
    assert.deepEqual([error.type, file, line, offset, source.trim()], ['SyntaxError', '<string>', 2, 5, 'y = = 2'])
    assert.equal((await errorOf(() => $py('json').loads('{'))).syntax, null)
  })

  check('D52 the place of the call in JavaScript follows the frames of Python', async ({ $py }) => {
    const probe = define($py, FAILS)
    async function callHere(): Promise<unknown> {
      return probe.caused()
    }
    async function attributeHere(): Promise<unknown> {
      const attribute = await $py('math').none
      return attribute
    }
    const called = await errorOf(callHere)
    const frames = called.stack!.split('\n').slice(1)
    assert.match(frames[0]!, /at caused \(<string>:\d+\) \[python\]/)
    assert.ok(frames.findIndex((one) => one.includes('callHere')) > 0, called.stack)
    assert.match((await errorOf(attributeHere)).stack!, /attributeHere/)
  })

  check('K103 a missing module names the interpreter and how to install it', async ({ $py }) => {
    const [error, executable] = await Promise.all([
      errorOf(() => $py('no_such_module.part').x),
      $py('sys').executable as Promise<string>,
    ])
    assert.equal(error.type, 'ModuleNotFoundError')
    assert.ok(error.hint.includes(`${executable} -m pip install no_such_module`), error.hint)
  })
})

for (const { name, url } of HOSTS) {
  for (const [death, die] of [
    ['os._exit', ($py: any) => $py('os')._exit(7)],
    ['a segmentation fault', ($py: any) => $py('ctypes').string_at(0)],
  ] as const) {
    test(`D49 ${name}: ${death} rejects everything pending`, { timeout: 60_000 }, async () => {
      const worker = name === 'redis' ? await ownWorker(url, ['*']) : undefined
      const loom = await connect(url, { ...worker?.options })
      const $py = loom.$py as (module: string) => any
      const pid = (await $py('os').getpid()) as number
      const slow = (loom.session().$py as (module: string) => any)('threading').Event().wait()
      const outcomes = await Promise.allSettled([die($py), slow])
      for (const one of outcomes) {
        const { reason } = one as PromiseRejectedResult
        assert.ok(reason instanceof Gone, String(reason))
        assert.equal(reason.code, worker ? 'WorkerLost' : 'ConnectionLost')
      }
      assert.throws(() => $py('os').getpid(), Gone)
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
      await loom.close()
    })
  }
}

const REDIS = HOSTS.find(({ name }) => name === 'redis')

test(
  'D50 redis: a worker that allows little tells no folder of its machine',
  { skip: REDIS === undefined && 'POLYLOOM_TEST_REDIS_URL names no server', timeout: 60_000 },
  async () => {
    const worker = await ownWorker(REDIS!.url, ['json', 'no_such_module'])
    const loom = await connect(REDIS!.url, worker.options)
    const $py = loom.$py as (module: string) => any
    const error = await errorOf(() => $py('json').loads('{'))
    assert.equal(error.frames.at(-1)!.file, 'json/decoder.py')
    assert.doesNotMatch(JSON.stringify(error) + error.stack!.split('.test')[0]! + error.traceback, /\/lib\/python/)
    const missing = await errorOf(() => $py('no_such_module').x)
    assert.doesNotMatch(missing.message, /\//)
    await assert.rejects(async () => get($py('json'), '__file__'), { code: 'NotAllowed' })
    await assert.rejects(async () => $py('os').getcwd(kw({})), { code: 'NotAllowed' })
    await loom.close()
    await worker.stop()
  },
)
