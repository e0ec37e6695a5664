-- Enter a worker with the end of its lease, by the server's clock, and drop those whose lease ended long ago.
-- KEYS[1] workers: sorted set, worker id by end of lease (ms of server time)
-- ARGV[1] worker id   ARGV[2] lease (ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 10 * ARGV[2])
return now
