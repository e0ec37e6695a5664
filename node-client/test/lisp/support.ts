// What the Lisp tests share: running a program, and a stand-in for Python.

import assert from 'node:assert/strict'
import { compileLispToJS, display, formatDiagnostic, type CompileOptions } from '../../src/lisp/index.js'

const REMOTE = Symbol.for('polyloom.remote')
const KWARGS = Symbol.for('polyloom.kw')

export interface Ran {
  readonly value: unknown
  readonly printed: string[]
}

/** Compiles without errors and gives the code. */
export function js(source: string, options: CompileOptions = {}): string {
  const { code, diagnostics } = compileLispToJS(source, options)
  const errors = diagnostics.filter((one) => one.severity === 'error')
  assert.deepEqual(errors.map(formatDiagnostic), [])
  return code
}

/** The statements of a program, without the lines around them. */
export const body = (source: string): string =>
  js(source)
    .split('\n')
    .filter((line) => !/^(\(async|\}\);|\/\/#)|"use strict"|= imports;|imports\.\$rt|if \(!\$rt\)/.test(line))
    .map((line) => line.slice(2))
    .join('\n')
    .trimEnd()

type Program = (imports: Record<string, unknown>) => Promise<unknown>
export const load = (code: string): Program => (0, eval)(code) as Program

export async function run(source: string, imports: Record<string, unknown> = {}): Promise<Ran> {
  const printed: string[] = []
  const print = (...xs: unknown[]): null => {
    printed.push(xs.map(display).join(' '))
    return null
  }
  const importNames = ['$py', 'print', 'args', ...Object.keys(imports)]
  const value = await load(js(source, { importNames }))({ $py: fakePython().$py, print, args: [], ...imports })
  return { value, printed }
}

export const value = async (source: string, imports?: Record<string, unknown>): Promise<unknown> =>
  (await run(source, imports)).value

export const codes = (source: string): string[] => compileLispToJS(source).diagnostics.map((one) => one.code)

export interface Sent {
  readonly path: string
  readonly args: readonly unknown[]
  readonly kwargs: Record<string, unknown> | undefined
}

/** A Remote that records the calls made through it; awaiting a call gives what `answer` says. */
export function fakePython(answer: (sent: Sent) => unknown = ({ path }) => path): {
  $py: (name: string) => unknown
  sent: Sent[]
} {
  const sent: Sent[] = []
  const enter = (path: string): object => {
    const call = { path: `enter ${path}`, args: [], kwargs: undefined }
    sent.push(call)
    const leave = (thrown?: { error: unknown }): Promise<boolean> => {
      const left = { path: `leave ${path}`, args: thrown ? [thrown.error] : [], kwargs: undefined }
      sent.push(left)
      return Promise.resolve(answer(left) === true)
    }
    return { entered: async () => remote('entered', undefined), leave }
  }
  const remote = (path: string, call: Sent | undefined): unknown =>
    new Proxy(() => undefined, {
      get(_target, name) {
        if (name === REMOTE) return { describe: () => path, enter: () => enter(path) }
        if (name === 'then')
          return (
            call &&
            ((ok: (x: unknown) => void, no: (e: unknown) => void) =>
              Promise.resolve()
                .then(() => answer(call))
                .then(ok, no))
          )
        return typeof name === 'symbol' ? undefined : remote(`${path}.${name}`, undefined)
      },
      apply(_target, _this, args: unknown[]) {
        const last = args.at(-1)
        const kwargs =
          last !== null && typeof last === 'object' && KWARGS in last
            ? (last[KWARGS] as Record<string, unknown>)
            : undefined
        const made = { path, args: kwargs ? args.slice(0, -1) : args, kwargs: kwargs && { ...kwargs } }
        sent.push(made)
        return remote(`${path}()`, made)
      },
    })
  return { $py: (name) => remote(name, undefined), sent }
}
