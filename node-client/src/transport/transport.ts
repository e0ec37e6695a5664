/** How frames travel (§1). A transport knows nothing of sessions, values or Remotes: send, receive, close. */

import type { PolyloomError } from '../errors.js'
import type { Frame } from '../frames.js'

export interface Receiver {
  frame(frame: Frame): void
  /** The last call of a conversation; `fence` is the receipt up to which the host has taken frames, where known. */
  end(error: PolyloomError, fence?: string): void
}

export interface Transport {
  /** Queue a frame; never throws, a failure ends the conversation. */
  send(frame: Frame): void
  /** Say once who gets the frames. */
  receive(receiver: Receiver): void
  /** Let what was sent go out, then free everything; calls no receiver any more. */
  close(): Promise<void>
  /** Whether answers are awaited: only then does a local host keep Node alive, and is the worker's lease watched. */
  hold?(pending: boolean): void
  /** The number of the last frame received, where the transport numbers them (§8.3). */
  readonly ack?: string | undefined
  /** The id of the live worker that holds a shared object (§13), where there are several; rejects where none does. */
  holder?(name: string): Promise<string>
  /** The labels of the worker, where it can have some. */
  readonly labels?: readonly string[]
}

/** Compare two receipts, ids of stream entries: `1700000000000-2`. */
export function isAfter(receipt: string, fence: string): boolean {
  const [ms, number] = parts(receipt)
  const [fenceMs, fenceNumber] = parts(fence)
  return ms > fenceMs || (ms === fenceMs && number > fenceNumber)
}

function parts(id: string): [number, number] {
  const dash = id.indexOf('-')
  return [Number(id.slice(0, dash)), Number(id.slice(dash + 1))]
}
