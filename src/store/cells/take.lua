-- Takes from several cells at once: from all of them, or from none.
--
-- The cell of a rate is its arrival time in microseconds, by the clock of the store; where there is none, it is full.
-- The cell of a budget is the counters of one window, as in tell.lua.
--
-- KEYS      the cells; in a cluster all of one hash tag
-- ARGV      for each cell six: milliseconds to keep it, how many to take, then
--           of a rate    how many a full cell has, microseconds in which one is given back, 0, 0
--           of a budget  how much there is, 0, how much one call may overdraw to, microseconds until the window ends
--
-- Returns {0, arrival, ahead, arrival, ahead, ...} with microseconds by which each arrival time is ahead of the clock, or of
-- a budget 0 and what is used; or {place of the cell that makes wait longest, microseconds to wait}.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local values, longest, place = {}, 0, 0

for at = 1, #KEYS do
  local first = at * 6 - 5
  local cost, amount, interval = tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])
  local wait
  if interval > 0 then
    values[at] = math.max(tonumber(redis.call('GET', KEYS[at]) or 0), now) + cost * interval
    wait = values[at] - now - amount * interval
  else
    local used = tonumber(redis.call('HGET', KEYS[at], 'used') or 0)
    values[at] = used + cost
    local fits = cost == 0 or values[at] <= amount or (used < amount and values[at] <= tonumber(ARGV[first + 4]))
    wait = fits and 0 or math.max(1, tonumber(ARGV[first + 5]))
  end
  if wait > longest then longest, place = wait, at end
end

if place > 0 then return { place, math.ceil(longest) } end

local answer = { 0 }
for at = 1, #KEYS do
  local first, value = at * 6 - 5, string.format('%.0f', values[at])
  if tonumber(ARGV[first + 3]) > 0 then
    redis.call('SET', KEYS[at], value, 'PX', ARGV[first])
    answer[at * 2], answer[at * 2 + 1] = values[at], values[at] - now
  else
    redis.call('HSET', KEYS[at], 'used', value)
    redis.call('PEXPIRE', KEYS[at], ARGV[first])
    answer[at * 2], answer[at * 2 + 1] = 0, values[at]
  end
end
return answer
