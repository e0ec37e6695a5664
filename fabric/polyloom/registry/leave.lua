-- Take a worker off the list: no client is placed there any more. What was reserved there is free.
-- KEYS: workers, load, labels, placed (§8.1)
-- ARGV[1] worker id
local worker = ARGV[1]
redis.call('ZREM', KEYS[1], worker)
redis.call('HDEL', KEYS[2], worker)
redis.call('HDEL', KEYS[3], worker)
for _, one in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
  if string.sub(one, 1, #worker + 1) == worker .. '/' then
    redis.call('ZREM', KEYS[4], one)
  end
end
return redis.status_reply('OK')
