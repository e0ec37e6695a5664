// Atoms, errors with data, and what the compiler's own checks throw.

import { print } from '../print.js'

export class Atom {
  constructor(public value: unknown) {}
}
export const atom = (x: unknown): Atom => new Atom(x)
export const deref = (cell: { value: unknown }): unknown => cell.value
export const reset = (cell: { value: unknown }, x: unknown): unknown => (cell.value = x)

/** An error with data: (ex-info "message" {…} cause). */
export class ExInfo extends Error {
  override readonly name: string = 'ExInfo'

  constructor(
    message: string,
    readonly data: unknown,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
  }
}
export const exInfo = (message: unknown, data: unknown = null, cause?: unknown): ExInfo => {
  const shown = data === null ? '' : ` ${print(data)}`
  return new ExInfo(`${String(message)}${shown}`, data, cause)
}
export const exData = (error: unknown): unknown => (error instanceof ExInfo ? error.data : null)
export const exMessage = (error: unknown): unknown => (error as { message?: unknown } | null)?.message ?? null

/** Thrown by a function of several arities that has none for this number of arguments. */
export const arityError = (name: string, count: number): TypeError =>
  new TypeError(`${name} does not take ${count} argument(s)`)

/** Prints, on standard error, how long something took since `start`, in ms. */
export function reportTime(start: number): null {
  console.error(`elapsed: ${(performance.now() - start).toFixed(2)} ms`)
  return null
}
