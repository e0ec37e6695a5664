// Stock Celery from the best possible Node client: the task is pushed in one command, and one subscription
// brings every result with its value, so nothing is polled.
import { Redis } from 'ioredis'

const QUEUE = 'bench'
const META = 'celery-task-meta-'
const PREFIX = 'direct-' // of ids, so that the subscription brings no other client's results

function message(id, args) {
  return JSON.stringify({
    body: JSON.stringify([args, {}, {}]),
    'content-type': 'application/json',
    'content-encoding': 'utf-8',
    headers: { task: 'bench.add', id },
    properties: { delivery_tag: id, delivery_info: { exchange: '', routing_key: QUEUE } },
  })
}

export async function open(url) {
  const [sender, receiver] = [new Redis(url), new Redis(url)]
  const pending = new Map()
  let ids = 0
  receiver.on('pmessage', (pattern, channel, text) => {
    const id = channel.slice(META.length)
    pending.get(id)(JSON.parse(text).result)
    pending.delete(id)
  })
  await receiver.psubscribe(`${META}${PREFIX}*`)
  const run = (i) =>
    new Promise((resolve, reject) => {
      const id = `${PREFIX}${++ids}`
      pending.set(id, resolve)
      sender.lpush(QUEUE, message(id, [i, 1])).catch(reject)
    })
  await run(0) // waits until the worker is up
  return {
    calls: { add: { run, right: (sum, i) => sum === i + 1 } },
    close: () => [sender, receiver].forEach((redis) => redis.disconnect()),
  }
}
