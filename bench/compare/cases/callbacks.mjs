// JavaScript functions and objects in Python.
import { call } from '../node/call.mjs'
import { lacks } from '../node/rejection.mjs'

const inc = (x) => x + 1
const fail = () => {
  throw new TypeError('of no use')
}

class Square {
  constructor(side) {
    this.side = side
  }
}

/** Two steps in a row, of which the last one's answer counts. */
const steps = (...names) => ({
  polyloom: async ({ samples }) => {
    let answer
    for (const [name, ...args] of names) answer = await samples[name](...args)
    return answer
  },
  pythonia: async ({ copy, samples }) => {
    let answer
    for (const [name, ...args] of names) answer = await copy(await samples[name](...args))
    return answer
  },
  'node-calls-python': async ({ py, samples }) => {
    let answer
    for (const [name, ...args] of names) answer = await py.call(samples, name, ...args)
    return answer
  },
})

export default {
  module: 'samples.callbacks',
  cases: [
    {
      id: 'callback',
      behaviours: ['F63'],
      sentence: 'Python calls a function and goes on with what it returns',
      expected: 4,
      ...call('invoke', inc, 3),
    },
    {
      id: 'async-callback',
      behaviours: ['F63'],
      sentence: 'what an async function gives is awaited for Python',
      expected: 4,
      ...call('invoke', async (x) => x + 1, 3),
    },
    {
      id: 'callback-value',
      behaviours: ['F63', 'C29'],
      sentence: 'a callback returns data as data',
      expected: "[1, {'a': 'x'}]",
      ...call('described', () => [1, { a: 'x' }]),
    },
    {
      id: 'callback-error',
      behaviours: ['D47'],
      sentence: 'an exception in a callback is an exception in Python, with its message',
      expected: ['raised', 'of no use'],
      polyloom: async ({ samples }) => told(await samples.outcome(fail)),
      pythonia: async ({ copy, samples }) => told(await copy(await samples.outcome(fail))),
      'node-calls-python': async ({ py, samples }) => told(await py.call(samples, 'outcome', fail)),
    },
    {
      id: 'callback-thread',
      behaviours: ['F64'],
      sentence: 'a callback is called from a thread that Python started',
      expected: 4,
      ...call('call_in_thread', inc, 3),
    },
    {
      id: 'callback-thread-later',
      behaviours: ['F64'],
      sentence: 'a thread calls a callback after the call that started it, beside other calls',
      expected: [3, 4],
      polyloom: ({ samples }) =>
        heard(
          (listen) => samples.start(listen, 3),
          () => samples.add(1, 3),
        ),
      pythonia: ({ samples }) =>
        heard(
          (listen) => samples.start(listen, 3),
          () => samples.add(1, 3),
        ),
      'node-calls-python': ({ py, samples }) =>
        heard(
          (listen) => py.call(samples, 'start', listen, 3),
          () => py.call(samples, 'add', 1, 3),
        ),
    },
    {
      id: 'callback-later',
      behaviours: ['F64'],
      sentence: 'a callback that Python kept is called by a later call',
      expected: 4,
      ...steps(['keep', inc], ['call_kept', 3]),
    },
    {
      id: 'callback-keyword',
      behaviours: ['F65'],
      sentence: 'keywords that Python passes to a callback arrive as an object',
      expected: [1, { scale: 2 }],
      ...call('call_with_keyword', (value, keywords) => [value, keywords]),
    },
    {
      id: 'callback-same',
      behaviours: ['F68'],
      sentence: 'a function passed twice is equal to itself in Python',
      expected: true,
      ...steps(['keep', inc], ['keep', inc], ['kept_are_equal']),
    },
    {
      id: 'callback-nested',
      behaviours: ['F66'],
      sentence: 'a callback calls Python and returns what it got',
      expected: 7,
      polyloom: ({ samples }) => samples.invoke((x) => samples.add(x, 4), 3),
      pythonia: ({ samples }) => samples.invoke((x) => samples.add(x, 4), 3),
      'node-calls-python': ({ py, samples }) => py.call(samples, 'invoke', (x) => py.callSync(samples, 'add', x, 4), 3),
    },
    {
      id: 'instance',
      behaviours: ['F69'],
      sentence: 'an instance of a JavaScript class has its field in Python, as attribute or as item',
      expected: 3,
      ...call('side', new Square(3)),
      polyloom: ({ expose, samples }) => samples.side(expose(new Square(3))),
    },
    {
      id: 'subclass',
      behaviours: ['F70'],
      sentence: 'JavaScript extends a Python class, and Python calls the method',
      expected: 9,
      polyloom: ({ loom, samples, tuple }) =>
        samples.area(loom.$py('builtins').type('Square', tuple(samples.Shape), { area: () => 9 })()),
      pythonia: async ({ PyClass, samples }) => {
        class Squared extends PyClass {
          constructor() {
            super(samples.Shape)
          }
          area() {
            return 9
          }
        }
        return samples.area(await Squared.init())
      },
      'node-calls-python': lacks('classes of Python are not extended'),
    },
  ],
}

const told = ([kind, words]) => [kind, words.includes('of no use') ? 'of no use' : words]

/** What a callback heard, and what a call beside it gave. */
async function heard(start, beside) {
  let resolve
  const told = new Promise((done) => (resolve = done))
  await start(resolve)
  const answer = await beside()
  return [await told, answer]
}
