/** `once`: a step that a durable session never runs twice (§15.5). */

import { UsageError } from './errors.js'
import { Node, needNode } from './node.js'
import { PathNode } from './path.js'
import type { Remote } from './remote.js'

/**
 * Mark a call of this tick as one that must never run twice, whatever dies: `await once(mail.send(letter))`. Its begin and its end
 * are recorded on their own. If its worker dies in between, it rejects with a DurableError of the code OutcomeUnknown. Its result
 * should be data. In a session that is not durable, where nothing is ever run again, it changes nothing.
 */
export function once<T extends Remote>(call: T): T {
  mark(needNode(call))
  return call
}

function mark(node: Node): void {
  if (node instanceof PathNode) throw new UsageError('once() takes a call, not an attribute', { hint: 'once(f(x))' })
  node.session.once(node.owner.slot)
}

// The Lisp runtime asks the node behind a Remote to run once.
Object.assign(Node.prototype, {
  once(this: Node): Remote {
    mark(this)
    return this.remote
  },
})
