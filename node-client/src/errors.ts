/**
 * The errors of Polyloom, with the codes of the wire protocol (§7.1). Mirrors `errors.py`.
 *
 * PolyloomError
 * ├── FrameError            BadFrame
 * ├── OpError               BadOp
 * ├── ValueRefused          BadValue, NotData
 * ├── LimitExceeded         LimitExceeded
 * ├── NotAllowed            NotAllowed
 * ├── UnknownName           UnknownSlot, UnknownSession, UnknownShared
 * ├── NameTaken             NameTaken
 * ├── ProtocolError         ProgramLost, VersionMismatch
 * ├── SignatureError        BadSignature
 * ├── Cancelled             Cancelled
 * ├── DurableError          InUse, ScriptChanged, OutcomeUnknown
 * ├── Gone                  SessionClosed, LeaseExpired, ConnectionLost, Moved
 * │   ├── NoWorker          NoWorker
 * │   └── WorkerLost        WorkerLost
 * ├── InternalError         InternalError
 * ├── PythonError           PythonError: an exception that an op raised
 * └── local, no code of the wire:
 *     ├── UsageError        Usage: a wrong URL, option or argument
 *     ├── TimeoutError      Timeout: `opts({timeout})` ran out
 *     └── ReleasedError     Released: a Remote was used after its release
 */

export interface ErrorFacts {
  readonly code?: string
  readonly path?: string
  readonly hint?: string
  readonly cause?: unknown
}

export interface PythonFrame {
  readonly file: string
  readonly line: number
  readonly function: string
  readonly source: string
}

/** Where the parser of Python stopped. */
export interface SyntaxPlace {
  readonly file: string
  readonly line: number
  readonly offset: number // characters from 1
  readonly source: string
}

/** One clear sentence, the `code` of §7.1, and where they help `path` and `hint`. */
export class PolyloomError extends Error {
  static readonly codes: readonly string[] = ['InternalError']
  readonly code: string
  declare readonly detail: string // the sentence alone, without path and hint
  path: string
  readonly hint: string
  /** What failed, in words (§7.3): `call numpy.linalg.inv`. */
  op = ''
  #called = false // the stack has its call site

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, 'cause' in facts ? { cause: facts.cause } : undefined)
    Object.defineProperty(this, 'detail', { value: message })
    this.code = facts.code ?? new.target.codes[0]!
    this.path = facts.path ?? ''
    this.hint = facts.hint ?? ''
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true, writable: true })
    this.#compose()
  }

  /** Prepend one step of a path, while the error leaves the value around the offending part. */
  within(segment: string): void {
    this.path = segment + this.path
  }

  /** Complete the path with its root, once. */
  rooted(root = '$'): this {
    if (!this.path.startsWith('$')) this.path = root + this.path
    this.#compose()
    return this
  }

  /** Put the lines of the JavaScript call site into `stack`, in place of where the error was made; the first one stays. */
  at(calls: readonly string[]): this {
    if (this.#called) return this
    this.#called = calls.length > 0
    this.stack = [...this.head(), ...calls].join('\n')
    return this
  }

  /** The lines of `stack` before the call site. */
  protected head(): string[] {
    return [`${this.name}: ${this.message}`]
  }

  #compose(): void {
    if (!this.path && !this.hint) return
    const place = this.path ? ` at ${this.path}` : ''
    this.message = `${this.detail}${place}${this.hint ? ` (${this.hint})` : ''}`
  }
}

/** A frame that is none: no JSON, no kind, a missing or wrong key. */
export class FrameError extends PolyloomError {
  static override readonly codes = ['BadFrame']
}

/** An unknown op, or one of the wrong shape. */
export class OpError extends PolyloomError {
  static override readonly codes = ['BadOp']
}

/** A value that cannot be decoded, encoded or copied. */
export class ValueRefused extends PolyloomError {
  static override readonly codes = ['BadValue', 'NotData']
}

/** A limit of §9, named in the message. */
export class LimitExceeded extends PolyloomError {
  static override readonly codes = ['LimitExceeded']
}

/** The policy of the host refuses a module or a name. */
export class NotAllowed extends PolyloomError {
  static override readonly codes = ['NotAllowed']
}

/** A session, a slot or a shared name that is not here. */
export class UnknownName extends PolyloomError {
  static override readonly codes = ['UnknownSlot', 'UnknownSession', 'UnknownShared']
}

/** Another object is shared under this name; `worker` is the id of the one that holds it. */
export class NameTaken extends PolyloomError {
  static override readonly codes = ['NameTaken']
  worker = ''
}

/** The two sides cannot go on: a program is missing, or the versions differ. */
export class ProtocolError extends PolyloomError {
  static override readonly codes = ['ProgramLost', 'VersionMismatch']
}

/** What came is not signed with our secret, or the same again, or too old (§16). */
export class SignatureError extends PolyloomError {
  static override readonly codes = ['BadSignature']
}

/** The client gave the op up: its own `opts({timeout, signal})`, or those of what it depends on (§5.8). */
export class Cancelled extends PolyloomError {
  static override readonly codes = ['Cancelled']
}

/** A durable session cannot go on as it was asked to (§15): `code` says why. */
export class DurableError extends PolyloomError {
  static override readonly codes = ['InUse', 'ScriptChanged', 'OutcomeUnknown']
}

/** The other end is not there, or not any more. */
export class Gone extends PolyloomError {
  static override readonly codes: readonly string[] = ['SessionClosed', 'LeaseExpired', 'ConnectionLost', 'Moved']
}

/** A worker as the registry knows it. */
export interface LiveWorker {
  readonly id: string
  readonly labels: readonly string[]
}

/** No live worker is the one that was asked for; `workers` are those there are. */
export class NoWorker extends Gone {
  static override readonly codes = ['NoWorker']
  worker: string | undefined
  labels: readonly string[] = []
  workers: readonly LiveWorker[] = []
}

/** The lease of the worker ended; `started` is false only where the program has certainly not begun. */
export class WorkerLost extends Gone {
  static override readonly codes = ['WorkerLost']
  started = true
}

/** A fault of Polyloom itself. */
export class InternalError extends PolyloomError {
  static override readonly codes = ['InternalError']
}

/** A wrong URL, option or argument. */
export class UsageError extends PolyloomError {
  static override readonly codes = ['Usage']
}

/** `opts({timeout})` ran out; the late result is dropped. */
export class TimeoutError extends PolyloomError {
  static override readonly codes = ['Timeout']
}

/** A Remote was used after its release; `cause` is an error whose stack shows where it was released. */
export class ReleasedError extends PolyloomError {
  static override readonly codes = ['Released']
}

/** Something that JavaScript threw; it may be anything. */
export interface Thrown {
  readonly error: unknown
}

/** Returns what JavaScript threw under an id, as long as it is known. */
export type Own = (id: unknown) => Thrown | undefined

/** Return what JavaScript threw in place of the exception that it was in Python. */
export function homeward(error: PolyloomError): Error {
  return error instanceof PythonError && error.thrown ? (error.thrown.error as Error) : error
}

/** The error object of §7.1 and §7.2, as it came. */
export type ErrorObject = Readonly<Record<string, unknown>>

/** A Python exception that an op raised (§7.2). `name` is the bare name of its type: `ValueError`. */
export class PythonError extends PolyloomError {
  static override readonly codes = ['PythonError']
  /** The qualified name of the type: `numpy.linalg.LinAlgError`, `ValueError`. */
  readonly type: string
  /** Qualified names of the type and its bases, itself first, without `object`. */
  readonly mro: readonly string[]
  readonly args: readonly unknown[]
  /** Outermost first. */
  readonly frames: readonly PythonFrame[]
  readonly traceback: string
  readonly notes: readonly string[]
  /** The exception's own attributes; what is not data as its repr. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** Where a SyntaxError is. */
  readonly syntax: SyntaxPlace | null
  readonly context: Error | null
  readonly group: readonly Error[]
  /** What JavaScript threw, where this is that very thing on its way home (§12.4). */
  declare readonly thrown: Thrown | undefined

  constructor(error: ErrorObject, decode: (wire: unknown) => unknown = (wire) => wire, own: Own = () => undefined) {
    const nested = (one: unknown): Error | null => (isObject(one) ? homeward(errorFrom(one, decode, own)) : null)
    const cause = nested(error['cause'])
    super(text(error['message']), { ...factsOf(error), ...(cause ? { cause } : {}) })
    const thrown = 'exposed' in error ? own(error['exposed']) : undefined
    Object.defineProperty(this, 'thrown', { value: thrown })
    this.type = text(error['type']) || 'Exception'
    this.mro = list(error['mro']).map(text)
    this.args = list(error['args']).map(decode)
    this.frames = list(error['frames']).map(frameOf)
    this.traceback = text(error['traceback'])
    this.notes = list(error['notes']).map(text)
    this.attributes = isObject(error['attributes']) ? (decode(error['attributes']) as Record<string, unknown>) : {}
    this.syntax = Array.isArray(error['syntax']) ? placeOf(error['syntax']) : null
    this.context = nested(error['context'])
    this.group = list(error['group']).flatMap((one) => nested(one) ?? [])
    this.op = text(error['op'])
    this.name = bare(this.type)
    this.at([])
  }

  /** Tell whether the exception is of a type, by its bare or qualified name; base classes match too. */
  matches(name: string): boolean {
    return name === this.type || this.mro.some((one) => one === name || bare(one) === name)
  }

  /** The Python frames stand before the call site, innermost first. */
  protected override head(): string[] {
    const python = this.frames.map((one) => `    at ${one.function} (${one.file}:${one.line}) [python]`).reverse()
    return [...super.head(), ...python]
  }
}

const WIRE_ERRORS = [
  PythonError,
  FrameError,
  OpError,
  ValueRefused,
  LimitExceeded,
  NotAllowed,
  UnknownName,
  NameTaken,
  ProtocolError,
  SignatureError,
  Cancelled,
  DurableError,
  Gone,
  NoWorker,
  WorkerLost,
  InternalError,
] as const

/** The codes that travel (§7.1). */
export const CODES: readonly string[] = WIRE_ERRORS.flatMap((kind) => kind.codes)

const BY_CODE = new Map<string, new (message: string, facts: ErrorFacts) => PolyloomError>(
  WIRE_ERRORS.filter((kind) => kind !== PythonError).flatMap((kind) =>
    kind.codes.map((code) => [code, kind as unknown as typeof PolyloomError] as const),
  ),
)

/** Return the error of an error object of the wire; `decode` reads the values among its facts. */
export function errorFrom(error: ErrorObject, decode?: (wire: unknown) => unknown, own?: Own): PolyloomError {
  const code = text(error['code'])
  if (code === 'PythonError') return new PythonError(error, decode, own)
  const kind = BY_CODE.get(code) ?? PolyloomError
  const made = new kind(text(error['message']), factsOf(error))
  made.op = text(error['op'])
  if (made instanceof NameTaken) made.worker = text(error['worker'])
  if (made instanceof WorkerLost) made.started = error['started'] !== false
  return made
}

function factsOf(error: ErrorObject): ErrorFacts {
  return { code: text(error['code']) || 'InternalError', path: text(error['path']), hint: text(error['hint']) }
}

function frameOf(wire: unknown): PythonFrame {
  const [file, line, name, source] = list(wire)
  return { file: text(file), line: typeof line === 'number' ? line : 0, function: text(name), source: text(source) }
}

function placeOf([file, line, offset, source]: unknown[]): SyntaxPlace {
  return { file: text(file), line: Number(line ?? 0), offset: Number(offset ?? 0), source: text(source) }
}

function isObject(value: unknown): value is ErrorObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function bare(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
