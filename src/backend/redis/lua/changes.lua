
-- Changes: seq, action, at, and the record.

-- Calls `see` with the changes between two ids, up to a number of them at a time, until it says that it has enough.
local function each_change(from, to, count, see)
  repeat
    local page = redis.call('XRANGE', CHANGES, from, to, 'COUNT', text(count))
    for _, entry in ipairs(page) do
      if see(entry[1], entry[2], cmsgpack.unpack(entry[2][6])) then return end
      from = '(' .. entry[1]
    end
  until #page < count
end

-- Removes the changes before a number, of records with a prefix. Returns how many.
local function trim(seq, prefix)
  if prefix == '' then return redis.call('XTRIM', CHANGES, 'MINID', seq .. '-0') end
  local doomed, last = {}, seq .. '-0'
  each_change('-', last, PAGE, function(id, _, record)
    if id ~= last and starts_with(record[1], prefix) then doomed[#doomed + 1] = id end
  end)
  for _, id in ipairs(doomed) do redis.call('XDEL', CHANGES, id) end
  return #doomed
end

-- from limit type prefix
define('changes.read', function(words)
  local limit, kind, prefix = tonumber(words[3]), string.sub(words[4], 2), words[5]
  local found, bytes = {}, 0
  if limit == 0 then return found end
  local is_all = words[4] == '' and prefix == ''
  each_change(words[2] .. '-0', '+', is_all and math.min(limit, PAGE) or PAGE, function(id, fields, record)
    if (words[4] == '' or record[4] == kind) and starts_with(record[1], prefix) then
      bytes = bytes + #fields[6]
      if bytes > 2 ^ 29 then
        refuse('too-large', 'would reply with more than 512 MiB: ask for fewer values at a time')
      end
      found[#found + 1] = {string.match(id, '^%d+'), fields[2], fields[4], unpack(record, 1, 8)}
    end
    return #found >= limit
  end)
  return found
end)

define('changes.latest', function() return latest end)

-- seq prefix
define('changes.trim', function(words) return trim(words[2], words[3]) end)

-- seq: later numbers are greater.
define('changes.advance', function(words)
  if tonumber(latest) < tonumber(words[2]) then
    drawn = math.max(drawn + 1, words[2])
    latest = text(drawn)
  end
  return redis.status_reply('OK')
end)
