/**
 * The order of a session with threads (§4.5): which program an op goes to, and which programs that one comes after. An op joins
 * the program of this tick that is all it has to wait for, so a chain of calls is one program; else it begins one.
 */

import type { Program } from './program.js'

const APART = 64 // programs that one tick begins for what has no chain; what comes more shares them

/** What an op does to the slots that it uses. */
export type Manner =
  | 'use' // ops on a slot keep their order, except those on a module
  | 'change' // those on a module too
  | 'barrier' // it comes after everything before it, and before everything after it

/** How ops come to a program: `begin` makes one, inside a call or not, and `joins` tells whether an op may join another. */
interface Making {
  readonly within: number | undefined
  readonly begin: () => Program
  readonly joins: (program: Program) => boolean
}

/** The programs that use a slot and have not ended. */
class Users {
  last: Program | undefined // which others come after
  readonly beside = new Set<Program>() // those since that have no order among themselves

  get none(): boolean {
    return !this.last && !this.beside.size
  }
}

export class Order {
  #open: Program[] = [] // of this tick, by their numbers
  #apart: Program[] = [] // of those, the ones that began no chain
  #next = 0 // of `#apart`, the one that is shared next
  #barrier: Program | undefined
  readonly #unended = new Set<Program>()
  readonly #users = new Map<number, Users>()
  readonly #modules = new Set<number>()

  /** Programs that are not sent yet. */
  get open(): readonly Program[] {
    return this.#open
  }

  /** Return the program for an op that uses these slots. */
  place(slots: ReadonlySet<number>, manner: Manner, making: Making): Program {
    const { before, chain } = this.#before(slots, manner)
    const found = this.#joined(before, chain, manner, making.within)
    const program = found && making.joins(found) ? found : this.#begun(before, chain, making)
    for (const slot of slots) this.#note(slot, program, manner)
    if (manner === 'barrier' && making.within === undefined) this.#barrier = program
    return program
  }

  /** Note that an op of a program fills a slot. */
  fill(slot: number, program: Program, isModule: boolean): void {
    if (isModule) this.#modules.add(slot)
    this.#note(slot, program, 'change')
  }

  /** Return a program that takes slots back, if any does: no other program uses them. */
  taker(slots: readonly number[]): Program | undefined {
    return slots.some((slot) => this.#users.has(slot)) ? undefined : this.#open.at(-1)
  }

  /** Return the programs of this tick, which are sent now. */
  take(): Program[] {
    const sent = this.#open
    this.#open = []
    this.#apart = []
    return sent
  }

  /** A program has been replied to. */
  ended(program: Program): void {
    this.#unended.delete(program)
    if (this.#barrier === program) this.#barrier = undefined
    for (const slot of program.slots) {
      const users = this.#users.get(slot)
      if (users?.last === program) users.last = undefined
      users?.beside.delete(program)
      if (users?.none) this.#users.delete(slot)
    }
    program.slots.length = 0
    program.after!.clear()
  }

  /** Return what an op comes after, and of these the programs that it is in a chain with: by more than a module. */
  #before(slots: ReadonlySet<number>, manner: Manner): { before: Set<Program>; chain: Set<Program> } {
    const chain = new Set<Program>()
    const before = new Set(manner === 'barrier' ? this.#unended : this.#barrier && [this.#barrier])
    for (const slot of slots) {
      const users = this.#users.get(slot)
      const isModule = this.#modules.has(slot)
      const all = users
        ? [...(users.last ? [users.last] : []), ...(isModule && manner === 'use' ? [] : users.beside)]
        : []
      for (const one of all) {
        before.add(one)
        if (!isModule) chain.add(one)
      }
    }
    return { before, chain }
  }

  #joined(
    before: ReadonlySet<Program>,
    chain: ReadonlySet<Program>,
    manner: Manner,
    within: number | undefined,
  ): Program | undefined {
    if (within !== undefined) return this.#open.findLast((one) => one.within === within)
    if (manner === 'barrier') return undefined
    if (!chain.size) return this.#shared(before)
    const last = [...chain].reduce((one, other) => (one.n > other.n ? one : other))
    const open = last.within === undefined && this.#open.includes(last)
    return open && [...before].every((one) => one === last || last.after?.has(one)) ? last : undefined
  }

  /** Return a program for what has no chain, once there are enough: one that waits for the same. */
  #shared(before: ReadonlySet<Program>): Program | undefined {
    const apart = this.#apart
    if (apart.length < APART) return undefined
    const one = apart[this.#next++ % apart.length]!
    return one.after?.size === before.size && [...before].every((other) => one.after!.has(other)) ? one : undefined
  }

  #begun(before: Set<Program>, chain: ReadonlySet<Program>, { within, begin }: Making): Program {
    const program = begin()
    program.after = within === undefined ? before : new Set()
    if (within === undefined && !chain.size) this.#apart.push(program)
    this.#open.push(program)
    this.#unended.add(program)
    return program
  }

  #note(slot: number, program: Program, manner: Manner): void {
    let users = this.#users.get(slot)
    if (!users) this.#users.set(slot, (users = new Users()))
    const beside = manner === 'use' && this.#modules.has(slot)
    if (beside || (program.within !== undefined && users.last)) users.beside.add(program)
    else {
      users.last = program
      users.beside.clear()
    }
    program.slots.push(slot)
  }
}
