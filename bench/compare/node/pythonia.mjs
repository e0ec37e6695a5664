// pythonia: everything is awaited; what is no text, number, bool or None is live, and `valueOf()` copies it.
export async function open(module) {
  const { PyClass, py, python } = await import('pythonia')
  return { PyClass, copy, py, samples: await python(module) }
}

/** A copy where the answer is live. */
export const copy = (answer) => (typeof answer === 'function' ? answer.valueOf() : answer)

export const call =
  (name, args) =>
  async ({ samples }) =>
    copy(await samples[name](...args))
