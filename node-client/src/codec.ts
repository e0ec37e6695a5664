/**
 * Values to wire forms and back (§3). Mirrors `codec.py`: same tags, same order, same names.
 *
 * Both directions are tables: a prototype or a tag, and a function of a few lines; `registerCodec` adds a line to both.
 * Encoding writes JSON text at once, so that a call takes a snapshot of its arguments; decoding fills the parsed JSON in
 * place. Paths of errors are put together while an error leaves the containers, so that the way of good values costs nothing.
 */

import { DECODERS, type Decode } from './decoder.js'
import { ENCODERS, tagged, type Encode } from './encoder.js'
import { PolyloomError, UsageError, ValueRefused } from './errors.js'

export { Decoder, TAGS } from './decoder.js'
export { Encoder, KW, NAME, OPTS } from './encoder.js'
export { step } from './paths.js'

const NAMES = /^[a-z][a-z0-9._-]*$/

/** How objects of one class travel: `encode` gives any other data, bytes and arrays included, `decode` the object of it. */
export interface Codec<T, D = unknown> {
  /** The class; objects of its subclasses are not taken for it. */
  readonly type: abstract new (...args: never[]) => T
  readonly encode: (value: T) => unknown
  readonly decode: (data: D) => T
}

/**
 * Make the objects of a class values, under the tag `x:<name>` (§3.6); returns what takes it back. Throws UsageError where
 * the class or the name is taken.
 */
export function registerCodec<T, D = unknown>(name: string, { type, encode, decode }: Codec<T, D>): () => void {
  const tag = `x:${name}`
  const prototype = type.prototype as object
  if (ENCODERS.has(prototype)) throw new UsageError(`objects of class ${type.name} have a wire form already`)
  if (!NAMES.test(name) || DECODERS.has(tag)) {
    throw new UsageError(`the name ${JSON.stringify(name)} is taken, or is not of the form name, my-name or my.name`)
  }
  const encoded: Encode = (encoder, value: T, depth) =>
    tagged(tag, encoder.items([guarded(encode, value, `encoding "${tag}"`)], depth))
  const decoded: Decode = (decoder, wire, depth) => {
    if (wire.length !== 2) throw new TypeError('it takes one value')
    return guarded(decode, decoder.items(wire, depth, 1)[1] as D, `decoding "${tag}"`)
  }
  ENCODERS.set(prototype, encoded)
  DECODERS.set(tag, decoded)
  return () => {
    if (ENCODERS.get(prototype) !== encoded) return
    ENCODERS.delete(prototype)
    DECODERS.delete(tag)
  }
}

/** Whatever a converter throws, only this value is refused. */
function guarded<A, B>(convert: (value: A) => B, value: A, what: string): B {
  try {
    return convert(value)
  } catch (error) {
    if (error instanceof PolyloomError) throw error
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw new ValueRefused(`${what} threw ${reason}`, { cause: error })
  }
}
