-- Forget the last program of a run that has failed, if it is still the last, and the steps of it that run once.
-- KEYS: run, log, once (§15.2)
-- ARGV[1] its number   ARGV[2…] slots
local found = redis.call('HMGET', KEYS[1], 'recorded', 'state')
if found[1] ~= ARGV[1] or found[2] ~= 'failed' then
  return 0
end
local last = redis.call('XRANGE', KEYS[2], ARGV[1] .. '-0', ARGV[1] .. '-0')[1]
if last then
  redis.call('HINCRBY', KEYS[1], 'octets', -#last[2][4] - #last[2][6])
end
redis.call('XDEL', KEYS[2], ARGV[1] .. '-0')
for index = 2, #ARGV do
  redis.call('HDEL', KEYS[3], ARGV[index])
end
-- The stream does not take a number twice: it is made anew, up to here.
local entries = redis.call('XRANGE', KEYS[2], '-', '+')
redis.call('DEL', KEYS[2])
for _, entry in ipairs(entries) do
  redis.call('XADD', KEYS[2], entry[1], unpack(entry[2]))
end
redis.call('HDEL', KEYS[1], 'tail')
redis.call('HSET', KEYS[1], 'recorded', ARGV[1] - 1, 'state', 'open')
return 1
