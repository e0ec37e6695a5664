// The JavaScript globals that a program names with js/, one binding each; and where bindings belong.

import { Binding, type Fn } from '../nodes.js'
import type { Span } from '../syntax.js'

export class Globals {
  readonly #bindings = new Map<string, Binding>()

  binding(name: string, span: Span): Binding {
    let found = this.#bindings.get(name)
    if (!found) this.#bindings.set(name, (found = new Binding('global', name, span, undefined)))
    return found
  }

  names(): Iterable<string> {
    return this.#bindings.keys()
  }
}

/** Whether a function is `outer` or inside of it. */
export const isInside = (inner: Fn | undefined, outer: Fn | undefined): boolean => {
  for (let fn = inner; fn; fn = fn.parent) if (fn === outer) return true
  return false
}
