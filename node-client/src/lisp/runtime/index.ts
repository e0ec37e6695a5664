// The runtime core: every function of runtime/table.ts under its `js` name, and what compiled code calls by itself.
// Loading it registers it, so that compiled code finds it without being passed it.

export * from './collections.js'
export * from './equality.js'
export * from './higher.js'
export * from './names.js'
export * from './numbers.js'
export * from './python.js'
export * from './sequences.js'
export * from './state.js'
export * from './tasks.js'
export * from './text.js'
export * from './truth.js'
export { now, random } from './world.js'
