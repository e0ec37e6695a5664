// Lexical scopes. A name is looked up with its mark; a marked name that no scope binds is looked up again, without
// that mark, in the scope of the macro that made it.

import type { Binding, Node } from '../nodes.js'
import type { Expander } from './expander.js'
import type { Mark, Seq, Sym, Syntax } from '../syntax.js'

/** A macro: a syntax transformer. Its templates are marked by `Expander.template`. */
export interface Macro {
  readonly what: 'macro'
  readonly name: string
  readonly arglist: string
  readonly doc: string
  readonly min: number // forms after the name
  readonly max: number
  readonly expand: (form: Seq, expander: Expander, scope: Scope) => Syntax
}
/** A special form: makes a core node. */
export interface Special {
  readonly what: 'special'
  readonly name: string
  readonly arglist: string
  readonly doc: string
  readonly min: number
  readonly max: number
  readonly expand: (form: Seq, expander: Expander, scope: Scope) => Node
}
export interface Variable {
  readonly what: 'variable'
  readonly binding: Binding
}
export type Meaning = Macro | Special | Variable

const keyOf = (name: string, mark: Mark | undefined): string => (mark ? `${name}\0${mark.id}` : name)

export class Scope {
  readonly #table = new Map<string, Meaning>()

  constructor(readonly parent: Scope | undefined) {}

  define(name: Sym, meaning: Meaning): void {
    this.#table.set(keyOf(name.name, name.mark), meaning)
  }

  /** The meaning this very scope gives to a name. */
  own(name: Sym): Meaning | undefined {
    return this.#table.get(keyOf(name.name, name.mark))
  }

  lookup(name: string, mark: Mark | undefined): Meaning | undefined {
    const found = this.#find(keyOf(name, mark))
    return found ?? (mark && (mark.scope as Scope).lookup(name, mark.outer))
  }

  #find(key: string): Meaning | undefined {
    return this.#table.get(key) ?? (this.parent ? this.parent.#find(key) : undefined)
  }

  /** All names a person could have meant here. */
  *names(): Iterable<string> {
    for (const key of this.#table.keys()) if (!key.includes('\0')) yield key
    if (this.parent) yield* this.parent.names()
  }
}
