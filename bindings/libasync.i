/* The C interface for every language. A language's own file gives the %module and its typemaps, then includes this one;
   the names keep their `async_` prefix, for the short ones belong to the language's native face. */

%{
#include "libasync/async.h"
%}

%include <stdint.i>

%include "bindings/ownership.i"

/* Memory is chosen once, by the program that embeds the library, before a script runs. */
%ignore async_set_allocator;

%include "libasync/api.h"
%include "libasync/error.h"
%include "libasync/value.h"
%include "libasync/loop.h"
%include "libasync/future.h"
%include "libasync/task.h"
%include "libasync/local.h"
%include "libasync/combine.h"
%include "libasync/timeout.h"
%include "libasync/task_group.h"
%include "libasync/event.h"
%include "libasync/lock.h"
%include "libasync/condition.h"
%include "libasync/semaphore.h"
%include "libasync/barrier.h"
%include "libasync/queue.h"
%include "libasync/limiter.h"
%include "libasync/broadcast.h"
%include "libasync/address.h"
%include "libasync/dns.h"
%include "libasync/descriptor.h"
%include "libasync/socket_options.h"
%include "libasync/stream.h"
%include "libasync/server.h"
%include "libasync/socket.h"
%include "libasync/record.h"
%include "libasync/datagram.h"
