-- Take out a shared name that a worker has; one that has become another's stays.
-- KEYS: workers, names (§8.1)
-- ARGV[1] name   ARGV[2] worker id
if redis.call('HGET', KEYS[2], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[2], ARGV[1])
end
return 0
