/** A scripted host at the other end of a memory transport. */

import { Loom } from '../../src/loom.js'
import { Conversation } from '../../src/conversation.js'
import { settingsFrom, type Settings } from '../../src/settings.js'
import { MemoryTransport } from '../../src/transport/memory.js'

export type Op = [name: string, slot: number, ...rest: unknown[]]

export interface Program {
  t: 'program'
  session: string
  n: number
  ops: Op[]
  ack?: string
}

export interface ScriptedHost {
  loom: Loom
  /** Untyped, since this repository's compiler options ask for brackets around names of index signatures. */
  $py: (module: string) => any
  line: Conversation
  programs: Program[]
  kinds: string[]
  send(body: unknown, attachments?: Uint8Array[]): void
  close(): Promise<void>
}

/** Gives the wire form of a pulled slot; `undefined` for the whole program leaves it unanswered. */
export type Answer = (slot: number, op: Op | undefined, mode: string) => unknown

export interface Script {
  answer?: Answer
  /** Takes the whole program in place of `answer`; what it returns is the body of the reply. */
  reply?: (program: Program) => unknown
  hello?: unknown
  settings?: Partial<Settings>
}

const HELLO = { t: 'hello', protocol: 1, version: '0.1.0', worker: 'scripted', python: '3.11.7' }

export function scriptedHost({ answer = () => 0, reply, hello = HELLO, settings = {} }: Script = {}): ScriptedHost {
  const [near, far] = MemoryTransport.pair()
  const programs: Program[] = []
  const kinds: string[] = []
  const made = new Map<number, Op>()
  const send = (body: unknown, attachments: Uint8Array[] = []): void => {
    far.send({ text: typeof body === 'string' ? body : JSON.stringify(body), attachments })
  }
  far.receive({
    frame({ text }) {
      const body = JSON.parse(text) as Omit<Program, 't'> & { t: string }
      kinds.push(body.t)
      if (body.t === 'hello' && hello) send(hello)
      if (body.t !== 'program') return
      programs.push(body as Program)
      for (const op of body.ops) made.set(op[1], op)
      const whole = reply
        ? reply(body as Program)
        : { t: 'reply', session: body.session, n: body.n, results: results(body as Program) }
      if (whole !== undefined) send(whole)
    },
    end: () => undefined,
  })
  const results = (program: Program): unknown[] =>
    program.ops
      .filter(([name]) => name === 'pull')
      .flatMap(([, mode, ...slots]) =>
        (slots as number[]).map((slot) => answer(slot, made.get(slot), mode as unknown as string)),
      )
  const line = new Conversation(near, settingsFrom(settings, {}))
  const loom = new Loom(line)
  return { loom, $py: loom.$py, line, programs, kinds, send, close: () => line.close() }
}

/** The names of the ops of a program. */
export function names(program: Program | undefined): string[] {
  return program?.ops.map(([name]) => name) ?? []
}

/** Let every frame that is under way arrive. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve))
}
