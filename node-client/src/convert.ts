/** What `value` makes of a copy where its options say so: other things than objects and Dicts, and than Remotes. */

import { nodeOf } from './node.js'
import type { Remote } from './remote.js'
import { Dict, Tuple } from './values.js'

/** Functions for one copy; each may return a promise. */
export interface Converters {
  /** Makes something of every dict, inner ones first, from its keys and converted values. */
  readonly dict?: ((entries: [key: unknown, value: unknown][]) => unknown) | undefined
  /** Makes something of everything that has no copy, or stands below `depth`. */
  readonly unknown?: ((remote: Remote) => unknown) | undefined
}

/** Return a copy converted. Keys of dicts and members of sets are left as they are. */
export function converted(found: unknown, by: Converters): unknown {
  if (nodeOf(found)) return by.unknown ? by.unknown(found as Remote) : found
  if (typeof found !== 'object' || found === null) return found
  if (Array.isArray(found)) return list(found, by)
  if (found instanceof Dict) return dict([...(found as Dict).entries()], by, (entries) => new Dict(entries))
  return isPlain(found) ? dict(Object.entries(found), by, Object.fromEntries) : found
}

async function list(found: readonly unknown[], by: Converters): Promise<unknown[]> {
  const items = await Promise.all(found.map((one) => converted(one, by)))
  return found instanceof Tuple ? Tuple.from(items) : items
}

async function dict(
  entries: [unknown, unknown][],
  by: Converters,
  make: (entries: never) => unknown,
): Promise<unknown> {
  const values = await Promise.all(entries.map(([, value]) => converted(value, by)))
  const made = entries.map(([key], at): [unknown, unknown] => [key, values[at]])
  return by.dict ? by.dict(made) : make(made as never)
}

function isPlain(found: object): boolean {
  return Object.getPrototypeOf(found) === Object.prototype
}
