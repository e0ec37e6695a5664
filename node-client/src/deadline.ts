/** `opts({timeout, signal})`: a result that may not come in time. */

import type { CallOptions } from './arguments.js'
import { TimeoutError, UsageError } from './errors.js'

const LONGEST_MS = 2 ** 31 - 1 // of a timer, 25 days; a longer time is never over

/** Throw where the options have no meaning, or the signal has fired already. */
export function checkOptions({ signal, timeout }: CallOptions): void {
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0))
    throw new UsageError(`a timeout is a number of milliseconds from 0, not ${String(timeout)}`)
  if (signal === undefined) return
  if (typeof (signal as Partial<AbortSignal> | null)?.throwIfAborted !== 'function')
    throw new UsageError('a signal is an AbortSignal', { hint: 'new AbortController().signal' })
  signal.throwIfAborted()
}

/** Call `stop` when the time is over or the signal fires before the result is there. */
export function limitResult(
  result: Promise<unknown>,
  { signal, timeout }: CallOptions,
  label: string,
  stop: (error: Error) => void,
): void {
  const late = (): void => stop(new TimeoutError(`${label} took longer than ${timeout ?? 0} ms`))
  const abort = (): void => stop(signal?.reason as Error)
  const timer = timeout === undefined || timeout > LONGEST_MS ? undefined : setTimeout(late, timeout)
  signal?.addEventListener('abort', abort, { once: true })
  const done = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  result.then(done, done) // failures are told to whoever awaits the call
}
