// Sets, tuples, dicts and lists, in both directions.
import { call } from '../node/call.mjs'
import { GIVEN, copying, reading } from '../node/copies.mjs'
import { rejection } from '../node/rejection.mjs'

function circle() {
  const ring = [1]
  ring.push(ring)
  return ring
}

function nested(levels) {
  return levels ? [nested(levels - 1)] : []
}

export default {
  module: 'samples.values',
  cases: [
    {
      id: 'table',
      behaviours: ['C34'],
      sentence: 'lists in a dict come as a value',
      expected: {
        rows: [
          [1, 2.5],
          ['x', null],
        ],
        empty: {},
      },
      ...call('table'),
    },
    {
      id: 'table-sent',
      behaviours: ['C34'],
      sentence: 'lists in an object are lists in a dict',
      expected: "{'rows': [[1, 2.5], ['x', None]], 'empty': {}}",
      ...call('described', {
        rows: [
          [1, 2.5],
          ['x', null],
        ],
        empty: {},
      }),
    },
    {
      id: 'set',
      behaviours: ['C34'],
      sentence: 'the members of a set can be read',
      expected: new Set([1, 2, 3]),
      ...reading('three', (members) => new Set(members)),
    },
    {
      id: 'copied-set',
      sentence: `a copy of a set is ${GIVEN}`,
      ...copying('three'),
    },
    {
      id: 'set-sent',
      behaviours: ['C34'],
      sentence: 'a Set of JavaScript has its members in Python',
      expected: [1, 2, 3],
      ...call('items', new Set([1, 2, 3])),
    },
    {
      id: 'tuple',
      behaviours: ['C34'],
      sentence: 'a tuple that goes back is a tuple',
      expected: 'tuple',
      polyloom: async ({ samples }) => samples.kind(await samples.pair()),
      pythonia: async ({ samples }) => samples.kind(await samples.pair()),
      'node-calls-python': async ({ py, samples }) => py.call(samples, 'kind', await py.call(samples, 'pair')),
    },
    {
      id: 'mixed-keys',
      behaviours: ['A5', 'C34'],
      sentence: "a copy of a dict with the keys '2020-01-01', 3 and '3' has three",
      expected: new Map([
        ['2020-01-01', 'date'],
        [3, 'int'],
        ['3', 'text'],
      ]),
      ...call('mixed_keys'),
    },
    {
      id: 'tuple-keys',
      behaviours: ['C34'],
      sentence: 'the key (1, 2) of a dict is a pair of numbers',
      expected: new Map([[[1, 2], 'x']]),
      ...call('places'),
      pythonia: async ({ copy, samples }) => {
        const entries = new Map()
        for await (const pair of await (await samples.places()).items()) entries.set(...(await copy(pair)))
        return entries
      },
    },
    {
      id: 'proto-key',
      behaviours: ['J98'],
      sentence: "the key '__proto__' of a dict is a key",
      expected: JSON.parse('{"__proto__": {"admin": true}, "name": "Io"}'),
      ...call('constructed'),
    },
    {
      id: 'proto-key-sent',
      behaviours: ['J98'],
      sentence: "the key '__proto__' of an object is a key in Python",
      expected: ['__proto__', 'name'],
      ...call('items', JSON.parse('{"__proto__": 1, "name": "Io"}')),
    },
    {
      id: 'circle',
      sentence: `a copy of a list that contains itself is ${GIVEN}`,
      ...copying('circle'),
    },
    {
      id: 'circle-sent',
      behaviours: ['C40'],
      sentence: 'an array that contains itself is refused as an argument',
      expected: true,
      polyloom: async ({ samples }) => !!(await rejection(() => samples.kind(circle()))),
      pythonia: async ({ samples }) => !!(await rejection(() => samples.kind(circle()))),
      'node-calls-python': async ({ py, samples }) => !!(await rejection(() => py.call(samples, 'kind', circle()))),
    },
    {
      id: 'ordered',
      behaviours: ['C34'],
      sentence: 'a copy of an OrderedDict has its items',
      expected: { b: 1, a: [2] },
      polyloom: ({ samples, value }) => value(samples.ordered()),
      pythonia: async ({ samples }) => (await samples.ordered()).valueOf(),
      'node-calls-python': ({ py, samples }) => py.call(samples, 'ordered'),
    },
    {
      id: 'deep',
      behaviours: ['C41'],
      sentence: 'arrays nested 300 deep go there and back',
      expected: nested(300),
      conceded: 'values nest up to 200 levels',
      ...call('same', nested(300)),
    },
  ],
}
