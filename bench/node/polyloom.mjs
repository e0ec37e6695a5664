// Polyloom, on whatever the url names: a fleet's worker over Redis, or a local process over stdio.
import { connect } from '../../node-client/dist/index.js'
import { ARRAY, BYTES, same } from './bulk.mjs'

const PATIENCE_MS = 30_000

// A worker that has just been started is not registered yet.
export async function first(call, deadline = Date.now() + PATIENCE_MS) {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (error.code !== 'NoWorker' || Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function greeted(url) {
  const loom = await connect(url)
  try {
    await loom.$py('operator').add(1, 1)
    return loom
  } catch (error) {
    await loom.close()
    throw error
  }
}

const is = (wanted) => ({ right: (result) => result === wanted })

function paths($py) {
  const os = $py('os')
  const { join } = os.path
  return {
    join: { run: () => join('a', 'b'), ...is('a/b') },
    'import to call': { run: () => $py('os').path.join('a', 'b'), ...is('a/b') },
    'four joins': { run: () => join(join(join(join('a', 'b'), 'c'), 'd'), 'e'), ...is('a/b/c/d/e') },
  }
}

function bulk($py) {
  const [bytes, asarray] = [$py('builtins').bytes, $py('numpy').asarray]
  return {
    bytes: { run: () => bytes(BYTES), right: (result) => same(result, BYTES) },
    array: { run: () => asarray(ARRAY), right: (result) => same(result.data, ARRAY) },
  }
}

/** One call whose function calls back once. */
function callbacks($py) {
  const { reduce } = $py('functools')
  const sum = (a, b) => a + b
  return { callback: { run: (i) => reduce(sum, [i, 1]), right: (result, i) => result === i + 1 } }
}

export async function open(url) {
  const loom = await first(() => greeted(url))
  const { add } = loom.$py('operator')
  return {
    calls: {
      add: { run: (i) => add(i, 1), right: (sum, i) => sum === i + 1 },
      ...paths(loom.$py),
      ...bulk(loom.$py),
      ...callbacks(loom.$py),
    },
    close: () => loom.close(),
  }
}
