// The themes, in the order of the table. A planned one is shown and not counted.
import access from '../cases/access.mjs'
import bytes from '../cases/bytes.mjs'
import callbacks from '../cases/callbacks.mjs'
import concurrency from '../cases/concurrency.mjs'
import containers from '../cases/containers.mjs'
import errors from '../cases/errors.mjs'
import iteration from '../cases/iteration.mjs'
import marks from '../cases/marks.mjs'
import moments from '../cases/moments.mjs'
import numbers from '../cases/numbers.mjs'
import texts from '../cases/texts.mjs'

export const THEMES = {
  numbers,
  texts,
  bytes,
  containers,
  moments,
  marks,
  access,
  errors,
  iteration,
  concurrency,
  callbacks,
}

export const CASES = Object.entries(THEMES).flatMap(([theme, { module, planned = false, cases }]) =>
  cases.map((one) => ({ theme, module, planned, ...one })),
)
