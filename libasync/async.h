/**
 * @file
 * The whole public interface of libasync: one include for all of it but coroutine.h.
 */
#ifndef LIBASYNC_ASYNC_H
#define LIBASYNC_ASYNC_H

#include "libasync/api.h"
#include "libasync/error.h"
#include "libasync/memory.h"
#include "libasync/value.h"
#include "libasync/loop.h"
#include "libasync/future.h"
#include "libasync/task.h"
#include "libasync/local.h"
#include "libasync/combine.h"
#include "libasync/timeout.h"
#include "libasync/task_group.h"
#include "libasync/event.h"
#include "libasync/lock.h"
#include "libasync/condition.h"
#include "libasync/semaphore.h"
#include "libasync/barrier.h"
#include "libasync/queue.h"
#include "libasync/limiter.h"
#include "libasync/broadcast.h"
#include "libasync/address.h"
#include "libasync/dns.h"
#include "libasync/descriptor.h"
#include "libasync/socket_options.h"
#include "libasync/stream.h"
#include "libasync/socket.h"
#include "libasync/server.h"
#include "libasync/record.h"
#include "libasync/datagram.h"

#endif
