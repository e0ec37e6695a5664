// The floor on Redis: LPUSH a request, BRPOP the answer, on two connections. Nothing is decoded on the far side.
import { Redis } from 'ioredis'

export async function open(url) {
  const [sender, receiver] = [new Redis(url), new Redis(url)]
  const pending = new Map()
  let closing = false
  const receive = async () => {
    for (;;) {
      const [, text] = await receiver.brpop('echo:replies', 0)
      const { id, args } = JSON.parse(text)
      pending.get(id)(args)
      pending.delete(id)
    }
  }
  receive().catch((error) => {
    if (!closing) throw error
  })
  const run = (i) =>
    new Promise((resolve, reject) => {
      pending.set(i, resolve)
      sender.lpush('echo:requests', JSON.stringify({ id: i, args: [i, 1] })).catch(reject)
    })
  const right = (args, i) => args[0] === i
  const close = () => {
    closing = true
    for (const redis of [sender, receiver]) redis.disconnect()
  }
  return { calls: { add: { run, right } }, close }
}
