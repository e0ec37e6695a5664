/** The real Python host that the interop tests run on: a fleet, where the environment names one, else a local process. `make test` does both. */

import { after, before, describe, test } from 'node:test'

import { PythonError, connect, get, type ConnectOptions } from '../../src/index.js'
import type { Loom } from '../../src/loom.js'
import { Program } from '../../src/program.js'
import { Session } from '../../src/session.js'

interface Host {
  readonly name: string
  readonly url: string
}

const REDIS = process.env['POLYLOOM_TEST_REDIS_URL']

export const HOSTS: readonly Host[] = [REDIS ? { name: 'redis', url: REDIS } : { name: 'stdio', url: 'stdio:' }]

export interface Bench {
  readonly loom: Loom
  /** Untyped, since this repository's compiler options ask for brackets around names of index signatures. */
  readonly $py: (module: string) => any
  readonly transport: string
  readonly url: string
}

type Body = (bench: Bench) => Promise<void>

/** Run the tests on every host, each host with one client. `declare` gets the function that declares one test. */
export function onEveryHost(
  declare: (check: (name: string, body: Body) => void) => void,
  options: ConnectOptions = {},
): void {
  for (const { name, url } of HOSTS) {
    describe(name, () => {
      let loom: Loom
      before(async () => {
        loom = await connect(url, options)
      })
      after(() => loom.close())
      declare((title, body) => {
        test(title, { timeout: 120_000 }, () => body({ loom, $py: loom.$py, transport: name, url }))
      })
    })
  }
}

/** Run Python source in a new module and return it. */
export function define($py: Bench['$py'], source: string): any {
  const module = $py('types').ModuleType('probe')
  $py('builtins').exec(source, get(module, '__dict__'))
  return module
}

/** Ask until the answer is yes; each question is a round trip, or a turn of the event loop. */
export async function until(question: () => unknown): Promise<void> {
  while (!(await question())) await new Promise((resolve) => setImmediate(resolve))
}

/** How many programs that ask for something were sent while `run` ran, and how many bytes of replies came. */
export async function traffic(run: () => Promise<unknown>): Promise<{ programs: number; replied: number }> {
  const { seal } = Program.prototype
  const { reply } = Session.prototype
  const seen = { programs: 0, replied: 0 }
  Program.prototype.seal = function (ack) {
    if (this.pulls.length) seen.programs++
    return seal.call(this, ack)
  }
  Session.prototype.reply = function (body, frame) {
    seen.replied += frame.text.length + frame.attachments.reduce((sum, one) => sum + one.byteLength, 0)
    reply.call(this, body, frame)
  }
  try {
    await run()
    return seen
  } finally {
    Program.prototype.seal = seal
    Session.prototype.reply = reply
  }
}

/** Tell whether an error is a Python exception of this type or of one derived from it. */
export function raised(type: string, message = /^/): (error: unknown) => boolean {
  return (error) => error instanceof PythonError && error.matches(type) && message.test(error.message)
}
