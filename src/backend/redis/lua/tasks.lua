
-- Tasks: id, name, unique, payload, status, created, due, started, ended, tries, max retries, timeout, priority, error,
-- worker, token, until; and its number and its rank: the higher its priority, the lower.

local TASKS = '{omnikv}:tasks' -- by id
local CREATED = '{omnikv}:tasks-created' -- the ids in the order of their numbers
local UNIQUES = '{omnikv}:tasks-unique' -- the ids of unfinished tasks by their unique texts
-- Where tasks stand: those that are not due yet by their due time, those that are ready in their order, and those that run
-- by the end of their worker's lock.
local WAITING, READY, RUNNING = '{omnikv}:tasks-waiting', '{omnikv}:tasks-ready', '{omnikv}:tasks-running'

local FIRST_WAIT, LONGEST_WAIT = 60000, 3600000

-- The length comes first, because a name may be the prefix of another.
local function row_of(name)
  return #name .. ':' .. name
end

local function padded(number)
  return string.rep('0', 20 - #number) .. number
end

-- A task's place in its name's row: highest rank first, then the earliest due time, then the oldest. Digits only, up to
-- the id.
local DIGITS = 60
local function spot_of(task)
  return row_of(task[2]) .. padded(task[19]) .. padded(task[7]) .. padded(task[18]) .. task[1]
end

-- The name and the id in such a place.
local function named_in(spot)
  local colon = string.find(spot, ':', 1, true)
  local last = colon + string.sub(spot, 1, colon - 1)
  return string.sub(spot, colon + 1, last), string.sub(spot, last + DIGITS + 1)
end

local function put_task(task)
  redis.call('HSET', TASKS, task[1], cmsgpack.pack(task))
end

local function shown(task)
  return task and {unpack(task, 1, 17)}
end

local function remove_from_queues(task)
  local spot = spot_of(task)
  redis.call('ZREM', WAITING, spot)
  redis.call('ZREM', READY, spot)
  redis.call('ZREM', RUNNING, spot)
end

local function set_free(task)
  if task[3] and redis.call('HGET', UNIQUES, task[3]) == task[1] then redis.call('HDEL', UNIQUES, task[3]) end
end

local function end_task(task, status, message)
  task[5], task[9], task[14], task[17] = status, text(now), message, false
  put_task(task)
  set_free(task)
end

local function remove_task(task)
  remove_from_queues(task)
  set_free(task)
  redis.call('HDEL', TASKS, task[1])
  redis.call('ZREM', CREATED, task[1])
end

local function is_used_up(task)
  return task[5] == 'running' and tonumber(task[10]) > tonumber(task[11])
end

-- Makes due tasks ready, and those with wanted names whose workers' locks have ended. Of the latter, those without retries
-- left fail.
local function make_ready(wanted)
  repeat
    local due = redis.call('ZRANGEBYSCORE', WAITING, '-inf', text(now), 'LIMIT', 0, PAGE)
    for _, spot in ipairs(due) do
      redis.call('ZADD', READY, 0, spot)
      redis.call('ZREM', WAITING, spot)
    end
  until #due < PAGE
  for _, spot in ipairs(redis.call('ZRANGEBYSCORE', RUNNING, '-inf', text(now))) do
    local name, id = named_in(spot)
    if wanted[name] then
      local task = read(TASKS, id)
      if is_used_up(task) then
        end_task(task, 'failed', "the worker's lock ended")
      else
        redis.call('ZADD', READY, 0, spot)
      end
      redis.call('ZREM', RUNNING, spot)
    end
  end
end

-- Ends the task with this unique text if its worker disappeared during its last attempt.
local function end_lost(unique)
  local id = unique ~= '' and redis.call('HGET', UNIQUES, unique)
  local task = id and read(TASKS, id)
  if task and is_used_up(task) and tonumber(task[17]) <= now then make_ready({[task[2]] = true}) end
end

-- name form payload id due retries unique timeout priority rank prefix; the form is that of a record's value. Returns the
-- task, and whether it is new.
local function create(words)
  local id, unique = words[5], words[8]
  if words[3] == '!' then error({err = words[4]}, 0) end
  local known = unique ~= '' and redis.call('HGET', UNIQUES, unique)
  if known then return read(TASKS, known), false end
  if id ~= '' and redis.call('HEXISTS', TASKS, id) == 1 then
    refuse('conflict', '(id) expects one that no task has')
  end
  local due = words[6] == '' and text(now) or moment_of(words[6])
  local number = draw()
  if id == '' then
    id = words[12] .. number
    while redis.call('HEXISTS', TASKS, id) == 1 do id = words[12] .. draw() end
  end
  local task = {
    id, words[2], unique ~= '' and unique, words[4], 'pending', text(now), due, false, false, '0', words[7],
    words[9] ~= '' and words[9], words[10], false, false, false, false, number, words[11],
  }
  put_task(task)
  redis.call('ZADD', CREATED, number, id)
  if unique ~= '' then redis.call('HSET', UNIQUES, unique, id) end
  redis.call('ZADD', WAITING, due, spot_of(task))
  steps[#steps + 1] = function() remove_task(task) end
  return task, true
end

-- Calls `see` with the tasks whose ids begin with a prefix, in the order of their creation, until it says that it has enough.
local function each_task(prefix, see)
  local first = 0
  repeat
    local ids = redis.call('ZRANGE', CREATED, first, first + PAGE - 1)
    local wanted = {}
    for _, id in ipairs(ids) do
      if starts_with(id, prefix) then wanted[#wanted + 1] = id end
    end
    for _, task in ipairs(read_many(TASKS, wanted)) do
      if see(task) then return end
    end
    first = first + PAGE
  until #ids < PAGE
end

-- The task, if a worker holds it with this token.
local function held_task(id, token)
  local task = read(TASKS, id)
  return task and task[5] == 'running' and task[16] == token and task
end

define('tasks.create', function(words)
  end_lost(words[8])
  return shown((create(words)))
end)

define('tasks.get', function(words) return shown(read(TASKS, words[2])) end)

-- status name offset limit prefix
define('tasks.list', function(words)
  local status, name, offset, limit = words[2], words[3], tonumber(words[4]), tonumber(words[5])
  local found = {}
  each_task(words[6], function(task)
    if (status ~= '' and task[5] ~= status) or (name ~= '' and task[2] ~= name) then return end
    if offset > 0 then
      offset = offset - 1
    elseif limit < 0 or #found < limit then
      found[#found + 1] = shown(task)
    end
    return #found == limit
  end)
  return found
end)

define('tasks.cancel', function(words)
  local task = read(TASKS, words[2])
  if not task or task[5] ~= 'pending' and task[5] ~= 'running' then return 0 end
  remove_from_queues(task)
  end_task(task, 'cancelled', false)
  return 1
end)

-- worker milliseconds name ...
define('tasks.lock', function(words)
  local wanted = {}
  for index = 4, #words do wanted[words[index]] = true end
  make_ready(wanted)
  local best, chosen
  for name in pairs(wanted) do
    local row = row_of(name)
    local head = redis.call('ZRANGEBYLEX', READY, '[' .. row, '(' .. row .. '\255', 'LIMIT', 0, 1)[1]
    local digits = head and string.sub(head, #row + 1, #row + DIGITS)
    if head and (not best or digits < best) then best, chosen = digits, head end
  end
  if not chosen then return false end
  local _, id = named_in(chosen)
  local task = read(TASKS, id)
  remove_from_queues(task)
  task[5], task[8], task[10] = 'running', text(now), text(task[10] + 1)
  task[15], task[16], task[17] = words[2], draw(), later(words[3])
  put_task(task)
  redis.call('ZADD', RUNNING, task[17], chosen)
  return shown(task)
end)

-- id token milliseconds
define('tasks.heartbeat', function(words)
  local task = held_task(words[2], words[3])
  if not task then return 0 end
  remove_from_queues(task)
  task[17] = later(words[4])
  put_task(task)
  redis.call('ZADD', RUNNING, task[17], spot_of(task))
  return 1
end)

-- id token ending error chance; the chance is from 0 to 1.
define('tasks.release', function(words)
  local task = held_task(words[2], words[3])
  if not task then return false end
  remove_from_queues(task)
  local message = words[5] ~= '' and string.sub(words[5], 2)
  if words[4] == 'completed' or tonumber(task[10]) > tonumber(task[11]) then
    end_task(task, words[4], message)
    return words[4]
  end
  -- A minute after the first attempt, then twice as long after each, up to an hour; plus up to a quarter at random, so that
  -- tasks that failed together are not retried together.
  local wait = math.min(FIRST_WAIT * 2 ^ (task[10] - 1), LONGEST_WAIT)
  wait = wait + math.floor(wait / 4 * words[6])
  task[5], task[14], task[7], task[17] = 'pending', message, text(now + wait), false
  put_task(task)
  redis.call('ZADD', WAITING, task[7], spot_of(task))
  return 'pending'
end)

-- id due
define('tasks.requeue', function(words)
  local due = words[3] == '' and text(now) or moment_of(words[3])
  local task = read(TASKS, words[2])
  if not task or task[5] ~= 'failed' and task[5] ~= 'cancelled' then return 0 end
  if task[3] then
    if redis.call('HEXISTS', UNIQUES, task[3]) == 1 then
      refuse('conflict', '(id) has a unique text that another task has now')
    end
    redis.call('HSET', UNIQUES, task[3], task[1])
  end
  remove_from_queues(task)
  task[5], task[10], task[9], task[7] = 'pending', '0', false, due
  put_task(task)
  redis.call('ZADD', WAITING, due, spot_of(task))
  return 1
end)

-- name id name form payload status created due started ended tries retries timeout unique priority rank error worker until:
-- a task in the state that it had elsewhere.
local function restore_task(words)
  local id, status, unique = words[2], words[6], words[14]
  local function given(word) return word ~= '' and word end
  local function said(word) return word ~= '' and string.sub(word, 2) end
  if words[4] == '!' then error({err = words[5]}, 0) end
  if redis.call('HEXISTS', TASKS, id) == 1 then refuse('conflict', '(id) expects one that no task has') end
  local is_open = status == 'pending' or status == 'running'
  if is_open and unique ~= '' and redis.call('HEXISTS', UNIQUES, unique) == 1 then
    refuse('conflict', '(unique) expects a text that no unfinished task has')
  end
  local is_running = status == 'running'
  local tries = is_running and words[11] == '0' and '1' or words[11]
  local number = draw()
  local task = {
    id, words[3], given(unique), words[5], status, given(words[7]) or text(now), given(words[8]) or text(now),
    given(words[9]), not is_open and (given(words[10]) or text(now)), tries, words[12], given(words[13]), words[15],
    said(words[17]), said(words[18]), is_running and draw(),
    is_running and (given(words[19]) or text(now)), number, words[16],
  }
  put_task(task)
  redis.call('ZADD', CREATED, number, id)
  if is_open and unique ~= '' then redis.call('HSET', UNIQUES, unique, id) end
  if status == 'pending' then redis.call('ZADD', WAITING, task[7], spot_of(task)) end
  if is_running then redis.call('ZADD', RUNNING, task[17], spot_of(task)) end
  steps[#steps + 1] = function() remove_task(task) end
  return task
end

define('tasks.restore', function(words) return shown(restore_task(words)) end)

-- before prefix
define('tasks.trim', function(words)
  local doomed = {}
  each_task(words[3], function(task)
    if task[9] and tonumber(task[9]) < tonumber(words[2]) then doomed[#doomed + 1] = task end
  end)
  for _, task in ipairs(doomed) do remove_task(task) end
  return #doomed
end)
