-- Runs commands as one: those of Redis, and those of ours that Redis lacks, if every checked key still holds its value.
-- Put together from the parts that the commands need: this one, then those of the commands, then run.lua.
-- KEYS: the checked keys first, then those of the commands.
-- ARGV: how many checks there are; for each `1` and the expected value, or `0`: the key must not exist; then the commands,
-- each as the number of its words and the words.

local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

-- What is run here rather than by Redis, by its first word.
local own = {}

-- What has to be done before everything else. Tells whether there is more of it than one script may do at once.
local function prepare() return false end
