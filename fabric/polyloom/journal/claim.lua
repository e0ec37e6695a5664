-- Make a worker the one that may write the log of a durable session, in place of the owner that it has seen there.
-- KEYS: run (§15.2)
-- ARGV[1] worker   ARGV[2] the owner seen, or empty   ARGV[3] its epoch   ARGV[4] seed for a new log   ARGV[5…] fields and values
-- Gives owner, epoch, seed, started (ms), recorded, tail; of another owner where somebody was faster.
local owner, epoch = redis.call('HGET', KEYS[1], 'worker') or '', tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
if owner == ARGV[2] and epoch == tonumber(ARGV[3]) then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  owner, epoch = ARGV[1], epoch + 1
  redis.call('HSETNX', KEYS[1], 'seed', ARGV[4])
  redis.call('HSETNX', KEYS[1], 'started', now)
  redis.call('HSETNX', KEYS[1], 'recorded', 0)
  redis.call('HSET', KEYS[1], 'worker', owner, 'epoch', epoch, 'state', 'open', 'updated', now)
  for index = 5, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
  end
end
local found = redis.call('HMGET', KEYS[1], 'seed', 'started', 'recorded', 'tail')
return {owner, epoch, found[1] or '', found[2] or '0', found[3] or '0', found[4] or ''}
