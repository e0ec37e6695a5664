/** What an object of another realm is: told by what only such objects can do, not by what they say of themselves. */

const BRANDS: readonly (readonly [string, (value: object) => unknown])[] = [
  ['Map', (value) => Reflect.get(Map.prototype, 'size', value)],
  ['Set', (value) => Reflect.get(Set.prototype, 'size', value)],
  ['Date', (value) => Date.prototype.getTime.call(value)],
  ['ArrayBuffer', (value) => Reflect.get(ArrayBuffer.prototype, 'byteLength', value)],
  ['SharedArrayBuffer', (value) => Reflect.get(SharedArrayBuffer.prototype, 'byteLength', value)],
]

/** Return the name of the built-in class, or undefined for an object of any other class, also of one derived from it. */
export function brandOf(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object
  const above = Object.getPrototypeOf(prototype) as object | null
  if (above === null) return Object.hasOwn(prototype, 'isPrototypeOf') ? 'Object' : undefined
  if (Object.getPrototypeOf(above) !== null) return undefined
  if (Array.isArray(value)) return 'Array'
  return BRANDS.find(([, use]) => succeeds(use, value))?.[0]
}

function succeeds(use: (value: object) => unknown, value: object): boolean {
  try {
    use(value)
    return true
  } catch {
    return false
  }
}
