import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PolyloomError, WorkerLost } from '../src/errors.js'
import { Loom } from '../src/loom.js'
import { Conversation } from '../src/conversation.js'
import { settingsFrom } from '../src/settings.js'
import type { Frame } from '../src/frames.js'
import type { Receiver, Transport } from '../src/transport/transport.js'
import { scriptedHost, settled, type Program } from './support/host.js'

async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise
  } catch (error) {
    return error instanceof PolyloomError ? error.code : error
  }
}

test('close settles everything: sent, unsent, and in other sessions', async () => {
  const host = scriptedHost({ reply: () => undefined })
  const other = host.loom.session().$py('m') as any
  const sent = [outcome(host.$py('m').f()), outcome(other.f())]
  await settled()
  const unsent = outcome(host.$py('m').g())
  const closing = host.loom.close()
  assert.deepEqual(await Promise.all([...sent, unsent]), ['SessionClosed', 'SessionClosed', 'SessionClosed'])
  await closing
  await settled()
  assert.equal(host.kinds.at(-1), 'bye')
  assert.throws(() => host.$py('n'), { code: 'SessionClosed' })
  await host.loom.close()
})

test('what was asked for before close is still sent', async () => {
  const host = scriptedHost()
  host.$py('m').f()
  const closing = host.loom.close()
  await closing
  await settled()
  assert.deepEqual(host.kinds, ['hello', 'open', 'program', 'bye'])
})

test('a session closes alone', async () => {
  const host = scriptedHost({ reply: (program) => (program.ops.length > 2 ? undefined : reply(program, [1])) })
  const session = host.loom.session()
  const pending = outcome((session.$py('m') as any).f())
  await settled()
  session.close()
  assert.equal(await pending, 'SessionClosed')
  assert.equal(host.kinds.at(-1), 'program')
  host.$py('m')
  await settled()
  assert.ok(host.kinds.includes('close'))
  await host.close()
})

test('a closed frame with an error rejects with that error', async () => {
  const host = scriptedHost({ reply: () => undefined })
  const pending = outcome(host.$py('m').f())
  await settled()
  const error = ['error', { code: 'ProgramLost', message: 'program 1 is missing' }]
  host.send({ t: 'closed', session: host.programs[0]!.session, error })
  assert.equal(await pending, 'ProgramLost')
  host.send({ t: 'closed', error: null })
  await settled()
  assert.throws(() => host.loom.session(), { code: 'SessionClosed' })
})

test('another protocol is one clear sentence', async () => {
  const host = scriptedHost({ hello: { t: 'hello', protocol: 2, version: '9.0.0', worker: 'w' } })
  const pending = outcome(host.$py('m').f())
  await assert.rejects(host.line.ready, (error) => {
    assert.ok(error instanceof PolyloomError)
    assert.equal(error.code, 'VersionMismatch')
    assert.match(error.message, /protocol 1, the host protocol 2 \(version 9\.0\.0\)/)
    return true
  })
  assert.equal(await pending, 'VersionMismatch')
})

test('the other end goes away', async () => {
  const host = scriptedHost({ reply: () => undefined })
  const pending = outcome(host.$py('m').f())
  await settled()
  host.line.transport.close = () => Promise.resolve()
  host.send({ t: 'closed' })
  assert.equal(await pending, 'SessionClosed')
})

const reply = ({ session, n }: Program, results: unknown, more: object = {}): unknown => ({
  t: 'reply',
  session,
  n,
  results,
  ...more,
})

const HOSTILE: [name: string, body: (program: Program) => unknown, code: string][] = [
  ['no JSON', () => '{"t":', 'BadFrame'],
  ['an array', () => [1], 'BadFrame'],
  ['no kind', () => ({}), 'BadFrame'],
  ['an unknown kind', () => ({ t: 'nope' }), 'BadFrame'],
  ['a kind of Object.prototype', () => ({ t: 'constructor' }), 'BadFrame'],
  ['no results', (program) => ({ ...(reply(program, 0) as object), results: undefined }), 'BadFrame'],
  ['results of the wrong type', (program) => reply(program, { length: 1 }), 'BadFrame'],
  ['too few results', (program) => reply(program, []), 'BadFrame'],
  ['too many results', (program) => reply(program, [1, 2]), 'BadFrame'],
  ['an unknown tag', (program) => reply(program, [['nope', 1]]), 'BadValue'],
  ['a tag of Object.prototype', (program) => reply(program, [['constructor', 1]]), 'BadValue'],
  ['a wrong shape', (program) => reply(program, [['int', 5]]), 'BadValue'],
  ['an attachment that is missing', (program) => reply(program, [['bytes', 0]]), 'BadValue'],
  ['a handle of the wrong shape', (program) => reply(program, [['handle', 'x', 1, 2]]), 'BadValue'],
  ['a reference', (program) => reply(program, [['ref', 1]]), 'BadValue'],
  ['an error that is none', (program) => reply(program, [['error', 'x']]), 'BadValue'],
  ['a failure that is none', (program) => reply(program, [1], { failed: [['nope']] }), 'BadFrame'],
  ['a failure of an unknown tag', (program) => reply(program, [1], { failed: [[0, ['nope']]] }), 'BadValue'],
  ['a hello of another protocol', () => ({ t: 'hello', protocol: '1' }), 'VersionMismatch'],
]

for (const [name, body, code] of HOSTILE) {
  test(`a hostile host: ${name} closes with a typed error and hangs nothing`, async () => {
    const host = scriptedHost({ reply: body })
    const first = outcome(host.$py('m').f())
    assert.equal(await first, code)
    assert.throws(() => host.$py('m2'), { code })
  })
}

test('replies that nobody waits for are ignored (§8.4)', async () => {
  const host = scriptedHost({ reply: (program) => reply(program, [7]) })
  assert.equal(await host.$py('m').f(), 7)
  host.send(reply(host.programs[0]!, [8]))
  host.send(reply({ ...host.programs[0]!, n: 99 }, [8]))
  host.send(reply({ ...host.programs[0]!, session: 'other' }, [8]))
  await settled()
  assert.equal(await host.$py('m').g(), 7)
  await host.close()
})

test('a handle for a slot that was not asked for does no harm', async () => {
  const host = scriptedHost({ answer: () => ['handle', 999, 'T', 1] })
  const r = await host.$py('m').f()
  assert.equal(r.then, undefined)
  await host.close()
})

class LossyTransport implements Transport {
  receiver!: Receiver
  sent = 0

  send(frame: Frame): void {
    if (frame.text.includes('"program"')) frame.receipt = `100-${++this.sent}`
  }

  receive(receiver: Receiver): void {
    this.receiver = receiver
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

test('F3 when a worker is lost, "not started" is said only where it is certain', async () => {
  const transport = new LossyTransport()
  const loom = new Loom(new Conversation(transport, settingsFrom({}, {})))
  const m = loom.$py('m') as any
  const pending: Promise<unknown>[] = []
  for (let turn = 0; turn < 3; turn++) {
    pending.push(m.f(turn).then(undefined, (error: unknown) => error))
    await settled()
  }
  transport.receiver.end(new WorkerLost('the lease of the worker w ended'), '100-2')
  const errors = (await Promise.all(pending)) as WorkerLost[]
  assert.deepEqual(
    errors.map(({ code, started }) => [code, started]),
    [
      ['WorkerLost', true],
      ['WorkerLost', true],
      ['WorkerLost', false],
    ],
  )
})
