import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { UsageError } from '../src/errors.js'
import { GAPS, Seen } from '../src/seen.js'
import { settingsFrom } from '../src/settings.js'
import { Signer } from '../src/signing.js'
import { Gate } from '../src/transport/gate.js'

const SECRET = '0123456789abcdef'
const key = createSecretKey(Buffer.from(SECRET))

/** An entry of a worker for the client `c`, as it comes from Redis. */
function entry(signer: Signer, text = '{"t":"reply"}'): Buffer[] {
  return signer.seal('c', ['c', 'w', 'f', text]).map((part) => Buffer.from(part))
}

test('the secret: option, environment, file; it is shown nowhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyloom-'))
  const file = join(folder, 'secret')
  writeFileSync(file, `${SECRET}-of-a-file\n`)
  const text = (options: object, environment: Record<string, string>): string | undefined =>
    settingsFrom(options, environment).secret?.export().toString()
  const both = { POLYLOOM_SECRET: `${SECRET}-env`, POLYLOOM_SECRET_FILE: file }
  assert.equal(text({ secret: `${SECRET}-option` }, both), `${SECRET}-option`)
  assert.equal(text({ secret: key }, both), SECRET)
  assert.equal(text({}, both), `${SECRET}-env`)
  assert.equal(text({}, { ...both, POLYLOOM_SECRET: '' }), `${SECRET}-of-a-file`)
  assert.equal(text({}, {}), undefined)
  const settings = settingsFrom({}, both)
  for (const shown of [inspect(settings, { depth: 9, showHidden: true }), JSON.stringify(settings)])
    assert.ok(!shown.includes(SECRET))
  const told = (environment: Record<string, string>): void =>
    assert.throws(
      () => settingsFrom({}, environment),
      (error: UsageError) => error.code === 'Usage' && /openssl/.test(error.hint) && !error.message.includes('short'),
    )
  told({ POLYLOOM_SECRET: 'short' })
  told({ POLYLOOM_SECRET_FILE: join(folder, 'none') })
  writeFileSync(file, ' \n')
  told({ POLYLOOM_SECRET_FILE: file })
  rmSync(folder, { recursive: true })
})

test('every number is new once, in whatever order they come', () => {
  const seen = new Seen()
  const known = new Set<number>()
  let chance = 1
  for (let turn = 0; turn < 2_000; turn++) {
    chance = (chance * 48_271) % 0x7fffffff
    const number = chance % 500
    assert.equal(seen.has(number), known.has(number))
    if (!seen.has(number)) seen.add(number)
    known.add(number)
  }
})

test('gaps are not remembered without end, and the oldest count as seen', () => {
  const seen = new Seen(2)
  for (let number = 2; number < 3 * GAPS; number += 2) seen.add(number)
  assert.deepEqual(
    [1, 3, 3 * GAPS - 3].map((number) => seen.has(number)),
    [true, true, false],
  )
})

test('numbers of one receiver follow one another; those of a later signer are above', () => {
  const number = (signer: Signer): number => Number(signer.seal('c', []).at(-3))
  const one = new Signer(key, 'w')
  const first = number(one)
  assert.equal(number(one), first + 1)
  assert.ok(number(new Signer(key, 'w')) > first)
})

test('a client rejects everything where the first answer cannot be verified, and says why', () => {
  const gate = (): Gate => new Gate(new Signer(key, 'c'), 'w')
  const other = new Signer(createSecretKey(Buffer.from('another secret, quite long')), 'w')
  assert.throws(() => gate().check(entry(other)), { code: 'BadSignature', message: /another secret.*POLYLOOM_SECRET/ })
  const plain = ['c', 'w', 'f', '{}'].map((part) => Buffer.from(part))
  assert.throws(() => gate().check(plain), { code: 'BadSignature', message: /does not sign/ })
})

test('after that it drops what cannot be verified or was taken, and takes the rest in any order', async () => {
  const gate = new Gate(new Signer(key, 'c'), 'w')
  const worker = new Signer(key, 'w')
  const entries = [0, 1, 2].map(() => entry(worker))
  const come = (fields: Buffer[]): boolean => {
    const number = gate.check(fields)
    if (number !== undefined) gate.take(number)
    return number !== undefined
  }
  assert.deepEqual(
    [2, 0, 2, 1, 0].map((at) => come(entries[at]!)),
    [true, true, false, true, false],
  )
  const warned = once(process, 'warning') as Promise<[Error]>
  const elsewhere = worker.seal('d', ['c', 'w', 'f', '{"t":"reply"}']).map((part) => Buffer.from(part))
  const changed = entry(worker).with(3, Buffer.from('{"t":"bye"}'))
  for (const bad of [elsewhere, changed, entry(worker).slice(0, -2), entry(worker).slice(0, -1), []])
    assert.equal(come(bad), false)
  assert.match((await warned)[0].message, /dropped 1 entry in the name of the worker w/)
  assert.equal(come(entry(worker)), true)
})
