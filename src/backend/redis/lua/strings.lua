
-- Commands on plain keys.

-- key value [EXPECT old] [expiry]
function own.COMPAREANDSET(words)
  local key, expected, set = words[2], false, {'SET', words[2], words[3]}
  local index = 4
  while words[index] do
    if words[index] == 'EXPECT' then
      expected = words[index + 1]
      index = index + 2
    else
      if words[index] ~= 'PERSIST' then set[#set + 1] = words[index] end
      index = index + 1
    end
  end
  if redis.call('GET', key) ~= expected then return 0 end
  redis.call(unpack(set))
  return 1
end

-- key expected
function own.COMPAREANDDELETE(words)
  if redis.call('GET', words[2]) ~= words[3] then return 0 end
  return redis.call('DEL', words[2])
end

-- n key value ... [NX] [expiry]
function own.MSETEX(words)
  local last = 2 + 2 * words[2]
  local options, missing = {}, false
  for index = last + 1, #words do
    if words[index] == 'NX' then missing = true
    elseif words[index] ~= 'PERSIST' then options[#options + 1] = words[index] end
  end
  if missing then
    for index = 3, last, 2 do
      if redis.call('EXISTS', words[index]) == 1 then return 0 end
    end
  end
  for index = 3, last, 2 do
    redis.call('SET', words[index], words[index + 1], unpack(options))
  end
  if missing then return 1 end
  return redis.status_reply('OK')
end

-- The numbers of records go on where they were.
function own.FLUSHDB()
  local state = redis.call('HGETALL', '{omnikv}:state')
  redis.call('FLUSHDB')
  if #state > 0 then redis.call('HSET', '{omnikv}:state', unpack(state)) end
  return redis.status_reply('OK')
end

-- key member [WITHSCORE], which Redis has since 7.2
local function rank(words)
  local found = redis.call(words[1], words[2], words[3])
  if not found or not words[4] then return found end
  return {found, redis.call('ZSCORE', words[2], words[3])}
end
own.ZRANK = rank
own.ZREVRANK = rank
