// Variables: a name of the program, or of a macro, with what the analyser finds out about it.

import type { Fn, Node } from './nodes.js'
import type { Span } from './syntax.js'

export type BindingKind = 'local' | 'param' | 'loop' | 'self' | 'catch' | 'top' | 'import' | 'core' | 'global'

/** One variable. Identity is the object; names are for people and for the generated code. */
export class Binding {
  mutable = false // [analysed] the target of a set!, or defined twice
  captured = false // [analysed] used by a function nested in the one that owns it
  uses = 0 // [analysed]
  lazy = true // [analysed] auto mode: a Python call bound to it may stay un-awaited
  asyncCallable = false // [analysed] a parameter to which some call passes an async function
  init: Node | undefined // the value it is bound to, if that is known
  readonly assigned: Node[] = [] // [analysed] values given by set!
  synthetic = false // named by a macro, not by a person
  jsName = '' // given by the lowering; for 'core' and 'global' by the tables

  constructor(
    readonly kind: BindingKind,
    readonly name: string,
    readonly span: Span,
    public owner: Fn | undefined,
  ) {}
}
