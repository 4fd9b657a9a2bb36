/*
 * c-ares on the loop: one channel a loop, made at its first lookup. It tells which of its descriptors to watch, and when
 * it wants to be called although none of them is ready. It reads resolv.conf and the hosts file where it stands; both are
 * small and local.
 *
 * c-ares is never entered from its own callbacks: those only complete futures, which queues whoever waits.
 */
#include "libasync/dns/internal.h"

#include <ares.h>
#include <string.h>

struct resolver {
    struct timer timer;
    async_loop *loop;
    ares_channel channel;      /* NULL once closed */
    double due;                /* when the timer fires */
    double shortest_timeout;   /* what a query waits at least before it is sent again */
    bool deaf;                 /* a descriptor or the timer could not be watched */
};

/* A watched descriptor, in one direction. */
struct wire {
    struct resolver *resolver;
    ares_socket_t descriptor;
};

static void settle(struct resolver *resolver);

static void free_wire(void *user)
{
    memory_release(user, sizeof(struct wire));
}

/* c-ares may give the descriptor up while it processes, and the wire goes with it. */
static void on_readable(async_loop *loop, void *user)
{
    struct wire *wire = user;
    struct resolver *resolver = wire->resolver;

    if (!resolver->channel)
        return;
    ares_process_fd(resolver->channel, wire->descriptor, ARES_SOCKET_BAD);
    settle(resolver);
}

static void on_writable(async_loop *loop, void *user)
{
    struct wire *wire = user;
    struct resolver *resolver = wire->resolver;

    if (!resolver->channel)
        return;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, wire->descriptor);
    settle(resolver);
}

typedef int add_watch(async_loop *loop, int descriptor, async_callback *callback, void *user, async_destroy *destroy);
typedef int remove_watch(async_loop *loop, int descriptor);

static void watch(struct resolver *resolver, ares_socket_t descriptor, async_callback *callback, add_watch *add)
{
    struct wire *wire = memory_allocate(sizeof *wire);

    if (!wire) {
        resolver->deaf = true;
        return;
    }
    *wire = (struct wire){resolver, descriptor};
    if (add(resolver->loop, descriptor, callback, wire, free_wire) != 0)
        resolver->deaf = true;
}

/* While the loop closes it refuses; it then ends the watches itself before it polls again. */
static void on_socket_state(void *user, ares_socket_t descriptor, int readable, int writable)
{
    struct resolver *resolver = user;

    if (readable)
        watch(resolver, descriptor, on_readable, async_loop_add_reader);
    else
        async_loop_remove_reader(resolver->loop, descriptor);
    if (writable)
        watch(resolver, descriptor, on_writable, async_loop_add_writer);
    else
        async_loop_remove_writer(resolver->loop, descriptor);
}

/* Asking c-ares for the next timeout costs a walk over all queries under way; a query just sent is never the next while
 * the timer fires before its shortest timeout has passed. */
static void arm(struct resolver *resolver)
{
    double now = clock_now();
    struct timeval remaining;

    if (resolver->timer.index) {
        if (resolver->due <= now + resolver->shortest_timeout)
            return;
        timer_stop(resolver->loop, &resolver->timer);
    }
    if (!ares_timeout(resolver->channel, NULL, &remaining))
        return;
    /* What is told is cut to whole milliseconds; a timer too early would fire again and again. */
    resolver->due = now + (double)remaining.tv_sec + (double)remaining.tv_usec * 1e-6 + 1e-3;
    if (!timer_start(resolver->loop, &resolver->timer, resolver->due))
        resolver->deaf = true;
}

/* After each call of c-ares. Who cannot be heard would wait for ever, so all that is under way ends. */
static void settle(struct resolver *resolver)
{
    if (!resolver->deaf)
        arm(resolver);
    if (resolver->deaf) {
        ares_cancel(resolver->channel);
        resolver->deaf = false;
    }
}

static void on_timer(async_loop *loop, struct node *node)
{
    struct resolver *resolver = container_of(node, struct resolver, timer.node);

    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    settle(resolver);
}

/* Ends every lookup under way. */
static void end_resolver(async_loop *loop, struct node *node)
{
    struct resolver *resolver = container_of(node, struct resolver, timer.node);
    ares_channel channel = resolver->channel;

    timer_stop(loop, &resolver->timer);
    resolver->channel = NULL;
    ares_destroy(channel);
}

static void drop_resolver(async_loop *loop, struct node *node)
{
    loop->resolver = NULL;
    loop_free(loop, node, sizeof(struct resolver));
}

static const struct node_ops resolver_ops = {
    .run = on_timer,
    .end_at_close = end_resolver,
    .drop_at_close = drop_resolver,
};

static int library_status;

static void start_library(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static int open_channel(struct resolver *resolver)
{
    static pthread_once_t started = PTHREAD_ONCE_INIT;
    struct ares_options options = {.sock_state_cb = on_socket_state, .sock_state_cb_data = resolver};
    int status, mask;

    pthread_once(&started, start_library);
    status = library_status;
    if (status == ARES_SUCCESS)
        status = ares_init_options(&resolver->channel, &options, ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
        return status;

    status = ares_save_options(resolver->channel, &options, &mask);
    if (status == ARES_SUCCESS)
        resolver->shortest_timeout = options.timeout * 1e-3;
    else
        ares_destroy(resolver->channel);
    ares_destroy_options(&options);
    return status;
}

async_value *resolver_open(async_loop *loop)
{
    struct resolver *resolver = loop->resolver;
    int status;

    if (resolver)
        return NULL;
    resolver = loop_allocate(loop, sizeof *resolver);
    if (!resolver)
        return error_static(ASYNC_ENOMEM);
    *resolver = (struct resolver){.loop = loop};
    timer_init(&resolver->timer, &resolver_ops);

    status = open_channel(resolver);
    if (status == ARES_SUCCESS) {
        loop->resolver = resolver;
        return NULL;
    }
    loop_free(loop, resolver, sizeof *resolver);
    if (status == ARES_ENOMEM)
        return error_static(ASYNC_ENOMEM);
    return dns_error(ASYNC_EDNS, "the resolver cannot start: %s", ares_strerror(status));
}

void resolver_ask(async_loop *loop, const char *host, int family, void *lookup)
{
    static const int families[] = {[ASYNC_ANY] = AF_UNSPEC, [ASYNC_IPV4] = AF_INET, [ASYNC_IPV6] = AF_INET6};
    struct resolver *resolver = loop->resolver;
    struct ares_addrinfo_hints hints = {.ai_family = families[family]};

    ares_getaddrinfo(resolver->channel, host, NULL, &hints, lookup_answered, lookup);
    settle(resolver);
}
