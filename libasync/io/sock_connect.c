/* Connecting and accepting on raw sockets. A socket that blocks would stop the loop here, so it is refused. */
#include "libasync/io/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *fault_of(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);

    if (flags < 0)
        return "the descriptor is not open";
    return flags & O_NONBLOCK ? NULL : "the socket must not block";
}

/* Named after the address; the socket's number would help nobody. */
static bool connect_failed(const struct request *request, int number, async_value **outcome)
{
    *outcome = socket_error(number, async_address_text(request->address));
    return true;
}

/* Interrupted by a signal it goes on as one that takes its time does. A Unix socket whose listener has no room answers
 * EAGAIN, and goes on nowhere. */
static bool begin_connect(struct request *request, async_value **outcome)
{
    union socket_address peer;
    socklen_t size;

    address_read(request->address, &peer, &size);
    if (connect(request->descriptor, &peer.any, size) == 0) {
        *outcome = async_none();
        return true;
    }
    if (errno != EINPROGRESS && errno != EINTR)
        return connect_failed(request, errno, outcome);
    return false;
}

static bool try_connect(struct request *request, async_value **outcome)
{
    int number = 0;
    socklen_t size = sizeof number;

    if (!request->begun) {
        request->begun = true;
        return begin_connect(request, outcome);
    }
    if (getsockopt(request->descriptor, SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        number = errno;
    if (number)
        return connect_failed(request, number, outcome);
    *outcome = async_none();
    return true;
}

async_future *async_sock_connect(async_loop *loop, int descriptor, const async_value *address)
{
    struct request request = {.call = "sock_connect", .attempt = try_connect, .descriptor = descriptor,
                              .event = WATCH_WRITE, .address = (async_value *)address};
    const char *fault = async_address_family(address) ? fault_of(descriptor) : "to what is no address";

    return request_start(loop, &request, fault);
}

/* A connection that was accepted. Whoever reads its number has it; read by nobody, it is closed with the value. */
struct accepted {
    int descriptor;
    _Atomic bool taken;
};

static async_value *take(void *pointer)
{
    struct accepted *accepted = pointer;

    atomic_store(&accepted->taken, true);
    return async_int(accepted->descriptor);
}

static void free_accepted(void *pointer)
{
    struct accepted *accepted = pointer;

    if (accepted->descriptor >= 0 && !atomic_load(&accepted->taken))
        close(accepted->descriptor);
    memory_release(accepted, sizeof *accepted);
}

static async_type accepted_type = {.references = 1, .name = "descriptor", .unref = free_accepted, .read = take};

static async_value *accepted_new(struct accepted **place)
{
    struct accepted *accepted = memory_allocate(sizeof *accepted);
    async_value *value;

    if (!accepted)
        return NULL;
    *accepted = (struct accepted){.descriptor = -1};
    value = async_object(NULL, &accepted_type, accepted);
    if (!value)
        free_accepted(accepted);
    *place = accepted;
    return value;
}

/* Who connected and gave up before he was accepted is not worth a word. */
static int accept_next(int listener, union socket_address *peer, socklen_t *size)
{
    int descriptor;

    do {
        *size = sizeof *peer;
        descriptor = socket_accept(listener, &peer->any, size);
    } while (descriptor < 0 && (errno == EINTR || errno == ECONNABORTED));
    return descriptor;
}

/* The value is made first: a connection that found no memory would be lost. */
static bool try_accept(struct request *request, async_value **outcome)
{
    union socket_address peer;
    socklen_t size;
    struct accepted *accepted;
    async_value *value = accepted_new(&accepted);
    bool done;

    *outcome = NULL;
    if (!value)
        return true;
    accepted->descriptor = accept_next(request->descriptor, &peer, &size);
    done = accepted->descriptor >= 0 || request_failed(request, outcome);
    if (accepted->descriptor >= 0)
        *outcome = async_list((async_value *[]){value, sender_address(&peer, size)}, 2);
    else
        async_value_unref(value);
    return done;
}

async_future *async_sock_accept(async_loop *loop, int descriptor)
{
    struct request request = {.call = "sock_accept", .attempt = try_accept, .descriptor = descriptor,
                              .event = WATCH_READ};

    return request_start(loop, &request, fault_of(descriptor));
}
