/** What Python code prints while a call runs (§6.5). */

import { FrameError } from './errors.js'
import type { Body } from './frames.js'

export interface Output {
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
  /** The session whose program printed it, the number of the program, and the slot that the call fills. */
  readonly session: string
  readonly program: number
  readonly slot: number
  /** How many characters are missing here, as the text says: this client had not read what came before. */
  readonly leftOut?: number
}

/** Write it where this process writes: the default of `onOutput`. */
export function writeOutput({ stream, text }: Output): void {
  process[stream].write(text)
}

export function readOutput(body: Body): Output {
  const { stream, text, session, n, slot, left_out: leftOut } = body
  if ((stream !== 'stdout' && stream !== 'stderr') || typeof text !== 'string')
    throw new FrameError('an output frame has a stream and a text')
  const output = { stream, text, session: String(session), program: Number(n), slot: Number(slot) } as const
  return typeof leftOut === 'number' ? { ...output, leftOut } : output
}
