/** A `polyloom worker` of a test's own, under a prefix of its own, so that it may die. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { newId } from '../../src/handle.js'

export interface OwnWorker {
  /** For `connect`: its prefix, and time enough for Celery to start. */
  readonly options: { readonly prefix: string; readonly workerTimeoutMs: number }
  readonly pid: number
  stop(): Promise<void>
}

interface Ways {
  readonly prefix?: string
  readonly labels?: readonly string[]
  readonly grace?: number
  readonly lease?: number // s
}

export async function ownWorker(url: string, allow: readonly string[], ways: Ways = {}): Promise<OwnWorker> {
  const { prefix = `own-${newId()}:`, labels = [], grace = 10, lease = 2 } = ways
  const flags = ['--url', url, '--prefix', prefix, ...each('--allow', allow), ...each('--label', labels)]
  const python = process.env['POLYLOOM_PYTHON'] ?? 'python3'
  const environment = { ...process.env, POLYLOOM_LEASE: String(lease), POLYLOOM_GRACE: String(grace) }
  const child = spawn(python, ['-m', 'polyloom', 'worker', ...flags], { stdio: 'ignore', env: environment })
  await once(child, 'spawn')
  const exited = once(child, 'exit')
  return {
    options: { prefix, workerTimeoutMs: 30_000 },
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

function each(flag: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [flag, value])
}
