/** `once`: a step that a durable session never runs twice (§15.5). */

import { UsageError } from './errors.js'
import { needNode } from './node.js'
import { PathNode } from './path.js'
import type { Remote } from './remote.js'

/**
 * Mark a call of this tick as one that must never run twice, whatever dies: `await once(mail.send(letter))`. Its begin and its end
 * are recorded on their own. If its worker dies in between, it rejects with a DurableError of the code OutcomeUnknown. Its result
 * should be data. In a session that is not durable, where nothing is ever run again, it changes nothing.
 */
export function once<T extends Remote>(call: T): T {
  const node = needNode(call)
  if (node instanceof PathNode) throw new UsageError('once() takes a call, not an attribute', { hint: 'once(f(x))' })
  node.session.once(node.owner.slot)
  return call
}
