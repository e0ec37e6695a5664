-- Give the shared names of live workers, by the server's clock: name, worker id, name, worker id …
-- KEYS: workers, names (§8.1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local live = {}
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do
  live[worker] = true
end
local found, all = {}, redis.call('HGETALL', KEYS[2])
for index = 1, #all, 2 do
  if live[all[index + 1]] then
    table.insert(found, all[index])
    table.insert(found, all[index + 1])
  end
end
return found
