// BullMQ, from Node to Node: the client. Results come by the stream of queue events.
import { Queue, QueueEvents } from 'bullmq'
import { connection } from './bullmq-worker.mjs'

export async function open(url) {
  const queue = new Queue('bench', { connection: connection(url) })
  const events = new QueueEvents('bench', { connection: connection(url) })
  await events.waitUntilReady()
  const run = async (i) => (await queue.add('add', [i, 1], { removeOnComplete: { count: 10_000 } })).waitUntilFinished(events)
  return {
    calls: { add: { run, right: (sum, i) => sum === i + 1 } },
    close: () => Promise.all([queue.close(), events.close()]),
  }
}
