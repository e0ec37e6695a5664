/** Where calls were made: captured when they are made, formatted when an error is shown. */

/** The function that the user called. */
export type Entry = (...given: never[]) => unknown

/** Where a call was made. */
export interface Site {
  stack?: string // formatted by V8 only when it is read
}

/** The sites of one tick: the first `most` calls have one. */
export class Sites {
  #kept = 0

  constructor(readonly most: number) {}

  /** Capture where `entry` was called. */
  capture(entry: Entry): Site | undefined {
    const site = this.blank()
    if (site) Error.captureStackTrace(site, entry)
    return site
  }

  /** A site to be captured by who asks. */
  blank(): Site | undefined {
    if (this.#kept >= this.most) return undefined
    this.#kept++
    return {}
  }

  /** The tick has ended. */
  renew(): void {
    this.#kept = 0
  }
}

/** The lines of a captured stack, without its head. */
export function callsOf(site: Site | undefined): string[] {
  return (site?.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
}
