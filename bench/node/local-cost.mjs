// Where the time of one local call goes: elapsed time, and CPU time of each side, per call (Linux: it reads /proc).
// Run: taskset -c 1 node bench/node/local-cost.mjs [OTHER_CHECKOUT …]
// Other checkouts, whose node-client/dist is built, are measured in turn with this one: what has a change cost?
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { open } from './sketch.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
const PYTHON = join(ROOT, '.venv', 'bin', 'python')
const CALLS = 10_000
const WARM = 4_000 // calls before the first that counts
const ROUNDS = 7
const TICK_US = 10_000 // one clock tick of /proc/<pid>/stat

const newest = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).at(-1)

function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

async function polyloom(name, root, options = {}) {
  process.env.PYTHONPATH = [join(root, 'fabric'), join(root, 'workers')].join(':') // before what the environment has installed
  const { connect } = await import(join(root, 'node-client', 'dist', 'index.js'))
  const loom = await connect('stdio:', { python: PYTHON, ...options })
  const { floor } = loom.$py('math')
  return { name, pid: newest(), call: () => floor(1.5), close: () => loom.close(), rounds: [] }
}

async function sketch() {
  const { calls, close } = await open(PYTHON, join(ROOT, 'bench', 'python', 'sketch.py'))
  return { name: 'sketch', pid: newest(), call: () => calls.add.run(1), close, rounds: [] }
}

async function round({ pid, call, rounds }) {
  const [python, node, began] = [cpuOf(pid), process.cpuUsage(), performance.now()]
  for (let i = 0; i < CALLS; i++) await call()
  const elapsed = ((performance.now() - began) * 1e3) / CALLS
  const { user, system } = process.cpuUsage(node)
  rounds.push({ elapsed, node: (user + system) / CALLS, python: (cpuOf(pid) - python) / CALLS })
}

function median(rounds, what) {
  const sorted = rounds.map((one) => one[what]).sort((a, b) => a - b)
  return `${what} ${sorted[sorted.length >> 1].toFixed(1).padStart(5)} us`
}

const measured = [await polyloom('polyloom', ROOT), await polyloom('polyloom without call sites', ROOT, { callSites: 0 }), await sketch()]
for (const other of process.argv.slice(2)) measured.push(await polyloom(other, resolve(other)))
for (const { call } of measured) for (let i = 0; i < WARM; i++) await call()
for (let i = 0; i < ROUNDS; i++) for (const one of measured) await round(one)
for (const { name, rounds, close } of measured) {
  console.log(name.padEnd(28), ['elapsed', 'node', 'python'].map((what) => median(rounds, what)).join('   '))
  await close()
}
