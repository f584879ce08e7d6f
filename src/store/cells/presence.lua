-- Says that a replica is there, and how many are.
--
-- KEYS[1]   the replicas of one server, by when they were last heard
-- ARGV      the replica, milliseconds after which it counts no more

local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
