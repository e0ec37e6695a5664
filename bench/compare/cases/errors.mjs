// What a failure in Python is in JavaScript, and what is left of the bridge afterwards.
import { found, lacks, rejection } from '../node/rejection.mjs'

const TEXT_ONLY = 'a rejection is text only'

/** The rejection of one function, looked at. */
const failing = (name, look) => ({
  polyloom: async ({ samples }) => look(await rejection(() => samples[name]())),
  pythonia: async ({ samples }) => look(await rejection(() => samples[name]())),
  'node-calls-python': async ({ py, samples }) => look(await rejection(() => py.call(samples, name))),
})

/** The line of Python that raised, in the words of the rejection or in its frames. */
const lines = (error) => {
  const sources = (error.frames ?? []).map((frame) => frame.source)
  const raised = 'raise ValueError("too heavy")'
  return sources.includes(raised) ? [raised] : found(error, raised)
}

/** Whether it was rejected, and what the next call gives. */
const surviving = (name) => ({
  expected: [true, 3],
  polyloom: async ({ samples }) => [!!(await rejection(() => samples[name]())), await samples.add(1, 2)],
  pythonia: async ({ samples }) => [!!(await rejection(() => samples[name]())), await samples.add(1, 2)],
  'node-calls-python': async ({ py, samples }) => [
    !!(await rejection(() => py.call(samples, name))),
    await py.call(samples, 'add', 1, 2),
  ],
})

const facts = [
  {
    id: 'error-text',
    behaviours: ['D44'],
    sentence: 'a ValueError rejects with its type and message',
    expected: ['ValueError', 'too heavy'],
    ...failing('refuse', (error) => found(error, 'ValueError', 'too heavy')),
  },
  {
    id: 'error-class',
    behaviours: ['D44'],
    sentence: 'a rejection is an Error of JavaScript',
    expected: true,
    ...failing('refuse', (error) => error instanceof Error),
  },
  {
    id: 'error-message',
    behaviours: ['D44'],
    sentence: "a rejection's message is that of the exception",
    expected: true,
    ...failing('refuse', (error) => /too heavy/.test(error.message ?? error)),
  },
  {
    id: 'catch',
    behaviours: ['D44'],
    sentence: 'what a call gives has a catch, as promises have',
    expected: 'handled',
    conceded:
      "every name of a Remote is Python's, `catch` too: await it in `try`, or `Promise.resolve(remote).catch(…)`",
    polyloom: ({ samples }) => samples.refuse().catch(() => 'handled'),
    pythonia: ({ samples }) => samples.refuse().catch(() => 'handled'),
    'node-calls-python': ({ py, samples }) => py.call(samples, 'refuse').catch(() => 'handled'),
  },
  {
    id: 'error-type',
    behaviours: ['D45'],
    sentence: 'the type of an exception is asked without a search in text',
    expected: [true, true, false],
    polyloom: async ({ samples }) => {
      const error = await rejection(() => samples.refuse())
      return ['ValueError', 'Exception', 'KeyError'].map((name) => error.matches(name))
    },
    pythonia: lacks(TEXT_ONLY),
    'node-calls-python': lacks(TEXT_ONLY),
  },
  {
    id: 'error-args',
    behaviours: ['D44'],
    sentence: 'the args of an exception come as values',
    expected: ['key', 7],
    polyloom: async ({ samples }) => (await rejection(() => samples.lose())).args,
    pythonia: lacks(TEXT_ONLY),
    'node-calls-python': lacks(TEXT_ONLY),
  },
  {
    id: 'traceback',
    behaviours: ['D44'],
    sentence: 'a rejection shows the Python function that raised',
    expected: ['raise ValueError("too heavy")'],
    ...failing('refuse', lines),
  },
  {
    id: 'call-site',
    behaviours: ['D52'],
    sentence: 'a rejection shows the JavaScript line that called',
    expected: ['errors.mjs'],
    ...failing('refuse', (error) => found(error, 'errors.mjs')),
  },
  {
    id: 'cause',
    behaviours: ['D44'],
    sentence: 'the cause of an exception is told',
    expected: ['at the gate', 'too heavy'],
    ...failing('rethrow', (error) => [...found(error, 'at the gate'), ...found(error?.cause ?? error, 'too heavy')]),
  },
]

const survivals = [
  {
    id: 'mute',
    behaviours: ['D46'],
    sentence: 'an exception whose __str__ raises rejects, and the next call is answered',
    ...surviving('mute'),
  },
  {
    id: 'fall',
    behaviours: ['D49'],
    sentence: 'endless recursion rejects, and the next call is answered',
    ...surviving('fall'),
  },
  {
    id: 'leave',
    behaviours: ['D49'],
    sentence: 'sys.exit rejects, and the next call is answered',
    ...surviving('leave'),
  },
  {
    id: 'interrupt',
    behaviours: ['D49'],
    sentence: 'KeyboardInterrupt rejects, and the next call is answered',
    ...surviving('interrupt'),
  },
  {
    id: 'die',
    behaviours: ['D49'],
    sentence: 'a call in which Python ends (os._exit) rejects',
    expected: true,
    ...failing('die', (error) => error !== undefined),
  },
]

export default { module: 'samples.errors', cases: [...facts, ...survivals] }
