/**
 * Clients of the fault tests: they ask, and write down what they asked for and what they were told, a JSON record on each line of the
 * standard output (the format of history.py). What to do is told by the one argument, in JSON:
 * {url, options, clients, sessions, task, …}; a line on the standard input, or its end, ends a task that goes on.
 */

import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

import { connect, keep, within, WorkerLost } from '../../node-client/dist/index.js'

const plan = JSON.parse(process.argv[2])
const now = () => Date.now() / 1000
const say = (record) => process.stdout.write(`${JSON.stringify(record)}\n`)

let asked = true
process.stdin.once('data', () => (asked = false)).once('end', () => (asked = false))

/** One session, its own object and what it shares with others. */
class Speaker {
  constructor(name, session) {
    this.name = name
    this.$py = session.$py
    this.subject = session.$py('subject')
    this.own = this.subject.Subject()
    this.count = 0
  }

  on(name) {
    return name === this.name ? this.own : this.subject.shared(name)
  }

  /** Ask for one operation; the promise never rejects, and tells whether it was answered. */
  async ask(on, f, value, call) {
    const op = `${this.name}/${++this.count}`
    const record = { process: this.name, op, on, f }
    say({ ...record, type: 'invoke', value: value ?? null, time: now() })
    try {
      const answer = await call(this.on(on), op)
      say({ ...record, type: 'ok', value: answer ?? null, time: now() })
      return true
    } catch (error) {
      const certain = error instanceof WorkerLost && error.started === false
      say({ ...record, type: certain ? 'fail' : 'info', value: `${error.code} ${error}`, time: now() })
      return false
    }
  }

  add(on, seconds = 0) {
    return this.ask(on, 'add', null, (object, op) => object.add(op, seconds))
  }

  read(on, seconds) {
    return this.ask(on, 'read', null, (object, op) => object.read(op, seconds))
  }

  write(on, value, seconds) {
    return this.ask(on, 'write', value, (object, op) => object.write(op, value, seconds))
  }

  cas(on, old, value, seconds) {
    return this.ask(on, 'cas', [old, value], (object, op) => object.cas(op, old, value, seconds))
  }

  /** Send bytes so large that they travel beside the frame, and compare what comes back. */
  turned(size, mark) {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + mark) % 251)
    return this.ask('bytes', 'turned', size, async (object, op) => {
      const back = await object.turned(op, bytes)
      return back.length === size && back.every((one, at) => one === bytes[size - 1 - at])
    })
  }
}

/** Repeatable chance, so that a seed names a run. */
function chance(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Ask for something of what counters and registers can do; a durable session asks its own object alone, others die with their worker. */
function something(speaker, pick, seconds) {
  const register = plan.durable ? speaker.name : `register-${pick(plan.registers ?? 8)}`
  switch (pick(5)) {
    case 0:
      return speaker.read(register, seconds)
    case 1:
      return speaker.write(register, pick(9), seconds)
    case 2:
      return speaker.cas(register, pick(9), pick(9), seconds)
    case 3:
      return speaker.add(plan.durable ? speaker.name : `counter-${pick(plan.counters ?? 4)}`, seconds)
    default:
      return speaker.add(speaker.name, seconds)
  }
}

const TASKS = {
  /** Ask for `programs` in every session, each a program of its own; go on with some more until one is lost, and wait for all. */
  async pending(speakers) {
    const pending = []
    let lost = false
    const ask = async (speaker, pick) => (lost ||= !(await something(speaker, pick, plan.seconds)))
    for (let at = 0; !lost; at++) {
      pending.push(...speakers.map((speaker, index) => ask(speaker, chances[index])))
      await (at < plan.programs ? turn() : delay(50)) // the next ones are other programs
      if (at === plan.programs) say({ pending: pending.length })
    }
    await Promise.all(pending)
  },

  /** Ask for `programs` in every session, wait for them until it is told to end, and ask for some more. */
  async lasting(speakers) {
    const ask = async (programs) => {
      const pending = []
      for (let at = 0; at < programs; at++) {
        pending.push(...speakers.map((speaker, index) => something(speaker, chances[index], plan.seconds)))
        await turn()
      }
      say({ pending: pending.length })
      await Promise.all(pending)
      say({ settled: pending.length })
    }
    await ask(plan.programs)
    while (asked) await delay(50)
    await ask(5)
  },

  /** Keep some programs of every session under way until it is told to end. */
  async steady(speakers) {
    const lane = async (speaker, pick) => {
      for (let at = 0; asked; at++) {
        await Promise.all([something(speaker, pick, 0), something(speaker, pick, 0)])
        if (at % 8 === 0) await speaker.turned(65_536 + pick(100_000), at)
        await delay(pick(40))
      }
    }
    await Promise.all(speakers.map((speaker, index) => lane(speaker, chances[index])))
  },

  /** Hold objects and open contexts until it is told to end. */
  async hold(speakers) {
    for (const speaker of speakers) {
      const kept = speaker.subject.Held(`${speaker.name}/held`)
      await keep(kept)
      const open = speaker.subject.Held(`${speaker.name}/open`)
      void within(open, async () => {
        say({ holds: speaker.name })
        while (asked) await delay(50)
        await kept.name
      }).catch(() => undefined)
    }
    while (asked) await delay(50)
  },
}

const chances = []
const looms = []
const speakers = []
for (let client = 0; client < plan.clients; client++) {
  const loom = await connect(plan.url, plan.options)
  looms.push(loom)
  for (let session = 0; session < plan.sessions; session++) {
    const name = `${plan.name ?? 'client'}-${client}-${session}`
    speakers.push(new Speaker(name, loom.session(plan.durable ? { durable: name } : {})))
    chances.push(chance(plan.seed + 7919 * chances.length))
  }
}
for (const speaker of speakers) await speaker.add(speaker.name)
say({ ready: speakers.length })
await TASKS[plan.task](speakers)
say({ ended: true })
await Promise.all(looms.map((loom) => loom.close()))
