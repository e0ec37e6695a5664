/** Finding a place on a live worker among those that have announced themselves (§8.6). */

import { setTimeout as delay } from 'node:timers/promises'

import type { Redis } from 'ioredis'

import { NoWorker, UnknownName, type LiveWorker } from '../errors.js'
import type { Keys } from '../keys.js'
import type { Wanted } from '../labels.js'

const FIRST_POLL_MS = 20
const SLOWEST_POLL_MS = 250
const SHOWN = 10 // workers that an error names

/** One step on the server, so that clients that come at once see each other. */
const PLACE = `
-- Choose the least loaded live worker that is wanted, any of those that are, and reserve a place there for a client.
-- Gives its id and labels, or an empty id and then the id and labels of each worker that lives.
-- Its cost does not grow with the number of workers, unless labels are asked for; nor with that of reservations.
-- KEYS: workers, load, labels (§8.1)
-- ARGV[1] client id   ARGV[2] reservation (ms)   ARGV[3] random number below 1   ARGV[4] id of a worker, or empty
-- ARGV[5] how the keys of reservations begin   ARGV[6…] labels
local PAGE = 250
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)) do
  redis.call('ZREM', KEYS[2], dead) -- it comes back when it renews its lease
end
local function fits(labels)
  for index = 6, #ARGV do
    if not string.find(' ' .. (labels or '') .. ' ', ' ' .. ARGV[index] .. ' ', 1, true) then
      return false
    end
  end
  return true
end
-- Calls act(worker, load, labels) in the order of loads, until it returns true.
local function each(act)
  local first = 0
  repeat
    local page = redis.call('ZRANGE', KEYS[2], first, first + PAGE - 1, 'WITHSCORES')
    local workers = {}
    for index = 1, #page, 2 do
      table.insert(workers, page[index])
    end
    local labels = #workers > 0 and redis.call('HMGET', KEYS[3], unpack(workers))
    for index, worker in ipairs(workers) do
      if act(worker, page[2 * index], labels[index] or '') then
        return
      end
    end
    first = first + PAGE
  until #workers < PAGE
end
local chosen
if ARGV[4] ~= '' then
  if redis.call('ZSCORE', KEYS[2], ARGV[4]) and fits(redis.call('HGET', KEYS[3], ARGV[4])) then
    chosen = ARGV[4]
  end
elseif #ARGV < 6 then
  local least = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
  if least then
    local skipped = math.floor(ARGV[3] * redis.call('ZCOUNT', KEYS[2], least, least))
    chosen = redis.call('ZRANGEBYSCORE', KEYS[2], least, least, 'LIMIT', skipped, 1)[1]
  end
else
  local best, least = {}, nil
  each(function(worker, load, labels)
    if fits(labels) then
      if least and load ~= least then
        return true
      end
      least = load
      table.insert(best, worker)
    end
  end)
  chosen = best[math.floor(ARGV[3] * #best) + 1]
end
if not chosen then
  local live = {''}
  each(function(worker, _, labels)
    table.insert(live, worker)
    table.insert(live, labels)
  end)
  return live
end
local placed = ARGV[5] .. chosen
redis.call('ZREMRANGEBYSCORE', placed, '-inf', now) -- first: a full server lets a script go on that has written
redis.call('ZADD', placed, now + ARGV[2], ARGV[1])
if redis.call('PTTL', placed) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', placed, ARGV[2])
end
redis.call('ZINCRBY', KEYS[2], 1, chosen)
return {chosen, redis.call('HGET', KEYS[3], chosen) or ''}
`

/** Return a worker with a place reserved for the client; NoWorker when none that is wanted appears in time. */
export async function findWorker(
  redis: Redis,
  keys: Keys,
  client: string,
  wanted: Wanted,
  timeoutMs: number,
): Promise<LiveWorker> {
  const deadline = performance.now() + timeoutMs
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(2 * pause, SLOWEST_POLL_MS)) {
    const { found, live } = await place(redis, keys, client, wanted, timeoutMs)
    if (found) return found
    // Ids are drawn anew at each start: one that is not there will never be.
    if (wanted.worker !== undefined || performance.now() + pause > deadline) throw noWorker(keys, wanted, live)
    await delay(pause)
  }
}

/** The worker that may write the log of a durable session, if it lives. */
export async function ownerOf(redis: Redis, keys: Keys, name: string): Promise<string | undefined> {
  const owner = await redis.hget(keys.run(name), 'worker')
  return owner && (await redis.exists(keys.workerLease(owner))) ? owner : undefined
}

async function place(
  redis: Redis,
  keys: Keys,
  client: string,
  { worker = '', labels = [] }: Wanted,
  timeoutMs: number,
) {
  const random = Math.random().toFixed(6).replace(/^1/, '0')
  const given = [client, Math.ceil(timeoutMs), random, worker, keys.placed(''), ...labels]
  const reply = await redis.eval(PLACE, keys.placement.length, ...keys.placement, ...given)
  const [id, ...rest] = reply as string[]
  if (id) return { found: { id, labels: words(rest[0]) }, live: [] }
  const live = rest.flatMap((one, index) => (index % 2 ? [] : [{ id: one, labels: words(rest[index + 1]) }]))
  return { found: undefined, live }
}

const HOLDER = `
-- Give the live worker that holds a shared object, or an empty id and then the names that live workers hold, a few of them.
-- KEYS: workers, names (§8.1)
-- ARGV[1] name   ARGV[2] how many names
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function lives(worker)
  local ends = redis.call('ZSCORE', KEYS[1], worker)
  return ends and tonumber(ends) > now
end
local holder = redis.call('HGET', KEYS[2], ARGV[1])
if holder and lives(holder) then
  return {holder}
end
local known, all = {''}, redis.call('HGETALL', KEYS[2])
for index = 1, #all, 2 do
  if #known > tonumber(ARGV[2]) then break end
  if lives(all[index + 1]) then
    table.insert(known, all[index])
  end
end
return known
`

/** Return the id of the live worker that holds a shared object; UnknownName names a few that there are. */
export async function findHolder(redis: Redis, keys: Keys, name: string): Promise<string> {
  const [holder, ...known] = (await redis.eval(HOLDER, keys.naming.length, ...keys.naming, name, SHOWN)) as string[]
  if (holder) return holder
  const hint = known.length ? `there are ${known.sort().join(', ')}` : 'no names are shared'
  throw new UnknownName(`nothing is shared as ${JSON.stringify(name)}`, { code: 'UnknownShared', hint })
}

function noWorker(keys: Keys, { worker, labels = [] }: Wanted, live: readonly LiveWorker[]): NoWorker {
  const asked = [worker && `the id ${worker}`, labels.length && `the labels ${labels.join(' ')}`].filter(Boolean)
  const message = asked.length ? `no live worker has ${asked.join(' and ')}` : 'no live worker is registered'
  const start = `polyloom worker --url …${labels.map((label) => ` --label ${label}`).join('')}, with the same prefix`
  const hint = live.length ? `there are ${live.slice(0, SHOWN).map(describe).join(', ')}` : `start one: ${start}`
  const more = live.length > SHOWN ? ` and ${live.length - SHOWN} more` : ''
  const error = new NoWorker(`${message} under ${keys.workers}`, { hint: hint + more })
  return Object.assign(error, { worker, labels, workers: live })
}

function describe({ id, labels }: LiveWorker): string {
  return `${id} (${labels.join(' ') || 'no labels'})`
}

function words(text = ''): string[] {
  return text.split(' ').filter(Boolean)
}
