/*
 * c-ares on the loop: one channel a loop, made at its first lookup. It tells which of its descriptors to watch, and
 * when it wants to be called although none of them is ready. It reads resolv.conf and the hosts file while the loop
 * waits; both are small and local.
 *
 * c-ares is never entered from its own callbacks: those only complete futures, which queues whoever waits.
 */
#include "libasync/dns/internal.h"

#include <ares.h>
#include <string.h>

/* Queries under way have numbers of 16 bits, a lookup has two of them, and c-ares 1.18 seeks a free number by guessing:
 * half of all numbers taken is as far as that goes well. */
#define MOST_ASKED 16384

/* Answers to a burst of lookups come in while its rest is still being asked, and the kernel keeps but some hundreds of
 * them for us, so they are heard in between. */
#define ASKED_BETWEEN 64

/* Since then c-ares keeps its queries in the order of their timeouts. */
#define VERSION_OF_SORTED_TIMEOUTS 0x011400

struct resolver {
    struct timer timer;
    async_loop *loop;
    ares_channel channel;       /* NULL once closed */
    struct node waiting;        /* lookups that c-ares has not been asked yet */
    uint32_t asked;
    uint32_t asked_unheard;     /* since the last look at the descriptors */
    bool deaf;                  /* a descriptor or the timer could not be watched */
    double due;                 /* when the timer fires */
    double shortest_timeout;    /* no query sent from now on is due earlier than that */
};

struct resolver_settings resolver_settings = {.configuration = "/etc/resolv.conf", .most_asked = MOST_ASKED};

/* A watched descriptor, in one direction. */
struct socket_watch {
    struct resolver *resolver;
    ares_socket_t descriptor;
};

static void settle(struct resolver *resolver);

/* Family numbers as c-ares has them. */
static const int families[] = {[ASYNC_ANY] = AF_UNSPEC, [ASYNC_IPV4] = AF_INET, [ASYNC_IPV6] = AF_INET6};

static void on_answer(void *user, int status, int timeouts, struct ares_addrinfo *found)
{
    struct lookup *lookup = user;
    struct resolver *resolver = lookup->future.loop->resolver;

    resolver->asked--;
    lookup_answered(lookup, status, found);
    ares_freeaddrinfo(found);
}

static void free_watch(void *user)
{
    memory_release(user, sizeof(struct socket_watch));
}

/* c-ares may give a descriptor up meanwhile, and its watch goes with it. */
static void process(struct resolver *resolver, ares_socket_t readable, ares_socket_t writable)
{
    if (!resolver->channel)
        return;
    resolver->asked_unheard = 0;
    ares_process_fd(resolver->channel, readable, writable);
    settle(resolver);
}

static void on_readable(async_loop *loop, void *user)
{
    struct socket_watch *watched = user;

    process(watched->resolver, watched->descriptor, ARES_SOCKET_BAD);
}

static void on_writable(async_loop *loop, void *user)
{
    struct socket_watch *watched = user;

    process(watched->resolver, ARES_SOCKET_BAD, watched->descriptor);
}

typedef int add_watch(async_loop *loop, int descriptor, async_callback *callback, void *user, async_destroy *destroy);

static void watch(struct resolver *resolver, ares_socket_t descriptor, async_callback *callback, add_watch *add)
{
    struct socket_watch *watched = memory_allocate(sizeof *watched);

    if (!watched) {
        resolver->deaf = true;
        return;
    }
    *watched = (struct socket_watch){resolver, descriptor};
    if (add(resolver->loop, descriptor, callback, watched, free_watch) != 0)
        resolver->deaf = true;
}

/* Nothing more to watch for is said before the descriptor is closed. A loop that closes refuses to hear of it, but it
 * polls no more either, and ends every watch itself. */
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

/* Asking c-ares for its next timeout may cost a walk over all queries, so it is not asked when the answer is known to
 * be no earlier than the timer. */
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

static void hear(struct resolver *resolver)
{
    ares_socket_t descriptors[ARES_GETSOCK_MAXNUM];
    int ready = ares_getsock(resolver->channel, descriptors, ARES_GETSOCK_MAXNUM);

    resolver->asked_unheard = 0;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++)
        if (ARES_GETSOCK_READABLE(ready, i))
            ares_process_fd(resolver->channel, descriptors[i], ARES_SOCKET_BAD);
}

static void ask_waiting(struct resolver *resolver)
{
    while (resolver->asked < resolver_settings.most_asked && !list_is_empty(&resolver->waiting)) {
        struct lookup *lookup = container_of(resolver->waiting.next, struct lookup, future.node);
        struct ares_addrinfo_hints hints = {.ai_family = families[lookup->family]};

        if (resolver_settings.hosts_of_environment)
            hints.ai_flags = ARES_AI_ENVHOSTS;
        node_unlink(&lookup->future.node);
        lookup->is_asked = true;
        resolver->asked++;
        if (++resolver->asked_unheard == ASKED_BETWEEN)
            hear(resolver);
        ares_getaddrinfo(resolver->channel, lookup->host, NULL, &hints, on_answer, lookup);
    }
}

/* After each call of c-ares. Who is deaf would wait for ever, so all that is under way ends; the next may do better. */
static void settle(struct resolver *resolver)
{
    for (;;) {
        ask_waiting(resolver);
        if (!resolver->deaf)
            arm(resolver);
        if (!resolver->deaf)
            return;
        resolver->deaf = false;
        ares_cancel(resolver->channel);
    }
}

static void on_timer(async_loop *loop, struct node *node)
{
    process(container_of(node, struct resolver, timer.node), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* Ends every lookup, those asked by c-ares' last callbacks. */
static void end_resolver(async_loop *loop, struct node *node)
{
    struct resolver *resolver = container_of(node, struct resolver, timer.node);
    ares_channel channel = resolver->channel;

    timer_stop(loop, &resolver->timer);
    resolver->channel = NULL;
    ares_destroy(channel);
    while (!list_is_empty(&resolver->waiting)) {
        node = resolver->waiting.next;
        node_unlink(node);
        lookup_answered(container_of(node, struct lookup, future.node), ARES_EDESTRUCTION, NULL);
    }
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

static int set_servers(struct resolver *resolver)
{
    if (!resolver_settings.servers)
        return ARES_SUCCESS;
    return ares_set_servers_ports_csv(resolver->channel, resolver_settings.servers);
}

#define OPTIONS (ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_RESOLVCONF)

static int open_channel(struct resolver *resolver)
{
    static pthread_once_t started = PTHREAD_ONCE_INIT;
    struct patience patience = patience_read(resolver_settings.configuration);
    struct ares_options options = {
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = resolver,
        .timeout = patience.milliseconds,
        .tries = patience.attempts,
        .resolvconf_path = (char *)resolver_settings.configuration,
    };
    int status, version;

    pthread_once(&started, start_library);
    status = library_status;
    if (status == ARES_SUCCESS)
        status = ares_init_options(&resolver->channel, &options, OPTIONS);
    if (status != ARES_SUCCESS)
        return status;
    ares_set_socket_functions(resolver->channel, &wire_functions, NULL);
    ares_set_socket_configure_callback(resolver->channel, wire_configure, NULL);
    ares_version(&version);
    if (version < VERSION_OF_SORTED_TIMEOUTS)
        resolver->shortest_timeout = patience.milliseconds * 1e-3;
    status = set_servers(resolver);
    if (status != ARES_SUCCESS)
        ares_destroy(resolver->channel);
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
    list_init(&resolver->waiting);

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

void resolver_ask(struct lookup *lookup)
{
    struct resolver *resolver = lookup->future.loop->resolver;

    list_insert_before(&resolver->waiting, &lookup->future.node);
    settle(resolver);
}

struct ares_channeldata *resolver_channel(async_loop *loop)
{
    return ((struct resolver *)loop->resolver)->channel;
}
