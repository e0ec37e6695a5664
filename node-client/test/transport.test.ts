import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { Frame } from '../src/frames.js'
import { DEFAULT_LIMITS } from '../src/limits.js'
import { FrameReader, packFrame } from '../src/transport/framing.js'
import { MemoryTransport } from '../src/transport/memory.js'
import { StdioTransport } from '../src/transport/stdio.js'
import { isAfter, type Transport } from '../src/transport/transport.js'

/** A transport whose other end sends every frame back, and ends after a frame with the text `end`. */
interface Kind {
  name: string
  open(): Transport
}

const ECHO = `
let pending = Buffer.alloc(0)
process.stdin.on('data', (chunk) => {
  pending = Buffer.concat([pending, chunk])
  process.stdout.write(chunk)
  if (pending.includes('end')) { process.stderr.write('last words'); process.exit(3) }
})`

const KINDS: Kind[] = [
  {
    name: 'memory',
    open: () => {
      const [near, far] = MemoryTransport.pair()
      far.receive({
        frame: (frame) => (frame.text === 'end' ? void far.close() : far.send(frame)),
        end: () => undefined,
      })
      return near
    },
  },
  { name: 'stdio', open: () => new StdioTransport(process.execPath, DEFAULT_LIMITS, ['-e', ECHO]) },
]

function frame(text: string, ...attachments: Uint8Array[]): Frame {
  return { text, attachments }
}

function plain({ text, attachments }: Frame): unknown {
  return { text, attachments: attachments.map((one) => Buffer.from(one).toString('hex')) }
}

function gather(transport: Transport, count: number): Promise<Frame[]> {
  transport.hold?.(true)
  return new Promise((resolve, reject) => {
    const frames: Frame[] = []
    transport.receive({
      frame: (one) => frames.push(one) === count && resolve(frames),
      end: reject,
    })
  })
}

for (const { name, open } of KINDS) {
  test(`${name} keeps frames whole and in order`, async () => {
    const transport = open()
    const sent = [
      frame('{"t":"a"}'),
      frame('ünïcode 😀 \\ud800', new Uint8Array([0, 255]), new Uint8Array(0)),
      frame('big', new Uint8Array(3_000_000).fill(7), new Uint8Array([1])),
      frame('x'.repeat(300_000)),
    ]
    const received = gather(transport, sent.length)
    for (const one of sent) transport.send(one)
    assert.deepEqual((await received).map(plain), sent.map(plain))
    await transport.close()
  })

  test(`${name} says once that the other end is gone`, async () => {
    const transport = open()
    const received = gather(transport, 2)
    transport.send(frame('end'))
    await assert.rejects(received, { code: 'ConnectionLost' })
    transport.send(frame('into the void'))
    await transport.close()
  })

  test(`${name} calls nobody after close`, async () => {
    const transport = open()
    let calls = 0
    transport.receive({ frame: () => calls++, end: () => calls++ })
    transport.send(frame('x'))
    await transport.close()
    await transport.close()
    assert.equal(calls, 0)
  })
}

test('the end of a process tells its status and last words', async () => {
  const transport = KINDS[1]!.open()
  const received = gather(transport, 2)
  transport.send(frame('end'))
  await assert.rejects(received, /status 3; it said last: last words/)
})

test('K103 a missing interpreter and a missing package name the interpreter and a hint', async () => {
  const missing = new StdioTransport('/no/such/python')
  await assert.rejects(gather(missing, 1), /cannot start Python: \/no\/such\/python.*POLYLOOM_PYTHON/)
  const script = `process.stderr.write("No module named 'polyloom_workers'"); process.exit(1)`
  const bare = new StdioTransport(process.execPath, DEFAULT_LIMITS, ['-e', script])
  await assert.rejects(gather(bare, 1), /not installed for .*pip install polyloom/)
})

test('framing survives any cut of the stream', () => {
  const frames = fc.array(
    fc.record({ text: fc.string(), attachments: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }) }),
  )
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.flatMap(packFrame))
      const reader = new FrameReader()
      const received: Frame[] = []
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = cuts[turn % cuts.length]!
        received.push(...reader.feed(stream.subarray(at, at + size)))
        at += size
      }
      assert.deepEqual(received.map(plain), sent.map(plain))
    }),
  )
})

test('framing copies nothing that lies inside one chunk', () => {
  const stream = Buffer.concat(packFrame(frame('t', new Uint8Array(64).fill(1))))
  const [received] = new FrameReader().feed(stream)
  assert.equal(received!.attachments[0]!.buffer, stream.buffer)
})

test('framing refuses announced sizes above the limits before anything is gathered', () => {
  const head = (text: number, ...sizes: number[]): Buffer => {
    const buffer = Buffer.alloc(8 + 4 * sizes.length)
    ;[text, sizes.length, ...sizes].forEach((size, index) => buffer.writeUInt32BE(size, 4 * index))
    return buffer
  }
  assert.throws(() => new FrameReader().feed(head(2 ** 30)), /frame_bytes/)
  assert.throws(() => new FrameReader().feed(head(1, 2 ** 31)), /attachment_bytes/)
  const many = Buffer.alloc(8)
  many.writeUInt32BE(1, 0)
  many.writeUInt32BE(70_000, 4)
  assert.throws(() => new FrameReader().feed(many), /attachments/)
})

test('entry ids are compared as numbers', () => {
  assert.ok(isAfter('10-0', '9-5'))
  assert.ok(isAfter('9-10', '9-9'))
  assert.ok(!isAfter('9-9', '9-9'))
})
