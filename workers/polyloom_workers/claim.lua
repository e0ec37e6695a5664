-- Takes the next item off the first list that has one, and keeps it as taken, in one step.
-- KEYS: the hash of what is taken, the sorted set of its times, the lists in the order in which they are looked at
-- ARGV: a tag for what is taken, then for each list what follows the item in its entry
-- Returns the number of the list, from 1, the item, and the number of a list that has more, or of that one; nothing where all lists are empty, or where the tag is taken: a client of
-- Redis may ask twice, and what it did not hear of is put back in time.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  return false
end
for list = 1, #KEYS - 2 do
  local key = KEYS[list + 2]
  local item = redis.call('LINDEX', key, -1)
  if item then
    local now = redis.call('TIME')
    redis.call('HSET', KEYS[1], ARGV[1], '[' .. item .. ARGV[list + 1]) -- first, since a full server refuses it
    redis.call('ZADD', KEYS[2], now[1] + now[2] / 1000000, ARGV[1])
    redis.call('RPOP', key)
    for other = list, #KEYS - 2 do
      if redis.call('EXISTS', KEYS[other + 2]) == 1 then
        return {list, item, other}
      end
    end
    return {list, item, list}
  end
end
return false
