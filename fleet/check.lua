-- Tries the commands of script.lua one by one, as the error of a script does not name the command that was refused. The
-- answer has the name and the error of each refused command. Messages are tried without a script.
--
-- KEYS  1 a hash and 2 a sorted set that hold nothing

local hash, set = KEYS[1], KEYS[2]
local refused = {}

local function try(command, ...)
  local said = redis.pcall(command, ...)
  if type(said) == 'table' and said.err then
    refused[#refused + 1] = command
    refused[#refused + 1] = said.err
  end
end

try('HSET', hash, 'check', '1') -- the first one: too little memory refuses nothing to a script that has written
try('PEXPIRE', hash, 1000)
try('HGETALL', hash)
try('HDEL', hash, 'check')
try('ZADD', set, 1, 'check')
redis.pcall('PEXPIRE', set, 1000) -- for a user without the right to ZREM
try('ZCARD', set)
try('ZRANGE', set, 0, -1)
try('ZRANGEBYSCORE', set, 0, 0)
try('ZREM', set, 'check')
try('TIME')
return refused
