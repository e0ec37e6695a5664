// Attributes, items, methods and arguments.
import { call } from '../node/call.mjs'
import { found, rejection } from '../node/rejection.mjs'

const method = (name, ...args) => ({
  polyloom: ({ samples }) => samples.Box()[name](...args),
  pythonia: async ({ copy, samples }) => copy(await (await samples.Box())[name](...args)),
  'node-calls-python': async ({ py, samples }) => py.call(await py.create(samples, 'Box'), name, ...args),
})

const attributes = [
  {
    id: 'path',
    behaviours: ['A1'],
    sentence: 'math.pi is read through a module',
    expected: Math.PI,
    polyloom: ({ samples }) => samples.math.pi,
    pythonia: ({ samples }) => samples.math.pi,
    'node-calls-python': ({ py, samples }) => py.eval(samples, 'math.pi'),
  },
  {
    id: 'missing',
    behaviours: ['A9'],
    sentence: 'an attribute that is not there rejects and is named',
    expected: ['wings'],
    polyloom: async ({ samples }) => found(await rejection(() => samples.Box().wings), 'wings'),
    pythonia: async ({ samples }) => {
      const box = await samples.Box()
      return found(await rejection(() => box.wings), 'wings')
    },
    'node-calls-python': async ({ py, samples }) => {
      const box = await py.create(samples, 'Box')
      return found(await rejection(() => py.call(box, 'wings')), 'wings')
    },
  },
  {
    id: 'falsy',
    behaviours: ['A8'],
    sentence: 'a method of an attribute that is an empty list is called',
    expected: ['red'],
    polyloom: async ({ keep, samples }) => {
      const box = await keep(samples.Box())
      await box.tags.append('red')
      return box.tags
    },
    pythonia: async ({ copy, samples }) => {
      const box = await samples.Box()
      await box.tags.append('red')
      return copy(await box.tags)
    },
    'node-calls-python': async ({ py, samples }) => {
      await py.exec(samples, "box = Box(); box.tags.append('red')")
      return py.eval(samples, 'box.tags')
    },
  },
  {
    id: 'length',
    behaviours: ['A7'],
    sentence: 'an attribute named length is read',
    expected: 'seven',
    polyloom: ({ samples }) => samples.Box().length,
    pythonia: async ({ samples }) => (await samples.Box()).length,
    'node-calls-python': ({ py, samples }) => py.eval(samples, 'Box().length'),
  },
  {
    id: 'failing-set',
    behaviours: ['A2'],
    sentence: 'an assignment that Python refuses can be caught',
    expected: ['fixed'],
    polyloom: async ({ samples, set }) => found(await rejection(() => set(samples.Box(), 'fixed', 2)), 'fixed'),
    pythonia: async ({ samples }) => {
      const box = await samples.Box()
      const assign = async () => {
        box.fixed = 2
        await box.fixed
      }
      return found(await rejection(assign), 'fixed')
    },
    'node-calls-python': async ({ py, samples }) => {
      const box = await py.create(samples, 'Box')
      return found(await rejection(() => py.call(box, '__setattr__', 'fixed', 2)), 'fixed')
    },
  },
  {
    id: 'date-item',
    behaviours: ['A5'],
    sentence: "the item '2020-01-01' of a dict is read",
    expected: 'a',
    polyloom: async ({ item, samples }) => item(samples.letters(), '2020-01-01'),
    pythonia: async ({ samples }) => (await samples.letters())['2020-01-01'],
    'node-calls-python': async ({ py, samples }) => (await py.call(samples, 'letters'))['2020-01-01'],
  },
]

const methods = [
  {
    id: 'stored-method',
    behaviours: ['A10'],
    sentence: 'a method that was awaited and kept is called twice',
    expected: [1, 3],
    polyloom: async ({ keep, samples }) => {
      const add = await keep(samples.Box().add)
      return [await add(1), await add(2)]
    },
    pythonia: async ({ samples }) => {
      const box = await samples.Box()
      const add = await box.add
      return [await add(1), await add(2)]
    },
    'node-calls-python': async ({ py, samples }) => {
      const box = await py.create(samples, 'Box')
      return [await py.call(box, 'add', 1), await py.call(box, 'add', 2)]
    },
  },
  {
    id: 'call',
    behaviours: ['A7'],
    sentence: 'a method named call is called',
    expected: ['call', 3],
    ...method('call', 3),
  },
  {
    id: 'apply',
    behaviours: ['A7'],
    sentence: 'a method named apply is called',
    expected: ['apply', 3],
    ...method('apply', 3),
  },
  {
    id: 'to-string',
    behaviours: ['A7'],
    sentence: 'a method named toString is called',
    expected: 'mine',
    ...method('toString'),
  },
  {
    id: 'then',
    behaviours: ['A7'],
    sentence: 'a method named then is called, by an escape if need be',
    expected: ['then', 3],
    polyloom: ({ get, samples }) => get(samples.Box(), 'then')(3),
    pythonia: async ({ copy, py, samples }) => copy(await py`${await samples.Box()}.then(3)`),
    'node-calls-python': async ({ py, samples }) => py.call(await py.create(samples, 'Box'), 'then', 3),
  },
  {
    id: 'identity',
    behaviours: ['A19'],
    sentence: 'a live object that goes back is the very object',
    expected: true,
    polyloom: async ({ samples }) => samples.is_kept(await samples.keep()),
    pythonia: async ({ samples }) => samples.is_kept(await samples.keep()),
    'node-calls-python': async ({ py, samples }) => py.call(samples, 'is_kept', await py.create(samples, 'keep')),
  },
]

const parameters = [
  {
    id: 'keyword',
    behaviours: ['B20'],
    sentence: 'a keyword argument reaches its parameter',
    expected: [1, null, 2],
    polyloom: ({ kw, samples }) => samples.accept(1, kw({ scale: 2 })),
    pythonia: async ({ copy, samples }) => copy(await samples.accept$(1, { scale: 2 })),
    'node-calls-python': ({ py, samples }) => py.call(samples, 'accept', 1, { scale: 2, __kwargs: true }),
  },
  {
    id: 'plain-object',
    behaviours: ['B21'],
    sentence: 'a plain object at the end is an argument, not keywords',
    expected: [1, { scale: 2 }, 1],
    ...call('accept', 1, { scale: 2 }),
  },
  {
    id: 'undefined',
    behaviours: ['B23'],
    sentence: 'null and undefined inside of data are None',
    expected: [[null, null], null, 1],
    ...call('accept', [null, undefined]),
  },
  {
    id: 'wrong-keyword',
    behaviours: ['B20'],
    sentence: 'an unknown keyword is the TypeError of Python',
    expected: ['size', 'TypeError'],
    polyloom: async ({ kw, samples }) =>
      found(await rejection(() => samples.accept(1, kw({ size: 2 }))), 'size', 'TypeError'),
    pythonia: async ({ samples }) => found(await rejection(() => samples.accept$(1, { size: 2 })), 'size', 'TypeError'),
    'node-calls-python': async ({ py, samples }) =>
      found(await rejection(() => py.call(samples, 'accept', 1, { size: 2, __kwargs: true })), 'size', 'TypeError'),
  },
]

export default {
  module: 'samples.access',
  cases: [...attributes, ...methods, ...parameters],
}
