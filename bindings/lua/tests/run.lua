-- Runs the specs that are named in the arguments, with the interpreter that runs this.
require "busted.runner" { standalone = false }
