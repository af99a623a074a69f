
-- Many mutations as one: all or none.

mutations['tasks.create'] = function(words)
  local _, is_new = create(words)
  return is_new and 1 or 0
end

mutations['tasks.restore'] = function(words)
  restore_task(words)
  return 1
end

-- Each as the number of its words and the words.
define('records.mutate', function(words)
  local parts, first = {}, 2
  while first <= #words do
    local last, part = first + words[first], {}
    for index = first + 1, last do part[#part + 1] = words[index] end
    parts[#parts + 1] = part
    first = last + 1
  end
  -- What time has done is not undone.
  for _, part in ipairs(parts) do
    if part[1] == 'tasks.create' then end_lost(part[8]) end
  end
  local counts = {}
  for index, part in ipairs(parts) do
    local run = mutations[part[1]] or function()
      refuse('invalid-argument', 'expects a change of records, or a new task')
    end
    local done, answer = pcall(run, part, index - 1)
    if not done then
      local kind, message = string.match(answer.err or answer, '^(ERR [%l-]+: )(.*)$')
      if not kind then error(answer, 0) end
      error({err = kind .. '(mutations) item ' .. text(index - 1) .. ', ' .. part[1] .. ', ' .. message}, 0)
    end
    counts[index] = type(answer) == 'table' and 1 or answer
  end
  return counts
end)
