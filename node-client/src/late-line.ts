/** The line of a session whose worker is still being looked for: what is said meanwhile waits. */

import type { Conversation } from './conversation.js'
import type { PolyloomError } from './errors.js'
import type { Frame } from './frames.js'
import { opening, type Line } from './line.js'
import type { Session } from './session.js'
import type { Settings } from './settings.js'

export class LateLine implements Line {
  readonly #home: Conversation
  #line: Conversation | undefined
  #early: Parameters<Line['send']>[] = []
  #begun = 1 // programs without an answer, and the search itself: that keeps Node alive

  /** `home` is the conversation of whoever looks. */
  constructor(home: Conversation) {
    this.#home = home
    home.began()
  }

  get worker(): string {
    return this.#line?.worker ?? ''
  }

  get settings(): Settings {
    return this.#home.settings
  }

  extras(): string {
    return this.#line?.extras() ?? ''
  }

  begun(session: Session): void {
    this.#home.adopt(session.id, session)
    this.send({ text: opening(session), attachments: [] })
  }

  get ready(): Promise<void> {
    return this.home.ready
  }

  get place(): Line | undefined {
    return this.#line
  }

  get home(): Line {
    return this.#line ?? this.#home
  }

  get fleet(): boolean {
    return this.home.fleet
  }

  send(frame: Frame, after?: Promise<unknown>): void {
    if (this.#line) this.#line.send(frame, after)
    else this.#early.push([frame, after])
  }

  began(): void {
    if (this.#line) this.#line.began()
    else this.#begun++
  }

  answered(count: number): void {
    if (this.#line) this.#line.answered(count)
    else this.#begun -= count
  }

  fail(error: PolyloomError): void {
    ;(this.#line ?? this.#home).fail(error)
  }

  closed(session: Session): void {
    if (this.#line) this.#line.closed(session)
    else this.#leave(session)
  }

  /** Go on with a conversation. */
  join(line: Conversation, session: Session): void {
    this.#leave(session)
    this.#line = line
    line.adopt(session.id, session)
    for (; this.#begun > 1; this.#begun--) line.began()
    for (const [frame, after] of this.#early.splice(0)) line.send(frame, after)
  }

  #leave(session: Session): void {
    this.#home.closed(session)
    this.#home.answered(1)
  }
}
