// Many sessions of one conversation, and live handles that stay: what do they cost a program, and how long does each wait?
import { connect } from '../../node-client/dist/index.js'
import { first } from './polyloom.mjs'

const WINDOW = 1_000 // programs of one session without an answer, at most
const SPREAD_MS = 2_000 // in which every session makes its one call
const SELDOM_MS = 20 // between two calls of a session that makes one now and then

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const turn = () => new Promise((resolve) => setImmediate(resolve))

async function timed(call) {
  const start = performance.now()
  await call()
  return 1000 * (performance.now() - start) // us
}

/** Programs, one after the other, each on the next session. */
async function oneAtATime(adds, count) {
  for (let i = 0; i < count; i++) await adds[i % adds.length](i, 1)
  return count
}

/** Programs in flight: every session has a new one in each turn of the event loop, so that none is joined with another. */
async function inFlight(adds, count) {
  let flying = 0
  let failure
  const each = Math.ceil(count / adds.length)
  const land = () => flying--
  const fail = (error) => (failure = error)
  for (let i = 0; i < each && !failure; i++) {
    while (flying >= WINDOW && !failure) await turn()
    for (const add of adds) add(i, 1).then(land, fail)
    flying += adds.length
    await turn()
  }
  while (flying > 0 && !failure) await turn()
  if (failure) throw failure
  return each * adds.length
}

async function alone([add], count) {
  const times = []
  for (let i = 0; i < count; i++) times.push(await timed(() => add(i, 1)))
  return times
}

/** One session makes a call now and then: caches have cooled, and processes sleep, as they do for each of a crowd. */
async function seldom([add], count) {
  const times = []
  for (let i = 0; i < count; i++) {
    await pause(SELDOM_MS)
    times.push(await timed(() => add(i, 1)))
  }
  return times
}

/** Every session makes one call at a moment of its own. */
function spread(adds, spreadMs = SPREAD_MS) {
  const late = (add) => pause(Math.random() * spreadMs).then(() => timed(() => add(1, 1)))
  return Promise.all(adds.map(late))
}

/** Every session makes one call in the same tick. */
function atOnce(adds) {
  return Promise.all(adds.map((add) => timed(() => add(1, 1))))
}

/** Every session has one call in flight all the time, `count` in all; a list for each. */
function steady(adds, count) {
  return Promise.all(adds.map((add) => alone([add], count)))
}

/** The first session is in one call of so many milliseconds; the others make one call each meanwhile. */
async function besideASlowCall([, ...adds], sleep, count) {
  const slow = sleep(count / 1000).then(() => undefined)
  await pause(0.1 * count)
  const times = await spread(adds, 0.8 * count)
  await slow
  return times
}

async function handles($py, count) {
  const { object } = $py('builtins')
  return Promise.all(Array.from({ length: count }, () => object()))
}

export async function open(url, sessions, live) {
  const loom = await first(() => connect(url))
  let adds // the sessions are opened when they are needed: until then every client counts the same where it is placed
  const held = []
  let sleep

  async function opened() {
    const all = Array.from({ length: Number(sessions) }, () => loom.session())
    adds = all.map(({ $py }) => $py('operator').add)
    await Promise.all(adds.map((add) => add(1, 1)))
    sleep = all[0].$py('time').sleep
    held.push(...(await handles(all.at(-1).$py, Number(live))))
  }

  const call = (run) => ({ run: async (count) => run(adds ?? (await opened(), adds), count) })
  return {
    calls: {
      'one at a time': call(oneAtATime),
      'in flight': call(inFlight),
      alone: call(alone),
      seldom: call(seldom),
      spread: call((all) => spread(all)),
      'at once': call(atOnce),
      steady: call(steady),
      'beside a slow call': call((all, count) => besideASlowCall(all, sleep, count)),
    },
    close: () => loom.close(),
  }
}
