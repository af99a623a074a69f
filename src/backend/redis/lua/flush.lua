
-- prefix. Removes everything on records whose key, name or id has a prefix, without changes. The numbers go on.

-- It removes expired records without changes, too.
prepare = function() return false end

local function flush_hash(hash, prefix, drop)
  for _, name in ipairs(redis.call('HKEYS', hash)) do
    if starts_with(name, prefix) then drop(name) end
  end
end

own['records.flush'] = function(words)
  local prefix = words[2]
  load()
  -- No text has a byte 255.
  for _, key in ipairs(redis.call('ZRANGEBYLEX', ORDER, '[' .. prefix, '(' .. prefix .. '\255')) do
    place(key, read(RECORDS, key), nil)
  end
  trim('18446744073709551615', prefix)
  for _, locks in ipairs({LOCKS, HOLDERS}) do
    flush_hash(locks[1], prefix, function(name) drop(locks, name) end)
  end
  flush_hash(CONSUMERS, prefix, function(name) redis.call('HDEL', CONSUMERS, name) end)
  local doomed = {}
  each_task(prefix, function(task) doomed[#doomed + 1] = task end)
  for _, task in ipairs(doomed) do remove_task(task) end
  return redis.status_reply('OK')
end
