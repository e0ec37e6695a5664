/** An object of one session, lent to another one until the program that uses it has ended (§14). */

import type { Line } from './line.js'
import type { Session } from './session.js'

export interface Loan {
  readonly lender: Session
  readonly slot: number
  /** The program that lends. */
  readonly n: number
  /** Settled when nobody can ask for it too early, or at all; undefined where the order of one conversation sees to that. */
  readonly accepted: Promise<void> | undefined
}

/** Tell whether what is sent on one line comes before what is sent on the other later. */
export function inOrder(one: Line, other: Line): boolean {
  return one.place !== undefined && one.place === other.place
}

/** Tell whether the host of one session can reach that of another. */
export function reaches(one: Line, other: Line): boolean {
  return one.home === other.home || (one.fleet && other.fleet)
}

/** Return what a frame waits for. */
export function awaitedBy(loans: readonly Loan[]): Promise<unknown> | undefined {
  const awaited = loans.flatMap(({ accepted }) => accepted ?? [])
  return awaited.length ? Promise.all(awaited) : undefined
}

/** Return the part of a frame that says where lenders are that are not of the same conversation. */
export function placesOf(loans: readonly Loan[]): string {
  const known = loans.filter(({ lender, accepted }) => accepted && lender.worker)
  if (!known.length) return ''
  return `,"far":${JSON.stringify(Object.fromEntries(known.map(({ lender }) => [lender.id, lender.worker])))}`
}

/** Take everything back. */
export function giveBack(loans: readonly Loan[]): void {
  for (const { lender, slot } of loans) lender.release(slot)
}
