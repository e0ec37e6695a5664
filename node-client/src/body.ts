/** The body of a map under construction (§5.6): its ops, and the Remotes that have a meaning only inside. */

import type { Owned } from './line.js'

export class Body {
  text = ''
  readonly #owned: Owned[] = []

  /** Add the text of an op. */
  add(op: string): void {
    this.text += this.text && `,${op}`
    this.text ||= op
  }

  own(owned: Owned): void {
    owned.enclose(true)
    this.#owned.push(owned)
  }

  end(): void {
    for (const owned of this.#owned) owned.enclose(false)
  }
}
