// Prints all cases as JSON, for the driver.
import { inspect } from 'node:util'
import { CASES } from './themes.mjs'

const show = (expected) => inspect(expected, { breakLength: Infinity, maxArrayLength: 6, depth: 4 })

const listed = CASES.map(({ id, theme, behaviours, sentence, expected, planned, conceded = '' }) => {
  return { id, theme, behaviours, sentence, expected: show(expected), planned, conceded }
})
console.log(JSON.stringify(listed))
