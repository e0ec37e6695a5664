import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NoWorker, WorkerLost } from '../src/errors.js'
import type { Frame } from '../src/frames.js'
import { DeferredTransport } from '../src/transport/deferred.js'
import type { Receiver, Transport } from '../src/transport/transport.js'
import { scriptedHost, settled } from './support/host.js'

class Recorder implements Transport {
  readonly seen: string[] = []
  ack = '7-0'
  labels = ['gpu']
  receiver: Receiver | undefined

  send(frame: Frame): void {
    this.seen.push(frame.text)
  }
  receive(receiver: Receiver): void {
    this.receiver = receiver
  }
  hold(pending: boolean): void {
    this.seen.push(`hold ${pending}`)
  }
  close(): Promise<void> {
    this.seen.push('close')
    return Promise.resolve()
  }
}

const frame = (text: string): Frame => ({ text, attachments: [] })

/** A transport whose openings the test answers, each in its turn. */
function deferred(patienceMs = 60_000) {
  const openings: { open: (real: Transport) => void; fail: (error: Error) => void }[] = []
  const opening = (): Promise<Transport> => new Promise((open, fail) => openings.push({ open, fail }))
  const transport = new DeferredTransport(opening, patienceMs)
  const heard: string[] = []
  transport.receive({ frame: ({ text }) => heard.push(text), end: ({ code }) => heard.push(code) })
  return { transport, openings, heard }
}

const LOST = new WorkerLost('its lease ended')

test('only the hello goes out before the host has answered, the rest in order after that', async () => {
  const { transport, openings, heard } = deferred()
  const real = new Recorder()
  transport.hold(true)
  for (const text of ['hello', 'a', 'b']) transport.send(frame(text))
  assert.deepEqual([transport.ack, transport.labels], [undefined, []])
  openings[0]!.open(real)
  await settled()
  transport.send(frame('c'))
  assert.deepEqual(real.seen, ['hold true', 'hello'])
  real.receiver!.frame(frame('{"t":"hello"}'))
  transport.send(frame('d'))
  assert.deepEqual(real.seen, ['hold true', 'hello', 'a', 'b', 'c', 'd'])
  assert.deepEqual([transport.ack, transport.labels], ['7-0', ['gpu']])
  assert.deepEqual(heard, ['{"t":"hello"}'])
})

for (const [how, die] of [
  ['whose lease ends', (real: Recorder) => real.receiver!.end(LOST)],
  [
    'that says it is going',
    (real: Recorder) => real.receiver!.frame(frame('{"t":"closed","error":["error",{"code":"WorkerLost"}]}')),
  ],
] as const) {
  test(`a worker ${how} before its hello is followed by another, which alone gets the programs`, async () => {
    const { transport, openings, heard } = deferred()
    const [first, second] = [new Recorder(), new Recorder()]
    for (const text of ['hello', 'a']) transport.send(frame(text))
    openings[0]!.open(first)
    await settled()
    die(first)
    await settled()
    openings[1]!.open(second)
    await settled()
    second.receiver!.frame(frame('{"t":"hello"}'))
    assert.deepEqual(first.seen, ['hold false', 'hello', 'close'])
    assert.deepEqual(second.seen, ['hold false', 'hello', 'a'])
    assert.deepEqual(heard, ['{"t":"hello"}'])
    second.receiver!.end(LOST)
    assert.deepEqual([heard.at(-1), openings.length], ['WorkerLost', 2], 'what has begun begins nowhere else')
  })
}

test('a worker that is lost when the time is over ends the conversation', async () => {
  const { transport, openings, heard } = deferred(-1)
  transport.send(frame('hello'))
  const real = new Recorder()
  openings[0]!.open(real)
  await settled()
  real.receiver!.end(LOST)
  assert.deepEqual([heard, openings.length], [['WorkerLost'], 1])
})

test('a transport that is closed while it opens, or waits for its host, sends what it was given, and calls nobody', async () => {
  const { transport, openings, heard } = deferred()
  const real = new Recorder()
  for (const text of ['hello', 'bye']) transport.send(frame(text))
  const closed = transport.close()
  openings[0]!.open(real)
  await closed
  assert.deepEqual(real.seen, ['hello', 'bye', 'close'])
  assert.equal(real.receiver, undefined)

  const later = deferred()
  const waiting = new Recorder()
  for (const text of ['hello', 'bye']) later.transport.send(frame(text))
  later.openings[0]!.open(waiting)
  await settled()
  await later.transport.close()
  assert.deepEqual(waiting.seen, ['hold false', 'hello', 'bye', 'close'])
  assert.deepEqual([heard, later.heard], [[], []])
})

test('a transport that cannot be opened ends the conversation with the reason', async () => {
  const { transport, openings, heard } = deferred()
  openings[0]!.fail(new NoWorker('none'))
  await settled()
  assert.deepEqual(heard, ['NoWorker'])
  await transport.close()
})

test('a Loom with one host refuses a session elsewhere, and opens one that fits', async () => {
  const { loom, close } = scriptedHost()
  await settled()
  assert.throws(() => loom.session({ worker: 'other' }), { code: 'NoWorker' })
  assert.throws(() => loom.session({ labels: ['gpu'] }), { code: 'NoWorker' })
  assert.throws(() => loom.session({ labels: ['a b'] }), { code: 'Usage' })
  assert.throws(() => loom.session({ labels: 'gpu' as never }), { code: 'Usage' })
  assert.equal(loom.session({ worker: 'scripted', labels: [] }).worker, 'scripted')
  await close()
})
