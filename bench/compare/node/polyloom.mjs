// Polyloom, on whatever the url names: a local process over stdio, or a worker over Redis.
import * as polyloom from '../../../node-client/dist/index.js'

export async function open(module) {
  const loom = await polyloom.connect(process.env.COMPARE_URL ?? 'stdio:', {
    onOutput: () => {},
  })
  return { ...polyloom, loom, samples: loom.$py(module) }
}

export const call =
  (name, args) =>
  ({ samples }) =>
    samples[name](...args)
