import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PolyloomError, PythonError, errorFrom } from '../src/errors.js'
import { scriptedHost } from './support/host.js'

const WIRE = {
  code: 'PythonError',
  message: 'Singular matrix',
  type: 'numpy.linalg.LinAlgError',
  mro: ['numpy.linalg.LinAlgError', 'ValueError', 'Exception', 'BaseException'],
  args: ['Singular matrix', ['tuple', 1]],
  frames: [
    ['/app/a.py', 3, 'main', 'solve(a)'],
    ['/app/b.py', 9, 'solve', 'raise LinAlgError'],
  ],
  traceback: 'Traceback …',
  notes: ['while fitting'],
  cause: {
    code: 'PythonError',
    message: '0',
    type: 'ZeroDivisionError',
    mro: ['ZeroDivisionError', 'ArithmeticError'],
  },
  context: { code: 'PythonError', message: 'k', type: 'KeyError', mro: ['KeyError', 'LookupError'] },
  group: [{ code: 'PythonError', message: 'child', type: 'OSError' }],
  op: 'call numpy.linalg.inv',
}

test('D44 D45 D48 a Python exception keeps everything, and matches its bases', async () => {
  const host = scriptedHost({ answer: () => ['error', WIRE] })
  async function callHere(): Promise<unknown> {
    return host.$py('numpy').linalg.inv([[1]])
  }
  await assert.rejects(callHere(), (error) => {
    assert.ok(error instanceof PythonError && error instanceof PolyloomError && error instanceof Error)
    assert.equal(error.name, 'LinAlgError')
    assert.equal(error.type, 'numpy.linalg.LinAlgError')
    assert.equal(error.message, 'Singular matrix')
    assert.equal(error.args[0], 'Singular matrix')
    assert.deepEqual([...(error.args[1] as number[])], [1])
    assert.deepEqual(error.frames[1], { file: '/app/b.py', line: 9, function: 'solve', source: 'raise LinAlgError' })
    assert.deepEqual(error.notes, ['while fitting'])
    assert.equal(error.op, 'call numpy.linalg.inv')
    assert.ok(error.cause instanceof PythonError && error.cause.matches('ArithmeticError'))
    assert.ok(error.context instanceof PythonError && error.context.matches('LookupError'))
    assert.equal(error.group[0]?.message, 'child')
    for (const name of ['LinAlgError', 'numpy.linalg.LinAlgError', 'ValueError', 'Exception'])
      assert.ok(error.matches(name))
    for (const name of ['linalg', 'KeyError', 'object', '']) assert.ok(!error.matches(name))
    return true
  })
  await host.close()
})

test('D52 the stack joins the Python frames, innermost first, and the JavaScript call site', async () => {
  const host = scriptedHost({ answer: () => ['error', WIRE] })
  async function callHere(): Promise<unknown> {
    return host.$py('numpy').linalg.inv([[1]])
  }
  await assert.rejects(callHere(), (error: Error) => {
    const lines = error.stack!.split('\n')
    assert.equal(lines[0], 'LinAlgError: Singular matrix')
    assert.equal(lines[1], '    at solve (/app/b.py:9) [python]')
    assert.equal(lines[2], '    at main (/app/a.py:3) [python]')
    assert.match(lines[3]!, /callHere .*errors\.test/)
    return true
  })
  await host.close()
})

test('call sites can be turned off', async () => {
  const host = scriptedHost({ answer: () => ['error', WIRE], settings: { callSites: 0 } })
  await assert.rejects(
    async () => host.$py('m').f(),
    (error: Error) => !error.stack!.includes('errors.test'),
  )
  await host.close()
})

test('D48 dependents reject with the first failure; what is independent resolves (I95)', async () => {
  const failed = ['error', { ...WIRE, op: 'call m.first' }]
  const host = scriptedHost({ answer: (slot) => (slot === 4 ? 1 : failed) })
  const m = host.$py('m')
  const chain = m.first().second()
  const results = await Promise.allSettled([chain, m.other()])
  assert.equal((results[0] as PromiseRejectedResult).reason.op, 'call m.first')
  assert.deepEqual(results[1], { status: 'fulfilled', value: 1 })
  await host.close()
})

test('every other code has its class, its path and its hint', () => {
  const made = errorFrom({ code: 'NotAllowed', message: 'no', path: '$.ops[0]', hint: 'allow it', op: 'import os' })
  assert.deepEqual(
    [made.name, made.code, made.path, made.hint, made.op],
    ['NotAllowed', 'NotAllowed', '$.ops[0]', 'allow it', 'import os'],
  )
  assert.equal(made.message, 'no at $.ops[0] (allow it)')
  assert.equal(errorFrom({ code: 'FromTheFuture', message: 'x' }).code, 'FromTheFuture')
  assert.equal(errorFrom({}).code, 'InternalError')
})
