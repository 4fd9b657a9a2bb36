/*
 * The resolver of a loop: what resolv.conf and the hosts file say, and a channel to the name servers. The files are
 * looked at again when a lookup begins and the last look is a second old. When resolv.conf has changed, a new channel
 * is opened for the questions to come, and the old one is kept until it has answered those that it was asked.
 */
#include "libasync/dns/internal.h"

#include <ares.h>
#include <string.h>

/* Questions under way have numbers of 16 bits. Old versions of c-ares tell those of the same number apart by what they
 * ask, new ones seek a free number by guessing: half of all taken is as far as that goes well. */
#define MOST_ASKED 32768
/* Answers that the kernel keeps for a socket, for whom it gives no more than it gives everybody. */
#define MOST_OF_A_LINE 200

struct resolver_settings resolver_settings = {
    .configuration = "/etc/resolv.conf",
    .hosts = "/etc/hosts",
    .most_asked = MOST_ASKED,
    .most_of_a_line = MOST_OF_A_LINE,
    .check_seconds = 1,
};

/* The servers that were set have precedence over those of the file. */
static bool read_configuration(const struct resolver *resolver, struct configuration *configuration)
{
    if (!configuration_read(configuration, resolver_settings.configuration))
        return false;
    if (resolver->own_servers)
        configuration->servers = *resolver->own_servers;
    else if (resolver_settings.servers)
        servers_read(&configuration->servers, resolver_settings.servers);
    return true;
}

/* The old channel drains by itself; without memory for a new one, it stays. False without memory. */
static bool change_channel(struct resolver *resolver, const struct configuration *configuration, int *status)
{
    struct channel *channel = channel_open(resolver->loop, configuration, &resolver->node,
                                           &resolver->waiting, status);

    if (!channel)
        return false;
    if (resolver->channel) {
        resolver->channel->next = resolver->draining;
        resolver->draining = resolver->channel;
        channel_want_settling(channel);
    }
    resolver->channel = channel;
    return true;
}

/* NULL, or why there can be none. */
static async_value *use_configuration(struct resolver *resolver)
{
    struct configuration *configuration = memory_allocate(sizeof *configuration);
    struct file_state state = file_look(resolver_settings.configuration);
    int status = ARES_ENOMEM;

    if (!configuration)
        return error_static(ASYNC_ENOMEM);
    if (!read_configuration(resolver, configuration)) {
        memory_release(configuration, sizeof *configuration);
        return error_static(ASYNC_ENOMEM);
    }
    if (resolver->configuration && configuration_is_same(configuration, resolver->configuration)) {
        memory_release(configuration, sizeof *configuration);
    } else if (change_channel(resolver, configuration, &status)) {
        memory_release(resolver->configuration, sizeof *configuration);
        resolver->configuration = configuration;
    } else {
        memory_release(configuration, sizeof *configuration);
        if (status == ARES_ENOMEM)
            return error_static(ASYNC_ENOMEM);
        return dns_error(ASYNC_EDNS, "the resolver cannot start: %s", ares_strerror(status));
    }
    resolver->configuration_state = state;
    return NULL;
}

static async_value *use_hosts(struct resolver *resolver)
{
    struct file_state state = file_look(resolver_settings.hosts);
    struct hosts *hosts = hosts_read(resolver_settings.hosts);

    if (!hosts)
        return error_static(ASYNC_ENOMEM);
    hosts_free(resolver->hosts);
    resolver->hosts = hosts;
    resolver->hosts_state = state;
    return NULL;
}

/* Who cannot have the new state goes on with the old one, and looks again later. */
static void refresh(struct resolver *resolver)
{
    double now = clock_now();
    struct file_state state;

    if (now - resolver->checked < resolver_settings.check_seconds)
        return;
    resolver->checked = now;
    state = file_look(resolver_settings.configuration);
    if (!file_is_same(&state, &resolver->configuration_state))
        async_value_unref(use_configuration(resolver));
    state = file_look(resolver_settings.hosts);
    if (!file_is_same(&state, &resolver->hosts_state))
        async_value_unref(use_hosts(resolver));
}

static void ask_waiting(struct resolver *resolver)
{
    while (resolver->channel->asked < resolver_settings.most_asked && !list_is_empty(&resolver->waiting)) {
        struct question *question = container_of(resolver->waiting.next, struct question, node);

        node_unlink(&question->node);
        channel_ask(resolver->channel, question);
    }
}

static void release_channel(struct channel *channel)
{
    channel_close(channel);
    channel_free(channel);
}

static void drain(struct resolver *resolver)
{
    for (struct channel **place = &resolver->draining, *channel; (channel = *place);) {
        channel_settle(channel);
        if (channel->asked) {
            place = &channel->next;
            continue;
        }
        *place = channel->next;
        release_channel(channel);
    }
}

static void settle(async_loop *loop, struct node *node)
{
    struct resolver *resolver = container_of(node, struct resolver, node);

    if (atomic_load(&loop->closing))
        return;
    drain(resolver);
    ask_waiting(resolver);
    channel_settle(resolver->channel);
}

/* Ends every question, those that were asked by c-ares' last callbacks. */
static void end_resolver(async_loop *loop, struct node *node)
{
    struct resolver *resolver = container_of(node, struct resolver, node);

    channel_close(resolver->channel);
    for (struct channel *channel = resolver->draining; channel; channel = channel->next)
        channel_close(channel);
    while (!list_is_empty(&resolver->waiting)) {
        struct question *question = container_of(resolver->waiting.next, struct question, node);

        node_unlink(&question->node);
        question->channel = resolver->channel;
        question_class(question)->answered(question, ANSWER_CLOSED, NULL);
    }
}

static void release_parts(struct resolver *resolver)
{
    memory_release(resolver->configuration, sizeof *resolver->configuration);
    memory_release(resolver->own_servers, sizeof *resolver->own_servers);
    hosts_free(resolver->hosts);
    sources_free(resolver->sources);
}

static void drop_resolver(async_loop *loop, struct node *node)
{
    struct resolver *resolver = container_of(node, struct resolver, node);

    if (node_is_linked(node))
        node_unlink(node);
    channel_free(resolver->channel);
    for (struct channel *channel = resolver->draining, *next; channel; channel = next) {
        next = channel->next;
        channel_free(channel);
    }
    release_parts(resolver);
    loop->resolver = NULL;
    loop_free(loop, resolver, sizeof *resolver);
}

static const struct node_ops resolver_ops = {
    .run = settle,
    .end_at_close = end_resolver,
    .drop_at_close = drop_resolver,
};

async_value *resolver_open(async_loop *loop, struct resolver **found)
{
    struct resolver *resolver = *found = loop->resolver;
    async_value *error;

    if (resolver) {
        refresh(resolver);
        return NULL;
    }
    resolver = loop_allocate(loop, sizeof *resolver);
    if (!resolver)
        return error_static(ASYNC_ENOMEM);
    *resolver = (struct resolver){.node.ops = &resolver_ops, .loop = loop, .checked = clock_now()};
    list_init(&resolver->waiting);

    error = use_hosts(resolver);
    if (!error)
        error = use_configuration(resolver);
    if (error) {
        release_parts(resolver);
        loop_free(loop, resolver, sizeof *resolver);
        return error;
    }
    *found = loop->resolver = resolver;
    return NULL;
}

void resolver_add(struct resolver *resolver, struct question *question, const struct question_class *class,
                  const char *name, uint16_t type)
{
    *question = (struct question){.node.ops = &class->node, .name = name, .type = type};
    list_insert_before(&resolver->waiting, &question->node);
    channel_want_settling(resolver->channel);
}

void resolver_ask_added(struct resolver *resolver)
{
    ask_waiting(resolver);
}

bool question_forget(struct question *question)
{
    if (!node_is_linked(&question->node))
        return false;
    node_unlink(&question->node);
    return true;
}

static struct servers *copy_servers(const struct servers *servers)
{
    struct servers *copy = memory_allocate(sizeof *copy);

    if (copy)
        memcpy(copy, servers, sizeof *copy);
    return copy;
}

/* All or nothing: without a channel to them, the former ones stay. */
static int set_servers(struct resolver *resolver, struct servers *servers)
{
    struct servers *former = resolver->own_servers;
    async_value *error;
    int code;

    resolver->own_servers = servers;
    error = use_configuration(resolver);
    code = error ? async_value_error(error) : 0;
    async_value_unref(error);
    if (code)
        resolver->own_servers = former;
    memory_release(code ? servers : former, sizeof *servers);
    return code;
}

int async_dns_set_servers(async_loop *loop, const char *servers)
{
    int code = loop_enter(loop);
    struct servers given, *copy = NULL;
    struct resolver *resolver;
    async_value *error;

    if (code)
        return code;
    memset(&given, 0, sizeof given);
    if (servers && !servers_read(&given, servers))
        return ASYNC_EINVAL;
    error = resolver_open(loop, &resolver);
    if (error) {
        code = async_value_error(error);
        async_value_unref(error);
        return code;
    }
    if (servers && !(copy = copy_servers(&given)))
        return ASYNC_ENOMEM;
    return set_servers(resolver, copy);
}
