/** Slots that go back to the host (§5.5): with the next program, or soon where they hold something; those of garbage by themselves. */

import type { Owned } from './line.js'

const DELAY_MS = 100 // how long slots wait for a program that takes them along
const BATCH = 1000 // slots that are given back at once
const SMALL_BATCH = 16 // slots that hold next to nothing, likewise: one op for each would cost as much as the calls that filled them

const NONE: readonly number[] = []

export class Returns {
  #slots: number[] = []
  #due = false // some of them hold something
  #timer: NodeJS.Timeout | undefined
  #registry = new FinalizationRegistry<number>((slot) => this.add(slot))
  #ended = false

  /** `send` has a program sent, which takes the slots along. */
  constructor(readonly send: () => void) {}

  /** Have a slot given back once its owner is garbage. */
  track(owner: Owned): void {
    this.#registry.register(owner, owner.slot)
  }

  add(slot: number): void {
    if (this.#ended) return
    this.#due = true
    if (this.#slots.push(slot) >= BATCH) this.#now()
    else this.#timer ??= setTimeout(() => this.#now(), DELAY_MS).unref()
  }

  /** Give back a slot that holds next to nothing: it waits for others, and for a program that is sent anyway. */
  addSmall(slot: number): void {
    if (this.#ended) return
    if (this.#slots.push(slot) >= BATCH) this.#now()
  }

  /** Return what a program takes along, and forget it. */
  take(): readonly number[] {
    const slots = this.#slots
    if (!this.#due && slots.length < SMALL_BATCH) return NONE
    this.#slots = []
    this.#due = false
    return slots
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#slots = []
  }

  #now(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#slots.length && !this.#ended) this.send()
  }
}
