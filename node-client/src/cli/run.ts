/**
 * Runs a Lisp file against a host: what `polyloom run` starts. `run.js FILE --url URL [--prefix TEXT] [--run NAME] -- ARGS…`
 * Exit status 0 on success, 1 when the program failed, 2 on wrong usage.
 */

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { DurableError, Gone, PolyloomError, UsageError, connect, type DurableSession, type Loom } from '../index.js'
import { compileLispToJS, display, endWaits, enterWorld, formatDiagnostic, print } from '../lisp/index.js'
import { describeFailure } from './failure.js'

// What a script finds beside the core: Python, printing, its arguments, and the folder it stands in.
const IMPORTS = ['$py', 'print', 'args', 'here']

type Script = (imports: Record<string, unknown>) => Promise<unknown>

async function main(): Promise<number> {
  const { file, url, prefix, run, args } = usage(process.argv.slice(2))
  const source = read(file)
  const connecting = connect(url, prefix === undefined ? {} : { prefix }) // Python starts while we compile
  connecting.catch(() => undefined) // told below, after the diagnostics
  const compiled = compileLispToJS(source, { sourceName: file, importNames: IMPORTS })
  for (const diagnostic of compiled.diagnostics) process.stderr.write(formatDiagnostic(diagnostic) + '\n')
  if (compiled.diagnostics.some(({ severity }) => severity === 'error')) return abandon(connecting)
  const loom = await connecting
  let session: DurableSession | undefined
  try {
    if (run !== undefined) session = await begin(loom, run, file, args)
    const script = (0, eval)(compiled.code) as Script
    const value = await script({ $py: (session ?? loom).$py, print: say, args, here: dirname(resolve(file)) })
    if (value !== null && value !== undefined) process.stdout.write(print(value) + '\n')
    await session?.finish('done')
    return 0
  } catch (error) {
    process.stderr.write(describeFailure(error, compiled.map, file) + '\n')
    if (!(error instanceof Gone || error instanceof DurableError)) await session?.finish('failed')
    return 1
  } finally {
    endWaits() // of tasks that nobody awaits
    await loom.close()
  }
}

/** Open a run: what it asks of Python is recorded, and time, chance and waiting are its own. */
async function begin(loom: Loom, name: string, file: string, args: readonly string[]): Promise<DurableSession> {
  const about = { script: resolve(file), args: JSON.stringify(args), folder: process.cwd() }
  const session = loom.session({ durable: name, about })
  await session.ready
  enterWorld(session)
  return session
}

interface Usage {
  readonly file: string
  readonly url: string
  readonly prefix: string | undefined
  readonly run: string | undefined
  readonly args: string[]
}

function usage(argv: string[]): Usage {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { url: { type: 'string' }, prefix: { type: 'string' }, run: { type: 'string' } },
    allowPositionals: true,
  })
  const [file, ...args] = positionals
  if (file === undefined) throw new UsageError('no file was named', { hint: 'run.js FILE --url URL -- ARGS…' })
  return { file, url: values.url ?? 'stdio:', prefix: values.prefix, run: values.run, args }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`)
  }
}

function say(...values: unknown[]): null {
  process.stdout.write(values.map((value) => (value == null ? 'nil' : display(value))).join(' ') + '\n')
  return null
}

/** Leave a host that is not needed, whether it is there by now or not. */
async function abandon(connecting: Promise<Loom>): Promise<number> {
  await connecting.then((loom) => loom.close()).catch(() => undefined)
  return 1
}

function refuse(error: unknown): number {
  const hint = error instanceof PolyloomError && error.hint ? `\n  hint: ${error.hint}` : ''
  const told = error instanceof PolyloomError ? error.detail + hint : error
  process.stderr.write(`polyloom: ${String(told)}\n`)
  return error instanceof UsageError ? 2 : 1
}

process.exitCode = await main().catch(refuse)
