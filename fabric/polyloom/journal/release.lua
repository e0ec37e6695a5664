-- Let go of a log, if this worker owns it: the next one need not wait for its lease to end.
-- KEYS: run (§15.2)
-- ARGV[1] worker   ARGV[2] epoch   ARGV[3] state   ARGV[4] what the client took after its last program, or empty
local owner = redis.call('HMGET', KEYS[1], 'worker', 'epoch')
if owner[1] ~= ARGV[1] or owner[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'worker', '', 'state', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'tail', ARGV[4])
end
return 1
