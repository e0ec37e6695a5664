// BullMQ, from Node to Node: the worker, one process.
import { Worker } from 'bullmq'

export function connection(url) {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null }
}

if (process.argv[1] === import.meta.filename) {
  new Worker('bench', async ({ data: [a, b] }) => a + b, { connection: connection(process.argv[2]), concurrency: 100 })
}
