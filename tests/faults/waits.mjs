/** A client that asks for one thing, waits for it, and says what it came to: nothing else makes it send a frame. */

import { connect } from '../../node-client/dist/index.js'

const [url, name, leaseMs] = process.argv.slice(2)
const loom = await connect(url, { leaseMs: Number(leaseMs) })
const session = loom.session(name ? { durable: name } : {})
const { sleep } = await session.$py('time')
await sleep(0)
const waited = (async () => {
  try {
    await sleep(0.5)
    return 'value'
  } catch (error) {
    return error.code
  }
})()
await new Promise((resolve) => setTimeout(resolve, 100)) // it is on its way, and runs
process.stdout.write('asked\n')
process.stdout.write(`${await waited}\n`)
await loom.close()
