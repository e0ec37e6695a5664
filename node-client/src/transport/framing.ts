/** Frames on byte pipes (§1.4). Mirrors `framing.py`. */

import { checkSizes, type Frame } from '../frames.js'
import { DEFAULT_LIMITS, type Limits } from '../limits.js'

const WORD = 4 // bytes of one number

/** Return the chunks of a frame in order: head with text, then the attachments as they are. */
export function packFrame(frame: Frame): Uint8Array[] {
  const { text, attachments } = frame
  const head = WORD * (2 + attachments.length)
  const size = Buffer.byteLength(text)
  const chunk = Buffer.allocUnsafe(head + size)
  chunk.writeUInt32BE(size, 0)
  chunk.writeUInt32BE(attachments.length, WORD)
  attachments.forEach((one, index) => chunk.writeUInt32BE(one.byteLength, WORD * (2 + index)))
  chunk.write(text, head)
  return [chunk, ...attachments]
}

/** Cuts a stream of bytes into frames. Parts inside one chunk are views of it; only what spans chunks is copied. */
export class FrameReader {
  #chunks: Buffer[] = []
  #buffered = 0
  #head: number[] | undefined // sizes of the text and the attachments of the frame under way

  constructor(readonly limits: Limits = DEFAULT_LIMITS) {}

  /** Add a chunk and return the frames that it completes; LimitExceeded when one announces too much. */
  feed(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    const frames: Frame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Frame | undefined {
    this.#head ??= this.#readHead()
    if (!this.#head || this.#buffered < sum(this.#head)) return undefined
    const [size, ...sizes] = this.#head
    this.#head = undefined
    return { text: this.#take(size!).toString(), attachments: sizes.map((one) => this.#take(one)) }
  }

  #readHead(): number[] | undefined {
    if (this.#buffered < 2 * WORD) return undefined
    const start = this.#peek(2 * WORD)
    const size = start.readUInt32BE(0)
    const count = start.readUInt32BE(WORD)
    checkSizes(size, { length: count > this.limits.attachments ? count : 0 }, this.limits)
    if (this.#buffered < WORD * (2 + count)) return undefined
    const head = this.#take(WORD * (2 + count))
    const sizes = Array.from({ length: count }, (_, index) => head.readUInt32BE(WORD * (2 + index)))
    checkSizes(size, sizes, this.limits)
    return [size, ...sizes]
  }

  #peek(size: number): Buffer {
    return this.#chunks[0]!.length >= size ? this.#chunks[0]! : Buffer.concat(this.#chunks, size)
  }

  #take(size: number): Buffer {
    this.#buffered -= size
    const first = this.#chunks[0]
    if (first === undefined || first.length > size) return this.#cut(first, size)
    if (first.length === size) return this.#chunks.shift()!
    const whole = Buffer.allocUnsafeSlow(size)
    for (let filled = 0; filled < size;) {
      const part = this.#chunks.shift()!
      const copied = part.copy(whole, filled)
      if (copied < part.length) this.#chunks.unshift(part.subarray(copied))
      filled += copied
    }
    return whole
  }

  #cut(first: Buffer | undefined, size: number): Buffer {
    if (first === undefined) return Buffer.alloc(0)
    this.#chunks[0] = first.subarray(size)
    return first.subarray(0, size)
  }
}

function sum(sizes: readonly number[]): number {
  let all = 0
  for (const size of sizes) all += size
  return all
}
