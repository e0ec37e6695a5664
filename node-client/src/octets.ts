/** The bytes behind views and buffers: those of the view alone, and of no memory that others may change or take away. */

import { ValueRefused } from './errors.js'

/** Return a view of the bytes; ValueRefused for memory that is shared between threads or was transferred away. */
export function octetsOf(view: ArrayBufferView | ArrayBufferLike): Uint8Array {
  const buffer = ArrayBuffer.isView(view) ? view.buffer : view
  if (Object.prototype.toString.call(buffer) !== '[object ArrayBuffer]') {
    const hint = 'copy it: new Uint8Array(shared)'
    throw new ValueRefused('memory that is shared between threads has no wire form', { hint })
  }
  try {
    if (ArrayBuffer.isView(view) && view.byteLength === 0) checkWithin(view)
    return new Uint8Array(buffer, ArrayBuffer.isView(view) ? view.byteOffset : 0, view.byteLength)
  } catch {
    throw new ValueRefused('memory that was transferred away or cut off has no wire form', { hint: 'send it before' })
  }
}

/** Throw for a view that a resized buffer no longer reaches: it says that it is empty. */
function checkWithin(view: ArrayBufferView): void {
  if (!(view instanceof DataView)) Uint8Array.prototype.keys.call(view)
}
