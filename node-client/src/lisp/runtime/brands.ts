// The registered symbols that brand values, shared by name with the client, so that neither imports the other.

export const REMOTE = Symbol.for('polyloom.remote') // on a Remote: truthy, or an object with describe, item, iterate
export const KWARGS = Symbol.for('polyloom.kw') // on the one argument that holds keyword arguments
export const NAME = Symbol.for('polyloom.name') // on keywords and symbols: their name; Python gets it as a str

interface RemoteBrand {
  readonly describe?: () => string
  readonly item?: (key: unknown) => unknown
  readonly iterate?: (options: Record<string, unknown>) => AsyncIterable<unknown>
}

export const isRemote = (x: unknown): boolean =>
  typeof x === 'function' && Boolean((x as unknown as Record<symbol, unknown>)[REMOTE])

export function remoteBrand(x: unknown): RemoteBrand {
  const brand = (x as Record<symbol, unknown>)[REMOTE]
  return brand !== null && (typeof brand === 'object' || typeof brand === 'function') ? brand : {}
}
