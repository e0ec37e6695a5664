/** What may be a key of a dict or a member of a set in Python (§3.5). */

import { NdArray } from './arrays.js'
import { ValueRefused } from './errors.js'
import { Dict, keyText } from './values.js'

const UNHASHABLE = new Set<unknown>([
  ...[Array, Set, Object, Map, Dict, NdArray].map((kind) => kind.prototype as unknown),
  null,
])

/** The keys of one dict, or the members of one set: each hashable, no two of them equal in Python (`1` and `true`). */
export class HashableCheck {
  readonly #seen = new Set<string>()

  constructor(readonly what: string) {}

  /** Refuse what may not stand here. */
  add(key: unknown): void {
    if (typeof key === 'string') return // a Map and a Set hold each string once
    if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean') return this.#distinct(key)
    if (typeof key !== 'object' || key === null) return
    if (UNHASHABLE.has(Object.getPrototypeOf(key))) {
      throw new ValueRefused('an unhashable value as a key or in a set has no wire form', {
        hint: 'use tuple(…) or a FrozenSet',
      })
    }
    this.#distinct(key)
  }

  #distinct(key: unknown): void {
    const text = keyText(key)
    if (this.#seen.has(text)) {
      throw new ValueRefused(`a ${this.what} that Python holds equal to an earlier one has no wire form`)
    }
    this.#seen.add(text)
  }
}
