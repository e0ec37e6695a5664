/** Frames of a host that overtook one another, or came twice: nothing is lost, nothing is done twice. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { scriptedHost, type Program } from './support/host.js'

test('a late result that comes before its reply waits for it', async () => {
  const host = scriptedHost({
    reply: ({ session, n }: Program) => {
      host.send({ t: 'late', session, n, results: [[0, 'came']] })
      return { t: 'reply', session, n, results: [['pending']] }
    },
  })
  assert.equal(await host.$py('m').f(), 'came')
  await host.close()
})

test('calls that overtook one another, and came twice, are each answered once', async () => {
  const called: unknown[] = []
  const host = scriptedHost({
    reply: ({ session, n }: Program) => {
      for (const call of [2, 1, 2, 3, 1]) host.send({ t: 'call', session, call, id: 1, n, do: ['call', [call], {}] })
      return { t: 'reply', session, n, results: [null] }
    },
  })
  await host.$py('m').f((x: unknown) => called.push(x))
  assert.deepEqual(called, [2, 1, 3])
  await host.close()
})
