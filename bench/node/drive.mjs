// Drives one contestant: a module whose open(url) gives {calls: {name: {run(i), right(result, i)}}, close()}.
// A request is one JSON line on stdin, {call, mode, count, window}; a reply one line on stdout, marked "> ".
// Other lines on stdout belong to the contestant and are ignored by the reader (frame/child.py).
import { createInterface } from 'node:readline'

const now = () => performance.now() / 1000

// One call after the other; the median call is what a user waits.
async function sequential(run, { count }) {
  const times = new Float64Array(count)
  const begin = now()
  for (let i = 0; i < count; i++) {
    const start = now()
    await run(i)
    times[i] = now() - start
  }
  return { seconds: now() - begin, median: times.sort()[count >> 1] }
}

// At most `window` calls are in flight; each answer makes room for the next.
async function window(run, { count, window }) {
  let next = 0
  const lane = async () => {
    while (next < count) await run(next++)
  }
  const begin = now()
  await Promise.all(Array.from({ length: window }, lane))
  return { seconds: now() - begin }
}

// All calls are made in one tick of the event loop.
async function burst(run, { count }) {
  const begin = now()
  await Promise.all(Array.from({ length: count }, (_, i) => run(i)))
  return { seconds: now() - begin }
}

// One number, which the contestant finds out by itself.
async function figure(run, { count }) {
  return { figure: await run(count) }
}

const MODES = { sequential, window, burst, figure }

function checked({ run, right }) {
  return async (i) => {
    const result = await run(i)
    if (!right(result, i)) throw new Error(`wrong answer to call ${i}: ${String(result).slice(0, 80)}`)
  }
}

async function answer(contestant, request) {
  const call = contestant.calls[request.call]
  if (!call) throw new Error(`no call named ${request.call}`)
  return MODES[request.mode](request.check ? checked(call) : call.run, request)
}

const reply = (value) => process.stdout.write(`> ${JSON.stringify(value)}\n`)
const explain = (error) => ({ error: String(error?.message ?? error) })

async function main([module, ...args]) {
  const contestant = await (await import(`./${module}.mjs`)).open(...args)
  reply({ ready: true })
  for await (const line of createInterface({ input: process.stdin })) {
    reply(await answer(contestant, JSON.parse(line)).catch(explain))
  }
  await contestant.close()
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    reply(explain(error))
    process.exit(1)
  },
)
