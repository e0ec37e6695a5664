/** What a client may ask of the worker that it is placed on. */

import { UsageError } from './errors.js'

const LABEL = /^[A-Za-z0-9_.-]+(=[A-Za-z0-9_.:/@+-]*)?$/

export interface Wanted {
  /** The id of a worker. */
  readonly worker?: string | undefined
  /** Labels that the worker must have, all of them: `gpu`, `zone=a`. */
  readonly labels?: readonly string[] | undefined
  /** A durable session, by its name: the worker that owns its log, where one does. */
  readonly durable?: string | undefined
}

/** Return what is wanted if it can be; UsageError otherwise. */
export function checkWanted<T extends Wanted>(wanted: T): T {
  const { worker, labels } = wanted
  if (worker !== undefined && (typeof worker !== 'string' || !worker)) throw new UsageError('worker is the id of one')
  if (labels !== undefined && !Array.isArray(labels)) throw new UsageError("labels are a list: ['gpu', 'zone=a']")
  for (const label of labels ?? []) {
    const hint = 'a label is a word, or a name and a value: gpu, zone=a'
    if (typeof label !== 'string' || !LABEL.test(label)) throw new UsageError(`not a label: ${String(label)}`, { hint })
  }
  return wanted
}

/** Tell whether a worker of these labels is one that is wanted. */
export function fits(worker: string, has: readonly string[], wanted: Wanted): boolean {
  return (wanted.worker ?? worker) === worker && (wanted.labels ?? []).every((label) => has.includes(label))
}
