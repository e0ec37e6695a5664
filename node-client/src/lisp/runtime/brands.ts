// The registered symbols that brand values, shared by name with the client, so that neither imports the other.

export const REMOTE = Symbol.for('polyloom.remote') // on a Remote: truthy, or an object with describe, item, iterate, enter
export const KWARGS = Symbol.for('polyloom.kw') // on the one argument that holds keyword arguments
export const NAME = Symbol.for('polyloom.name') // on keywords and symbols: their name; Python gets it as a str

/** What was thrown; it may be anything. */
export interface Thrown {
  readonly error: unknown
}

/** A context manager that was entered. */
interface Context {
  /** What it gave, once it has. */
  readonly entered: () => Promise<unknown>
  /** True means that the error is dealt with. */
  readonly leave: (thrown?: Thrown) => Promise<boolean>
}

interface RemoteBrand {
  readonly describe?: () => string
  readonly item?: (key: unknown) => unknown
  readonly enter?: () => Context
  readonly once?: () => unknown
  readonly iterate?: (options: Record<string, unknown>) => AsyncIterable<unknown>
}

export const isRemote = (x: unknown): boolean =>
  typeof x === 'function' && Boolean((x as unknown as Record<symbol, unknown>)[REMOTE])

export function remoteBrand(x: unknown): RemoteBrand {
  const brand = (x as Record<symbol, unknown>)[REMOTE]
  return brand !== null && (typeof brand === 'object' || typeof brand === 'function') ? brand : {}
}
