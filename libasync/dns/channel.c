#include "libasync/dns/channel.h"

#include <ares.h>
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

/* What fits through nearly every network unfragmented (DNS flag day 2020). */
#define LONGEST_ANSWER 1232

/* Since then c-ares keeps its queries in the order of their timeouts. */
#define VERSION_OF_SORTED_TIMEOUTS 0x011400

/* Reads from a stream before others have their turn. */
#define READS_AT_ONCE 64

/* Response codes: RFC 1035, section 4.1.1. */
static enum answer translate_code(const struct message *message)
{
    static const uint8_t answers[] = {ANSWER_FOUND,   ANSWER_MALFORMED,   ANSWER_FAILED,
                                      ANSWER_NO_NAME, ANSWER_UNSUPPORTED, ANSWER_REFUSED};
    unsigned code = (unsigned)message_code(message);

    return code < sizeof answers ? answers[code] : ANSWER_FAILED;
}

static enum answer translate(int status, const struct message *message)
{
    switch (status) {
    case ARES_SUCCESS:
        return translate_code(message);
    case ARES_ESERVFAIL:
        return ANSWER_FAILED;
    case ARES_ENOTIMP:
        return ANSWER_UNSUPPORTED;
    case ARES_EREFUSED:
        return ANSWER_REFUSED;
    case ARES_ETIMEOUT:
        return ANSWER_LATE;
    case ARES_ECONNREFUSED:
        return ANSWER_UNREACHABLE;
    case ARES_ENOMEM:
    case ARES_ECANCELLED:    /* there was no memory to hear the answer */
        return ANSWER_NO_MEMORY;
    case ARES_EDESTRUCTION:
        return ANSWER_CLOSED;
    default:
        return ANSWER_NONSENSE;
    }
}

/* A server that knows no EDNS took the question for malformed. c-ares itself asks the first such question again. */
static bool ask_again(struct question *question, enum answer answer)
{
    struct channel *channel = question->channel;

    if (answer != ANSWER_MALFORMED || question->is_asked_again || atomic_load(&channel->loop->closing))
        return false;
    channel->has_no_edns = question->is_asked_again = true;
    question->channel = NULL;
    list_insert_before(channel->waiting, &question->node);
    return true;
}

static void on_answer(void *user, int status, int timeouts, unsigned char *bytes, int size)
{
    struct question *question = user;
    struct channel *channel = question->channel;
    struct message message = {bytes, (size_t)size};
    enum answer answer;

    channel->asked--;
    channel->is_taken = true;
    hearsay_forget(question);
    channel_want_settling(channel);
    answer = hearsay_judge(question, translate(status, &message));
    if (!ask_again(question, answer))
        question_class(question)->answered(question, answer, bytes ? &message : NULL);
}

/* Numbers that nobody can guess; a few hundred a system call. False when the system has none. */
static bool choose_id(struct channel *channel, uint16_t *id)
{
    if (!channel->ids_left) {
        if (getentropy(channel->ids, sizeof channel->ids) != 0)
            return false;
        channel->ids_left = IDS;
    }
    *id = channel->ids[--channel->ids_left];
    return true;
}

/* Not by ares_query, which seeks a number that is free among all that are under way, and takes a tenth of the time of
 * a lookup for that. Questions of the same number are told apart by what they ask. */
void channel_ask(struct channel *channel, struct question *question)
{
    uint8_t bytes[LONGEST_QUESTION];
    size_t size = 0;

    channel->asked++;
    question->channel = channel;
    question->heard = 0;
    if (choose_id(channel, &question->id))
        size = message_write(bytes, question->id, question->name, question->type,
                             channel->has_no_edns ? 0 : LONGEST_ANSWER);
    if (!size) {
        on_answer(question, ARES_EBADNAME, 0, NULL, 0);
        return;
    }
    hearsay_asked(channel, question, &(struct message){bytes, size});
    channel->asking = question;
    ares_send(channel->ares, bytes, (int)size, on_answer, question);
    channel->asking = NULL;
    channel_want_settling(channel);
}

void channel_process(struct channel *channel, int readable, int writable)
{
    if (!channel->ares)
        return;
    ares_process_fd(channel->ares, readable, writable);
    channel_want_settling(channel);
}

static void on_timer(async_loop *loop, struct node *node)
{
    channel_process(container_of(node, struct channel, timer.node), NO_DESCRIPTOR, NO_DESCRIPTOR);
}

static const struct node_ops timer_ops = {.run = on_timer};

static void on_news(async_loop *loop, struct node *node)
{
    struct channel *channel = container_of(node, struct channel, news);

    wire_hear(channel);
    channel_want_settling(channel);
}

static const struct node_ops news_ops = {.run = on_news};

/* A watched stream. Datagrams are the wire's. */
struct stream {
    struct watch watch;
    struct node node;
    struct channel *channel;
    struct stream *next;
    int descriptor, events;
};

static void look_at_stream(async_loop *loop, struct node *node);
static const struct node_ops stream_ops = {.run = look_at_stream};

static void on_stream_ready(async_loop *loop, struct watch *watch, int events)
{
    struct stream *stream = container_of(watch, struct stream, watch);

    stream->events |= events;
    if (!node_is_linked(&stream->node))
        loop_queue(loop, &stream->node);
}

static struct stream **find_stream(struct channel *channel, int descriptor)
{
    struct stream **place = &channel->streams;

    while (*place && (*place)->descriptor != descriptor)
        place = &(*place)->next;
    return place;
}

/* Old versions of c-ares read once a call, and twice for an answer, so it is called again while it gets all that it
 * reads. It may give the stream up meanwhile, which is why that is looked for each time. */
static void look_at_stream(async_loop *loop, struct node *node)
{
    struct stream *stream = container_of(node, struct stream, node);
    struct channel *channel = stream->channel;
    int descriptor = stream->descriptor, events = stream->events, rounds = READS_AT_ONCE;

    stream->events = 0;
    do {
        channel->has_more = false;
        channel_process(channel, events & WATCH_READ ? descriptor : NO_DESCRIPTOR,
                        events & WATCH_WRITE ? descriptor : NO_DESCRIPTOR);
        events &= ~WATCH_WRITE;
    } while (channel->has_more && --rounds && *find_stream(channel, descriptor));
}

static void add_stream(struct channel *channel, int descriptor, int events)
{
    struct stream *stream = memory_allocate(sizeof *stream);

    if (!stream) {
        channel->deaf = true;
        return;
    }
    *stream = (struct stream){
        .node.ops = &stream_ops, .channel = channel, .next = channel->streams, .descriptor = descriptor};
    channel->streams = stream;
    watch_init(&stream->watch, descriptor, on_stream_ready);
    watch_set(channel->loop, &stream->watch, events);
}

static void remove_stream(struct channel *channel, struct stream **place)
{
    struct stream *stream = *place;

    *place = stream->next;
    watch_set(channel->loop, &stream->watch, 0);
    if (node_is_linked(&stream->node))
        node_unlink(&stream->node);
    memory_release(stream, sizeof *stream);
}

/* Nothing more to watch for is said before the descriptor is closed. */
static void on_socket_state(void *user, ares_socket_t descriptor, int readable, int writable)
{
    struct channel *channel = user;
    int events = (readable ? WATCH_READ : 0) | (writable ? WATCH_WRITE : 0);
    struct stream **place;

    if (wire_has(channel, descriptor))
        return;
    place = find_stream(channel, descriptor);
    if (!*place && events)
        add_stream(channel, descriptor, events);
    else if (*place && events)
        watch_set(channel->loop, &(*place)->watch, events);
    else if (*place)
        remove_stream(channel, place);
}

/* Asking c-ares for its next timeout may cost a walk over all queries, so it is not asked when the answer is known to
 * be no earlier than the timer. */
static void arm(struct channel *channel)
{
    double now = clock_now();
    struct timeval remaining;

    if (node_is_linked(&channel->timer.node))
        return;    /* it has fired, and sets itself anew when its turn comes */
    if (channel->timer.index) {
        if (channel->due <= now + channel->shortest_timeout)
            return;
        timer_stop(channel->loop, &channel->timer);
    }
    if (!channel->asked || !ares_timeout(channel->ares, NULL, &remaining))
        return;
    /* What is told is cut to whole milliseconds; a timer too early would fire again and again. */
    channel->due = now + (double)remaining.tv_sec + (double)remaining.tv_usec * 1e-6 + 1e-3;
    if (!timer_start(channel->loop, &channel->timer, channel->due))
        channel->deaf = true;
}

/* Who is deaf would wait for ever, so all that is under way ends; the next may do better. */
void channel_settle(struct channel *channel)
{
    if (!channel->ares)
        return;
    wire_flush(channel);
    if (!channel->deaf)
        arm(channel);
    if (!channel->deaf)
        return;
    channel->deaf = false;
    ares_cancel(channel->ares);
}

static pthread_once_t started = PTHREAD_ONCE_INIT;
static int library_status;

static void start_library(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static int set_servers(struct channel *channel)
{
    struct ares_addr_port_node nodes[MOST_SERVERS];

    for (size_t i = 0; i < channel->servers.count; i++) {
        const union host_address *server = &channel->servers.items[i];
        bool six = server->any.sa_family == AF_INET6;
        int port = ntohs(six ? server->ipv6.sin6_port : server->ipv4.sin_port);

        nodes[i] = (struct ares_addr_port_node){
            .next = i + 1 < channel->servers.count ? &nodes[i + 1] : NULL,
            .family = server->any.sa_family,
            .udp_port = port,
            .tcp_port = port,
        };
        if (six)
            memcpy(&nodes[i].addr.addr6, &server->ipv6.sin6_addr, sizeof server->ipv6.sin6_addr);
        else
            nodes[i].addr.addr4 = server->ipv4.sin_addr;
    }
    return ares_set_servers_ports(channel->ares, nodes);
}

#define OPTIONS                                                                                                        \
    (ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS |              \
     ARES_OPT_EDNSPSZ | ARES_OPT_RESOLVCONF)

/* c-ares is told everything, and given an empty file, so that it reads none of its own accord. */
static int open_ares(struct channel *channel, const struct configuration *configuration)
{
    struct ares_options options = {
        .flags = ARES_FLAG_EDNS | (configuration->over_tcp ? ARES_FLAG_USEVC : 0),
        .timeout = configuration->milliseconds,
        .tries = configuration->attempts,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = channel,
        .lookups = (char *)"b",
        .ednspsz = LONGEST_ANSWER,
        .resolvconf_path = (char *)"/dev/null",
    };
    int mask = OPTIONS | (configuration->rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE), status;

#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE;    /* what is told is what the servers say now */
#endif
    pthread_once(&started, start_library);
    status = library_status;
    if (status == ARES_SUCCESS)
        status = ares_init_options(&channel->ares, &options, mask);
    if (status != ARES_SUCCESS)
        return status;
    ares_set_socket_functions(channel->ares, &wire_functions, channel);
    status = set_servers(channel);
    if (status != ARES_SUCCESS)
        ares_destroy(channel->ares);
    return status;
}

struct channel *channel_open(async_loop *loop, const struct configuration *configuration, struct node *keeper,
                             struct node *waiting, int *status)
{
    struct channel *channel = memory_allocate(sizeof *channel);
    int version;

    *status = ARES_ENOMEM;
    if (!channel)
        return NULL;
    memset(channel, 0, sizeof *channel);
    timer_init(&channel->timer, &timer_ops);
    timer_init(&channel->nap, &wire_nap_ops);
    channel->news.ops = &news_ops;
    channel->loop = loop;
    channel->keeper = keeper;
    channel->waiting = waiting;
    channel->servers = configuration->servers;
    servers_write(&channel->servers, channel->described, sizeof channel->described);
    ares_version(&version);
    if (version < VERSION_OF_SORTED_TIMEOUTS)
        channel->shortest_timeout = configuration->milliseconds * 1e-3;
    *status = open_ares(channel, configuration);
    if (*status == ARES_SUCCESS)
        return channel;
    memory_release(channel, sizeof *channel);
    return NULL;
}

void channel_close(struct channel *channel)
{
    ares_channel ares = channel->ares;

    timer_stop(channel->loop, &channel->timer);
    timer_stop(channel->loop, &channel->nap);
    channel->ares = NULL;
    ares_destroy(ares);
}

void channel_free(struct channel *channel)
{
    if (node_is_linked(&channel->news))
        node_unlink(&channel->news);
    memory_release(channel, sizeof *channel);
}
