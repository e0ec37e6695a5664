/**
 * Remotes: callable Proxies that stand for Python objects; every call fills a slot of the session and is a Remote at once.
 * Here is their type; `node.ts`, `path.ts` and `slot.ts` are what lies behind them.
 */

import type { Keywords, Options } from './arguments.js'

/* eslint-disable @typescript-eslint/no-explicit-any -- only Python knows what its names stand for */

/** What every Remote has, whatever it stands for. */
interface Held {
  [Symbol.asyncIterator](): AsyncIterator<any>
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

/** A Remote of which nothing is known but what awaiting it gives. */
interface Untyped<T> extends PromiseLike<T>, Held {
  (...args: any[]): Remote
  [name: string]: any
}

/** What comes as a copy: scalars, containers, dates, arrays. Anything else is a live object. */
type Data = string | number | boolean | bigint | symbol | null | undefined | readonly unknown[] | Plain
type Plain = Date | Uint8Array | ReadonlyMap<any, any> | ReadonlySet<any> | { readonly dtype: string }

type Fn = (...args: any[]) => unknown

/** An argument: a value, or a Remote that stands for one; for a function one that may answer later. */
type Given<A extends readonly unknown[]> = { [K in keyof A]: Argument<A[K]> }
type Argument<T> =
  | Exclude<T, Fn>
  | Callback<Extract<T, Fn>>
  | ([Extract<T, Fn>] extends [never] ? Remote<T> | Live<T> | Offered<T> : Held)

/** A function that Python calls: what is no data comes to it as a live object, and it may give a promise. */
type Callback<F> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Received<A[K]> }) => undefined extends R ? unknown : Answer<R>
  : never
type Received<T> = 0 extends 1 & T ? any : [T] extends [Data] ? T : Live<T>
type Answer<R> = R | Remote<R> | Live<R> | PromiseLike<R | Live<R>>

/** What `expose` gives for an object whose methods Python calls: they may give promises, too. */
type Offered<T> = [T] extends [Data] ? never : { [K in keyof T]: T[K] extends Fn ? Callback<T[K]> : T[K] }

type Called<T> = T extends (...args: infer A) => infer R
  ? (...args: [...Given<A>, ...(Keywords | Options)[]]) => Remote<Awaited<R>>
  : unknown

type Members<T> = { [K in keyof T as K extends 'then' ? never : K]: Remote<T[K]> }

/** A live object, awaited: it is no promise any more. */
export type Live<T> = Held & Called<T> & Members<T>

/**
 * A live Python object: await it, call it, use any of its attributes. `T` says what is known of it: nothing, the data that
 * awaiting it gives, or an interface of its attributes and methods: `$py<Math>('math')`.
 */
export type Remote<T = any> = 0 extends 1 & T
  ? Untyped<T>
  : [T] extends [Data]
    ? Untyped<T>
    : PromiseLike<Live<T>> & Live<T>
/* eslint-enable @typescript-eslint/no-explicit-any */
