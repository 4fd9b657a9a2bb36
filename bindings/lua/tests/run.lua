-- Runs the specs that are named in the arguments, with the interpreter that runs this. What they share stands beside it.
package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
require "busted.runner" { standalone = false }
