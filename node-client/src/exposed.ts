/** JavaScript functions and objects that Python may use (§12): their ids in one session, and who holds them. */

import { ValueRefused } from './errors.js'
import { Exposure } from './exposure.js'

/** One object that Python was given. It is forgotten when nothing that names it is on its way and Python holds it not. */
class Entry {
  named = 0 // programs and answers on their way
  held = 0 // highest serial with which Python held it
  dropped = 0 // highest serial that it let go

  constructor(readonly value: unknown) {}
}

const NONE: readonly number[] = []

type Serials = readonly (readonly [id: number, serial: number])[]

/** The ids of one session. */
export class Exposed {
  #named: number[] = [] // by what is not sent yet
  readonly #entries = new Map<number, Entry>()
  readonly #ids = new Map<unknown, number>()
  readonly #answers = new Map<number, readonly number[]>() // ids named by answers that were not read yet
  #last = 0

  get size(): number {
    return this.#entries.size
  }

  /** Return the wire text of an object. */
  name(value: object): string {
    const id = this.#idOf(value)
    if (typeof value === 'function') return `["exposed",${id},"function",${JSON.stringify(value.name)}]`
    const { label } = value as Exposure
    return `["exposed",${id},"object",${JSON.stringify(label)},${JSON.stringify((value as Exposure).methods())}]`
  }

  /** Return the wire text of what was thrown, whatever it is. */
  thrown(value: unknown): string {
    const label = value instanceof Error ? value.name : typeof value
    return `["exposed",${this.#idOf(value)},"object",${JSON.stringify(label)}]`
  }

  /** Return an object by its id: the function, or what was exposed. */
  get(id: unknown): unknown {
    const value = this.find(id)
    return value instanceof Exposure ? value.target : value
  }

  /** Return what was thrown under an id, while it is known. */
  thrownAs(id: unknown): { readonly error: unknown } | undefined {
    const entry = this.#entries.get(id as number)
    return entry && { error: entry.value }
  }

  /** Return what stands under an id; ValueRefused when nothing does. */
  find(id: unknown): unknown {
    const entry = this.#entries.get(id as number)
    if (!entry) throw new ValueRefused(`no exposed object has the id ${String(id)}`, { code: 'NotData' })
    return entry.value
  }

  /** How many ids were named by what is not sent yet. */
  get mark(): number {
    return this.#named.length
  }

  /** Take back what was named since `mark`: it is not sent. */
  withdraw(mark: number): void {
    if (this.#named.length > mark) this.#settle(this.#named.splice(mark))
  }

  /** Note that an answer names what was named since `mark`. */
  answer(call: number, mark: number): void {
    if (this.#named.length > mark) this.#answers.set(call, this.#named.splice(mark))
  }

  /** Return what the program that is sent now names, or what was named since `mark`, if anything. */
  take(mark = 0): readonly number[] | undefined {
    return this.#named.length > mark ? this.#named.splice(mark) : undefined
  }

  /** Take the news of a frame of the host (§12.7), and those ids of which its reply has been read. */
  account(body: Readonly<Record<string, unknown>>, named: readonly number[] = NONE): void {
    if (!named.length && !('held' in body || 'dropped' in body || 'answered' in body)) return
    const held = (body['held'] ?? []) as Serials
    const dropped = (body['dropped'] ?? []) as Serials
    for (const [id, serial] of held) this.#update(id, (entry) => (entry.held = Math.max(entry.held, serial)))
    for (const [id, serial] of dropped) this.#update(id, (entry) => (entry.dropped = Math.max(entry.dropped, serial)))
    this.#settle(named)
    for (const call of (body['answered'] ?? []) as readonly number[]) {
      this.#settle(this.#answers.get(call) ?? [])
      this.#answers.delete(call)
    }
    for (const [id] of dropped) this.#forget(id)
  }

  clear(): void {
    for (const { value } of this.#entries.values()) if (value instanceof Exposure) value.ended?.()
    this.#entries.clear()
    this.#ids.clear()
    this.#answers.clear()
  }

  #idOf(value: unknown): number {
    let id = this.#ids.get(value)
    if (id === undefined) {
      id = ++this.#last
      this.#entries.set(id, new Entry(value))
      if ((typeof value === 'object' && value !== null) || typeof value === 'function') this.#ids.set(value, id)
    }
    this.#entries.get(id)!.named++
    this.#named.push(id)
    return id
  }

  #update(id: number, change: (entry: Entry) => void): void {
    const entry = this.#entries.get(id)
    if (entry) change(entry)
  }

  #settle(named: readonly number[]): void {
    for (const id of named) {
      this.#update(id, (entry) => entry.named--)
      this.#forget(id)
    }
  }

  #forget(id: number): void {
    const entry = this.#entries.get(id)
    if (!entry || entry.named > 0 || entry.held > entry.dropped) return
    this.#entries.delete(id)
    this.#ids.delete(entry.value)
    if (entry.value instanceof Exposure) entry.value.ended?.()
  }
}
