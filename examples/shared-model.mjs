// A model that is fitted once and used by every Node process: `node examples/shared-model.mjs redis://…` in several terminals.
import { readFile } from 'node:fs/promises'

import { NameTaken, UnknownName, connect } from '../node-client/dist/index.js' // in a project of your own: from 'polyloom'

const NAME = 'co2:v1'
const loom = await connect(process.argv[2])

/** Fit a parabola to the weekly means, and share it. What is fitted stays on the worker: a live object of numpy. */
async function shareModel() {
  const text = await readFile(new URL('co2-mauna-loa.csv', import.meta.url), 'utf8')
  const means = text.trim().split('\n').slice(1).map((line) => parseFloat(line.split(',')[1]))
  const weeks = [...means.keys()].filter((week) => !Number.isNaN(means[week]))
  const model = loom.$py('numpy.polynomial').Polynomial.fit(weeks, weeks.map((week) => means[week]), 2)
  await loom.share(model, NAME)
}

let how = 'found'
try {
  await loom.named(NAME)
} catch (error) {
  if (!(error instanceof UnknownName)) throw error
  try {
    await shareModel()
    how = 'fitted'
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error // somebody was faster, and that model is as good
  }
}

const model = loom.named(NAME)
const week = 52 * (2001 - 1958)
console.log(`${how} the model ${NAME}: ${(await model(week)).toFixed(1)} ppm in 2001, degree ${await model.degree()}`)
await loom.close()
