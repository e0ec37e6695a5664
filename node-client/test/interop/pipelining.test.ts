import assert from 'node:assert/strict'

import { ValueRefused, item, iterate, kw, map, op } from '../../src/index.js'
import { define, onEveryHost, raised, traffic } from './hosts.js'
import { refused } from './probe.js'

onEveryHost((check) => {
  check('I91 what one tick asks for travels in one message, and dependent ops need one round trip', async ({ $py }) => {
    const { index, add } = $py('operator')
    const side = await traffic(async () => {
      assert.deepEqual(await Promise.all([1, 2, 3].map((x) => index(x))), [1, 2, 3])
    })
    assert.equal(side.programs, 1)
    const chain = await traffic(async () => {
      let sum = index(0)
      for (let n = 1; n <= 50; n++) sum = add(sum, n)
      assert.equal(await sum, 1275)
    })
    assert.equal(chain.programs, 1)
  })

  check('I92 what nobody awaits is not transferred', async ({ $py }) => {
    const { bytes, len } = $py('builtins')
    const { replied } = await traffic(async () => {
      const big = bytes(1 << 20)
      assert.equal(await len(big), 1 << 20)
    })
    assert.ok(replied < 1_000, `${replied} bytes`)
  })

  check('I93 a path through plain data works as through a live object', async ({ $py }) => {
    const { dict, str } = $py('builtins')
    assert.equal(
      await dict(kw({ a: 1 }))
        .items()
        .__len__(),
      1,
    )
    const text = str('abc')
    assert.equal(await text, 'abc')
    assert.equal(await text.upper(), 'ABC')
    const data = dict(kw({ rows: [{ name: 'x' }] }))
    assert.deepEqual(await data, { rows: [{ name: 'x' }] })
    assert.equal(await item(item(item(data, 'rows'), 0), 'name')['upper'](), 'X')
  })

  check('I94 map over a remote list is one round trip', async ({ $py }) => {
    const words = $py('builtins').list(['b', 'aa', 'ccc'])
    const { len } = $py('builtins')
    const { programs } = await traffic(async () => {
      const mapped = map(words, (word: any) => ({ word: word.upper(), size: len(word), more: op('+', word, '!') }))
      assert.deepEqual(await mapped, [
        { word: 'B', size: 1, more: 'b!' },
        { word: 'AA', size: 2, more: 'aa!' },
        { word: 'CCC', size: 3, more: 'ccc!' },
      ])
    })
    assert.equal(programs, 1)
    assert.deepEqual(await map($py('builtins').range(3), () => 'same'), ['same', 'same', 'same'])
    const table = $py('builtins').list([[1, 2], [3]])
    const squares: any = map(table, (row: any) => map(row, (x: any) => op('*', x, x)))
    assert.deepEqual(await squares, [[1, 4], [9]])
    assert.equal(await squares.__len__(), 2)
  })

  check('I94 the first item that fails rejects the map, with its op', async ({ $py }) => {
    const { seen, note } = define($py, 'seen = []\ndef note(x):\n    seen.append(x)\n    return 1 / x')
    await assert.rejects(
      async () => map($py('builtins').list([2, 0, 1]), (x) => note(x)),
      (error) => raised('ZeroDivisionError')(error) && /note/.test((error as { op: string }).op),
    )
    assert.deepEqual(await seen, [2, 0])
  })

  check('I94 what an item is cannot be asked while the callback runs', async ({ $py }) => {
    const xs = $py('builtins').range(3)
    assert.throws(() => map(xs, (x: any) => (x > 1 ? 1 : 2)), /stands for every item of a map/)
    assert.throws(() => map(xs, (x: any) => `${x}`), /stands for every item of a map/)
    assert.throws(() => map(xs, async (x: any) => (await x) as unknown), /synchronous/)
    assert.deepEqual(await xs, await $py('builtins').range(3))
  })

  check('I94 what a callback may not return is refused with its place', async ({ $py }) => {
    const xs = $py('builtins').range(3)
    await refused(() => map(xs, (x) => ({ x, y: [Symbol()] })), ValueRefused, '$.value.y[0]', /symbol/)
    assert.deepEqual(await map(xs, (x) => ({ x })), [{ x: 0 }, { x: 1 }, { x: 2 }])
  })

  check('I95 what does not depend on a failure resolves', async ({ $py }) => {
    const { index, truediv } = $py('operator')
    const before = index(1)
    const failing = truediv(1, 0)
    const after = index(2)
    const outcomes = await Promise.allSettled([before, failing, after, index(failing)])
    assert.deepEqual(
      outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.type)),
      [1, 'ZeroDivisionError', 2, 'ZeroDivisionError'],
    )
    const rows = iterate(truediv(1, 0))
    await assert.rejects(rows.next(), raised('ZeroDivisionError'))
  })
})
