import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Decoder, Encoder, TAGS } from '../src/codec.js'
import { CODES, PolyloomError } from '../src/errors.js'
import {
  BLOB_BYTES,
  BLOB_SECONDS,
  FIELD_ATTACHMENT,
  FIELD_BLOB,
  FIELD_CLIENT,
  FIELD_TEXT,
  GROUP,
  Keys,
} from '../src/keys.js'
import { DEFAULT_LIMITS } from '../src/limits.js'
import { CLIENT_KINDS, HOST_KINDS, MODES, OPS, PROTOCOL } from '../src/ops.js'
import { DEFAULTS, ENVIRONMENT } from '../src/settings.js'
import { build, fromHex, readVectors, type RefusedVector, type ValueVector } from './support/vectors.js'

const escaped = (text: string): string =>
  text
    .replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\s/g, '')

for (const { name, wire, value, attachments = [], encode } of readVectors('values.json') as ValueVector[]) {
  test(`decodes ${name}`, () => {
    const decoded = new Decoder(attachments.map(fromHex)).decode(JSON.parse(wire))
    assert.deepStrictEqual(decoded, build(value))
  })
  if (!encode.includes('js')) continue
  test(`encodes ${name}`, () => {
    const encoder = new Encoder()
    assert.equal(escaped(encoder.encode(build(value, true))), escaped(wire))
    assert.deepEqual(
      encoder.attachments.map((one) => Buffer.from(one).toString('hex')),
      attachments,
    )
  })
}

for (const { name, wire, code, path, attachments = [] } of readVectors('refused.json') as RefusedVector[]) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => new Decoder(attachments.map(fromHex)).decode(JSON.parse(wire)),
      (error) => error instanceof PolyloomError && error.rooted().path === path && error.code === code,
    )
  })
}

test('names are those that both languages share', () => {
  const names = readVectors('names.json') as Record<string, any>
  assert.equal(PROTOCOL, names['protocol'])
  assert.deepEqual([...CLIENT_KINDS], names['kinds'].client)
  assert.deepEqual([...HOST_KINDS], names['kinds'].host)
  assert.deepEqual([...OPS], names['ops'])
  assert.deepEqual([...MODES], names['modes'])
  assert.deepEqual([...TAGS], names['tags'])
  assert.deepEqual([...CODES].sort(), [...names['codes']].sort())
  assert.equal(GROUP, names['group'])
  assert.deepEqual(
    { client: FIELD_CLIENT, text: FIELD_TEXT, attachment: FIELD_ATTACHMENT, blob: FIELD_BLOB },
    names['fields'],
  )
})

test('keys, limits and defaults are those that both languages share', () => {
  const names = readVectors('names.json') as Record<string, any>
  const keys = new Keys()
  assert.deepEqual(
    {
      prefix: keys.prefix,
      workers: keys.workers,
      load: keys.load,
      labels: keys.labels,
      placed: keys.placed('W'),
      names: keys.names,
      info: keys.info('W'),
      worker_lease: keys.workerLease('W'),
      inbox: keys.inbox('W'),
      client_lease: keys.clientLease('C'),
      mailbox: keys.mailbox('C'),
      worker_blob: keys.workerBlob('W', 'B'),
      client_blob: keys.clientBlob('C', 'B'),
      runs: keys.runs,
      run: keys.run('R'),
      run_log: keys.runLog('R'),
      run_once: keys.runOnce('R'),
    },
    names['keys'],
  )
  assert.deepEqual({ bytes: BLOB_BYTES, seconds: BLOB_SECONDS }, names['blobs'])
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const limits = Object.fromEntries(
    Object.entries(DEFAULT_LIMITS).map(([name, value]) => [snake(name), value as number]),
  )
  assert.deepEqual(limits, names['limits'])
  const { url, prefix, leaseMs } = DEFAULTS
  assert.deepEqual({ url, prefix, lease_seconds: leaseMs / 1000 }, names['defaults'])
  for (const name of ENVIRONMENT) assert.ok(names['environment'].includes(name), name)
})
