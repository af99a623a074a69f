-- What somebody who waits for changes must know: the seq of the last one, and in how many milliseconds a record expires.
-- KEYS: state, deadlines (store.lua).
local state = redis.call('HMGET', KEYS[1], 'latest', 'ahead')
local due = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + (state[2] or 0)
return {state[1] or '0', due and string.format('%.0f', math.max(due - now, 0))}
