// One case of one contestant: `one.mjs CONTESTANT CASE FILE` writes what came of it into FILE.
import { writeFileSync } from 'node:fs'
import { inspect, stripVTControlCharacters } from 'node:util'
import { fits } from './judge.mjs'
import { Lack, lastLine } from './rejection.mjs'
import { CASES } from './themes.mjs'

const LONGEST = 160 // characters of what was got, or of a refusal

const [contestant, id, file] = process.argv.slice(2)
const { [contestant]: run, expected, module } = CASES.find((one) => one.id === id)

/** On one line, without what differs from run to run. */
const steady = (text) =>
  stripVTControlCharacters(text)
    .replace(/\s+/g, ' ')
    .replace(/0x[0-9a-f]+|(?<=thread id )\d+/g, '…')
    .trim()

function short(text) {
  const line = steady(text)
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}

function judged(answer) {
  if (fits(answer, expected)) return { kind: 'right', words: '' }
  return {
    kind: 'wrong',
    words: short(`got ${inspect(answer, { breakLength: Infinity, depth: 3 })}`),
  }
}

function refused(error) {
  if (error instanceof Lack) return { kind: 'lacks', words: error.message }
  return { kind: 'refuses', words: short(lastLine(error)) }
}

const { open } = await import(`./${contestant}.mjs`)
const tools = await open(module)
const outcome = await Promise.resolve(tools).then(run).then(judged, refused)
await new Promise(setImmediate) // a rejection that nobody handles ends Node here, as anywhere
writeFileSync(file, JSON.stringify(outcome))
process.exit(0)
