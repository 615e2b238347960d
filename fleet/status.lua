-- What is known of a cabinet, at one moment: a row of kind, name, number, and how long it lasts for each field of the
-- hash, and for each waiter (kind "w"). The number of a lease and of a waiter is its age.
--
-- KEYS  those of script.lua

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local rows = {}
local function row(kind, name, number, ends)
  if kind == 'l' or kind == 'w' then number = now - number end
  rows[#rows + 1] = {kind, name, number, ends - now}
end

local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local kind, name = string.match(fields[i], '^(%a):(.+)$')
  local number, ends = string.match(fields[i + 1], '^(%d-) ?(%d+)$')
  if kind and ends then row(kind, name, tonumber(number) or now, tonumber(ends)) end
end
local ends = {}
local seen = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for i = 1, #seen, 2 do ends[seen[i]] = seen[i + 1] end
local queue = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for i = 1, #queue, 2 do
  row('w', queue[i], math.floor(queue[i + 1] / 1000), ends[queue[i]] or now)
end
return rows
