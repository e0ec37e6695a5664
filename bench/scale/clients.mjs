// Clients of the simulation: `clients.mjs URL CLIENTS SESSIONS RATE`, driven like a contestant (node/drive.mjs).
// RATE programs in a second, shared by all sessions of this process.
import { connect } from '../../node-client/dist/index.js'

const STEP_MS = 4 // at least, between two looks at what is due

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Calls at an even rate, each of another session in turn, so that every call is a program of its own. */
async function paced(adds, rate, count) {
  const answers = []
  const call = async (i) => (await adds[i % adds.length](i, 1)) === i + 1 // awaited at once: the call and its pull are one program
  const begin = performance.now()
  while (answers.length < count) {
    const due = Math.min(count, ((performance.now() - begin) * rate) / 1000, answers.length + adds.length)
    while (answers.length < due) answers.push(call(answers.length))
    await pause(Math.max(STEP_MS, (1000 * (answers.length + 1)) / rate - (performance.now() - begin)))
  }
  const right = await Promise.all(answers)
  if (right.includes(false)) throw new Error('wrong sums')
  return count
}

export async function open(url, clients, sessions, rate) {
  const looms = []
  while (looms.length < Number(clients)) looms.push(await connect(url))
  const opened = []
  const held = []

  async function openSessions() {
    while (opened.length < Number(sessions)) opened.push(looms[opened.length % looms.length].session())
    const adds = opened.map(({ $py }) => $py('operator').add)
    await Promise.all(adds.map((add) => add(1, 1)))
    return opened.length
  }

  async function hold(count) {
    const { object } = opened[0].$py('builtins')
    held.push(...(await Promise.all(Array.from({ length: count }, () => object()))))
    return held.length
  }

  async function run(count) {
    return paced(opened.map(({ $py }) => $py('operator').add), Number(rate), count)
  }

  return {
    calls: { sessions: { run: openSessions }, hold: { run: hold }, paced: { run } },
    close: () => Promise.all(looms.map((loom) => loom.close())),
  }
}
