
-- Records: key, version, stamp, type, created, updated, deadline, value.

local function check_version(old, expected)
  if expected == '-1' or expected == (old and old[2] or '0') then return end
  local found = old and 'the record has version ' .. old[2] or 'there is no such record'
  refuse('conflict', '(version) does not match: ' .. found)
end

-- name key version form value base type expiry. The form of a value: `=` as it is, `!` the text of an error instead, `?`
-- the patch has still to be applied. Patches are applied by the client, which has to know their base: what the key holds
-- then. A base is named by the record's stamp, or by `#` and the mutation that wrote it. If a patch has another base than
-- it was applied to, nothing is done, and the answer tells the bases instead.
local function write(words, number)
  local key, form, value, kind, expiry = words[2], words[4], words[5], words[7], words[8]
  local is_patch = words[1] == 'records.patch'
  local old = read(RECORDS, key)
  check_version(old, words[3])
  if form == '!' then error({err = value}, 0) end
  if is_patch then
    local base = writers[key] or old and old[3] or ''
    if form == '?' or words[6] ~= base then
      bases[#bases + 1] = {text(number), base, not writers[key] and old and old[8]}
    end
  end
  local deadline = false
  if expiry == 'keep' then
    deadline = old and old[7]
  elseif expiry ~= '' then
    deadline = moment_of(expiry)
  end
  if kind ~= '' then
    kind = string.sub(kind, 2)
  else
    kind = is_patch and old and old[4]
  end
  local record = {
    key, text(old and old[2] + 1 or 1), draw(), kind,
    old and old[5] or text(now), text(now), deadline, value,
  }
  place(key, old, record)
  add(record[3], old and 'update' or 'create', record[6], record)
  writers[key] = '#' .. text(number)
  return record
end

-- low high offset limit; the bounds are those of ZRANGEBYLEX.
local function keys_within(words)
  return redis.call('ZRANGEBYLEX', ORDER, words[2], words[3], 'LIMIT', words[4], words[5])
end

-- The records of a type: low high offset limit type
local function of_type(words)
  local low, high, kind = words[2], words[3], string.sub(words[6], 2)
  local offset, limit = tonumber(words[4]), tonumber(words[5])
  local found = {}
  repeat
    local keys = redis.call('ZRANGEBYLEX', ORDER, low, high, 'LIMIT', 0, PAGE)
    for _, record in ipairs(read_many(RECORDS, keys)) do
      if record and record[4] == kind then
        if offset > 0 then
          offset = offset - 1
        elseif limit < 0 or #found < limit then
          found[#found + 1] = record
        end
      end
    end
    low = '(' .. (keys[#keys] or '')
  until #keys < PAGE or #found == limit
  return found
end

local function delete(keys, first)
  local count = 0
  for index = first, #keys do count = count + remove(keys[index], text(now)) end
  return count
end

define('records.put', function(words) return {unpack(write(words, 0), 1, 7)} end)

define('records.patch', function(words) return {unpack(write(words, 0), 1, 7)} end)

define('records.get', function(words) return read(RECORDS, words[2]) end)

local MISSING = {false, false, false, false, false, false, false, false}

define('records.get-many', function(words)
  table.remove(words, 1)
  local found = read_many(RECORDS, words)
  for index, record in ipairs(found) do found[index] = record or MISSING end
  return found
end)

-- low high offset limit type
define('records.list', function(words)
  if words[6] ~= '' then return of_type(words) end
  return read_many(RECORDS, keys_within(words))
end)

define('records.count', function(words)
  if words[6] ~= '' then return #of_type(words) end
  return redis.call('ZLEXCOUNT', ORDER, words[2], words[3])
end)

-- name key version form value created updated type expiry: a record that does not exist, as it was elsewhere.
local function restore(words, number)
  local key, kind, expiry = words[2], words[8], words[9]
  if read(RECORDS, key) then refuse('conflict', '(key) expects one that no record has') end
  if words[4] == '!' then error({err = words[5]}, 0) end
  local record = {
    key, words[3], false, kind ~= '' and string.sub(kind, 2), words[6], words[7],
    expiry ~= '' and moment_of(expiry), words[5],
  }
  record[3] = draw()
  place(key, false, record)
  add(record[3], 'create', text(now), record)
  writers[key] = '#' .. text(number)
  return record
end

define('records.restore', function(words) return {unpack(restore(words, 0), 1, 7)} end)

local mutations = {['records.put'] = write, ['records.patch'] = write, ['records.restore'] = restore}

mutations['records.delete'] = function(words) return delete(words, 2) end

-- low high offset limit
mutations['records.delete-range'] = function(words) return delete(keys_within(words), 1) end

define('records.delete', mutations['records.delete'])
define('records.delete-range', mutations['records.delete-range'])

mutations['records.delete-prefix'] = mutations['records.delete-range']
define('records.delete-prefix', mutations['records.delete-prefix'])
