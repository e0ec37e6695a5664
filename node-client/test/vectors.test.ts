import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'

import { Decoder, Encoder, TAGS } from '../src/codec.js'
import { CODES, PolyloomError } from '../src/errors.js'
import {
  BLOB_BYTES,
  BLOB_SECONDS,
  FIELD_ATTACHMENT,
  FIELD_BLOB,
  FIELD_CLIENT,
  FIELD_MOMENT,
  FIELD_NUMBER,
  FIELD_SIGNATURE,
  FIELD_TEXT,
  GROUP,
  Keys,
} from '../src/keys.js'
import { DEFAULT_LIMITS } from '../src/limits.js'
import { CLIENT_KINDS, HOST_KINDS, MODES, OPS, PROTOCOL } from '../src/ops.js'
import { GAPS } from '../src/seen.js'
import { DEFAULTS, ENVIRONMENT, SECRET_BYTES } from '../src/settings.js'
import { Signer, sign } from '../src/signing.js'
import {
  build,
  fromHex,
  readVectors,
  type RefusedVector,
  type SignatureVector,
  type ValueVector,
} from './support/vectors.js'

const signatures = readVectors('signatures.json') as { entries: SignatureVector[] }

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

for (const { name, secret, receiver, fields, signature } of signatures.entries) {
  test(`signs ${name}`, () => {
    const key = createSecretKey(Buffer.from(secret))
    const flat = fields.flat().map((part) => (typeof part === 'string' ? Buffer.from(part) : fromHex(part.hex)))
    const parts = flat.map((part) => Buffer.from(part))
    assert.equal(sign(key, [`polyloom/${PROTOCOL}/entry`, receiver, ...parts]), signature)
    const signer = new Signer(key, receiver)
    const signed = [...parts, Buffer.from('s'), Buffer.from(signature)]
    assert.equal(signer.number(signed), Number(fields.at(-1)![1]))
    for (const at of signed.keys()) {
      assert.equal(signer.number(signed.with(at, Buffer.concat([signed[at]!, Buffer.from('0')]))), undefined)
      assert.equal(signer.number(signed.toSpliced(at, 1)), undefined)
    }
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
  const fields = { client: FIELD_CLIENT, text: FIELD_TEXT, attachment: FIELD_ATTACHMENT, blob: FIELD_BLOB }
  const signed = { moment: FIELD_MOMENT, number: FIELD_NUMBER, signature: FIELD_SIGNATURE }
  assert.deepEqual({ ...fields, ...signed }, names['fields'])
  const { secret_bytes, gaps } = names['signing']
  assert.deepEqual({ secret_bytes, gaps }, { secret_bytes: SECRET_BYTES, gaps: GAPS })
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
      refused: keys.refused,
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
