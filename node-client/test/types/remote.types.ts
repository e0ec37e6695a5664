/** What the compiler must accept and refuse; `tsc` is the test: an expected error that does not come is one. */

import { connect, expose, iterate, kw, opts, type Live, type Remote } from '../../src/index.js'

/** Take values that are here for their types. */
function use(...values: unknown[]): unknown {
  return values
}

interface Point {
  readonly x: number
  scaled(by: number): Point
  name(prefix: string, suffix?: string): string
}

interface Geometry {
  readonly origin: Point
  Point(x: number, y: number): Point
  distance(a: Point, b: Point): number
}

export async function typed(): Promise<void> {
  const { $py } = await connect()
  const geometry = $py<Geometry>('geometry')
  const point: Remote<Point> = geometry.Point(1, 2)

  // Await gives data as its value, and a live object as itself, which is no promise any more.
  const x: number = await point.x
  const name: string = await point.scaled(2).name('p')
  const live: Live<Point> = await point
  const far: number = await geometry.distance(
    live,
    geometry.origin.scaled(3),
    kw({ exact: true }),
    opts({ timeout: 5 }),
  )
  use(x, name, far)
  // @ts-expect-error -- a number is no text
  const wrong: string = await point.x
  // @ts-expect-error -- an awaited live object has no `then`
  use(live.then)

  // Names and arguments are those of the interface.
  // @ts-expect-error -- there is no such name
  use(point.z)
  // @ts-expect-error -- of the wrong type
  void point.scaled('2')
  // @ts-expect-error -- one is missing
  void geometry.Point(1)
  // @ts-expect-error -- a module is no function
  void geometry()
  use(wrong)
}

export async function untyped(): Promise<void> {
  const { $py } = await connect()
  const np: Remote = $py('numpy')
  const anything: Promise<string> = (async () => (await np['zeros']([2])['sum']()) as string)()
  for await (const row of iterate<[string, number]>(np)) {
    const [first]: [string, number] = row
    // @ts-expect-error -- the second is a number
    const second: string = row[1]
    use(first, second)
  }
  // @ts-expect-error -- what is no Remote cannot be iterated
  iterate(5)
  // @ts-expect-error -- options have these names only
  opts({ timout: 5 })
  use(anything)
}

interface Listener {
  heard(event: Point, loud: boolean): number
}

interface Events {
  sort(xs: number[], key?: (x: number) => number): number[]
  each(run: (at: Point, index: number) => void): void
  either(key: ((x: string) => boolean) | null): string[]
  listen(listener: Listener): void
}

export async function callbacks(): Promise<void> {
  const { $py } = await connect()
  const events = $py<Events>('events')
  const key = $py<{ readonly abs: (x: number) => number }>('operator').abs

  // A function may answer at once, later, or with what stays in Python; a function of Python is one as well.
  const sorted: number[] = await events.sort([1], (x) => -x)
  await events.sort([1], async (x) => Promise.resolve(-x))
  await events.sort([1], (x) => key(x))
  await events.sort([1], key)
  await events.either((text) => text === '')
  await events.either(null)
  // @ts-expect-error -- of the wrong type
  void events.sort([1], (x) => String(x))
  // @ts-expect-error -- so is what it takes
  void events.sort([1], (x: string) => x.length)
  // @ts-expect-error -- a number is no function
  void events.sort([1], 5)

  // What is no data comes to it as a live object.
  await events.each(async (at, index) => {
    const live: Live<Point> = at
    const x: number = await at.x
    use(live, x, index + 1)
  })

  // An object that is exposed has the members of the interface; they may answer later.
  class Ear {
    async heard(event: Live<Point>, loud: boolean): Promise<number> {
      return loud ? await event.x : 0
    }
  }
  await events.listen(expose(new Ear()))
  // @ts-expect-error -- it has no such method
  void events.listen(expose(new Date()))
  // @ts-expect-error -- members are named by texts
  expose(new Ear(), { members: [1] })
  use(sorted)
}
