-- Take a worker off the list: no client is placed there any more. What was reserved there is free.
-- Objects that it shares are free to be shared anew.
-- KEYS: workers, load, labels, placed (of this worker), names (§8.1)
-- ARGV[1] worker id
local worker = ARGV[1]
redis.call('ZREM', KEYS[1], worker)
redis.call('ZREM', KEYS[2], worker)
redis.call('HDEL', KEYS[3], worker)
redis.call('DEL', KEYS[4])
local names = redis.call('HGETALL', KEYS[5])
for index = 1, #names, 2 do
  if names[index + 1] == worker then
    redis.call('HDEL', KEYS[5], names[index])
  end
end
return redis.status_reply('OK')
