import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const LISP = new URL('../../src/lisp/index.js', import.meta.url).href
const PATIENCE_MS = 30_000 // far less than the hour that is slept

/** Run a script in a process of its own, which has to end by itself. */
async function run(source: string): Promise<string> {
  const program = `
    import { compileLispToJS } from ${JSON.stringify(LISP)}
    const { code } = compileLispToJS(${JSON.stringify(source)}, { importNames: ['print'] })
    await (0, eval)(code)({ print: (...values) => console.log(...values) })`
  const { stdout } = await promisify(execFile)('node', ['--input-type=module', '-e', program], { timeout: PATIENCE_MS })
  return stdout
}

const CASES: [name: string, source: string, printed: string][] = [
  ['a sleep that was too long', '(print (try (timeout 0.01 (sleep 3600)) (catch e "late")))', 'late\n'],
  ['a sleep that lost its race', '(race (sleep 0.01) (sleep 3600)) (print "over")', 'over\n'],
  ['a sleep that nobody needs any more', '(print (await-any (sleep 3600) (do (sleep 0.01) "first")))', 'first\n'],
  ['the limit of what was in time', '(print (timeout 3600 (do (sleep 0.01) "done")))', 'done\n'],
]
for (const [name, source, printed] of CASES)
  test(`${name} does not keep the process`, async () => assert.equal(await run(source), printed))

test('what has won, and what only slept, goes on', async () => {
  const source = '(print (race (sleep 3600) (do (sleep 0.02) (sleep 0.02) "won"))) (sleep 0.02) (print "slept")'
  assert.equal(await run(source), 'won\nslept\n')
})
