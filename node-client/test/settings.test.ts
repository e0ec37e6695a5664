import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

import { DEFAULT_PREFIX } from '../src/keys.js'
import { connect } from '../src/index.js'
import { redact, settingsFrom } from '../src/settings.js'
import { addressOf } from '../src/transport/address.js'
import { findPython } from '../src/transport/stdio.js'

test('options come before the environment, the environment before the defaults', () => {
  const environment = { POLYLOOM_URL: 'redis://a', POLYLOOM_PREFIX: 'p:', POLYLOOM_LEASE: '2.5' }
  const settings = settingsFrom({ prefix: 'q:' }, environment)
  assert.deepEqual([settings.url, settings.prefix, settings.leaseMs], ['redis://a', 'q:', 2500])
  assert.equal(settingsFrom({}, {}).url, 'stdio:')
  assert.ok(Object.isFrozen(settings))
  assert.throws(() => settingsFrom({ leaseMs: -1 }, {}), { code: 'Usage' })
  assert.throws(() => settingsFrom({}, { POLYLOOM_LEASE: 'soon' }), { code: 'Usage' })
})

test('addresses of Redis', () => {
  assert.deepEqual(addressOf('redis://h'), { host: 'h', port: 6379, db: 0 })
  assert.deepEqual(addressOf('rediss://u:p%40@h:1/2'), {
    username: 'u',
    password: 'p@',
    host: 'h',
    port: 1,
    db: 2,
    tls: { servername: 'h' },
  })
  assert.deepEqual(addressOf('unix:///run/redis.sock?db=3'), { path: '/run/redis.sock', db: 3 })
  assert.deepEqual(addressOf('redis://[::1]:7'), { host: '::1', port: 7, db: 0 })
  for (const bad of ['redis:', 'redis://', 'redis://h/x', 'unix://', 'nonsense'])
    assert.throws(() => addressOf(bad), { code: 'Usage' })
})

test('a bad URL names the schemes, and passwords never appear', async () => {
  await assert.rejects(connect('http://user:secret@h'), (error: Error) => {
    assert.match(error.message, /redis:\/\/.*stdio:/)
    assert.ok(!error.message.includes('secret'))
    return true
  })
  const dead = connect('redis://:secret@127.0.0.1:1/0', { connectTimeoutMs: 500 })
  await assert.rejects(dead, (error: Error & { code: string }) => {
    assert.equal(error.code, 'ConnectionLost')
    assert.match(error.message, /cannot reach Redis at redis:\/\/:\*\*\*@127\.0\.0\.1:1\/0: .*ECONNREFUSED/)
    return true
  })
  assert.equal(redact('redis://u:p@h?password=x'), 'redis://u:***@h?password=***')
})

test('K103 the interpreter: option, active environment, the checkout', () => {
  assert.equal(findPython('/my/python', { VIRTUAL_ENV: '/v' }), '/my/python')
  assert.match(findPython(undefined, { VIRTUAL_ENV: '/v' }), /^\/v\/bin\/python/)
  assert.match(findPython(undefined, {}), /python/)
})

test('the prefix of Redis keys is written in one file', () => {
  const sources = new URL('../../src/', import.meta.url)
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ts$/.test(name))
  const writers = files.filter((name) => readFileSync(new URL(name, sources), 'utf8').includes(`'${DEFAULT_PREFIX}'`))
  assert.deepEqual(writers, ['keys.ts'])
})
