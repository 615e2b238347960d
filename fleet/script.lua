-- The limits of one cabinet, as all its processes see them. It runs as a whole or not at all.
--
-- KEYS  1 hash: "l:<lease>" = when it ends; "q:<operation>" = "<remaining> <end of the window>"
--       2 sorted set: the leases that are waited for, by arrival
--       3 sorted set: the same, by when they are forgotten unless asked for again
-- ARGV  verb, deadline, duration of a lease, prefix of channels, "1" if all subscribers can be counted here; then of
--       acquire: lease
--       tell:    n, n leases that have ended, m, m leases whose requests run, any number of (operation, remaining, end)
-- A lease is named "<process>.<number>.<operation>". Times are milliseconds of this server's clock. The answer is a
-- word, the time, and what the word needs: granted, when the lease ends; shut, how long; queued, how long the
-- shortest lease lasts.

local hash, queue, seen = KEYS[1], KEYS[2], KEYS[3]
local verb, deadline, duration = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local channels, countable = ARGV[4], ARGV[5] == '1'

local parallel = 4             -- requests of a cabinet at once
local patience = 3000          -- a waiter who does not ask for so long is forgotten
local unheard = 3000           -- a lease given to a process that may be gone lasts so long, unless it is renewed
local same_window = 20000      -- the ends that answers tell of one window differ by less
local longest_window = 86400000
local page = 64

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function answer(word, more) return {word, now, more or 0} end

local function operation_of(lease) return string.match(lease, '[^.]+$') end

local function process_of(lease) return string.match(lease, '^[^.]+') end

local leases, running, total, windows = {}, {}, 0, {}

local function count(lease, ends)
  local operation = operation_of(lease)
  local by = (ends and 1 or 0) - (leases[lease] and 1 or 0)
  running[operation] = (running[operation] or 0) + by
  total = total + by
  leases[lease] = ends
end

local function read()
  local fields, over = redis.call('HGETALL', hash), {}
  for i = 1, #fields, 2 do
    local kind, name = string.match(fields[i], '^(%a):(.+)$')
    local first, last = string.match(fields[i + 1], '^(%d+) ?(%d*)$')
    if kind == 'l' and tonumber(first) > now then
      count(name, tonumber(first))
    elseif kind == 'q' and tonumber(last) > now then
      windows[name] = {remaining = tonumber(first), ends = tonumber(last)}
    else
      over[#over + 1] = fields[i]
    end
  end
  if #over > 0 then redis.call('HDEL', hash, unpack(over)) end
end

local function forget_waiters()
  local gone = redis.call('ZRANGEBYSCORE', seen, '-inf', now, 'LIMIT', 0, page)
  if #gone > 0 then
    redis.call('ZREM', queue, unpack(gone))
    redis.call('ZREM', seen, unpack(gone))
  end
end

-- keep lets the hash live as long as the longest of what is in it.
local function keep()
  local last = now
  for _, ends in pairs(leases) do last = math.max(last, ends) end
  for _, window in pairs(windows) do last = math.max(last, window.ends) end
  if last > now then redis.call('PEXPIRE', hash, last - now) end
end

local function hold(lease, for_so_long)
  count(lease, now + for_so_long)
  redis.call('HSET', hash, 'l:' .. lease, string.format('%d', now + for_so_long))
end

local function leave_queue(lease)
  redis.call('ZREM', queue, lease)
  redis.call('ZREM', seen, lease)
end

-- Requests that run may be counted in what remains or not yet, so there has to be more left than run.
local function open(operation)
  local window = windows[operation]
  return not window or window.remaining > (running[operation] or 0)
end

local function shut(operation)
  local window = windows[operation]
  return window and window.remaining <= 0
end

local function give(lease, for_so_long)
  hold(lease, for_so_long)
  leave_queue(lease)
  redis.call('PUBLISH', channels .. process_of(lease), '+ ' .. lease .. ' ' .. string.format('%d', leases[lease]))
end

-- A process that was killed has no connection any more, so nobody listens to its channel. A cluster counts only those
-- who listen at this node.
local listens = {}
local function heard(lease)
  local process = process_of(lease)
  if listens[process] == nil then
    local subscribers = countable and redis.pcall('PUBSUB', 'NUMSUB', channels .. process)
    listens[process] = (subscribers and tonumber(subscribers[2]) or 0) > 0
  end
  return listens[process]
end

-- pump gives free slots to who waits, in the order of their arrival. Who waits for an operation whose window has no
-- room is passed by, and keeps the place. So is who may be gone, as long as somebody else waits.
local function pump(asking)
  local from, unsure = 0, {}
  while total < parallel do
    local waiting = redis.call('ZRANGE', queue, from, from + page - 1)
    if #waiting == 0 then break end
    from = from + #waiting
    for _, lease in ipairs(waiting) do
      if total >= parallel then break end
      if not open(operation_of(lease)) then
        -- passed by
      elseif lease == asking then
        hold(lease, duration)
        leave_queue(lease)
        from = from - 1
      elseif heard(lease) then
        give(lease, duration)
        from = from - 1
      else
        unsure[#unsure + 1] = lease
      end
    end
  end
  for _, lease in ipairs(unsure) do
    if total < parallel and open(operation_of(lease)) then give(lease, unheard) end
  end
end

-- call_back lets everybody who waits for an operation ask again.
local function call_back(operation)
  local called = {}
  for _, lease in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    local process = process_of(lease)
    if operation_of(lease) == operation and not called[process] then
      called[process] = true
      redis.call('PUBLISH', channels .. process, '! ' .. hash .. ' ' .. operation)
    end
  end
end

-- learn takes in what an answer said of a window. Answers overtake each other, and within a window the quota only
-- falls, so the lowest figure holds, and the earliest end. An older window changes nothing.
local function learn(operation, remaining, ends)
  local window = windows[operation]
  if ends <= now or ends - now > longest_window then return end
  if window and ends < window.ends - same_window then return end
  local was_shut = shut(operation)
  if window and ends <= window.ends + same_window then
    remaining, ends = math.min(remaining, window.remaining), math.min(ends, window.ends)
  end
  windows[operation] = {remaining = remaining, ends = ends}
  redis.call('HSET', hash, 'q:' .. operation, string.format('%d %d', remaining, ends))
  if shut(operation) and not was_shut then call_back(operation) end
end

-- next_end is how long the shortest lease lasts, if nobody renews it or gives it back; 0 if there is none.
local function next_end()
  local first
  for _, ends in pairs(leases) do first = math.min(first or ends, ends) end
  return first and first - now or 0
end

local function acquire(lease)
  local operation = operation_of(lease)
  if leases[lease] then -- it was given before, and the answer was lost
    hold(lease, duration)
  elseif shut(operation) then
    leave_queue(lease)
    return answer('shut', windows[operation].ends - now)
  elseif total < parallel and open(operation) and redis.call('ZCARD', queue) == 0 then
    hold(lease, duration)
  else
    redis.call('ZADD', queue, 'NX', clock[1] * 1000000 + clock[2], lease)
    redis.call('ZADD', seen, now + patience, lease)
    redis.call('PEXPIRE', queue, patience)
    redis.call('PEXPIRE', seen, patience)
    pump(lease)
  end
  keep()
  if leases[lease] then return answer('granted', leases[lease]) end
  return answer('queued', next_end())
end

local function tell(gone, held, rest)
  for i = gone[1], gone[2] do
    if leases[ARGV[i]] then
      count(ARGV[i], nil)
      redis.call('HDEL', hash, 'l:' .. ARGV[i])
    end
    leave_queue(ARGV[i])
  end
  for i = held[1], held[2] do
    hold(ARGV[i], duration)
    leave_queue(ARGV[i])
  end
  for i = rest, #ARGV, 3 do learn(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])) end
  pump()
  keep()
  return answer('told')
end

-- A command may lie in the socket of a server that stands still, and be read after its sender has given it up. A
-- deadline of 0 comes from who does not know this clock yet.
if deadline == 0 then return answer('late') end
if verb == 'acquire' then
  if now > deadline then return answer('late') end
  read()
  forget_waiters()
  return acquire(ARGV[6])
end
local gone = {7, 6 + ARGV[6]}
local held = {gone[2] + 2, gone[2] + 1 + ARGV[gone[2] + 1]}
if now > deadline and held[2] >= held[1] then return answer('late') end
read()
forget_waiters()
return tell(gone, held, held[2] + 1)
