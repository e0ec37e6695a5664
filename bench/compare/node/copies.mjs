// Copies and contents of what has no form in JSON.
import { call } from './call.mjs'
import { rejection } from './rejection.mjs'

export const GIVEN = 'given or refused, and the next call is answered'

/** A copy of what has no form in JSON: whatever came of it, the bridge goes on. */
export const copying = (name) => ({
  behaviours: ['C42'],
  expected: 'answered',
  polyloom: async ({ samples, value }) => {
    await rejection(() => value(samples[name]()))
    return samples.same('answered')
  },
  pythonia: async ({ samples }) => {
    const live = await samples[name]()
    await rejection(() => live.valueOf())
    return samples.same('answered')
  },
  'node-calls-python': async ({ py, samples }) => {
    await rejection(() => py.call(samples, name))
    return py.call(samples, 'same', 'answered')
  },
})

/** Contents, read as each can: pythonia goes over the live object, the others give a copy. */
export const reading = (name, made) => ({
  ...call(name),
  pythonia: async ({ copy, samples }) => {
    const items = []
    for await (const one of await samples[name]()) items.push(await copy(one))
    return made(items)
  },
})
