import assert from 'node:assert/strict'

import { isRemote, iterate } from '../../src/index.js'
import { onEveryHost } from './hosts.js'

const DEFINE = `
import asyncio

async def later(x, seconds):
    await asyncio.sleep(seconds)
    return x

async def broken():
    await asyncio.sleep(0)
    raise LookupError("not there")

gates = {}

async def wait(name):
    gates.setdefault(name, asyncio.Event())
    await gates[name].wait()
    return name

async def start(name):
    return asyncio.ensure_future(wait(name))

async def open(name):
    gates.setdefault(name, asyncio.Event()).set()

log = []

async def count(n):
    try:
        for i in range(n):
            await asyncio.sleep(0)
            yield i
    finally:
        log.append(n)
`

onEveryHost((check) => {
  const define = ($py: any): any => {
    const names = $py('types').SimpleNamespace()
    void $py('builtins').exec(DEFINE, names.__dict__)
    return names
  }

  check('E58 async def is awaited on the worker; what it raises rejects', async ({ $py }) => {
    const names = define($py)
    assert.equal(await names.later('done', 0.01), 'done')
    assert.deepEqual(await $py('builtins').list(names.later([3, 4], 0)), [3, 4])
    await assert.rejects(async () => await names.broken(), { type: 'LookupError' })
  })

  check('E58 coroutines of one session run side by side, whenever they were asked for', async ({ $py }) => {
    const names = define($py)
    const first = Promise.resolve(names.wait('a'))
    assert.equal(await $py('math').floor(2.5), 2) // another tick, another program: it is answered first
    assert.equal(await names.open('a'), null)
    assert.equal(await first, 'a')
    const both = await Promise.all([names.wait('b'), names.open('b')])
    assert.deepEqual(both, ['b', null])
  })

  check('E59 a task is an object, which wait_for waits for', async ({ $py }) => {
    const names = define($py)
    const task: any = await names.start('t')
    assert.equal(isRemote(task), true)
    assert.equal(await task.done(), false)
    const [waited] = await Promise.all([$py('asyncio').wait_for(task, null), names.open('t')])
    assert.deepEqual([waited, await task.result()], ['t', 't'])
  })

  check('E59 asynchronous generators stream, and end when they are left', async ({ $py }) => {
    const names = define($py)
    const seen = []
    for await (const item of iterate(names.count(5), { chunk: 2 })) seen.push(item)
    assert.deepEqual(seen, [0, 1, 2, 3, 4])
    for await (const item of names.count(7)) if (item === 1) break
    assert.deepEqual(await names.log, [5, 7])
  })
})
