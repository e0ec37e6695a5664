import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { createNodePythonBridge, Gone } from '../../src/index.js'
import { HOSTS } from './hosts.js'

const INDEX = new URL('../../src/index.js', import.meta.url).href
const run = promisify(execFile)

async function script(body: string): Promise<{ stdout: string; stderr: string }> {
  const source = `import { connect, createNodePythonBridge } from ${JSON.stringify(INDEX)}\n${body}`
  return run(process.execPath, ['--input-type=module', '-e', source], { timeout: 60_000 })
}

for (const { name, url } of HOSTS) {
  test(`K104 ${name}: Node ends by itself after close, and while nothing is pending`, async () => {
    const open = `const loom = await connect(${JSON.stringify(url)}); console.log(await loom.$py('math').sqrt(16))`
    assert.equal((await script(`${open}; await loom.close()`)).stdout, '4\n')
    assert.equal((await script(open)).stdout, '4\n')
  })

  test(`K104 ${name}: Node ends by itself when a thread renews the lease`, async () => {
    const { stdout } = await script(`
      const loom = await connect(${JSON.stringify(url)}, { leaseMs: 500 })
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      console.log(await loom.$py('math').sqrt(16))`)
    assert.equal(stdout, '4\n')
  })
}

test('what is pending keeps Node alive', async () => {
  const { stdout } = await script(`
    const { $py } = createNodePythonBridge()
    $py('time').sleep(0.3).then((x) => console.log('slept', x))`)
  assert.equal(stdout, 'slept null\n')
})

test('D49 the death of the process rejects everything pending, with its status', async () => {
  const { $py, close } = createNodePythonBridge()
  const os = $py('os') as any
  const dying = os._exit(7)
  const [dead, waiting] = await Promise.allSettled([dying, ($py('time') as any).sleep(10)])
  for (const one of [dead, waiting]) {
    const { reason } = one as PromiseRejectedResult
    assert.ok(reason instanceof Gone && reason.code === 'ConnectionLost', String(reason))
    assert.match(reason.message, /ended with status 7/)
  }
  assert.throws(() => os.getpid(), { code: 'ConnectionLost' })
  await close()
})

test('E62 what Python prints is printed here, each stream by its own', async () => {
  const { stdout, stderr } = await script(`
    const { $py, close } = createNodePythonBridge()
    await $py('builtins').print('printed by Python')
    await $py('sys').stderr.write('and complained')
    console.log(await $py('math').sqrt(9))
    await close()`)
  assert.equal(stdout, 'printed by Python\n3\n')
  assert.match(stderr, /and complained/)
})
