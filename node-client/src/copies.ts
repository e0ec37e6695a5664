/**
 * Copies of bytes that a caller sends: those of the caller may change as soon as the call is made. The memory of a large
 * copy is used again once it was sent, since touching fresh memory takes longer than copying. Spare memory is held
 * weakly: the garbage collector takes it.
 */

const LARGE = 1 << 16 // bytes from which memory is used again
const SPARE = 4 // pieces of memory that wait to be used again

let spare: WeakRef<ArrayBuffer>[] = []

export function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = bytes.length < LARGE ? undefined : room(bytes.length)
  if (!copy) return new Uint8Array(bytes)
  copy.set(bytes)
  return copy
}

/** Take back a copy that nobody will read any more. */
export function giveBack(copy: Uint8Array): void {
  if (copy.buffer.byteLength >= LARGE) spare = [...spare.slice(1 - SPARE), new WeakRef(copy.buffer as ArrayBuffer)]
}

/** Spare memory of at least this size, and not more than twice. */
function room(size: number): Uint8Array | undefined {
  for (const [index, weak] of spare.entries()) {
    const memory = weak.deref()
    if (!memory || memory.byteLength < size || memory.byteLength > 2 * size) continue
    spare.splice(index, 1)
    return new Uint8Array(memory, 0, size)
  }
  return undefined
}
