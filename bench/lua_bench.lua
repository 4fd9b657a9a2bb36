-- Measures programs in turn and prints the rows that README.md describes. A program gives how many operations it did.
local ROUNDS = 5

local function cost(program)
  collectgarbage()
  collectgarbage()
  local started = os.clock()
  local count = program()
  return (os.clock() - started) / count * 1e9
end

-- One round to warm up, then as many as count; the contenders take turns in each.
local function medians(programs)
  local figures = {}
  for i in ipairs(programs) do figures[i] = {} end
  for round = 0, ROUNDS do
    for i, program in ipairs(programs) do
      local figure = cost(program)
      if round > 0 then table.insert(figures[i], figure) end
    end
  end
  for i in ipairs(programs) do
    table.sort(figures[i])
    figures[i] = figures[i][(ROUNDS + 1) / 2]
  end
  return figures
end

-- Peers: name, whether there, program, target.
return function(what, ours, peers)
  local programs = { ours }
  for _, peer in ipairs(peers) do
    if peer[2] then table.insert(programs, peer[3]) end
  end
  local figures = medians(programs)
  local next_figure = 2
  for _, peer in ipairs(peers) do
    local figure = "-"
    if peer[2] then
      figure = ("%.1f"):format(figures[next_figure])
      next_figure = next_figure + 1
    end
    print(table.concat({ what, ("%.1f"):format(figures[1]), "ns", peer[1], figure, peer[4] }, "\t"))
  end
end
