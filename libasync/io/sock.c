#include "libasync/io/sock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct operation {
    struct wait wait;
    struct request request;
};

static struct operation *operation_of(struct wait *wait)
{
    return container_of(wait, struct operation, wait);
}

static void try_again(async_loop *loop, struct node *node)
{
    struct wait *wait = wait_of(node);
    struct request *request = &operation_of(wait)->request;
    async_value *outcome;

    if (request->attempt(request, &outcome))
        wait_finish(wait, outcome);
    else
        wait_again(wait, request->event);
}

static void release_operation(async_future *future)
{
    struct operation *operation = operation_of(container_of(future, struct wait, future));

    async_value_unref(operation->request.address);
    async_value_unref(operation->request.sent);
}

static const struct future_class operation_class = {
    .node = {.run = try_again, .end_at_close = wait_close},
    .size = sizeof(struct operation),
    .cancel = wait_cancel,
    .release = release_operation,
};

/* What it was lent it must have of its own while it waits. */
static bool keep(struct operation *operation)
{
    struct request *request = &operation->request;

    operation->request.address = async_value_ref(request->address);
    if (request->event != WATCH_WRITE || !request->size)
        return true;
    request->sent = async_bytes((const char *)request->buffer + request->done, request->size - request->done);
    request->buffer = (void *)async_value_text(request->sent, NULL);
    request->size -= request->done;
    request->done = 0;
    return request->sent;
}

/* The operation is made first: what was received would have no place else. */
async_future *request_start(async_loop *loop, const struct request *request, const char *fault)
{
    int error = loop_enter(loop);
    struct operation *operation;
    async_value *outcome;

    if (error)
        return future_failed(error);
    if (fault)
        return future_failed_saying(loop, ASYNC_EINVAL, "%s: %s", request->call, fault);
    operation = wait_new(loop, request->descriptor, &operation_class);
    if (!operation)
        return future_failed(ASYNC_ENOMEM);
    operation->request = *request;
    if (!request->attempt(&operation->request, &outcome))
        return keep(operation) && wait_begin(&operation->wait, request->event) ? &operation->wait.future
                                                                               : wait_give_up(&operation->wait);
    operation->request.address = NULL;
    wait_settle(&operation->wait, outcome);
    return &operation->wait.future;
}

async_value *socket_error(int number, const char *subject)
{
    int code = error_of_errno(number);
    char words[128], message[sizeof words + ADDRESS_TEXT_SIZE + 32];

    snprintf(message, sizeof message, "%s: %s", subject,
             code == ASYNC_EOS ? strerror_r(number, words, sizeof words) : async_error_text(code));
    return async_error_os(number, message);
}

bool request_failed(const struct request *request, async_value **outcome)
{
    int number = errno;
    char subject[64];

    if (number == EAGAIN || number == EWOULDBLOCK)
        return false;
    snprintf(subject, sizeof subject, "%s on socket %d", request->call, request->descriptor);
    *outcome = socket_error(number, subject);
    return true;
}
