/** The public surface of Polyloom for JavaScript; `test/exports.test.ts` keeps the list. */

export { kw, opts, type CallOptions, type Keywords, type Options } from './arguments.js'
export { NdArray, float16, type TypedArray } from './arrays.js'
export { createNodePythonBridge, type Bridge } from './bridge.js'
export { connect, type ConnectOptions } from './client.js'
export { registerCodec, type Codec } from './codec.js'
export {
  Cancelled,
  DurableError,
  FrameError,
  Gone,
  InternalError,
  LimitExceeded,
  NameTaken,
  NoWorker,
  NotAllowed,
  OpError,
  PolyloomError,
  ProtocolError,
  PythonError,
  ReleasedError,
  SignatureError,
  TimeoutError,
  UnknownName,
  UsageError,
  ValueRefused,
  WorkerLost,
  type LiveWorker,
  type PythonFrame,
  type SyntaxPlace,
} from './errors.js'
export { expose, type ExposeOptions } from './exposure.js'
export { Handle } from './handle.js'
export { iterate, type IterateOptions } from './iterate.js'
export type { Wanted } from './labels.js'
export { map } from './map.js'
export { once } from './once.js'
export type { DurableSession, Loom, LoomSession, Py, SessionOptions } from './loom.js'
export {
  delAttr,
  delItem,
  get,
  handleOf,
  isRemote,
  item,
  keep,
  op,
  release,
  repr,
  same,
  scope,
  set,
  setItem,
  str,
  typeName,
  value,
  type ValueOptions,
} from './meta.js'
export { VERSION } from './ops.js'
export type { Output } from './output.js'
export type { Live, Remote } from './remote.js'
export { PyDate, PyDateTime, PyTime, TimeDelta } from './times.js'
export { readable, writable, type Part, type ReadableOptions, type StreamOptions } from './streams.js'
export { MemoryTransport } from './transport/memory.js'
export type { Receiver, Transport } from './transport/transport.js'
export { within, type WithinOptions } from './within.js'
export {
  Complex,
  Decimal,
  Dict,
  Ellipsis,
  Float,
  Fraction,
  FrozenSet,
  Range,
  Slice,
  Tuple,
  UUID,
  float,
  slice,
  tuple,
} from './values.js'
