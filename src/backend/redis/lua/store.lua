
-- What all commands on records, changes, consumers, locks and tasks share: their numbers, their clock, the change stream,
-- and the expiry of records. Things are kept as their fields in the order of replies, all texts, `false` for a missing one.
-- Meanings and messages are those of engine/records.

local STATE = '{omnikv}:state' -- drawn, latest: the last number, and that of the last change; ahead: see load
local RECORDS = '{omnikv}:records' -- by key
local ORDER = '{omnikv}:order' -- the keys of records
local DEADLINES = '{omnikv}:deadlines' -- the keys of records that expire
local CHANGES = '{omnikv}:changes' -- a stream

local PAGE = 1000

-- A number as text. Lua itself would write a large one with an exponent.
local function text(number)
  return string.format('%.0f', number)
end

local function refuse(kind, message)
  error({err = 'ERR ' .. kind .. ': ' .. message}, 0)
end

local now, drawn, latest
-- The changes of the command under way, and how to undo what it has done.
local added, steps
-- For each key, which mutation of the command under way wrote it; and what its patches have yet to be told.
local writers, bases

local function begin()
  added, steps, writers, bases = {}, {}, {}, {}
end

-- `ahead`, in milliseconds, moves the clock. It exists for tests.
local function load()
  local state = redis.call('HMGET', STATE, 'drawn', 'latest', 'ahead')
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000) + (state[3] or 0)
  drawn, latest = tonumber(state[1] or 0), state[2] or '0'
  begin()
end

-- One sequence numbers changes, stamps, fencing tokens and the ids of tasks.
local function draw()
  drawn = drawn + 1
  return text(drawn)
end

local function add(seq, action, moment, record)
  added[#added + 1] = {seq .. '-0', 'action', action, 'at', moment, 'record', cmsgpack.pack(record)}
  latest = seq
end

local function save()
  redis.call('HSET', STATE, 'drawn', text(drawn), 'latest', latest)
  for _, change in ipairs(added) do redis.call('XADD', CHANGES, unpack(change)) end
  begin()
end

-- The moment that many milliseconds from now.
local function later(milliseconds)
  return text(math.min(now + milliseconds, 2 ^ 53))
end

-- `+` and milliseconds from now, or `@` and a moment.
local function moment_of(expiry)
  local number = string.sub(expiry, 2)
  if string.sub(expiry, 1, 1) == '@' then return number end
  if now + number >= 2 ^ 63 then refuse('invalid-argument', '(expiry) is too far in the future') end
  return text(now + number)
end

local function starts_with(whole, prefix)
  return string.sub(whole, 1, #prefix) == prefix
end

local function read(hash, key)
  local packed = redis.call('HGET', hash, key)
  return packed and cmsgpack.unpack(packed)
end

-- Things by their keys, `false` for one that is missing.
local function read_many(hash, keys)
  local things, bytes = {}, 0
  for first = 1, #keys, PAGE do
    local last = math.min(first + PAGE - 1, #keys)
    for index, packed in ipairs(redis.call('HMGET', hash, unpack(keys, first, last))) do
      bytes = bytes + (packed and #packed or 0)
      things[first + index - 1] = packed and cmsgpack.unpack(packed)
    end
    if bytes > 2 ^ 29 then
      refuse('too-large', 'would reply with more than 512 MiB: ask for fewer values at a time')
    end
  end
  return things
end

-- Replaces a record by another, or by none, without a change.
local function place(key, old, record)
  if record then
    redis.call('HSET', RECORDS, key, cmsgpack.pack(record))
    if not old then redis.call('ZADD', ORDER, 0, key) end
  else
    redis.call('HDEL', RECORDS, key)
    redis.call('ZREM', ORDER, key)
  end
  if record and record[7] then
    redis.call('ZADD', DEADLINES, record[7], key)
  elseif old and old[7] then
    redis.call('ZREM', DEADLINES, key)
  end
  steps[#steps + 1] = function() place(key, record, old) end
end

-- Removes a record, at its deadline unless another moment is given. Returns how many there were.
local function remove(key, moment)
  local old = read(RECORDS, key)
  if not old then return 0 end
  place(key, old, nil)
  add(draw(), 'delete', moment or old[7], old)
  writers[key] = nil
  return 1
end

-- Removes the records that expired first, a page of them. Tells whether there may be more.
local function expire()
  local due = redis.call('ZRANGEBYSCORE', DEADLINES, '-inf', text(now), 'LIMIT', 0, PAGE)
  for _, key in ipairs(due) do remove(key) end
  if #due > 0 then save() end
  return #due == PAGE
end

prepare = function()
  load()
  return expire()
end

-- Defines a command. What it has done is undone if it fails.
local function define(name, run)
  own[name] = function(words)
    load()
    -- What the commands before this one have let expire.
    repeat until not expire()
    local before = drawn
    local done, answer = pcall(function()
      local answer = run(words)
      if #bases > 0 then return {bases = bases} end
      if drawn > before then save() end
      return answer
    end)
    if not done or #bases > 0 then
      local undone = steps
      for index = #undone, 1, -1 do undone[index]() end
    end
    if not done then error(answer, 0) end
    return answer
  end
end
