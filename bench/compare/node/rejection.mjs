// Rejections as answers, and what a contestant has no way to say.

/** What the promise rejects with; undefined when it does not. */
export async function rejection(run) {
  try {
    await run()
  } catch (error) {
    return error
  }
  return undefined
}

/** All that a rejection says in words. */
export const words = (error) => (error instanceof Error ? `${error.message}\n${error.stack}` : String(error))

/** The line that says what went wrong: texts of Python end with it. */
export function lastLine(error) {
  const text = error instanceof Error && error.message ? error.message : words(error)
  return text.trim().split('\n').at(-1).replace('*** JS *** ', '') // pythonia's mark of the other side
}

/** Those of the texts that a rejection says. */
export const found = (error, ...texts) => texts.filter((text) => error !== undefined && words(error).includes(text))

export class Lack extends Error {}

/** For a contestant that documents no way to do it. */
export const lacks = (reason) => () => {
  throw new Lack(reason)
}
