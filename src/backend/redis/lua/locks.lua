
-- Locks and consumers. A lock: owner, token, acquired, until.

local LOCKS = {'{omnikv}:locks', '{omnikv}:lock-ends'} -- by name, and the names in the order of their ends
local HOLDERS = {'{omnikv}:holders', '{omnikv}:holder-ends'} -- those of consumers
local CONSUMERS = '{omnikv}:consumers' -- positions by name

-- The lock, if it is held.
local function held(locks, name)
  local lock = read(locks[1], name)
  return lock and tonumber(lock[4]) > now and lock
end

local function drop(locks, name)
  redis.call('HDEL', locks[1], name)
  redis.call('ZREM', locks[2], name)
end

-- name owner milliseconds. Returns the token.
local function acquire(locks, words)
  local name, owner = words[2], words[3]
  local lock = held(locks, name)
  if lock and lock[1] ~= owner then return false end
  if not lock then
    lock = {owner, draw(), text(now)}
    for _, ended in ipairs(redis.call('ZRANGEBYSCORE', locks[2], '-inf', text(now), 'LIMIT', 0, PAGE)) do
      drop(locks, ended)
    end
  end
  lock[4] = later(words[4])
  redis.call('HSET', locks[1], name, cmsgpack.pack(lock))
  redis.call('ZADD', locks[2], lock[4], name)
  return lock[2]
end

-- name owner
local function release(locks, words)
  local lock = held(locks, words[2])
  if not lock or lock[1] ~= words[3] then return 0 end
  drop(locks, words[2])
  return 1
end

define('locks.acquire', function(words) return acquire(LOCKS, words) end)
define('locks.release', function(words) return release(LOCKS, words) end)
define('locks.status', function(words) return held(LOCKS, words[2]) end)

define('consumers.claim', function(words) return acquire(HOLDERS, words) end)
define('consumers.release', function(words) return release(HOLDERS, words) end)

-- name seq token
define('consumers.commit', function(words)
  local lock, token = held(HOLDERS, words[2]), words[4]
  if (lock and lock[2] or '') ~= token then
    refuse('conflict', token == '' and '(token) is missing: somebody holds the consumer'
      or '(token) is not that of who holds the consumer now')
  end
  if tonumber(words[3]) > tonumber(latest) then
    refuse('invalid-argument', '(seq) expects at most ' .. latest .. ', that of the latest change')
  end
  redis.call('HSET', CONSUMERS, words[2], words[3])
  return redis.status_reply('OK')
end)

define('consumers.status', function(words)
  local lock = held(HOLDERS, words[2]) or {false, false, false, false}
  return {redis.call('HGET', CONSUMERS, words[2]) or '0', latest, unpack(lock, 1, 4)}
end)

define('consumers.delete', function(words) return redis.call('HDEL', CONSUMERS, words[2]) end)

-- prefix
define('consumers.list', function(words)
  local positions, names = {}, {}
  local all = redis.call('HGETALL', CONSUMERS)
  for index = 1, #all, 2 do
    if starts_with(all[index], words[2]) then
      names[#names + 1] = all[index]
      positions[all[index]] = all[index + 1]
    end
  end
  table.sort(names)
  local found = {}
  for index, name in ipairs(names) do found[2 * index - 1], found[2 * index] = name, positions[name] end
  return found
end)
