-- Runs commands as one: those of Redis, and those of ours that are not in Redis, if every checked key still holds its value.
-- KEYS: the checked keys first, then those of the commands.
-- ARGV: how many checks there are; for each `1` and the expected value, or `0`: the key must not exist; then the commands,
-- each as the number of its words and the words.
-- Answers nothing when a check does not hold; otherwise for each command 1 and its answer, or 0 and its error.

local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

local own = {}

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

-- Lua's numbers are doubles: a sum that they cannot hold is read as text.
local function exact(words, answer)
  if type(answer) ~= 'number' or math.abs(answer) < 2 ^ 53 then return answer end
  if words[1] == 'HINCRBY' then return redis.call('HGET', words[2], words[3]) end
  if string.find(words[1], '^INCR') or string.find(words[1], '^DECR') then return redis.call('GET', words[2]) end
  return answer
end

for index = 1, tonumber(take()) do
  local expected = take() == '1' and take()
  if redis.pcall('TYPE', KEYS[index]).ok ~= (expected and 'string' or 'none') then return false end
  if redis.call('GET', KEYS[index]) ~= expected then return false end
end

local answers = {}
while at < #ARGV do
  local words = {}
  for index = 1, tonumber(take()) do words[index] = take() end
  local run = own[words[1]]
  local done, answer
  if run then
    done, answer = pcall(run, words)
  else
    done, answer = true, redis.pcall(unpack(words))
  end
  if type(answer) == 'table' and answer.err then
    done, answer = false, answer.err
  elseif not done then
    answer = tostring(answer)
  end
  answers[#answers + 1] = {done and 1 or 0, done and exact(words, answer) or (not done and answer)}
end
return answers
