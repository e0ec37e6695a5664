/** The name of a live object: worker incarnation, session, slot. Mirrors `handle.py`; ids are those of §4.1 and §8.1. */

import { randomBytes } from 'node:crypto'

/** Marks Remotes: `value[REMOTE]` is the node behind one. */
export const REMOTE = Symbol.for('polyloom.remote')

/** Return 120 random bits as 20 characters of URL-safe base64, for a client or session. */
export function newId(): string {
  return randomBytes(15).toString('base64url')
}

/** A live object's full name; never reused, never guessable, since the session's id is random. */
export class Handle {
  constructor(
    readonly worker: string,
    readonly session: string,
    readonly slot: number,
  ) {}

  toString(): string {
    return `${this.worker}/${this.session}/${this.slot}`
  }

  /** Read `worker/session/slot`; TypeError when it is not of that form. */
  static parse(text: string): Handle {
    const [worker, session, slot, ...rest] = text.split('/')
    if (!worker || !session || !/^-?\d+$/.test(slot ?? '') || rest.length) throw new TypeError(`no handle: ${text}`)
    return new Handle(worker, session, Number(slot))
  }
}
