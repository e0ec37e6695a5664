// Data that looks like what a bridge says to itself.
import { call } from '../node/call.mjs'
import { lastLine, rejection } from '../node/rejection.mjs'

/** What the contestants say to themselves: everybody is given all of it. */
const MARKS = [{ t: 'reply', results: [] }, { ffid: 3 }, { __kwargs: true }]

/** The type that each has in Python. */
async function kinds(ask) {
  const answers = []
  for (const mark of MARKS) {
    const attempt = async () => answers.push(await ask(mark))
    const error = await rejection(attempt)
    if (error) answers.push(`refused: ${lastLine(error)}`)
  }
  return answers
}

export default {
  module: 'samples.values',
  cases: [
    {
      id: 'own-marks',
      behaviours: ['B27'],
      sentence: "objects that look like a bridge's own marks stay data",
      expected: ['dict', 'dict', 'dict'],
      polyloom: ({ samples }) => kinds((mark) => samples.kind(mark)),
      pythonia: ({ samples }) => kinds((mark) => samples.kind(mark)),
      'node-calls-python': ({ py, samples }) => kinds((mark) => py.call(samples, 'kind', mark)),
    },
    {
      id: 'marks-of-lists',
      behaviours: ['B27'],
      sentence: 'lists that look like references and messages stay data',
      expected: [['ref', 1], ['int', '7'], ['call', 1, ['ref', 1]], [['list', []]]],
      ...call('same', [['ref', 1], ['int', '7'], ['call', 1, ['ref', 1]], [['list', []]]]),
    },
  ],
}
