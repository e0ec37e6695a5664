// node-calls-python: Python inside of Node; functions and methods are called by name, results are copies.
export async function open(module) {
  const { interpreter: py } = await import('node-calls-python')
  py.addImportPath(process.env.COMPARE_PACKAGES) // where numpy is, as its README says for a venv
  return { py, samples: await py.import(module) }
}

export const call =
  (name, args) =>
  ({ py, samples }) =>
    py.call(samples, name, ...args)
