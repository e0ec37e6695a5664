// Calls beside each other, and output beside answers.
import { call } from '../node/call.mjs'

const COUNT = 1000
const numbers = Array.from({ length: COUNT }, (_, index) => index)
const together = (one) => Promise.all(numbers.map(one))

/** The answer of the last call, which comes after a slow one; node-calls-python is asked synchronously, in Node's thread. */
const later = (last, ...first) => ({
  polyloom: async ({ samples }) => {
    for (const [name, ...args] of first) await samples[name](...args)
    await samples.nap()
    return samples[last]()
  },
  pythonia: async ({ samples }) => {
    for (const [name, ...args] of first) await samples[name](...args)
    await samples.nap()
    return samples[last]()
  },
  'node-calls-python': async ({ py, samples }) => {
    for (const [name, ...args] of first) py.callSync(samples, name, ...args)
    await py.call(samples, 'nap')
    return py.callSync(samples, last)
  },
})

export default {
  module: 'samples.concurrency',
  cases: [
    {
      id: 'meeting',
      behaviours: ['G72'],
      sentence: 'two slow calls are inside of Python at the same time',
      expected: [true, true],
      // Calls of one session keep their order; what is to overlap has a session each.
      polyloom: ({ loom, samples }) => Promise.all([samples.meet(), loom.session().$py('samples.concurrency').meet()]),
      pythonia: ({ samples }) => Promise.all([samples.meet(), samples.meet()]),
      'node-calls-python': ({ py, samples }) => Promise.all([py.call(samples, 'meet'), py.call(samples, 'meet')]),
    },
    {
      id: 'thousand',
      behaviours: ['G73'],
      sentence: 'a thousand calls of one tick get each its own answer',
      expected: numbers.map((number) => 2 * number),
      polyloom: ({ samples }) => together((number) => samples.double(number)),
      pythonia: ({ samples }) => together((number) => samples.double(number)),
      'node-calls-python': ({ py, samples }) => together((number) => py.call(samples, 'double', number)),
    },
    {
      id: 'output',
      behaviours: ['E62'],
      sentence: 'output that looks like messages does not disturb the answer',
      expected: 'said',
      ...call('chatter'),
    },
    {
      id: 'database',
      behaviours: ['G71'],
      sentence: 'a sqlite3 connection that one call made is used by another, after a slow one',
      expected: [3],
      polyloom: async ({ keep, samples }) => {
        const connection = await keep(samples.database())
        await samples.nap()
        return connection.execute('select 3').fetchone()
      },
      pythonia: async ({ copy, samples }) => {
        const connection = await samples.database()
        await samples.nap()
        return copy(await (await connection.execute('select 3')).fetchone())
      },
      'node-calls-python': async ({ py, samples }) => {
        const connection = py.createSync(samples, 'database')
        await py.call(samples, 'nap')
        return py.callSync(connection, 'execute', 'select 3')[0]
      },
    },
    {
      id: 'digits',
      behaviours: ['G71'],
      sentence: 'the precision of decimal that one call set holds for another, after a slow one',
      expected: '0.33333',
      ...later('third', ['set_digits', 5]),
    },
    {
      id: 'main-thread',
      behaviours: ['G71'],
      sentence: 'what needs the main thread of Python (signal.signal) runs, after a slow call',
      expected: 'handled',
      conceded: 'a local process gives it to its first session; on a fleet the main thread is that of Celery',
      ...later('handle_signal'),
    },
  ],
}
