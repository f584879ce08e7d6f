-- Hears what one replica let through on credit, and lends it more of one cell.
--
-- KEYS[1]   the cell, as in take.lua
-- ARGV      microseconds in which one is given back, how many a full cell has, milliseconds to keep it, how many
--           went through, microseconds since the first of them, how many are wanted
--
-- Returns {how many are lent, microseconds until there is one more, arrival time, microseconds until then}.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local debt, ago, want = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local tolerance = burst * interval
local arrival = tonumber(redis.call('GET', KEYS[1]) or 0)

-- A debt counts from when it was made, so that what the cell has got back since is not counted as missing. More
-- than a whole cell is never owed beyond an empty one: a replica that is wrong cannot close a limit for long.
if debt > 0 then
  local owed = math.max(arrival, now - ago) + debt * interval
  arrival = math.max(arrival, math.min(owed, now + 2 * tolerance))
end

local start = math.max(arrival, now)
local lent = math.max(0, math.min(want, math.floor((now + tolerance - start) / interval)))
if lent > 0 then arrival = start + lent * interval end
if debt > 0 or lent > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', ARGV[3])
end

local wait = math.max(arrival, now) + interval - now - tolerance
return { lent, math.max(0, math.ceil(wait)), arrival, math.max(0, arrival - now) }
