-- What specs of streams and the like share.
local async = require "libasync"

local support = {}

--- What a call threw: its code, and the error.
function support.code_of(call, ...)
  local ok, err = async.pcall(call, ...)

  assert(not ok, "nothing was thrown")
  return err.code, err
end

--- A list that the loop's exception handler adds each message to.
function support.reports()
  local heard = {}

  async.get_running_loop():set_exception_handler(function(_, context) heard[#heard + 1] = context.message end)
  return heard
end

--- Two streams that are connected to each other, closed afterwards.
function support.with_pair(body)
  async.run(function()
    local ann, bob = async.stream_pair()

    body(ann, bob)
    ann:abort()
    bob:abort()
  end)
end

--- Fills the kernel's buffers and ours, until drain has to wait.
function support.fill(stream)
  local piece = ("x"):rep(65536)

  for _ = 1, 100 do stream:write(piece) end
  return 100 * #piece
end

return support
