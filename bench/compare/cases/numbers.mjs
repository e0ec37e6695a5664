// Numbers of all kinds, in both directions.
import { call } from '../node/call.mjs'

// pythonia prints what Python's repr does.
const decimals = (price) => /[\d.]+/.exec(String(price))?.[0]

export default {
  module: 'samples.values',
  cases: [
    {
      id: 'int',
      behaviours: ['C28'],
      sentence: 'a small integer goes there and back',
      expected: -7,
      ...call('same', -7),
    },
    {
      id: 'last-bit',
      behaviours: ['C28'],
      sentence: '2**53 + 1 keeps its last bit',
      expected: 2n ** 53n + 1n,
      ...call('past_2_53'),
    },
    {
      id: 'forty-digits',
      behaviours: ['C28'],
      sentence: '10**40 + 7 keeps every digit',
      expected: 10n ** 40n + 7n,
      ...call('forty_digits'),
    },
    {
      id: 'bigint',
      behaviours: ['C28'],
      sentence: 'a BigInt of 64 bits is the same int in Python',
      expected: '9223372036854775807',
      ...call('described', 2n ** 63n - 1n),
    },
    {
      id: 'nan',
      behaviours: ['C29'],
      sentence: 'NaN comes back',
      expected: NaN,
      ...call('not_a_number'),
    },
    {
      id: 'infinity',
      behaviours: ['C29'],
      sentence: 'Infinity is inf in Python',
      expected: 'inf',
      ...call('described', Infinity),
    },
    {
      id: 'minus-zero',
      behaviours: ['C29'],
      sentence: '-0.0 comes back with its sign',
      expected: -0,
      ...call('minus_zero'),
    },
    {
      id: 'minus-zero-sent',
      behaviours: ['C29'],
      sentence: '-0 has its sign in Python',
      expected: -1,
      ...call('sign', -0),
    },
    {
      id: 'truths',
      behaviours: ['C30', 'C33'],
      sentence: '[True, 1, False, 0, None] is told apart',
      expected: [true, 1, false, 0, null],
      ...call('truths'),
    },
    {
      id: 'float',
      behaviours: ['C29'],
      sentence: 'the float 1.0 of one call is a float for the next',
      expected: 'float',
      polyloom: ({ samples }) => samples.kind(samples.one()),
      pythonia: async ({ samples }) => samples.kind(await samples.one()),
      'node-calls-python': async ({ py, samples }) => py.call(samples, 'kind', await py.call(samples, 'one')),
    },
    {
      id: 'complex',
      behaviours: ['C36'],
      sentence: 'a complex number has both its parts',
      expected: [1.5, -2],
      polyloom: async ({ samples }) => {
        const { re, im } = await samples.complex_number()
        return [re, im]
      },
      pythonia: async ({ samples }) => {
        const z = await samples.complex_number()
        return [await z.real, await z.imag]
      },
      'node-calls-python': ({ py, samples }) => py.call(samples, 'complex_number'),
    },
    {
      id: 'decimal',
      behaviours: ['C36'],
      sentence: "Decimal('0.10') keeps both its decimals",
      expected: '0.10',
      polyloom: async ({ samples }) => decimals(await samples.price()),
      pythonia: async ({ samples }) => decimals(await (await samples.price()).toString()),
      'node-calls-python': async ({ py, samples }) => decimals(await py.call(samples, 'price')),
    },
    {
      id: 'numpy',
      behaviours: ['C37'],
      sentence: 'a numpy array of floats comes as its numbers',
      expected: [
        [1.5, 2.5],
        [-0, 4],
      ],
      polyloom: async ({ samples }) => (await samples.numpy_floats()).toList(),
      pythonia: async ({ samples }) => (await (await samples.numpy_floats()).tolist()).valueOf(),
      'node-calls-python': ({ py, samples }) => py.call(samples, 'numpy_floats'),
    },
  ],
}
