// What live handles cost the worker, and what is left in its table when all were given back.
import { connect, release } from '../../node-client/dist/index.js'
import { first } from './polyloom.mjs'

const BATCH = 5_000 // calls in one tick
const NAME = 'polyloom_bench_handles'

// The objects exist before their handles do, so what grows is the bridge's share alone.
const SOURCE = `
import gc, os
from polyloom.table import Table

def fill(count):
    global source
    source = iter([object() for _ in range(count)])

def take():
    return next(source)

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def entries():
    tables = [one for one in gc.get_objects() if type(one) is Table and any(value is take for value in list(one.objects.values()))]
    return sum(len(part) for one in tables for part in (one.objects, one._identities, one._shared, one.late_errors))
`

async function probe($py) {
  const module = await $py('types').ModuleType(NAME)
  await $py('builtins').exec(SOURCE, module.__dict__)
  await $py('sys').modules.__setitem__(NAME, module)
}

async function taken(take, count) {
  const held = []
  while (held.length < count) held.push(...(await Promise.all(Array.from({ length: BATCH }, () => take()))))
  return held
}

export async function open(url) {
  const [loom, watcher] = [await first(() => connect(url)), await first(() => connect(url))]
  await probe(watcher.$py)
  const take = await loom.$py(NAME).take
  const { fill, resident, entries } = watcher.$py(NAME)

  // Bytes for one handle, from the growth of the process between `count` handles and four times as many.
  async function size(count) {
    await fill(4 * count)
    const held = await taken(take, count)
    const before = await resident()
    const more = await taken(take, 3 * count)
    const after = await resident()
    for (const one of [...held, ...more]) release(one)
    return (after - before) / (3 * count)
  }

  async function left(count) {
    const before = await entries()
    await fill(count)
    for (const one of await taken(take, count)) release(one)
    return (await entries()) - before
  }

  return {
    calls: { size: { run: size }, left: { run: left } },
    close: () => Promise.all([loom.close(), watcher.close()]),
  }
}
