// Truth and the predicates.

import { isRemote } from './brands.js'
import { LispList, isKeyword } from './names.js'

export { isRemote } from './brands.js'

/** Only nil (null, undefined) and false are false. */
export const truthy = (x: unknown): boolean => x != null && x !== false
export const not = (x: unknown): boolean => x == null || x === false

export const isNil = (x: unknown): boolean => x == null
export const isSome = (x: unknown): boolean => x != null
export const isTrue = (x: unknown): boolean => x === true
export const isFalse = (x: unknown): boolean => x === false
export const isBoolean = (x: unknown): boolean => typeof x === 'boolean'
export const isNumber = (x: unknown): boolean => typeof x === 'number' || typeof x === 'bigint'
export const isInt = (x: unknown): boolean => typeof x === 'bigint' || Number.isInteger(x)
export const isString = (x: unknown): boolean => typeof x === 'string'
export const isFn = (x: unknown): boolean => typeof x === 'function' && !isRemote(x) && !isKeyword(x)
export const isVector = (x: unknown): boolean => Array.isArray(x) && !(x instanceof LispList)
export const isSet = (x: unknown): boolean => x instanceof Set
export const isSequential = (x: unknown): boolean => Array.isArray(x)
export const isRegex = (x: unknown): boolean => x instanceof RegExp
export const isMap = (x: unknown): boolean => x instanceof Map || isRecord(x)
export const isColl = (x: unknown): boolean => Array.isArray(x) || isSet(x) || isMap(x)
export const isInstance = (type: unknown, x: unknown): boolean => x instanceof (type as new () => object)
export const identical = (x: unknown, y: unknown): boolean => x === y || (x == null && y == null)

/** A plain object: its prototype is Object.prototype or null. */
export function isRecord(x: unknown): x is Record<string, unknown> {
  if (x === null || typeof x !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(x)
  return prototype === null || prototype === Object.prototype
}
