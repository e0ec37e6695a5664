// Generators, and what is awaited in Python.
import { call } from '../node/call.mjs'
import { found, lacks, rejection } from '../node/rejection.mjs'

/** Goes over what a contestant's function gives; node-calls-python gives an array. */
async function collect(iterable, most = Infinity) {
  if (iterable === undefined) return undefined
  const items = []
  for await (const one of iterable) {
    items.push(one)
    if (items.length === most) break
  }
  return items
}

const collecting = (name, most) => ({
  polyloom: ({ samples }) => collect(samples[name](), most),
  pythonia: async ({ samples }) => collect(await samples[name](), most),
  'node-calls-python': async ({ py, samples }) => collect(await py.call(samples, name), most),
})

/** Items until the error, and whether it says what was raised. */
async function interrupted(iterable) {
  const items = []
  const error = await rejection(async () => {
    for await (const one of await iterable()) items.push(one)
  })
  return [items, found(error, 'item 3')]
}

export default {
  module: 'samples.iteration',
  cases: [
    {
      id: 'generator',
      behaviours: ['E53'],
      sentence: 'for await goes over a generator',
      expected: [1, 2, 3],
      ...collecting('numbers'),
    },
    {
      id: 'generator-error',
      behaviours: ['E54'],
      sentence: 'a generator that raises on item 3 gives two items, then the exception',
      expected: [[1, 2], ['item 3']],
      polyloom: ({ samples }) => interrupted(() => samples.broken()[Symbol.asyncIterator]()),
      pythonia: ({ samples }) => interrupted(() => samples.broken()),
      'node-calls-python': ({ py, samples }) => interrupted(() => py.call(samples, 'broken')),
    },
    {
      id: 'endless',
      behaviours: ['E57'],
      sentence: 'the first three items of an endless iterator are taken',
      expected: [1, 2, 3],
      ...collecting('endless', 3),
      'node-calls-python': async ({ py, samples }) => {
        const endless = await py.create(samples, 'endless')
        return [
          await py.call(endless, '__next__'),
          await py.call(endless, '__next__'),
          await py.call(endless, '__next__'),
        ]
      },
    },
    {
      id: 'break',
      behaviours: ['E55'],
      sentence: "leaving a loop runs the generator's finally",
      expected: ['closed'],
      polyloom: async ({ samples }) => {
        await collect(samples.guarded(), 2)
        return samples.closed()
      },
      pythonia: async ({ copy, samples }) => {
        await collect(await samples.guarded(), 2)
        return copy(await samples.closed())
      },
      'node-calls-python': lacks('a generator comes as a whole, as an array'),
    },
    {
      id: 'end-mark',
      behaviours: ['B27'],
      sentence: "a generator gives the text '$$STOPITER' like any other",
      expected: ['a', '$$STOPITER', 'b'],
      ...collecting('marks'),
    },
    {
      id: 'async-generator',
      behaviours: ['E59'],
      sentence: 'for await goes over an async generator',
      expected: [1, 2, 3],
      ...collecting('ticks'),
    },
    {
      id: 'coroutine',
      behaviours: ['E58'],
      sentence: 'awaiting a call of an async def gives its result',
      expected: 42,
      ...call('answer'),
      pythonia: ({ samples }) => samples.answer(),
    },
  ],
}
