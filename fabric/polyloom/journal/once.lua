-- Note that a step which must run once begins, or what it came to, if this worker still owns the log.
-- KEYS: run, once (§15.2)
-- ARGV[1] worker   ARGV[2] epoch   ARGV[3] slot   ARGV[4] outcome; empty: it begins
-- Gives what was there before, or nil.
local owner = redis.call('HMGET', KEYS[1], 'worker', 'epoch')
if owner[1] ~= ARGV[1] or owner[2] ~= ARGV[2] then
  return redis.error_reply('MOVED_RUN ' .. (owner[1] or ''))
end
local before = redis.call('HGET', KEYS[2], ARGV[3])
if not before or ARGV[4] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
  redis.call('HINCRBY', KEYS[1], 'octets', #ARGV[4])
end
return before
