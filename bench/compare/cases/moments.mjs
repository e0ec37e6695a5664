// Dates and times.
import { call } from '../node/call.mjs'
import { GIVEN, copying } from '../node/copies.mjs'

export default {
  module: 'samples.values',
  cases: [
    {
      id: 'moment',
      behaviours: ['C35'],
      sentence: 'a datetime in UTC comes as that moment',
      expected: new Date('2024-05-17T12:30:00Z'),
      ...call('moment'),
      pythonia: async ({ samples }) => new Date(await (await samples.moment()).isoformat()),
    },
    {
      id: 'copied-moment',
      sentence: `a copy of a datetime is ${GIVEN}`,
      ...copying('moment'),
    },
    {
      id: 'late',
      behaviours: ['C35'],
      sentence: 'a datetime that goes back is the same, to the microsecond',
      expected: '2024-05-17T12:30:15.123456',
      polyloom: async ({ samples }) => samples.isoformat(await samples.late()),
      pythonia: async ({ samples }) => samples.isoformat(await samples.late()),
      'node-calls-python': async ({ py, samples }) => py.call(samples, 'isoformat', await py.call(samples, 'late')),
    },
  ],
}
