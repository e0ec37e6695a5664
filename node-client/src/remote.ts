/**
 * Remotes: callable Proxies that stand for Python objects; every call fills a slot of the session and is a Remote at once.
 * Here is their type; `node.ts`, `path.ts` and `slot.ts` are what lies behind them.
 */

/* eslint-disable @typescript-eslint/no-explicit-any -- only Python knows what its names stand for */
/** A live Python object: await it, call it, use any of its attributes. */
export interface Remote<T = any> extends PromiseLike<T> {
  (...args: any[]): Remote
  [name: string]: any
  [Symbol.asyncIterator](): AsyncIterator<any>
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}
/* eslint-enable @typescript-eslint/no-explicit-any */
