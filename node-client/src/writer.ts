/** Writes what a session sends: arguments, and in them Remotes, functions, and objects of other sessions. */

import { Encoder } from './codec.js'
import { LimitExceeded, ValueRefused } from './errors.js'
import { Exposed } from './exposed.js'
import { REMOTE } from './handle.js'
import { Lending } from './lending.js'
import { Reference, type Line } from './line.js'
import { PROGRAM_TEXT, type Program } from './program.js'
import type { Session } from './session.js'

export class Writer {
  readonly encoder: Encoder
  readonly exposed = new Exposed()
  readonly lending: Lending
  #depth = 0 // texts being written; more than one where a getter of an argument makes a call

  constructor(
    readonly session: Session,
    readonly line: Line,
  ) {
    this.lending = new Lending(session, line)
    this.encoder = new Encoder((value) => this.#refer(value), line.settings.limits)
  }

  /** Whether something is being written at this very moment. */
  get busy(): boolean {
    return this.#depth > 0
  }

  /** Write a text whose attachments are collected there; what fails leaves nothing behind. */
  into(attachments: Uint8Array[], write: (encoder: Encoder) => string): string {
    const { encoder, exposed, lending } = this
    const before = encoder.attachments
    const attached = attachments.length
    const named = exposed.mark
    const borrowed = lending.mark
    encoder.attachments = attachments
    this.#depth++
    try {
      const text = write(encoder)
      const limit = this.line.settings.limits.frameBytes - 2 * PROGRAM_TEXT
      if (text.length > limit)
        throw new LimitExceeded(`frame_bytes: an op of ${text.length} characters is above ${limit}`)
      return text
    } catch (error) {
      attachments.length = attached
      exposed.withdraw(named)
      lending.withdraw(borrowed)
      throw error
    } finally {
      this.#depth--
      encoder.attachments = before
    }
  }

  /** Leave to a program what was borrowed for it. */
  takeLoans(program: Program): void {
    if (this.lending.mark && !this.#depth) program.loans.push(...this.lending.take())
  }

  #refer(value: object): string | undefined {
    const node = (value as { [REMOTE]?: unknown })[REMOTE]
    if (!(node instanceof Reference)) return this.#expose(value)
    if (node.session === this.session) return node.argument()
    return node.known ?? this.lending.borrow(node)
  }

  #expose(value: object): string | undefined {
    if (!this.line.durable) return this.exposed.name(value)
    const hint = 'a function of Python can take its place, or a session that is not durable'
    const what = 'a durable session takes no functions and no exposed objects: nobody could call them later'
    throw new ValueRefused(what, { code: 'NotData', hint })
  }
}
