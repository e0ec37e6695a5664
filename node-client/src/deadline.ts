/** `opts({timeout, signal})`: a result that may not come in time. */

import type { CallOptions } from './arguments.js'
import { TimeoutError } from './errors.js'

/** Call `stop` when the time is over or the signal fires before the result is there. */
export function limitResult(
  result: Promise<unknown>,
  { signal, timeout }: CallOptions,
  label: string,
  stop: (error: Error) => void,
): void {
  const late = (): void => stop(new TimeoutError(`${label} took longer than ${timeout ?? 0} ms`))
  const abort = (): void => stop(signal?.reason as Error)
  const timer = timeout === undefined ? undefined : setTimeout(late, timeout)
  signal?.addEventListener('abort', abort, { once: true })
  const done = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  result.then(done, done) // failures are told to whoever awaits the call
}
