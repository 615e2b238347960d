-- The limits of one cabinet, as all its processes see them.
--
-- KEYS  1 hash: "l:<lease>" = "<when it was granted> <when it ends>";
--         "q:<operation>" = "<remaining> <end of the window>";
--         "b:busy" = "<slots taken away> <when all are back>"; "s:<slots>" = "<slots> <until when it allows no more>";
--         "f:forget" = "<when the cabinet was forgotten> <until when that is kept>"
--       2 sorted set: the leases that are waited for, by arrival
--       3 sorted set: the same, by when they are forgotten unless they are asked for again
-- ARGV  verb, deadline, duration of a new lease, duration of a renewed lease, prefix of channels, "1" if this server
--       knows all subscribers, slots that this process allows; then of
--       acquire: lease
--       forget:  nothing
--       tell:    JSON, {"ended": [lease], "running": [lease], "windows": {operation: {"remaining": n, "ends": time}},
--                "busy": true if the Market refused a request because too many ran at once,
--                "known": the last forget that the process knew when it learned that}
-- A lease is named "<process>.<number>.<operation>". Times are milliseconds of this server's clock. The answer is a
-- word, the time, how long the lease that was granted or the window that is shut lasts, why a message was refused, and
-- when the cabinet was last forgotten.

local hash, queue, seen = KEYS[1], KEYS[2], KEYS[3]
local verb, deadline, new, renewed = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local channels, countable, own, news = ARGV[5], ARGV[6] == '1', tonumber(ARGV[7]), ARGV[8]

local parallel = 4             -- requests of a cabinet at once
local own_lasts = 60000        -- what a process allows holds for so long
local busy_again = 250         -- no more than one slot is taken away in this time
local busy_lasts = 2000        -- a slot that was taken away is back after this time
local patience = 3000          -- a waiter that does not ask for so long is forgotten
local same_window = 1800000    -- the ends that answers name for one window differ by less
local longest_window = 3660000  -- a window has an hour

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local refusal = '' -- why a message was refused
local forgotten = 0

local function answer(word, ends) return {word, now, ends and ends - now or 0, refusal, forgotten} end

local function operation_of(lease) return string.match(lease, '[^.]+$') end

local function process_of(lease) return string.match(lease, '^[^.]+') end

-- publish sends a message. One that is refused stops nothing half-way: its receiver asks again by itself.
local function publish(process, text)
  local said = redis.pcall('PUBLISH', channels .. process, text)
  if type(said) == 'table' then refusal = said.err end
end

local leases, granted, running, total, windows = {}, {}, {}, 0, {}
local allowed, busy, last = parallel, {taken = 0, ends = 0}, now

local function count(lease, ends)
  local operation = operation_of(lease)
  local by = (ends and 1 or 0) - (leases[lease] and 1 or 0)
  running[operation] = (running[operation] or 0) + by
  total = total + by
  leases[lease] = ends
end

local function leave_queue(lease)
  redis.call('ZREM', queue, lease)
  redis.call('ZREM', seen, lease)
end

-- put stores a field of the hash. keep lets the hash live as long as the longest of what was read or put.
local function put(field, number, ends)
  redis.call('HSET', hash, field, string.format('%d %d', number, ends))
  last = math.max(last, ends)
end

local function keep()
  if last > now then redis.call('PEXPIRE', hash, last - now) end
end

-- read takes in what is stored, and deletes what has ended.
local function read()
  local fields = redis.call('HGETALL', hash)
  for i = 1, #fields, 2 do
    local kind, name = string.match(fields[i], '^(%a):(.+)$')
    local number, ends = string.match(fields[i + 1], '^(%d-) ?(%d+)$')
    number, ends = tonumber(number), tonumber(ends)
    if not kind or not ends or ends <= now then
      redis.call('HDEL', hash, fields[i])
    else
      last = math.max(last, ends)
      if kind == 'l' then
        count(name, ends)
        granted[name] = number
      end
      if kind == 'q' then windows[name] = {remaining = number, ends = ends} end
      if kind == 'b' then busy = {taken = number, ends = ends} end
      if kind == 'f' then forgotten = number end
      if kind == 's' then allowed = math.min(allowed, number) end
    end
  end
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now)) do leave_queue(lease) end
  if own < parallel then
    allowed = math.min(allowed, own)
    put('s:' .. own, own, now + own_lasts)
  end
end

local function hold(lease, duration)
  count(lease, now + duration)
  granted[lease] = granted[lease] or now
  put('l:' .. lease, granted[lease], now + duration)
  leave_queue(lease)
end

local function hand_over(lease)
  hold(lease, new)
  publish(process_of(lease), '+ ' .. hash .. ' ' .. lease .. ' ' .. string.format('%d', leases[lease]))
end

-- taken counts the slots that are away: one of them comes back every busy_lasts.
local function taken() return math.max(math.ceil((busy.ends - now) / busy_lasts), 0) end

local function full() return total >= math.max(allowed - taken(), 1) end

-- lower takes a slot away: another program uses the cabinet, and leaves less than 4 to the fleet.
local function lower()
  local lowered = busy.ends - busy.taken * busy_lasts -- when the last slot was taken away
  if now - lowered < busy_again then return end
  local more = math.min(taken() + 1, allowed - 1)
  busy = {taken = more, ends = now + more * busy_lasts}
  if more > 0 then put('b:busy', more, busy.ends) end
end

-- The answers of the requests that run may be in what remains or not yet, so more has to remain than run.
local function open(operation)
  local window = windows[operation]
  return not window or window.remaining > (running[operation] or 0)
end

local function shut(operation)
  local window = windows[operation]
  return window and window.remaining <= 0
end

-- subscribed tells whether the process of a lease is alive: one that was killed has no connection any more. A node of
-- a cluster knows its own subscribers alone, and takes every process for dead.
local subscriptions = {}
local function subscribed(lease)
  local process = process_of(lease)
  if subscriptions[process] == nil then
    local subscribers = countable and redis.pcall('PUBSUB', 'NUMSUB', channels .. process)
    subscriptions[process] = (subscribers and tonumber(subscribers[2]) or 0) > 0
  end
  return subscriptions[process]
end

-- pump hands free slots to waiters in the order of their arrival. A waiter whose window has no room keeps its place,
-- and others pass it. The waiters of dead processes come last.
local function pump(asking)
  if full() then return end
  local dead = {}
  for _, lease in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    if full() then return end
    if open(operation_of(lease)) then
      if lease == asking then
        hold(lease, new)
      elseif subscribed(lease) then
        hand_over(lease)
      else
        dead[#dead + 1] = lease
      end
    end
  end
  for _, lease in ipairs(dead) do
    if not full() and open(operation_of(lease)) then hand_over(lease) end
  end
end

-- call_back lets all waiters of an operation ask again.
local function call_back(operation)
  local called = {}
  for _, lease in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    if operation_of(lease) == operation and not called[process_of(lease)] then
      called[process_of(lease)] = true
      publish(process_of(lease), '! ' .. hash .. ' ' .. operation)
    end
  end
end

-- narrow takes in what an answer said of a window, as wrapper.Quota.Narrow does: answers overtake each other, and
-- within a window the quota only falls, so the lowest figure holds, and the earliest end. An older window changes
-- nothing.
local function narrow(operation, remaining, ends)
  local window = windows[operation]
  if ends <= now or ends - now > longest_window then return end
  if window and ends <= window.ends - same_window then return end
  local was_shut = shut(operation)
  if window and ends < window.ends + same_window then
    remaining, ends = math.min(remaining, window.remaining), math.min(ends, window.ends)
  end
  windows[operation] = {remaining = remaining, ends = ends}
  put('q:' .. operation, remaining, ends)
  if shut(operation) and not was_shut then call_back(operation) end
end

local function acquire(lease)
  local operation = operation_of(lease)
  if leases[lease] then -- it was granted before, and the answer was lost
    hold(lease, new)
  elseif shut(operation) then
    leave_queue(lease)
    return answer('shut', windows[operation].ends)
  elseif not full() and open(operation) and redis.call('ZCARD', queue) == 0 then
    hold(lease, new)
  else
    redis.call('ZADD', queue, 'NX', clock[1] * 1000000 + clock[2], lease)
    redis.call('ZADD', seen, now + patience, lease)
    redis.call('PEXPIRE', queue, patience)
    redis.call('PEXPIRE', seen, patience)
    pump(lease)
  end
  keep()
  if leases[lease] then return answer('granted', leases[lease]) end
  return answer('queued')
end

local function tell(ended, held, said, refused, known)
  for _, lease in ipairs(ended) do
    count(lease, nil)
    redis.call('HDEL', hash, 'l:' .. lease)
    leave_queue(lease)
  end
  for _, lease in ipairs(held) do hold(lease, renewed) end
  if known >= forgotten then
    for operation, window in pairs(said) do narrow(operation, window.remaining, window.ends) end
    if refused then lower() end
  end
  pump()
  keep()
  return answer('done')
end

-- forget drops the windows, the waiters, and what made the cabinet busy. A lease lasts no longer than a new one, unless
-- its process, which hears of this, renews it: so the leases of processes that are gone end soon, and no slot is taken
-- twice meanwhile.
local function forget()
  for operation in pairs(windows) do redis.call('HDEL', hash, 'q:' .. operation) end
  redis.call('HDEL', hash, 'b:busy')
  for _, lease in ipairs(redis.call('ZRANGE', queue, 0, -1)) do leave_queue(lease) end
  for lease, ends in pairs(leases) do hold(lease, math.min(ends - now, new)) end
  forgotten = math.max(now, forgotten + 1) -- a second forget in one millisecond is another one
  put('f:forget', forgotten, now + longest_window)
  keep()
  publish('all', '~ ' .. hash .. ' ' .. string.format('%d', forgotten))
  return answer('done')
end

-- A command may lie in the socket of a server that stands still, and be read when its sender waits no more: nothing is
-- granted or renewed after its deadline. A deadline of 0 comes from a process that does not know this clock yet.
local late = deadline == 0 or now > deadline
if verb == 'acquire' then
  if late then return answer('late') end
  read()
  return acquire(news)
end
if verb == 'forget' then
  if late then return answer('late') end
  read()
  return forget()
end
news = cjson.decode(news)
if deadline == 0 or late and news.running then return answer('late') end
read()
return tell(news.ended or {}, news.running or {}, news.windows or {}, news.busy, news.known or 0)
