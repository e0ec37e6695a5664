// The commonest case: one function of the samples is called, and its answer looked at.
import * as nodeCallsPython from './node-calls-python.mjs'
import * as polyloom from './polyloom.mjs'
import * as pythonia from './pythonia.mjs'

export const call = (name, ...args) => ({
  polyloom: polyloom.call(name, args),
  pythonia: pythonia.call(name, args),
  'node-calls-python': nodeCallsPython.call(name, args),
})
