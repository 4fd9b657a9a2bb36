/* One attempt to connect: a socket, made, bound if so asked, and connecting to one address. */
#include "libasync/io/connect.h"

#include <errno.h>
#include <unistd.h>

static void on_answer(async_loop *loop, struct watch *watch, int events)
{
    struct attempt *attempt = container_of(watch, struct attempt, watch);

    if (!node_is_linked(&attempt->node))
        loop_queue(loop, &attempt->node);
}

int attempt_take_descriptor(struct attempt *attempt)
{
    int descriptor = attempt->descriptor;

    if (descriptor < 0)
        return -1;
    watch_set(attempt->opening->future.loop, &attempt->watch, 0);
    if (node_is_linked(&attempt->node))
        node_unlink(&attempt->node);
    attempt->descriptor = -1;
    return descriptor;
}

void attempt_close(struct attempt *attempt)
{
    int descriptor = attempt_take_descriptor(attempt);

    if (descriptor >= 0)
        close(descriptor);
}

static enum attempt_state fail(struct attempt *attempt, int number)
{
    attempt->number = number;
    attempt_close(attempt);
    return ATTEMPT_FAILED;
}

/* The port is chosen when it connects, so that many connections to several peers may share one. */
static int bind_local(const struct attempt *attempt, int family)
{
    const async_socket_options *options = opening_options(attempt->opening);
    union socket_address local;
    socklen_t size;
    int yes = 1;

    if (!options->local || family == AF_UNIX)
        return 0;
    address_read(options->local, &local, &size);
    if (local.any.sa_family != family)
        return EAFNOSUPPORT;
#ifdef IP_BIND_ADDRESS_NO_PORT
    setsockopt(attempt->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
#endif
    if (options->reuse_address > 0)
        setsockopt(attempt->descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return bind(attempt->descriptor, &local.any, size) == 0 ? 0 : errno;
}

/*
 * A socket may meet itself: connecting from a port that the system chose to that very port of this machine, where
 * nobody listens, it succeeds. RFC 9293 calls it a simultaneous open; for a client it is as good as refused.
 */
static bool has_met_itself(const struct attempt *attempt)
{
    union socket_address own, peer;
    socklen_t own_size = sizeof own, size;

    address_read(attempt->address, &peer, &size);
    if (peer.any.sa_family == AF_UNIX || getsockname(attempt->descriptor, &own.any, &own_size) != 0)
        return false;
    if (peer.any.sa_family == AF_INET)
        return own.ipv4.sin_port == peer.ipv4.sin_port && own.ipv4.sin_addr.s_addr == peer.ipv4.sin_addr.s_addr;
    return own.ipv6.sin6_port == peer.ipv6.sin6_port &&
           IN6_ARE_ADDR_EQUAL(&own.ipv6.sin6_addr, &peer.ipv6.sin6_addr) &&
           own.ipv6.sin6_scope_id == peer.ipv6.sin6_scope_id;
}

static enum attempt_state succeed(struct attempt *attempt)
{
    return has_met_itself(attempt) ? fail(attempt, ECONNREFUSED) : ATTEMPT_CONNECTED;
}

/* Interrupted by a signal, a connect goes on all the same. A Unix socket whose queue is full cannot be waited for: the
 * kernel tells nobody when there is room again. Behind a path stands a zero byte, as tools expect that watch calls. */
enum attempt_state attempt_repeat(struct attempt *attempt)
{
    union socket_address address = {.local = {.sun_family = 0}};
    socklen_t size;

    address_read(attempt->address, &address, &size);
    if (connect(attempt->descriptor, &address.any, size) == 0)
        return succeed(attempt);
    if (errno == EAGAIN && address.any.sa_family == AF_UNIX)
        return ATTEMPT_CROWDED;
    if (errno != EINPROGRESS && errno != EINTR)
        return fail(attempt, errno);
    watch_init(&attempt->watch, attempt->descriptor, on_answer);
    watch_set(attempt->opening->future.loop, &attempt->watch, WATCH_WRITE);
    return ATTEMPT_UNDER_WAY;
}

enum attempt_state attempt_begin(struct attempt *attempt)
{
    union socket_address address;
    socklen_t size;
    int number;

    address_read(attempt->address, &address, &size);
    attempt->descriptor = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->descriptor < 0)
        return fail(attempt, errno);
    watch_init(&attempt->watch, attempt->descriptor, on_answer);
    options_apply(attempt->opening->options, attempt->descriptor, address.any.sa_family != AF_UNIX);
    number = bind_local(attempt, address.any.sa_family);
    return number ? fail(attempt, number) : attempt_repeat(attempt);
}

enum attempt_state attempt_look(struct attempt *attempt)
{
    socklen_t size = sizeof attempt->number;
    int number = 0;

    if (getsockopt(attempt->descriptor, SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        number = errno;
    return number ? fail(attempt, number) : succeed(attempt);
}
