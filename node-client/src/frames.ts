/** Frames (§1): one JSON text and its attachments. Mirrors `frames.py`. */

import { FrameError, LimitExceeded } from './errors.js'
import { DEFAULT_LIMITS, type Limits } from './limits.js'

export interface Frame {
  readonly text: string
  readonly attachments: readonly Uint8Array[]
  /** Set by a transport that numbers what it sends (§8.2). */
  receipt?: string
  /** Called once the host cannot overlook it any more. */
  accepted?: () => void
}

/** What JSON.parse makes of a frame's text. */
export type Body = Readonly<Record<string, unknown>> & { readonly t: string }

/** Return the body of a frame; FrameError when it is none. */
export function readFrame(frame: Frame): Body {
  let body: unknown
  try {
    body = JSON.parse(frame.text)
  } catch (error) {
    throw new FrameError(`the frame is not JSON: ${(error as Error).message}`)
  }
  if (!isBody(body)) throw new FrameError('a frame is an object with its kind under "t"')
  return body
}

function isBody(body: unknown): body is Body {
  return typeof body === 'object' && body !== null && typeof (body as { t?: unknown }).t === 'string'
}

/** Throw LimitExceeded when a frame of these sizes, in bytes, is above the limits (§9). */
export function checkSizes(text: number, attachments: ArrayLike<number>, limits: Limits = DEFAULT_LIMITS): void {
  const { frameBytes, attachmentBytes } = limits
  if (text > frameBytes) throw new LimitExceeded(`frame_bytes: a text of ${text} bytes is above ${frameBytes}`)
  if (attachments.length > limits.attachments) {
    throw new LimitExceeded(`attachments: ${attachments.length} are above ${limits.attachments}`)
  }
  for (let index = 0; index < attachments.length; index++) {
    const size = attachments[index]!
    if (size > attachmentBytes) throw new LimitExceeded(`attachment_bytes: ${size} bytes are above ${attachmentBytes}`)
  }
}
