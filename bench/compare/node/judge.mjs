// Tells whether an answer is the expected value. The form may differ where nothing is lost by it: BigInt or number,
// null or undefined, Set or Array of its members, Uint8Array or ArrayBuffer.

export function fits(answer, expected) {
  if (expected === null) return answer === null || answer === undefined
  const judge = JUDGES.find(([knows]) => knows(expected))
  return judge ? judge[1](answer, expected) : Object.is(answer, expected)
}

const isNumber = (value) => typeof value === 'number' || typeof value === 'bigint'
const bytesOf = (value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value)

const JUDGES = [
  [isNumber, numbers],
  [(value) => value instanceof Date, (answer, expected) => answer instanceof Date && +answer === +expected],
  [(value) => value instanceof Uint8Array, bytes],
  [(value) => value instanceof Set, members],
  [(value) => value instanceof Map, entries],
  [Array.isArray, items],
  [(value) => typeof value === 'object', properties],
]

function numbers(answer, expected) {
  if (typeof answer === typeof expected) return Object.is(answer, expected)
  return isNumber(answer) && Number.isInteger(Number(answer)) && BigInt(answer) === BigInt(expected)
}

function bytes(answer, expected) {
  const seen = bytesOf(answer)
  return seen instanceof Uint8Array && Buffer.compare(seen, expected) === 0
}

function members(answer, expected) {
  if (!(answer instanceof Set || Array.isArray(answer))) return false
  const found = [...answer]
  return found.length === expected.size && [...expected].every((one) => found.some((other) => fits(other, one)))
}

function entries(answer, expected) {
  if (!(answer instanceof Map) || answer.size !== expected.size) return false
  const found = [...answer]
  return [...expected].every((entry) => found.some((other) => fits(other, entry)))
}

function items(answer, expected) {
  if (!Array.isArray(answer) || answer.length !== expected.length) return false
  return expected.every((one, index) => fits(answer[index], one))
}

function properties(answer, expected) {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return false
  const keys = Object.keys(expected)
  if (Object.keys(answer).length !== keys.length) return false
  return keys.every((key) => Object.hasOwn(answer, key) && fits(answer[key], expected[key]))
}
