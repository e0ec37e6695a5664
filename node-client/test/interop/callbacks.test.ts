import assert from 'node:assert/strict'

import { PythonError, connect, expose, isRemote, iterate, kw, map, op, same, tuple } from '../../src/index.js'
import { Exposed } from '../../src/exposed.js'
import { define, onEveryHost, type Bench, raised, traffic, until } from './hosts.js'

const DEFINE = `
import asyncio, gc, threading

kept = {}

def keep(name, value):
    kept[name] = value

def use(name, *args, **keywords):
    return kept[name](*args, **keywords)

def drop(name):
    del kept[name]
    gc.collect()

def in_thread(function, *args):
    came = []
    thread = threading.Thread(target=lambda: came.append(function(*args)))
    thread.start()
    thread.join()
    return came[0]

def in_many_threads(function, count):
    came = {}
    def run(i):
        came[i] = function(i)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return [came[i] for i in range(count)]

def soon(function, *args):
    "calls after this has returned"
    threading.Timer(0.01, function, args).start()

async def from_coroutine(function, *args):
    return [await function(*args), await function(*args)]

async def from_task(function, *args):
    return await asyncio.create_task(from_coroutine(function, *args))

async def gathered(function, count):
    return await asyncio.gather(*(function(i) for i in range(count)))

def caught(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return [type(error).__module__ + "." + type(error).__qualname__, str(error), getattr(error, "name", None)]

def notes(function):
    try:
        function()
    except Exception as error:
        return [error.name, error.message, error.stack, error.__notes__]

def thrown(function, name):
    try:
        function()
    except Exception as error:
        return getattr(error.thrown, name, "missing")

def wrapped(function):
    try:
        function()
    except Exception as error:
        raise LookupError("not found") from error

def chained(function):
    try:
        function()
    except Exception:
        raise KeyError("k")

class Emitter:
    def __init__(self):
        self.listeners = []
    def add_listener(self, listener):
        self.listeners.append(listener)
    def remove_listener(self, listener):
        self.listeners.remove(listener)
    def emit(self, *args):
        return [listener(*args) for listener in self.listeners]

class Shape:
    def area(self):
        return 1
    def describe(self):
        return f"area {self.area()}"

def first(items):
    for item in items:
        return item

def total(thing):
    thing.count += 1
    return thing.count + thing.add(10, factor=2)

def attempt(function):
    try:
        return function()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

async def missing_member(thing):
    try:
        await thing.nope
    except AttributeError:
        return "no member"

async def async_list(items):
    return [item async for item in items]
`

onEveryHost((check) => {
  check(
    'F63 a synchronous and an asynchronous function are callable, and what they return is converted',
    async ({ $py }) => {
      const { list, map: each, sorted } = $py('builtins')
      assert.deepEqual(await list(each((x: number) => x * 2, [1, 2, 3])), [2, 4, 6])
      assert.deepEqual(await list(each(async (x: number) => (await Promise.resolve(x)) + 1, [1, 2])), [2, 3])
      assert.deepEqual(await sorted(['bb', 'a'], kw({ key: (text: string) => text.length })), ['a', 'bb'])
      const probe = define($py, DEFINE)
      probe.keep('f', () => ({ a: [1n << 70n, new Set([1])], b: new Uint8Array([1, 2]), c: tuple(1, 2), d: undefined }))
      const got = await probe.use('f')
      assert.deepEqual(got, { a: [1n << 70n, new Set([1])], b: new Uint8Array([1, 2]), c: tuple(1, 2), d: null })
    },
  )

  check('F63 values and live objects are arguments, live objects are results', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const seen: unknown[] = []
    const fraction = $py('collections').Counter('aab')
    probe.keep('f', async (one: any, two: any, bytes: unknown) => {
      seen.push(one, bytes, isRemote(two), await two.most_common(1))
      return two
    })
    const back = await probe.use('f', tuple(1, 2.5), fraction, new Uint8Array(3))
    assert.deepEqual(seen, [tuple(1, 2.5), new Uint8Array(3), true, [tuple('a', 2)]])
    assert.equal(same(back, await fraction), true)
  })

  check('F63 a function is awaited in an async def, also side by side', async ({ $py }) => {
    const probe = define($py, DEFINE)
    assert.deepEqual(await probe.from_coroutine(async (x: number) => x + 1, 1), [2, 2])
    let running = 0
    let most = 0
    const gate = async (i: number): Promise<number> => {
      most = Math.max(most, ++running)
      await until(() => most === 5)
      running--
      return i
    }
    assert.deepEqual(await probe.gathered(gate, 5), [0, 1, 2, 3, 4])
  })

  check('F64 functions are called from another thread, after the call, and from a task', async ({ $py }) => {
    const probe = define($py, DEFINE)
    assert.equal(await probe.in_thread((x: number) => x + 1, 1), 2)
    assert.deepEqual(await probe.in_many_threads(async (i: number) => i * i, 8), [0, 1, 4, 9, 16, 25, 36, 49])
    assert.deepEqual(await probe.from_task((x: string) => x + x, 'ab'), ['abab', 'abab'])
    const awake = setTimeout(() => undefined, 10_000) // what Python may call later does not keep Node alive
    const later = await new Promise((resolve, reject) => probe.soon(resolve, 'later').then(undefined, reject))
    clearTimeout(awake)
    assert.equal(later, 'later')
  })

  check(
    'F64 programs of a callback run while another thread waits for it, and while a coroutine does',
    async ({ $py }) => {
      const probe = define($py, DEFINE)
      const { len } = $py('builtins')
      assert.equal(await probe.in_thread(async (x: string) => (await len(x)) as number, 'four'), 4)
      assert.deepEqual(await probe.from_coroutine(async (x: string) => (await len(x)) as number, 'four'), [4, 4])
    },
  )

  check(
    'F65 keywords are a last object, which is keywords again; superfluous arguments harm nobody',
    async ({ $py }) => {
      const probe = define($py, DEFINE)
      const given: unknown[][] = []
      probe.keep('f', (...all: unknown[]) => given.push(all))
      await probe.use('f', 1, kw({ sep: '-', end: null }))
      await probe.use('f')
      assert.deepEqual(given, [[1, { sep: '-', end: null }], []])
      probe.keep('g', async (...all: unknown[]) => (await $py('builtins').sorted(...all)) as unknown)
      assert.deepEqual(await probe.use('g', [1, 3, 2], kw({ reverse: true })), [3, 2, 1])
      probe.keep('h', (one: number, { by }: { by: number }) => one * by)
      assert.equal(await probe.use('h', 2, kw({ by: 3 })), 6)
      probe.keep('none', () => 7)
      assert.equal(await probe.use('none', 1, 2, 3), 7)
    },
  )

  check('F66 a callback that uses Python, which calls back, to any depth up to the limit', async ({ $py }) => {
    const probe = define($py, DEFINE)
    probe.keep('f', async (n: number): Promise<number> => (n === 0 ? 0 : 1 + ((await probe.use('f', n - 1)) as number)))
    assert.equal(await probe.use('f', 12), 12)
    await assert.rejects(
      async () => probe.use('f', 100),
      (error: any) => /call_depth/.test(String(error.message)),
    )
    assert.equal(await probe.use('f', 3), 3)
  })

  check('F66 a callback uses the very object that is at work', async ({ $py }) => {
    const emitter = define($py, DEFINE).Emitter()
    await emitter.add_listener(async (x: number) =>
      x > 3 ? [x] : [x, ...((await emitter.emit(x + 1)) as number[][]).flat()],
    )
    assert.deepEqual(await emitter.emit(1), [[1, 2, 3, 4]])
  })

  check('F63 a library that looks at the signature of a function calls it', async ({ $py }) => {
    const seen: unknown[] = []
    const { minimize } = $py('scipy.optimize')
    const found = await minimize(
      ({ data: [x] }: { data: number[] }) => (x! - 3) ** 2,
      [0],
      kw({ method: 'Nelder-Mead', callback: (at: { shape: number[] }) => void seen.push(at.shape) }),
    )
    assert.equal(Math.round((await found.x.item(0)) as number), 3)
    assert.ok(seen.length > 0)
    assert.deepEqual(seen[0], [1])
  })

  check('G71 what was asked for outside of a callback keeps its order', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const xs = $py('builtins').list([3, 1, 2])
    const seen: unknown[] = []
    const sorted = xs.sort(
      kw({ key: async (x: number) => (seen.push(x), await new Promise((go) => setTimeout(go, 5)), x) }),
    )
    await new Promise((go) => setImmediate(go))
    const first = probe.first(xs) // asked for while the list is being sorted
    assert.equal(await first, 1)
    assert.deepEqual(seen, [3, 1, 2])
    await sorted
  })

  check('F67 a function whose session is closed raises at once, wherever it is called', async ({ $py, loom }) => {
    const probe = define($py, DEFINE)
    const other = loom.session()
    await $py('builtins').exec('import sys; sys.polyloom_probe = probe', $py('builtins').dict(kw({ probe })))
    const theirs = (other.$py as Bench['$py'])('sys').polyloom_probe
    await theirs.keep('gone', () => 1)
    assert.equal(await probe.use('gone'), 1)
    let entered!: () => void
    const inside = new Promise<void>((resolve) => (entered = resolve))
    await theirs.keep('slow', () => (entered(), new Promise(() => undefined)))
    const waiting = probe.caught(probe.kept.__getitem__('slow'))
    const told = waiting.then((value: unknown) => value)
    await inside
    other.close()
    assert.match(String(await told), /Gone,the client closed the session/)
    assert.match(String(await probe.caught(probe.use, 'gone')), /Gone,the client closed the session/)
  })

  check('F68 the same function is the same object in Python, and comes back as itself', async ({ $py }) => {
    const emitter = define($py, DEFINE).Emitter()
    const seen: number[] = []
    const listener = (x: number): number => seen.push(x)
    await emitter.add_listener(listener)
    await emitter.emit(1)
    assert.equal(((await emitter.listeners) as unknown[])[0], listener)
    assert.equal(await op('in', listener, emitter.listeners), true)
    await emitter.remove_listener(listener)
    await emitter.emit(2)
    assert.deepEqual(seen, [1])
    await assert.rejects(async () => emitter.remove_listener(listener), raised('ValueError'))
    const thing = { a: 1 }
    assert.equal(
      await $py('builtins')
        .list([expose(thing)])
        .pop(),
      thing,
    )
    assert.equal(
      await op(
        'is',
        $py('builtins')
          .list([expose(thing)])
          .pop(),
        expose(thing),
      ),
      true,
    )
  })

  check('F69 members of an exposed object: read, written, called, listed, iterated', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const { dir, getattr, hasattr, list, setattr, delattr, repr } = $py('builtins')
    class Base {
      count = 1
      get twice(): number {
        return this.count * 2
      }
      add(n: number, { factor = 1 } = {}): number {
        return this.count + n * factor
      }
    }
    class Thing extends Base {
      *[Symbol.iterator](): Generator<string> {
        yield* ['x', 'y']
      }
    }
    const thing = new Thing()
    const it = expose(thing)
    assert.deepEqual(await dir(it), ['add', 'count', 'twice'])
    assert.equal(await probe.total(it), 2 + 22)
    assert.equal(thing.count, 2)
    assert.equal(await getattr(it, 'twice'), 4)
    await setattr(it, 'added', [1])
    assert.deepEqual((thing as any).added, [1])
    await delattr(it, 'added')
    assert.equal('added' in thing, false)
    assert.deepEqual(await list(it), ['x', 'y'])
    assert.equal(await repr(it), '<JSObject Thing>')
    for (const name of ['__proto__', 'constructor', 'toString', 'nope'])
      assert.equal(await hasattr(it, name), false, name)
    await assert.rejects(async () => getattr(it, 'nope'), raised('AttributeError', /'nope'/))
    await assert.rejects(async () => setattr(it, 'constructor', 1), raised('AttributeError'))
    const narrow = expose(new Base(), { members: ['add'] })
    assert.deepEqual(await dir(narrow), ['add'])
    assert.equal(await hasattr(narrow, 'count'), false)
    await assert.rejects(
      async () => list(narrow),
      (error: any) => error instanceof TypeError && /not iterable/.test(error.message),
    )
  })

  check('F69 iterators of JavaScript, synchronous or not, and one that Python leaves early ends', async ({ $py }) => {
    const probe = define($py, DEFINE)
    let ended = 0
    async function* count(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        ended++
      }
    }
    assert.equal(await probe.first(expose(count())), 0)
    await until(async () => (await probe.first([1])) && ended === 1)
    async function* three(): AsyncGenerator<number> {
      yield* [1, 2, 3]
    }
    assert.deepEqual(await $py('builtins').list(expose(three())), [1, 2, 3])
    assert.deepEqual(await probe.async_list(expose(three())), [1, 2, 3])
    assert.equal(await probe.missing_member(expose({ a: 1 })), 'no member')
    const rows: unknown[] = []
    for await (const row of iterate($py('builtins').iter(expose(three())))) rows.push(row)
    assert.deepEqual(rows, [1, 2, 3])
  })

  check('F70 functions are methods of a class that is made in Python, and super reaches the base', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const { type, super: parent } = $py('builtins')
    const Square = await type('Square', tuple(probe.Shape), {
      area: async (self: any) => 4 + ((await parent(Square, self).area()) as number),
    })
    assert.equal(await Square().describe(), 'area 5')
  })

  check('D47 what a callback throws is an exception in Python, and comes home as the same object', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const boom = new RangeError('boom')
    const fail = (): never => {
      throw boom
    }
    await assert.rejects(
      async () => $py('builtins').list($py('builtins').map(fail, [1])),
      (error) => error === boom,
    )
    assert.deepEqual(await probe.caught(fail), ['polyloom.js.JSError', 'RangeError: boom', 'RangeError'])
    const [name, message, stack, notes] = (await probe.notes(fail)) as [string, string, string, string[]]
    assert.deepEqual([name, message], ['RangeError', 'boom'])
    assert.match(stack, /callbacks\.test/)
    assert.match(notes[0]!, /thrown in the client/)
    for (const how of [probe.wrapped, probe.chained]) {
      const error: any = await how(fail).then(null, (one: unknown) => one)
      assert.ok(error instanceof PythonError)
      assert.equal(error.type === 'LookupError' ? error.cause : error.context, boom)
    }
    await assert.rejects(async () => probe.in_thread(fail), raised('IndexError')) // the thread died of it
    for (const odd of ['text', undefined, null, { code: 7 }]) {
      assert.equal(await throwing(probe, odd), odd)
    }
  })

  check('D47 Python reads the members of what a callback threw', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const fail = (): never => {
      throw Object.assign(new RangeError('boom'), { code: 'E7' })
    }
    assert.equal(await probe.thrown(fail, 'code'), 'E7')
    assert.equal(await probe.thrown(fail, 'message'), 'boom')
    assert.equal(await probe.thrown(fail, 'nope'), 'missing')
    const text: unknown = 'text'
    const say = (): never => {
      throw text
    }
    assert.equal(await probe.thrown(say, 'length'), 'missing')
  })

  check('D47 a rejected promise and an exception of Python come through Python as they are', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const boom = new TypeError('later')
    probe.keep('f', () => Promise.reject(boom))
    await assert.rejects(
      async () => probe.use('f'),
      (error) => error === boom,
    )
    let inner: unknown
    probe.keep('g', async () => {
      try {
        await $py('builtins').int('x')
      } catch (error) {
        inner = error
        throw error
      }
    })
    await assert.rejects(
      async () => probe.use('g'),
      (error) => error === inner && raised('ValueError')(error),
    )
  })

  check('D47 what a callback returns that cannot be sent is refused, with its path', async ({ $py }) => {
    const probe = define($py, DEFINE)
    probe.keep('f', () => ({
      a: [
        new (class Odd {
          x = 1
        })(),
      ],
    }))
    await assert.rejects(async () => probe.use('f'), { code: 'BadValue', path: '$.result.a[0]', message: /expose/ })
    assert.equal(await probe.use('f').then(null, () => 1), 1)
  })

  check('G79 a function that needs the worker which waits for it', async ({ $py, loom }) => {
    const probe = define($py, DEFINE)
    const other = loom.session()
    const { list, map: each } = other.$py('builtins')
    probe.keep(
      'f',
      async (n: number) =>
        (await list(each(async (x: number) => (await $py('builtins').abs(x)) as number, [n, -n]))) as unknown,
    )
    assert.deepEqual(await probe.use('f', 2), [2, 2])
    other.close()
  })

  check('a function inside data, in a map, as an attribute and as an item', async ({ $py }) => {
    const probe = define($py, DEFINE)
    const space = $py('types').SimpleNamespace()
    const double = (x: number): number => 2 * x
    space.f = double
    assert.equal(await space.f(2), 4)
    assert.equal(await space.f, double)
    await probe.kept.update({ list: double })
    assert.equal(await probe.use('list', 3), 6)
    assert.deepEqual(await map($py('builtins').range(3), (x) => $py('functools').reduce(double, [x, 1])), [0, 2, 4])
    assert.deepEqual(await $py('builtins').list({ f: [double] }.f), [double])
  })

  check('H81 functions that Python holds no longer are forgotten', async ({ url }) => {
    const sizes = exposedSizes()
    const own = (await connect(url)) as unknown as Bench & { close(): Promise<void> }
    const probe = define(own.$py, DEFINE)
    for (let i = 0; i < 50; i++) await own.$py('builtins').sorted([1, 2], kw({ key: (x: number) => x + i }))
    await probe.keep('f', () => 1)
    await assert.rejects(async () => probe.nope(() => 2), raised('AttributeError'))
    assert.throws(() => probe.use(() => 3, Symbol('s')), { code: 'BadValue' })
    assert.deepEqual(sizes(), [1])
    await probe.drop('f')
    await until(async () => (await probe.first([1])) && sizes()[0] === 0)
    await own.close()
  })

  check('a callback costs the program that runs it one frame each way', async ({ $py }) => {
    const { list, map: each } = $py('builtins')
    const { programs } = await traffic(async () => list(each((x: number) => x, [1, 2, 3])))
    assert.equal(programs, 1)
  })
})

/** How many objects of JavaScript each session remembers. */
function exposedSizes(): () => number[] {
  const { name } = Exposed.prototype
  const seen = new Set<Exposed>()
  Exposed.prototype.name = function (value) {
    seen.add(this)
    return name.call(this, value)
  }
  return () => [...seen].map((one) => one.size)
}

async function throwing(probe: any, thrown: unknown): Promise<unknown> {
  probe.keep('odd', () => {
    throw thrown
  })
  return probe.use('odd').then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
}
