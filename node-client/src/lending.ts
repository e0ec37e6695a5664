/** What a session borrows from others for what it is writing, and who must not ask yet for what it lends (§14). */

import { ValueRefused } from './errors.js'
import type { Line, Reference } from './line.js'
import { giveBack, inOrder, reaches, type Loan } from './loan.js'
import type { Program } from './program.js'
import type { Session } from './session.js'

export class Lending {
  #borrowed: Loan[] = [] // by what is being encoded
  readonly #waiting = new Set<() => void>() // for programs that lend, and that nobody may ask about before they are accepted

  constructor(
    readonly session: Session,
    readonly line: Line,
  ) {}

  /** How much is borrowed by now, for `withdraw`. */
  get mark(): number {
    return this.#borrowed.length
  }

  /** Give back what was borrowed since a mark: it is not sent. */
  withdraw(mark: number): void {
    if (this.#borrowed.length > mark) giveBack(this.#borrowed.splice(mark))
  }

  /** Return what was borrowed, and leave it to the caller. */
  take(): Loan[] {
    return this.#borrowed.splice(0)
  }

  /** Borrow an object of another session, and return the wire text of the reference. */
  borrow(node: Reference): string {
    const { line, session } = this
    const lender = node.session
    const other = lender.lending.line
    const durable = line.durable || other.durable
    if (durable || !reaches(line, other)) {
      const hint = 'await it and send its value'
      const what = durable ? 'a durable session, or in one,' : 'another local process'
      throw new ValueRefused(`a Remote of ${what} has no meaning here`, { hint })
    }
    const near = inOrder(line, other) || (session.worker !== '' && session.worker === lender.worker)
    const loan = lender.lend(node, line, !near)
    this.#borrowed.push(loan)
    return `["far","${lender.id}",${loan.n},${loan.slot}]`
  }

  /** Settled when a borrower may ask for what a program lends, or when it never can; undefined where their order sees to that. */
  accepted(program: Program, borrower: Line): Promise<void> | undefined {
    if (inOrder(this.line, borrower)) return undefined
    return new Promise((resolve) => {
      program.accepted = (): void => {
        this.#waiting.delete(resolve)
        resolve(this.line.ready.catch(() => undefined)) // which tells the id of the worker
      }
      this.#waiting.add(resolve)
    })
  }

  /** The session has ended: nobody waits for it any more. */
  end(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
