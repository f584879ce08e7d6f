-- Hears what one replica has spent of a budget in one window, and how much it may hold.
--
-- KEYS[1]   the window's counters: `used`; for each replica its last word: which purse, the number of the word, what
--           it had spent, what it held; and `hearsay`: what is used besides, and until when that holds
-- ARGV      how much there is, milliseconds to keep the window, the replica, which purse, the number of the word, what
--           it has spent since that purse was made, how much it wants to hold, what the others had used when it
--           last heard of them (0 if it has not been away), milliseconds for which that holds
--
-- Returns {how much it holds, how much all have spent or hold}.
--
-- All that a replica says is a total, so that a word may be lost, said twice or forgotten. A word that comes after a
-- later one says nothing. What a purse that is gone has spent stays counted; what it held does not.

-- A store that has forgotten the window hears of it from one replica after the other. What the first of them knew of the
-- others counts as used until they have said it themselves.

local key, name = KEYS[1], ARGV[3]
local amount, purse, number = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5])
local own, want, others = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local counters = redis.call('HMGET', key, 'used', 'replica:' .. name, 'hearsay')
local used, known, hearsay, till = tonumber(counters[1] or 0), counters[2], 0, 0
if counters[3] then
  local count, last = string.match(counters[3], '(%d+) (%d+)')
  if now < tonumber(last) then hearsay, till = tonumber(count), tonumber(last) end
end

if known then
  local known_purse, known_number, known_own, held = string.match(known, '(%d+) (%d+) (-?%d+) (%d+)')
  if number <= tonumber(known_number) then return { tonumber(held), used + hearsay } end
  used = used - tonumber(held)
  if tonumber(known_purse) == purse then used = used - tonumber(known_own) end
else
  hearsay = math.max(0, hearsay - math.max(0, own))
end
if others - used > hearsay then
  hearsay, till = others - used, now + tonumber(ARGV[9])
end

used = math.max(0, used + own)
local held = math.max(0, math.min(want, amount - used - hearsay))
used = used + held
redis.call('HSET', key, 'used', string.format('%.0f', used),
  'replica:' .. name, string.format('%.0f %.0f %.0f %.0f', purse, number, own, held))
if hearsay > 0 then
  redis.call('HSET', key, 'hearsay', string.format('%.0f %.0f', hearsay, till))
elseif counters[3] then
  redis.call('HDEL', key, 'hearsay')
end
redis.call('PEXPIRE', key, ARGV[2])
return { held, used + hearsay }
