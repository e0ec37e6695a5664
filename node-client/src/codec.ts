/**
 * Values to wire forms and back (§3). Mirrors `codec.py`: same tags, same order, same names.
 *
 * Both directions are tables: a prototype or a tag, and a function of a few lines. Encoding writes JSON text at once, so
 * that a call takes a snapshot of its arguments; decoding fills the parsed JSON in place. Paths of errors are put
 * together while an error leaves the containers, so that the way of good values costs nothing.
 */

export { Decoder, TAGS } from './decoder.js'
export { Encoder, NAME } from './encoder.js'
export { step } from './paths.js'
