-- Enter a shared name for a worker, unless another live worker has it, by the server's clock. Gives the worker that has it then.
-- KEYS: workers, names (§8.1)
-- ARGV[1] name   ARGV[2] worker id
local name, worker = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder = redis.call('HGET', KEYS[2], name)
if holder and holder ~= worker then
  local ends = redis.call('ZSCORE', KEYS[1], holder)
  if ends and tonumber(ends) > now then
    return holder
  end
end
redis.call('HSET', KEYS[2], name, worker)
return worker
