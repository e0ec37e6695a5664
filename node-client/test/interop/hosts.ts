/** The real Python hosts that the interop tests run on, one after the other: the same test body for each. */

import { after, before, describe, test } from 'node:test'

import { connect, type ConnectOptions } from '../../src/index.js'
import type { Loom } from '../../src/loom.js'

interface Host {
  readonly name: string
  readonly url: string
}

const REDIS = process.env['POLYLOOM_TEST_REDIS_URL']

export const HOSTS: readonly Host[] = [
  { name: 'stdio', url: 'stdio:' },
  ...(REDIS ? [{ name: 'redis', url: REDIS }] : []),
]

export interface Bench {
  readonly loom: Loom
  /** Untyped, since this repository's compiler options ask for brackets around names of index signatures. */
  readonly $py: (module: string) => any
  readonly transport: string
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
        test(title, { timeout: 30_000 }, () => body({ loom, $py: loom.$py, transport: name }))
      })
    })
  }
}
