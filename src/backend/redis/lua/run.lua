
-- Checks, and runs the commands. Answers nothing when a check does not hold; 0 when so many records have expired that
-- this script has only removed some of them: it is to be run again; otherwise for each command 1 and its answer, 0 and its
-- error, or 2 and the bases that its patches need (records.lua).

if prepare() then return 0 end

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
  if type(answer) == 'table' and answer.bases then
    answers[#answers + 1] = {2, answer.bases}
  else
    answers[#answers + 1] = {done and 1 or 0, done and exact(words, answer) or (not done and answer)}
  end
end
return answers
