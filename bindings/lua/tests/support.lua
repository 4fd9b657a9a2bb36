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

return support
