import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NoWorker } from '../src/errors.js'
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

function deferred(): { transport: DeferredTransport; open: (real: Transport) => void; fail: (error: Error) => void } {
  let open!: (real: Transport) => void
  let fail!: (error: Error) => void
  const opening = new Promise<Transport>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { transport: new DeferredTransport(opening), open, fail }
}

test('what is sent before a transport is open goes out in order when it is', async () => {
  const { transport, open } = deferred()
  const real = new Recorder()
  const got: string[] = []
  transport.hold(true)
  transport.receive({ frame: ({ text }) => got.push(text), end: () => undefined })
  transport.send(frame('a'))
  transport.send(frame('b'))
  assert.deepEqual([transport.ack, transport.labels], [undefined, []])
  open(real)
  await settled()
  transport.send(frame('c'))
  assert.deepEqual(real.seen, ['hold true', 'a', 'b', 'c'])
  assert.deepEqual([transport.ack, transport.labels], ['7-0', ['gpu']])
  real.receiver!.frame(frame('answer'))
  assert.deepEqual(got, ['answer'])
})

test('a transport that is closed while it opens sends what it was given, and calls nobody', async () => {
  const { transport, open } = deferred()
  const real = new Recorder()
  transport.receive({ frame: () => assert.fail(), end: () => assert.fail() })
  transport.send(frame('bye'))
  const closed = transport.close()
  open(real)
  await closed
  assert.deepEqual(real.seen, ['hold false', 'bye', 'close'])
  assert.equal(real.receiver, undefined)
})

test('a transport that cannot be opened ends the conversation with the reason', async () => {
  const { transport, fail } = deferred()
  const ends: Error[] = []
  transport.receive({ frame: () => assert.fail(), end: (error) => ends.push(error) })
  const reason = new NoWorker('none')
  fail(reason)
  await settled()
  assert.deepEqual(ends, [reason])
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
