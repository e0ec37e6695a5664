/** Python files as Web streams: one chunk in each round trip, and none before it is asked for. */

import { sortArguments, writeArguments, type CallOptions } from './arguments.js'
import { checkOptions } from './deadline.js'
import { UsageError } from './errors.js'
import { get } from './meta.js'
import { needNode } from './node.js'
import { octetsOf } from './octets.js'
import type { Remote } from './remote.js'
import type { Entry, Site } from './site.js'
import { slotOf, type SlotNode } from './slot.js'

const CHUNK = 65_536

/** `signal` ends the stream; `timeout` is for each round trip. */
export interface StreamOptions extends CallOptions {
  /** The file is left open at every end of the stream; a WritableStream flushes it when it is closed. */
  readonly keepOpen?: boolean
}

export interface ReadableOptions extends StreamOptions {
  /** Bytes in one round trip, at most; of a text file, characters as Python counts them. */
  readonly chunk?: number
  /** `read1` gives what a buffered socket or pipe has, where `read` waits until the chunk is full. */
  readonly method?: 'read' | 'read1'
}

/** What a file of bytes, or of text, is read and written in. */
export type Part = Uint8Array | string

/**
 * A Python file as a stream: of Uint8Array, or of strings where it is a file of text. Its `read` is called when the stream
 * is pulled; what it raises rejects the stream. The file is closed at its end, after a failure, and by `cancel`.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only Python knows whether it is a file of text
export function readable<T extends Part = any>(remote: Remote, options: ReadableOptions = {}): ReadableStream<T> {
  const { chunk = CHUNK, method = 'read' } = options
  if (!Number.isSafeInteger(chunk) || chunk < 1) throw new UsageError(`chunk is an integer from 1, not ${chunk}`)
  const file = new File(remote, readable, options)
  return new ReadableStream<T>(
    {
      start: (controller) => file.watch((reason) => controller.error(reason)),
      pull: async (controller) => {
        const part = await file.attempt(() => file.read(method, chunk))
        if (part.length) return controller.enqueue(part as T)
        await file.end()
        controller.close()
      },
      cancel: () => file.end(),
    },
    { highWaterMark: 0 },
  )
}

/**
 * A Python file as a stream to write to: strings into a file of text, bytes into any other. A chunk is done when Python's
 * `write` has taken all of it; what it raises rejects the stream. `close` and `abort` close the file.
 */
export function writable(
  remote: Remote,
  options: StreamOptions = {},
): WritableStream<Part | ArrayBufferView | ArrayBuffer> {
  const file = new File(remote, writable, options)
  return new WritableStream({
    start: (controller) => file.watch((reason) => controller.error(reason)),
    write: (chunk) => file.attempt(() => file.write(chunk)),
    close: () => file.end('flush'),
    abort: () => file.end(),
  })
}

/** A live Python file, of which one thing at a time is asked. */
class File {
  readonly #node: SlotNode
  readonly #site: Site // where the stream was made
  readonly #options: StreamOptions
  #unwatch = (): void => undefined
  #over = false // it is closed, or on its way

  constructor(remote: Remote, entry: Entry, options: StreamOptions) {
    checkOptions(options)
    this.#node = slotOf(needNode(remote))
    this.#site = this.#node.session.sites.capture(entry) ?? {}
    this.#options = options
  }

  /** Call a method, and keep nothing of its result on the other side. */
  async call(method: string, ...given: readonly unknown[]): Promise<unknown> {
    const call = this.#call(method, given, this.#options)
    try {
      return await call.result()
    } finally {
      call.release()
    }
  }

  /** Do one step of the stream; a failure ends it, and closes the file. */
  async attempt<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      this.#drop()
      throw error
    }
  }

  /** Read the next part; an empty one is the end. */
  async read(method: string, chunk: number): Promise<Part> {
    const part = await this.call(method, chunk)
    if (typeof part === 'string' || part instanceof Uint8Array) return part
    if (part === null) throw blocked(method)
    throw new UsageError(`${method}() of the file gave neither bytes nor text`)
  }

  /** Write all of a chunk: files without a buffer take a part and say how much, and are then given less at once. */
  async write(chunk: unknown): Promise<void> {
    if (typeof chunk === 'string') {
      await this.call('write', chunk)
      return
    }
    let rest = bytesOf(chunk)
    let size = rest.byteLength
    do {
      const taken = await this.#part(rest.subarray(0, size))
      rest = rest.subarray(taken)
      size = 2 * taken
    } while (rest.byteLength)
  }

  /** Have `stop` called once the signal fires, and the file closed. */
  watch(stop: (reason: unknown) => void): void {
    const { signal } = this.#options
    const abort = (): void => {
      stop(signal?.reason)
      this.#drop()
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#unwatch = () => signal?.removeEventListener('abort', abort)
  }

  /** Close the file, where it can be closed; or do what is asked instead of one that is kept open. */
  async end(instead?: 'flush'): Promise<void> {
    this.#unwatch()
    this.#over = true
    const method = this.#options.keepOpen ? instead : 'close'
    if (method && (await this.#has(method))) await this.call(method)
  }

  /** Close the file, and do not ask whether it went well: a failure is on its way already. */
  #drop(): void {
    this.#unwatch()
    if (this.#over || this.#options.keepOpen || this.#node.session.ended) return
    this.#over = true
    this.#call('close', []).release()
  }

  /** Write bytes and return how many were taken. Most files take all, and not all of those say so. */
  async #part(bytes: Uint8Array): Promise<number> {
    const taken = await this.call('write', bytes)
    if (taken === null && (await this.#has('readall'))) throw blocked('write')
    if (typeof taken !== 'number') return bytes.byteLength
    if (taken <= 0 && bytes.byteLength) throw new UsageError(`write() of the file took ${taken} bytes`)
    return taken
  }

  async #has(name: string): Promise<boolean> {
    return (await get(this.#node.remote, name, null)) !== null
  }

  #call(method: string, given: readonly unknown[], options?: CallOptions): SlotNode {
    const name = `,${JSON.stringify(method)}`
    const call = sortArguments(given)
    return this.#node.make(
      'call',
      `${method}(…)`,
      (encoder) => `${this.#node.reference(name)},${writeArguments(encoder, call)}`,
      this.#site,
      options,
    )
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk) || chunk instanceof ArrayBuffer) return octetsOf(chunk)
  throw new UsageError('a file takes texts and bytes', {
    hint: 'write a string, a Uint8Array or another view of bytes',
  })
}

function blocked(method: string): UsageError {
  return new UsageError(`the file does not block, and ${method}() found it not ready`, { hint: 'have it block' })
}
