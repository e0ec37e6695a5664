-- Enter a worker, or renew its lease, by the server's clock, and say its load and labels to those who place clients.
-- Workers whose lease ended long ago are dropped, and reservations of this one that have ended. Gives the ids of those dropped.
-- KEYS: workers, load, labels, placed (of this worker), names (§8.1)
-- ARGV[1] worker id   ARGV[2] lease (ms)   ARGV[3] load   ARGV[4] labels, separated by spaces
-- ARGV[5…] clients that have said hello: the load counts them, so their reservations end
local worker, lease = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now) -- first: a full server lets a script go on that has written
redis.call('ZADD', KEYS[1], now + lease, worker)
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[3], worker, ARGV[4])
end
for index = 5, #ARGV do
  redis.call('ZREM', KEYS[4], ARGV[index])
end
redis.call('ZADD', KEYS[2], ARGV[3] + redis.call('ZCARD', KEYS[4]), worker)
local gone, dropped = {}, {}
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - 10 * lease)) do
  gone[dead] = true
  table.insert(dropped, dead)
  redis.call('ZREM', KEYS[1], dead)
  redis.call('ZREM', KEYS[2], dead)
  redis.call('HDEL', KEYS[3], dead)
end
if next(gone) then
  local names = redis.call('HGETALL', KEYS[5])
  for index = 1, #names, 2 do
    if gone[names[index + 1]] then
      redis.call('HDEL', KEYS[5], names[index])
    end
  end
end
return dropped
