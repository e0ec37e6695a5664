/** Names of the protocol that both languages share (§1.2, §5.2, §6.2). Mirrors `ops.py`. */

export const PROTOCOL = 1
export const VERSION = '0.1.0'

export const CLIENT_KINDS = ['hello', 'open', 'program', 'answer', 'cancel', 'ack', 'close', 'bye', 'survey'] as const
export const HOST_KINDS = ['hello', 'opened', 'reply', 'late', 'call', 'output', 'closed', 'survey'] as const
export const WORKER_KINDS = ['fetch', 'fetched'] as const // between workers (§14)

export const OPS = [
  'import',
  'getattr',
  'setattr',
  'delattr',
  'getitem',
  'setitem',
  'delitem',
  'call',
  'operator',
  'iter',
  'next',
  'close',
  'map',
  'enter',
  'exit',
  'lend',
  'share',
  'named',
  'unshare',
  'repr',
  'str',
  'type',
  'pull',
  'release',
] as const

export const MODES = ['auto', 'value', 'keep'] as const
export type Mode = (typeof MODES)[number]
/** How a pull takes the object: a mode, or a copy of so many levels of containers (§6.4). */
export type Pulling = Mode | { readonly mode: 'value'; readonly depth: number }

export const BINARY_OPERATORS = [
  ...['+', '-', '*', '/', '//', '%', '**', '@', '&', '|', '^', '<<', '>>'],
  ...['==', '!=', '<', '<=', '>', '>=', 'in', 'is'],
  ...['+=', '-=', '*=', '/=', '//=', '%=', '**=', '@=', '&=', '|=', '^=', '<<=', '>>='],
] as const
export const UNARY_OPERATORS = ['not', '~', 'neg', 'pos', 'abs'] as const
