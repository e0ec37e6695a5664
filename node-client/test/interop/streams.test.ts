import assert from 'node:assert/strict'

import { PythonError, UsageError, ValueRefused, kw, readable, writable } from '../../src/index.js'
import { define, onEveryHost, raised, until } from './hosts.js'

const FILES = `
import asyncio, gzip, io, socket, weakref
class Slow(io.RawIOBase):
    "An unbuffered file: it takes three bytes at once, and notes what is asked of it."
    def __init__(self, data=b''):
        self.data, self.taken, self.log = data, [], []
    def readable(self): return True
    def writable(self): return True
    def read(self, n):
        self.log.append(n)
        part, self.data = self.data[:n], self.data[n:]
        return part
    def write(self, part):
        self.log.append(len(part))
        self.taken.append(bytes(part[:3]))
        return len(self.taken[-1])
    def close(self):
        if not self.closed: self.log.append('closed')
        super().close()
class Broken(Slow):
    def read(self, n):
        if len(self.log) == 1: raise OSError(5, 'gone')
        return super().read(n)
    def write(self, part):
        raise OSError(28, 'full')
class Unready(Slow):
    def read(self, n): return None
    def write(self, part): return None
class Viewed(Slow):
    def read(self, n):
        view = memoryview(super().read(n))
        self.taken.append(weakref.ref(view))
        return view
    def alive(self): return sum(view() is not None for view in self.taken)
class Silent:
    "Not of io: it has no close, and says nothing about what it took."
    def __init__(self): self.parts = []
    def write(self, part): self.parts.append(part)
class Later:
    def __init__(self, text): self.text, self.written, self.closed = text, [], 0
    async def read(self, n):
        await asyncio.sleep(0)
        part, self.text = self.text[:n], self.text[n:]
        return part
    async def write(self, part):
        await asyncio.sleep(0)
        self.written.append(part)
    async def close(self): self.closed += 1
def packed(data): return gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data)))
def pair():
    one, other = socket.socketpair()
    return [one.makefile('rb'), other.makefile('wb'), one, other]
`

async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
  const parts = []
  for await (const part of stream) parts.push(part)
  return parts
}

const bytes = (...items: number[]): Uint8Array => new Uint8Array(items)

onEveryHost((check) => {
  check('E61 a file of bytes is a stream of Uint8Array, a file of text one of strings', async ({ $py }) => {
    const { packed } = define($py, FILES)
    const { BytesIO, StringIO } = $py('io')
    const data = Uint8Array.from({ length: 1000 }, (_, index) => index)
    const parts = await all(readable<Uint8Array>(BytesIO(data), { chunk: 300 }))
    assert.deepEqual(
      parts.map((part) => part.length),
      [300, 300, 300, 100],
    )
    assert.deepEqual(Buffer.concat(parts), Buffer.from(data))
    assert.deepEqual(await all(readable(StringIO('a\u{1f600}c'), { chunk: 2 })), ['a\u{1f600}', 'c'])
    assert.deepEqual(await all(readable(BytesIO())), [])
    const text = readable<Uint8Array>(packed(Buffer.from('aé\u{1f600}'.repeat(50))), { chunk: 3 })
    assert.equal((await all(text.pipeThrough(new TextDecoderStream()))).join(''), 'aé\u{1f600}'.repeat(50))
    assert.equal(await new Response(readable(BytesIO(Buffer.from('whole')), { method: 'read1' })).text(), 'whole')
  })

  check('E61 nothing is read before it is asked for, and one chunk at a time', async ({ $py }) => {
    const slow = await define($py, FILES).Slow(Buffer.from('abcdef'))
    const reader = readable<Uint8Array>(slow, { chunk: 4 }).getReader()
    assert.deepEqual(await slow.log, [])
    assert.equal(Buffer.from((await reader.read()).value!).toString(), 'abcd')
    assert.deepEqual(await slow.log, [4])
    await reader.read()
    assert.deepEqual(await slow.log, [4, 4])
    assert.equal((await reader.read()).done, true)
    assert.deepEqual(await slow.log, [4, 4, 4, 'closed'])
  })

  check('E61 leaving a stream early closes the file, unless it is kept open', async ({ $py }) => {
    const { Slow } = define($py, FILES)
    const left = await Slow(Buffer.from('abcdef'))
    for await (const part of readable<Uint8Array>(left, { chunk: 2 })) if (part.length === 2) break
    assert.deepEqual(await left.log, [2, 'closed'])
    const kept = await Slow(Buffer.from('abcdef'))
    await readable(kept, { keepOpen: true }).cancel()
    assert.equal((await all(readable(kept, { keepOpen: true }))).length, 1)
    assert.equal(await kept.closed, false)
    const silent = define($py, FILES).Silent()
    await readable(silent).cancel()
  })

  check('E61 what Python raises rejects the stream, and closes the file', async ({ $py }) => {
    const { Broken, Unready } = define($py, FILES)
    const broken = await Broken(Buffer.from('abcdef'))
    const reader = readable<Uint8Array>(broken, { chunk: 2 }).getReader()
    assert.equal((await reader.read()).value!.length, 2)
    await assert.rejects(reader.read(), raised('OSError', /gone/))
    await until(async () => await broken.closed)
    const missing = readable($py('builtins').open('/there/is/none', 'rb'))
    await assert.rejects(all(missing), raised('FileNotFoundError'))
    await assert.rejects(all(readable(Unready())), UsageError)
    await assert.rejects(all(readable($py('types').SimpleNamespace(kw({ read: $py('builtins').float })))), UsageError)
    assert.throws(() => readable(broken, { chunk: 0 }), UsageError)
    assert.throws(() => readable({} as never), UsageError)
  })

  check('E61 writing waits until Python has taken all of it, also in parts', async ({ $py }) => {
    const { Slow, Silent } = define($py, FILES)
    const { BytesIO, StringIO, BufferedWriter } = $py('io')
    const slow = await Slow()
    const writer = writable(slow).getWriter()
    await writer.ready
    const written = writer.write(Buffer.from('abcdefg'))
    assert.equal(writer.desiredSize, 0)
    await written
    assert.equal(Buffer.concat((await slow.taken) as Uint8Array[]).toString(), 'abcdefg')
    await writer.close()
    assert.deepEqual(await slow.log, [7, 4, 1, 'closed'])
    const memory = await BytesIO()
    const buffered = writable(BufferedWriter(memory), { keepOpen: true }).getWriter()
    const buffer = new ArrayBuffer(4)
    new Uint8Array(buffer).set([9, 1, 2, 9])
    for (const part of [bytes(0), new DataView(buffer, 1, 2), buffer.slice(1, 2), new Uint16Array([3]), bytes()])
      await buffered.write(part)
    await buffered.close()
    assert.deepEqual(await memory.getvalue(), bytes(0, 1, 2, 1, 3, 0))
    const text = await StringIO()
    await new Response('a\u{1f600}é')
      .body!.pipeThrough(new TextDecoderStream())
      .pipeTo(writable(text, { keepOpen: true }))
    assert.equal(await text.getvalue(), 'a\u{1f600}é')
    const silent = await Silent()
    const plain = writable(silent).getWriter()
    await plain.write('told nothing')
    await plain.close()
    assert.deepEqual(await silent.parts, ['told nothing'])
  })

  check('E61 what cannot be written rejects, and closes the file; abort closes it too', async ({ $py }) => {
    const { Broken, Slow, Unready } = define($py, FILES)
    const broken = await Broken()
    const writer = writable(broken).getWriter()
    await assert.rejects(writer.write(bytes(1)), raised('OSError', /full/))
    await assert.rejects(writer.closed, PythonError)
    await until(async () => await broken.closed)
    for (const wrong of [1, null, {}, ['a']]) {
      const one = writable(Slow()).getWriter()
      one.closed.catch(() => undefined)
      await assert.rejects(one.write(wrong as never), UsageError)
    }
    const shared = writable(Slow()).getWriter()
    shared.closed.catch(() => undefined)
    await assert.rejects(shared.write(new Uint8Array(new SharedArrayBuffer(1))), ValueRefused)
    const unready = writable(Unready()).getWriter()
    unready.closed.catch(() => undefined)
    await assert.rejects(unready.write(bytes(1)), UsageError)
    const left = await Slow()
    await writable(left).abort(new Error('mine'))
    assert.equal(await left.closed, true)
  })

  check('E61 streams of Python and of JavaScript are piped into each other', async ({ $py }) => {
    const { BytesIO } = $py('io')
    const sent = Buffer.alloc(1 << 20)
    for (let at = 0; at < sent.length; at += 61) sent[at] = at
    const packed = await BytesIO()
    const gzip = $py('gzip').GzipFile(kw({ fileobj: packed, mode: 'wb' }))
    await readable<Uint8Array>(BytesIO(sent)).pipeTo(writable(gzip))
    const plain = new Response(await packed.getvalue()).body!.pipeThrough(new DecompressionStream('gzip'))
    assert.ok(sent.equals(new Uint8Array(await new Response(plain).arrayBuffer())))
  })

  check('E61 files of sockets, and asynchronous ones', async ({ $py }) => {
    const { pair, Later } = define($py, FILES)
    const [reading, writing, ...sockets] = await pair()
    await writing.write(bytes(1, 2, 3))
    await writing.flush()
    const first = readable<Uint8Array>(reading, { method: 'read1', keepOpen: true }).getReader()
    assert.deepEqual((await first.read()).value, bytes(1, 2, 3))
    await writable(writing).close()
    for (const socket of sockets) await socket.close()
    assert.equal((await first.read()).done, true)
    const later = await Later('abc')
    assert.deepEqual(await all(readable(later, { chunk: 2 })), ['ab', 'c'])
    const writer = writable(later).getWriter()
    await writer.write('x')
    await writer.close()
    assert.deepEqual([await later.written, await later.closed], [['x'], 2])
  })

  check('E61 a signal ends a stream and closes the file', async ({ $py }) => {
    const { Slow } = define($py, FILES)
    const [one, other] = [await Slow(Buffer.from('abcdef')), await Slow()]
    const control = new AbortController()
    const { signal } = control
    const reader = readable(one, { chunk: 1, signal }).getReader()
    const writer = writable(other, { signal }).getWriter()
    await reader.read()
    await writer.write(bytes(1))
    const reason = new Error('enough')
    control.abort(reason)
    await assert.rejects(reader.read(), reason)
    await assert.rejects(writer.closed, reason)
    await until(async () => (await one.closed) && (await other.closed))
    assert.throws(() => readable(one, { signal }), reason)
  })

  check('E61 a stream gives back every chunk as soon as it is read', async ({ $py }) => {
    const viewed = await define($py, FILES).Viewed(Buffer.alloc(50))
    assert.equal((await all(readable(viewed, { chunk: 1 }))).length, 50)
    await viewed.log // takes along what is to be given back
    assert.equal(await viewed.alive(), 0)
  })
})
