/** The connection for large strings, with a scripted server: what comes in any pieces, and what goes wrong. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

import { BulkReader } from '../src/transport/bulk.js'

const ends: (() => unknown)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const LARGE = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => index % 251))
const NOT_YET = /no connection for large strings yet/
const bulk = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])

/** A server that hands out its connections, after it has answered the greeting. */
async function listen(
  address: object = {},
): Promise<{ bulk: BulkReader; next: () => Promise<Socket>; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = new BulkReader(
    { host: '127.0.0.1', port: (server.address() as AddressInfo).port, db: 0, ...address },
    'name',
    10_000,
  )
  ends.push(
    () => server.close(),
    () => reader.close(),
  )
  const next = async (): Promise<Socket> => {
    const [socket] = (await once(server, 'connection')) as [Socket]
    ends.push(() => socket.destroy())
    return socket.on('error', () => undefined)
  }
  return { bulk: reader, next, server }
}

interface Ready {
  readonly bulk: BulkReader
  readonly socket: Socket
  readonly next: () => Promise<Socket>
  readonly answers: Promise<Buffer | null>[]
}

/** A reader that has asked for keys, and the server's end of its connection. */
async function asked(...keys: string[]): Promise<Ready> {
  const { bulk, next } = await listen()
  const { socket, answers } = await ask(bulk, next, keys)
  return { bulk, socket, next, answers }
}

/** Ask once the connection is there, which the first question opens. */
async function ask(
  bulk: BulkReader,
  next: () => Promise<Socket>,
  [first, ...others]: string[],
): Promise<Pick<Ready, 'socket' | 'answers'>> {
  const coming = next()
  await assert.rejects(bulk.get(first!), NOT_YET)
  const socket = await coming
  await once(socket, 'data')
  socket.write('+OK\r\n')
  for (;;) {
    const answer = bulk.get(first!)
    const refused = answer.then(
      () => false,
      (error: unknown) => NOT_YET.test(String(error)),
    )
    if (!(await Promise.race([refused, turn(false)])))
      return { socket, answers: [answer, ...others.map((key) => bulk.get(key))] }
    await turn()
  }
}

test('large strings come whole in whatever pieces they arrive, in the order of the questions', async () => {
  const { socket, answers } = await asked('a', 'b', 'c', 'd')
  const sent = Buffer.concat([bulk(LARGE), Buffer.from('$-1\r\n'), bulk(Buffer.alloc(0)), bulk(LARGE.subarray(1))])
  for (let at = 0, size = 1; at < sent.length; at += size, size = (size * 7) % 9_001) {
    socket.write(sent.subarray(at, at + size))
    await turn()
  }
  assert.deepEqual(await Promise.all(answers), [LARGE, null, Buffer.alloc(0), LARGE.subarray(1)])
})

test('an error in place of a string rejects that question alone', async () => {
  const { socket, answers } = await asked('a', 'b')
  socket.write(Buffer.concat([Buffer.from('-WRONGTYPE no string\r\n'), bulk(LARGE)]))
  await assert.rejects(answers[0]!, /WRONGTYPE/)
  assert.deepEqual(await answers[1], LARGE)
})

test('a connection that ends within a string rejects what waits, and the next question opens another', async () => {
  const { bulk: reader, socket, next, answers } = await asked('a', 'b')
  const rejected = answers.map((one) => assert.rejects(one, /was closed/))
  socket.end(bulk(LARGE).subarray(0, 100_000))
  await Promise.all(rejected)
  const again = await ask(reader, next, ['a'])
  again.socket.write(bulk(LARGE))
  assert.deepEqual(await again.answers[0], LARGE)
})

test('an answer that nobody understands ends the connection', async () => {
  const { socket, answers } = await asked('a')
  const rejected = assert.rejects(answers[0]!, /none of GET/)
  socket.write('*1\r\n:1\r\n')
  await rejected
  await once(socket, 'close')
})

test('the greeting gives the password and the database, and a refusal leaves no connection', async () => {
  const { bulk: reader, next } = await listen({ username: 'u', password: 'p', db: 3 })
  const coming = next()
  await assert.rejects(reader.get('a'))
  const socket = await coming
  let greeting = ''
  while (!greeting.includes('name')) greeting += String((await once(socket, 'data'))[0])
  assert.match(greeting, /AUTH\r\n\$1\r\nu\r\n\$1\r\np\r\n.*SELECT\r\n\$1\r\n3\r\n.*SETNAME/s)
  socket.write('-WRONGPASS no\r\n+OK\r\n+OK\r\n')
  await once(socket, 'close')
  await assert.rejects(reader.get('a'), NOT_YET)
})

test('what waits is rejected when the reader is closed, and nothing is opened any more', async () => {
  const { bulk: reader, answers, next } = await asked('a')
  const rejected = assert.rejects(answers[0]!, /was closed/)
  reader.close()
  await rejected
  next().then(
    () => assert.fail('it has opened another connection'),
    () => undefined,
  )
  await assert.rejects(reader.get('a'), NOT_YET)
  await turn()
})
