/** A local Python process over its standard input and output (§1.4). The process ends when its input does. */

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Gone, PolyloomError } from '../errors.js'
import type { Frame } from '../frames.js'
import { DEFAULT_LIMITS, type Limits } from '../limits.js'
import { FrameReader, packFrame } from './framing.js'
import type { Receiver, Transport } from './transport.js'

const TAIL = 2_000 // characters of standard error kept for messages
const EXIT_GRACE_MS = 2_000 // between the end of its input and SIGTERM, and again before SIGKILL
const HOST = ['-m', 'polyloom_workers.stdio']

interface Socketlike {
  ref?(): void
  unref?(): void
}

export class StdioTransport implements Transport {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #early: Frame[] = []
  #receiver: Receiver | undefined
  #failure: PolyloomError | undefined
  #tail = ''
  #spawnError: Error | undefined

  /** `command` replaces the arguments that start the host module. */
  constructor(
    readonly python: string,
    limits: Limits = DEFAULT_LIMITS,
    command: readonly string[] = HOST,
  ) {
    const child = spawn(python, [...command], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve()
        this.#end(this.#exit(code, signal))
      })
      child.once('error', (error) => {
        this.#spawnError = error
        resolve()
        this.#end(this.#exit(null, null))
      })
    })
    this.#wire(new FrameReader(limits))
    this.hold(false)
  }

  send(frame: Frame): void {
    const stdin = this.#child.stdin!
    if (!stdin.writable) return
    const chunks = packFrame(frame)
    if (chunks.length > 1) stdin.cork()
    for (const chunk of chunks) if (chunk.byteLength) stdin.write(chunk)
    if (chunks.length > 1) stdin.uncork()
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver
    for (const frame of this.#early.splice(0)) receiver.frame(frame)
    if (this.#failure) receiver.end(this.#failure)
  }

  async close(): Promise<void> {
    this.#receiver = undefined
    this.#child.stdin!.end()
    const term = setTimeout(() => this.#child.kill('SIGTERM'), EXIT_GRACE_MS)
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 2 * EXIT_GRACE_MS)
    await this.#exited
    clearTimeout(term)
    clearTimeout(kill)
  }

  hold(pending: boolean): void {
    const stdout = this.#child.stdout as Socketlike
    if (pending) stdout.ref?.()
    else stdout.unref?.()
  }

  #wire(reader: FrameReader): void {
    const { stdin, stdout, stderr } = this.#child
    this.#child.unref()
    for (const stream of [stdin, stderr] as Socketlike[]) stream.unref?.()
    stdin!.on('error', () => undefined) // the end of the process tells more than EPIPE does
    stderr!.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk) // what Python code prints
      this.#tail = (this.#tail + chunk.toString()).slice(-TAIL)
    })
    stdout!.on('data', (chunk: Buffer) => this.#take(reader, chunk))
    stdout!.on('end', () => this.#child.ref()) // what is pending still waits for the exit status
  }

  #take(reader: FrameReader, chunk: Buffer): void {
    let frames: Frame[]
    try {
      frames = reader.feed(chunk)
    } catch (error) {
      this.#end(error instanceof PolyloomError ? error : new Gone(String(error), { code: 'ConnectionLost' }))
      this.#child.kill('SIGKILL')
      return
    }
    for (const frame of frames) {
      if (this.#receiver) this.#receiver.frame(frame)
      else this.#early.push(frame)
    }
  }

  #end(failure: PolyloomError): void {
    if (this.#failure) return
    this.#failure = failure
    this.#receiver?.end(failure)
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): PolyloomError {
    const facts = { code: 'ConnectionLost', cause: this.#spawnError }
    if (this.#spawnError) {
      const message = `cannot start Python: ${this.python}: ${this.#spawnError.message}`
      return new Gone(message, { ...facts, hint: 'name an interpreter with the option python or POLYLOOM_PYTHON' })
    }
    if (this.#tail.includes("No module named 'polyloom")) {
      const hint = `install it: ${this.python} -m pip install polyloom`
      return new Gone(`the package polyloom is not installed for ${this.python}`, { ...facts, hint })
    }
    const how = signal === null ? `with status ${String(code)}` : `by ${signal}`
    const said = this.#tail.trim()
    return new Gone(`the Python process ${this.python} ended ${how}${said ? `; it said last: ${said}` : ''}`, facts)
  }
}

/** Choose the interpreter: option or POLYLOOM_PYTHON, the active environment, the checkout's own, `python3`. */
export function findPython(chosen: string | undefined, environment: Readonly<Partial<Record<string, string>>>): string {
  if (chosen) return chosen
  const active = environment['VIRTUAL_ENV']
  if (active) return interpreterIn(active)
  const own = ownEnvironment(dirname(fileURLToPath(import.meta.url)))
  return own ?? (process.platform === 'win32' ? 'python' : 'python3')
}

/** The `.venv` beside `node-client`, when this file lies in a checkout. */
function ownEnvironment(folder: string): string | undefined {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    const python = interpreterIn(join(dirname(at), '.venv'))
    if (at.endsWith('node-client') && existsSync(python)) return python
  }
  return undefined
}

function interpreterIn(environment: string): string {
  return process.platform === 'win32' ? join(environment, 'Scripts', 'python.exe') : join(environment, 'bin', 'python')
}
