import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

import { ValueRefused, isRemote, keep, registerCodec, tuple, typeName } from '../../src/index.js'
import { onEveryHost } from './hosts.js'
import { ECHO, probe, refused } from './probe.js'

function installed(name: string): any {
  try {
    return createRequire(import.meta.url)(name)
  } catch {
    return undefined
  }
}

const arrow = installed('apache-arrow')

class Point {
  constructor(
    readonly x: number,
    readonly data: unknown,
  ) {}
}

const POINT = `${ECHO}
from polyloom.codec import register
class Point:
    def __init__(self, x, data): self.x, self.data = x, data
    def __repr__(self): return f'Point({self.x!r}, {self.data!r})'
def keyed(): return [{Point(1, 0): 'a', Point(2, 0): 'b'}, {Point(1, 0), Point(2, 0)}, {(Point(1, 0),): 'a', (Point(2, 0),): 'b'}]
def start(): global undo; undo = register(Point, 'probe.point', lambda p: [p.x, p.data], lambda d: Point(*d))
def stop(): undo()
def bad(): return Point(1, object())
`

/** Register the class on both sides for as long as `run` runs. */
async function registered($py: (module: string) => any, run: (probe: any) => Promise<void>): Promise<void> {
  const python = probe($py, POINT)
  await python.start()
  const undo = registerCodec('probe.point', {
    type: Point,
    encode: ({ x, data }) => [x, data],
    decode: ([x, data]: [number, unknown]) => new Point(x, data),
  })
  try {
    await run(python)
  } finally {
    undo()
    await python.stop()
  }
}

onEveryHost((check) => {
  check('C36 C43 a registered type is a value on both sides, with attachments, at any depth', async ({ $py }) => {
    await registered($py, async ({ echo, text, Point: Remote }) => {
      const sent = { a: [new Point(1.5, new Uint8Array([1, 2])), tuple(new Point(0.5, new Point(2, null)))] }
      assert.deepStrictEqual(await echo(sent), sent)
      assert.deepEqual(await text(new Point(1.5, new Uint8Array([7]))), ['probe.Point', "Point(1.5, b'\\x07')"])
      assert.deepStrictEqual(await Remote(1, 'made there'), new Point(1, 'made there'))
      const kept = await keep(Remote(1, 2))
      assert.deepEqual([isRemote(kept), await kept.x, await typeName(kept)], [true, 1, 'probe.Point'])
    })
  })

  check('C34 C36 objects of a registered type are keys and members, each by itself', async ({ $py }) => {
    await registered($py, async ({ echo, keyed }) => {
      const there = (await keyed()) as [Map<Point, string>, Set<Point>, Map<Point[], string>]
      assert.deepEqual([[...there[0].keys()].map(({ x }) => x), there[1].size, there[2].size], [[1, 2], 2, 2])
      assert.deepEqual(await echo(there), there)
    })
  })

  check('C42 what a registered type is made of is refused with its place', async ({ $py }) => {
    await registered($py, async ({ echo, bad }) => {
      await refused(() => echo({ a: new Point(1, Symbol('s')) }), ValueRefused, '$.args[0].a[0][1]', /symbol/)
      const inside = ((await bad()) as Point).data
      assert.ok(isRemote(inside), 'a live object inside is a Remote')
    })
  })

  check('C42 a type that only one side has registered is refused alone, and the session goes on', async ({ $py }) => {
    const python = probe($py, POINT)
    await python.start()
    const [unknown, fine] = await Promise.allSettled([python.Point(1, 2), python.echo(5)])
    assert.ok(unknown.status === 'rejected' && unknown.reason instanceof ValueRefused)
    assert.match(unknown.reason.message, /x:probe\.point.*registerCodec/)
    assert.deepEqual(fine, { status: 'fulfilled', value: 5 })
    assert.equal(await (await keep(python.Point(1, 2))).x, 1)
    await python.stop()
    assert.ok(isRemote(await python.Point(1, 2)))
    const undo = registerCodec('probe.point', { type: Point, encode: () => 1, decode: () => new Point(1, 1) })
    await refused(() => python.echo([new Point(1, 1)]), ValueRefused, '$.ops[0].args[0][0]', /register/)
    undo()
  })

  // The example of the documentation: neither library is a dependency.
  if (!arrow) return
  check('C36 a table of Arrow is a value, and a DataFrame', async ({ $py }) => {
    const python = probe(
      $py,
      `${ECHO}
import pandas, pyarrow, pyarrow.compute
from polyloom.codec import register
def encode(table):
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as stream: stream.write_table(table)
    return sink.getvalue().to_pybytes()
def decode(data): return pyarrow.ipc.open_stream(data).read_all()
undo = [register(pyarrow.Table, 'arrow', encode, decode), register(pandas.DataFrame, 'dataframe', lambda frame: encode(pyarrow.Table.from_pandas(frame)), lambda data: decode(data).to_pandas())]
def stop(): return [one() for one in undo]
def frames(): return [made().to_pandas()]
def same(frame): return frame.equals(made().to_pandas())
def made(): return pyarrow.table({'n': [1, 2, None], 's': ['a', 'b', 'c']})
def sum(table): return pyarrow.compute.sum(table['n']).as_py()`,
    )
    const undo = registerCodec('arrow', {
      type: arrow.Table,
      encode: (table) => arrow.tableToIPC(table, 'stream'),
      decode: (data: Uint8Array) => arrow.tableFromIPC(data),
    })
    class Frame {
      constructor(readonly table: any) {}
    }
    const undoFrame = registerCodec('dataframe', {
      type: Frame,
      encode: ({ table }) => arrow.tableToIPC(table, 'stream'),
      decode: (data: Uint8Array) => new Frame(arrow.tableFromIPC(data)),
    })
    const table: any = await python.made()
    assert.deepEqual([table.numRows, table.getChild('s').get(1)], [3, 'b'])
    assert.equal(await python.sum(table), 3)
    const [frame]: any = await python.frames()
    assert.ok(frame instanceof Frame)
    assert.deepEqual([frame.table.numRows, frame.table.getChild('s').get(1)], [3, 'b'])
    assert.equal(await python.same(frame), true)
    undo()
    undoFrame()
    await python.stop()
  })
})
