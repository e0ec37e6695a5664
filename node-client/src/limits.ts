/** What a receiver accepts at most (§9). Mirrors `limits.py`; compared with `tests/vectors/names.json`. */

export interface Limits {
  readonly frameBytes: number
  readonly attachmentBytes: number
  readonly attachments: number
  readonly depth: number
  readonly intDigits: number
  readonly programOps: number
  readonly sessionSlots: number
  readonly pathNames: number
  readonly callDepth: number
  readonly sharedNames: number
  readonly sessionThreads: number
  readonly sessionCalls: number
  readonly clientSessions: number
  readonly sessionPrograms: number
  readonly sessionBytes: number
  readonly workerSessions: number
  readonly workerBytes: number
  readonly workerSlots: number
  readonly messageBytes: number
  readonly mailboxBytes: number
}

/** Units and reasons stand in §9 of the wire protocol. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  frameBytes: 67_108_864,
  attachmentBytes: 536_870_912,
  attachments: 65_536,
  depth: 200,
  intDigits: 100_000,
  programOps: 65_536,
  sessionSlots: 1_000_000,
  pathNames: 64,
  callDepth: 32,
  sharedNames: 10_000,
  sessionThreads: 64,
  sessionCalls: 1_024,
  clientSessions: 10_000,
  sessionPrograms: 100_000,
  sessionBytes: 536_870_912,
  workerSessions: 10_000,
  workerBytes: 2_147_483_648,
  workerSlots: 10_000_000,
  messageBytes: 134_217_728,
  mailboxBytes: 134_217_728,
})
