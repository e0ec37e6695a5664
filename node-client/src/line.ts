/** What a session knows of those around it: the Remotes that it serves, the conversation that it is part of. */

import type { PolyloomError } from './errors.js'
import type { Body, Frame } from './frames.js'
import type { Program, Pull } from './program.js'
import type { Session } from './session.js'
import type { Settings } from './settings.js'

/** What stands behind a Remote, as far as a session knows it. */
export abstract class Reference {
  abstract readonly session: Session
  /** The wire text of this Remote as an argument. */
  abstract argument(): string
  /** The wire text of its value, where that is known here. */
  abstract get known(): string | undefined
  /** The wire text by which its session lends it to another one. */
  abstract lent(): string
}

/** A slot that the garbage collector may give back. */
export interface Owned {
  readonly slot: number
  readonly awaited: boolean
  /** Become a part of the body of a map, or leave it (§5.6). */
  enclose(within: boolean): void
}

/** What a session needs from the conversation it is part of. */
export interface Line {
  readonly worker: string
  readonly settings: Settings
  /** What is asked is recorded, and answered the same when it is asked again (§15). */
  readonly durable?: boolean
  /** Whether what is asked now was not asked before. */
  readonly live?: boolean
  /** Further keys of a program, as text. */
  extras(program: Program): string
  /** A session begins. */
  begun(session: Session): void
  /** Settled when its host has answered; rejected when there is none. */
  readonly ready: Promise<void>
  /** The conversation itself, as soon as there is one. */
  readonly place: Line | undefined
  /** The conversation, or the one that looks for it. */
  readonly home: Line
  /** Whether its host can reach others. */
  readonly fleet: boolean
  /** Send a frame, not before `after`; later ones stay behind it. */
  send(frame: Frame, after?: Promise<unknown>): void
  began(): void
  answered(count: number): void
  fail(error: PolyloomError): void
  closed(session: Session): void
}

/** The text of the frame that opens a session (§4.1). */
export function opening(session: Session): string {
  const threads = session.threads > 1 ? `,"threads":${session.threads}` : ''
  return `{"t":"open","session":"${session.id}"${threads}}`
}

/** Who gets the frames of one session. */
export interface Guest {
  reply(body: Body, frame: Frame): void
  late(body: Body, frame: Frame): void
  call(body: Body, frame: Frame): void
  opened?(body: Body): void
  end(error: PolyloomError, fence?: string, begun?: number): void
  flush(): void
}

/** Makes the Remote of a handle that came inside data. */
export type Live = (session: Session, slot: number, type: string, identity: number, beside: Pull | undefined) => unknown
