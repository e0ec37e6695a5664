// celery-node: its results are polled, every 500 ms by default; here as often as suits it best.
import celery from 'celery-node'

const PATIENCE_MS = 60_000

export async function open(url, pollMs) {
  const client = celery.createClient(url, url, 'bench')
  const add = client.createTask('bench.add')
  const run = (i) => add.applyAsync([i, 1]).get(PATIENCE_MS, Number(pollMs))
  await run(0) // waits until the worker is up
  return { calls: { add: { run, right: (sum, i) => sum === i + 1 } }, close: () => client.disconnect() }
}
