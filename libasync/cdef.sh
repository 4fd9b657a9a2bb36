#!/bin/sh
# Prints the public headers as one file that cffi and LuaJIT load as it stands: cdef.sh WORK-DIRECTORY SOURCE CC...
#
# The compiler takes comments, conditionals and includes away. The three standard headers stand in empty, since both
# hosts know their types, and -undef makes ASYNC_API the plain `extern` of an unknown compiler. -dD keeps the constants,
# which become enumerators: of all ways to write one, the one that both hosts read. A whole double is one too, since
# a host's number passes for a double.
set -eu
work=$1
source=$2
shift 2

mkdir -p "$work"
for header in stdbool stddef stdint; do
    : >"$work/$header.h"
done

"$@" -E -P -dD -undef -nostdinc -I"$work" -I"$source" "$source/libasync/async.h" | awk '
    /^#define ASYNC_[A-Z0-9_]+ \(?-?[0-9]+(\.0)?u?\)?$/ {
        gsub(/[()u]|\.0/, "", $3)
        print "enum { " $2 " = " $3 " };"
    }
    /^#/ || /^$/ { next }
    { print }'
