// Where the time of one local call goes: elapsed time, and CPU time of each side, per call (Linux: it reads /proc).
// Run: taskset -c 1 node bench/node/local-cost.mjs
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../node-client/dist/index.js'
import { open } from './sketch.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
const PYTHON = join(ROOT, '.venv', 'bin', 'python')
const CALLS = 20_000
const ROUNDS = 3
const TICK_US = 10_000 // one clock tick of /proc/<pid>/stat

const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
const newest = () => children().at(-1)

function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

async function measure(name, pid, call) {
  for (let i = 0; i < 3000; i++) await call()
  for (let round = 0; round < ROUNDS; round++) {
    const [python, node, began] = [cpuOf(pid), process.cpuUsage(), performance.now()]
    for (let i = 0; i < CALLS; i++) await call()
    const elapsed = ((performance.now() - began) * 1e3) / CALLS
    const { user, system } = process.cpuUsage(node)
    const figures = { elapsed, node: (user + system) / CALLS, python: (cpuOf(pid) - python) / CALLS }
    const text = Object.entries(figures).map(([what, us]) => `${what} ${us.toFixed(1).padStart(5)} us`)
    console.log(name.padEnd(28), text.join('   '))
  }
}

for (const [name, options] of [['polyloom', {}], ['polyloom without call sites', { callSites: 0 }]]) {
  const loom = await connect('stdio:', { python: PYTHON, ...options })
  const { floor } = loom.$py('math')
  await measure(name, newest(), () => floor(1.5))
  await loom.close()
}
const sketch = await open(PYTHON, join(ROOT, 'bench', 'python', 'sketch.py'))
await measure('sketch', newest(), () => sketch.calls.add.run(1))
sketch.close()
