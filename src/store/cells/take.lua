-- Takes from several cells at once: from all of them, or from none.
--
-- A cell is its arrival time in microseconds, by the clock of the store; where there is none, it is full.
--
-- KEYS      the cells; in a cluster all of one hash tag
-- ARGV      for each cell: microseconds in which one is given back, how many a full cell has, how many to
--           take, milliseconds to keep it
--
-- Returns {0, arrival, arrival, ...}, or {place of the cell that makes wait longest, microseconds to wait}.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local arrivals, longest, place = {}, 0, 0

for at = 1, #KEYS do
  local interval, burst, cost = tonumber(ARGV[at * 4 - 3]), tonumber(ARGV[at * 4 - 2]), tonumber(ARGV[at * 4 - 1])
  local arrival = math.max(tonumber(redis.call('GET', KEYS[at]) or 0), now) + cost * interval
  local wait = arrival - now - burst * interval
  if wait > longest then longest, place = wait, at end
  arrivals[at] = arrival
end

if place > 0 then return { place, math.ceil(longest) } end

local answer = { 0 }
for at = 1, #KEYS do
  redis.call('SET', KEYS[at], string.format('%.0f', arrivals[at]), 'PX', ARGV[at * 4])
  answer[at + 1] = arrivals[at]
end
return answer
