// The floor for bulk data on Redis: SET the bytes, GET them back, one client.
import { Redis } from 'ioredis'
import { BYTES, ARRAY, asBuffer, same } from './bulk.mjs'

export async function open(url) {
  const redis = new Redis(url)
  const call = (key, bytes) => ({
    run: async () => {
      await redis.set(key, bytes)
      return redis.getBuffer(key)
    },
    right: (result) => same(result, bytes),
  })
  return {
    calls: { bytes: call('bulk:bytes', BYTES), array: call('bulk:array', asBuffer(ARRAY)) },
    close: () => redis.disconnect(),
  }
}
