-- Takes back what was lent of one cell and not spent.
--
-- KEYS[1]   the cell, as in take.lua
-- ARGV      microseconds in which one is given back, milliseconds to keep it, how many, the arrival time that
--           the cell had after lending
--
-- While a cell is in use its arrival times lie whole intervals apart. If they do not, it has been full in
-- between, and taking back would give twice.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, count, run = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local arrival = tonumber(redis.call('GET', KEYS[1]) or 0)

if arrival <= now or math.abs(arrival - run) % interval ~= 0 then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', math.max(now, arrival - count * interval)), 'PX', ARGV[2])
return 1
