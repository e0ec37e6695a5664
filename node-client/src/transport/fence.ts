/** What a worker whose lease ended has certainly not begun, and never will (§8.2). */

import type { Redis } from 'ioredis'

import { FIELD_CLIENT } from '../keys.js'

/** One step on the server: a worker that was only stopped may wake at any time and read on. */
const WITHDRAW = `
-- Take what a client has sent back out of an inbox, as far as the worker has not read it.
-- Gives the id of the last entry that was read, or nothing where there is no inbox.
-- KEYS: inbox (§8.1)
-- ARGV[1] client id   ARGV[2] field that holds it
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err or not groups[1] then
  return false
end
local fence
for index = 1, #groups[1], 2 do
  if groups[1][index] == 'last-delivered-id' then
    fence = groups[1][index + 1]
  end
end
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. fence, '+')) do
  local fields = entry[2]
  if fields[1] == ARGV[2] and fields[2] == ARGV[1] then
    redis.call('XDEL', KEYS[1], entry[1])
  end
end
return fence
`

/** Withdraw what a client has sent and the worker has not read; the id of the last entry that it has, if there is an inbox. */
export async function withdraw(redis: Redis, inbox: string, client: string): Promise<string | undefined> {
  const fence = await redis.eval(WITHDRAW, 1, inbox, client, FIELD_CLIENT)
  return (fence as string | null) ?? undefined
}
