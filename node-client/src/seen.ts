/** The numbers of one sender that were taken already (§16.3), as ranges: as a rule one. Mirrors `seen.py`. */

export const GAPS = 1024 // between ranges; far more than entries overtake one another

export class Seen {
  readonly #starts: number[] = []
  readonly #ends: number[] = [] // of the ranges, both included

  /** Below `floor` all numbers count as seen. */
  constructor(readonly floor = 0) {}

  has(number: number): boolean {
    const at = this.#after(number) - 1
    return number < this.floor || (at >= 0 && number <= this.#ends[at]!)
  }

  /** Note a number that was not seen. */
  add(number: number): void {
    const at = this.#after(number)
    const after = at > 0 && this.#ends[at - 1] === number - 1
    const before = this.#starts[at] === number + 1
    if (after && before) {
      this.#ends.splice(at - 1, 1)
      this.#starts.splice(at, 1)
    } else if (after) {
      this.#ends[at - 1] = number
    } else if (before) {
      this.#starts[at] = number
    } else {
      this.#starts.splice(at, 0, number)
      this.#ends.splice(at, 0, number)
      this.#closeOldestGap()
    }
  }

  /** How many ranges begin at or before a number. */
  #after(number: number): number {
    let [low, high] = [0, this.#starts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#starts[middle]! <= number) low = middle + 1
      else high = middle
    }
    return low
  }

  #closeOldestGap(): void {
    if (this.#starts.length <= GAPS + 1) return
    this.#starts.splice(1, 1)
    this.#ends.splice(0, 1)
  }
}
