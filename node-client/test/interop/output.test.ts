import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { connect, type Output } from '../../src/index.js'
import { HOSTS } from './hosts.js'

for (const { name, url } of HOSTS) {
  describe(name, () => {
    test('E62 what a call prints is told with its slot and stream, in order, before its answer', async () => {
      const heard: Output[] = []
      const loom = await connect(url, { onOutput: (output) => heard.push(output) })
      const { print, exec } = loom.$py('builtins') as any
      await print('one', 2)
      assert.deepEqual(
        heard.map(({ stream, text }) => [stream, text]),
        [['stdout', 'one 2\n']],
      )
      await Promise.all([print('a'), exec("import sys; sys.stderr.write('b')"), print('c')])
      const after = heard.slice(1)
      assert.deepEqual(
        after.map(({ stream, text }) => [stream, text]),
        [
          ['stdout', 'a\n'],
          ['stderr', 'b'],
          ['stdout', 'c\n'],
        ],
      )
      assert.equal(new Set(after.map(({ slot }) => slot)).size, 3)
      assert.equal(new Set(heard.map(({ session }) => session)).size, 1)
      await loom.close()
    })

    test('E62 bytes written to the buffer of a stream are told as text', async () => {
      const heard: Output[] = []
      const loom = await connect(url, { onOutput: (output) => heard.push(output) })
      await (loom.$py('builtins') as any).exec(
        "import sys; sys.stdout.buffer.write('é'.encode() + b'\\xff'); print('!')",
      )
      assert.equal(heard.map(({ text }) => text).join(''), 'é\\xff!\n')
      await loom.close()
    })

    test('E62 a listener that throws harms no call', async () => {
      const loom = await connect(url, {
        onOutput: () => {
          throw new Error('listener')
        },
      })
      const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
      assert.equal(await (loom.$py('builtins') as any).print('x'), null)
      assert.match((await warned).message, /onOutput threw: Error: listener/)
      await loom.close()
    })
  })
}
