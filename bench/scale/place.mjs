// Places clients as `connect` does, without talking to the workers: `place.mjs URL TIMES`.
import { Redis } from '../../node-client/node_modules/ioredis/built/index.js'
import { newId } from '../../node-client/dist/handle.js'
import { Keys } from '../../node-client/dist/keys.js'
import { findWorker } from '../../node-client/dist/transport/registry.js'

const RESERVED_MS = 600_000

const [url, times] = process.argv.slice(2)
const redis = new Redis(url)
const keys = new Keys('polyloom:')
for (let i = 0; i < Number(times); i++) await findWorker(redis, keys, newId(), {}, RESERVED_MS)
redis.disconnect()
