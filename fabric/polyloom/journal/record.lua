-- Add a program and its reply to the log, if this worker still owns it. A second time changes nothing.
-- KEYS: run, log (§15.2)
-- ARGV[1] worker   ARGV[2] epoch   ARGV[3] number of the program   ARGV[4] its frame   ARGV[5] that of the reply
-- Gives the server's time (ms) at which it was recorded, first time or not.
local owner = redis.call('HMGET', KEYS[1], 'worker', 'epoch', 'recorded')
if owner[1] ~= ARGV[1] or owner[2] ~= ARGV[2] then
  return redis.error_reply('MOVED_RUN ' .. (owner[1] or ''))
end
if tonumber(ARGV[3]) <= tonumber(owner[3]) then
  local entry = redis.call('XRANGE', KEYS[2], ARGV[3] .. '-0', ARGV[3] .. '-0')[1]
  return entry and tonumber(entry[2][2]) or 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('XADD', KEYS[2], ARGV[3] .. '-0', 't', now, 'p', ARGV[4], 'r', ARGV[5])
redis.call('HDEL', KEYS[1], 'tail')
redis.call('HSET', KEYS[1], 'recorded', ARGV[3], 'updated', now)
redis.call('HINCRBY', KEYS[1], 'octets', #ARGV[4] + #ARGV[5])
return now
