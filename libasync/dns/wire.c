/*
 * The system calls under c-ares. Streams are the system's own; what c-ares takes for one datagram socket is a gate of
 * ours, and has several lines behind it: sockets with ports of their own. The kernel keeps but some hundreds of
 * datagrams for a socket, so answers to a burst of questions would be lost if they all came in through one; and many
 * ports are harder to guess than one.
 *
 * Questions are collected and go out by the dozen, from the queue. A full queue of the kernel's is no failure: the rest
 * waits; for a moment where it is memory that the kernel lacks, because it then says all the same that one may send.
 * On a connected socket a send also tells of an earlier datagram's refusal, and sends nothing then; the datagram is
 * sent again, for the refusal will be heard from the next one too.
 */
#include "libasync/dns/channel.h"
#include "libasync/dns/settings.h"

#include <ares.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_LINES 64
/* What is beyond the system's limit is cut to that. */
#define RECEIVE_BUFFER (4 << 20)
/* Sent in one go. */
#define SENT_AT_ONCE 64
#define FIRST_OUTBOUND 4096
/* Datagrams that are heard before others have their turn. */
#define HEARD_AT_ONCE 256
#define NAP_SECONDS 0.01

struct line {
    struct watch watch;
    int descriptor;
    uint32_t unanswered;    /* sent, and nothing came back yet; what got lost counts too */
    bool is_readable;
    struct gate *gate;
};

struct gate {
    struct channel *channel;
    struct gate *next;
    int failure;                    /* errno of a send, for c-ares to hear */
    int family;
    union host_address peer;
    socklen_t peer_size;
    uint8_t *outbound;              /* datagrams, each behind its size in two bytes */
    size_t outbound_size, begin, end;
    unsigned count, current;
    struct line lines[MOST_LINES];
};

static struct gate *gate_of(const struct channel *channel, int descriptor)
{
    struct gate *gate = channel->gates;

    while (gate && gate->lines[0].descriptor != descriptor)
        gate = gate->next;
    return gate;
}

bool wire_has(const struct channel *channel, int descriptor)
{
    return gate_of(channel, descriptor);
}

/* Inside the poll: c-ares looks from the queue, once for all lines of a gate. */
static void on_ready(async_loop *loop, struct watch *watch, int events)
{
    struct line *line = container_of(watch, struct line, watch);
    struct channel *channel = line->gate->channel;

    line->is_readable |= events & WATCH_READ;
    if (events & WATCH_WRITE)
        watch_set(loop, watch, WATCH_READ);
    if (!node_is_linked(&channel->news))
        loop_queue(loop, &channel->news);
}

static bool add_line(struct gate *gate)
{
    int descriptor = socket_open(gate->family, SOCK_DGRAM), size = RECEIVE_BUFFER;
    struct line *line = &gate->lines[gate->count];

    if (descriptor < 0)
        return false;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    *line = (struct line){.descriptor = descriptor, .gate = gate};
    watch_init(&line->watch, descriptor, on_ready);
    watch_set(gate->channel->loop, &line->watch, WATCH_READ);
    gate->count++;
    return true;
}

static void close_line(struct line *line)
{
    watch_set(line->gate->channel->loop, &line->watch, 0);
    close(line->descriptor);
}

static void free_gate(struct gate *gate)
{
    memory_release(gate->outbound, gate->outbound_size);
    memory_release(gate, sizeof *gate);
}

static ares_socket_t open_gate(struct channel *channel, int family)
{
    struct gate *gate = memory_allocate(sizeof *gate);

    errno = ENOMEM;
    if (!gate)
        return ARES_SOCKET_BAD;
    memset(gate, 0, offsetof(struct gate, lines));
    gate->channel = channel;
    gate->family = family;
    gate->outbound_size = FIRST_OUTBOUND;
    gate->outbound = memory_allocate(FIRST_OUTBOUND);
    if (!gate->outbound || !add_line(gate)) {
        channel->deaf |= errno == ENOMEM;
        free_gate(gate);
        return ARES_SOCKET_BAD;
    }
    gate->next = channel->gates;
    channel->gates = gate;
    return gate->lines[0].descriptor;
}

static ares_socket_t open_any(int family, int type, int protocol, void *user)
{
    struct channel *channel = user;
    ares_socket_t descriptor = type == SOCK_DGRAM ? open_gate(channel, family) : socket_open(family, type);

    if (descriptor == ARES_SOCKET_BAD && (errno == EMFILE || errno == ENFILE) && channel->asking)
        channel->asking->heard = ANSWER_NO_DESCRIPTOR;
    return descriptor;
}

static void close_gate(struct gate *gate)
{
    struct channel *channel = gate->channel;
    struct gate **place = &channel->gates;

    if (channel->inbound.gate == gate)
        channel->inbound.count = 0;
    for (unsigned i = 0; i < gate->count; i++)
        close_line(&gate->lines[i]);
    while (*place != gate)
        place = &(*place)->next;
    *place = gate->next;
    free_gate(gate);
}

static int close_any(ares_socket_t descriptor, void *user)
{
    struct gate *gate = gate_of(user, descriptor);

    if (!gate)
        return close(descriptor);
    close_gate(gate);
    return 0;
}

/* c-ares knows nothing of scopes, without which an address of the link leads nowhere. */
static void add_scope(const struct channel *channel, union host_address *peer)
{
    for (size_t i = 0; peer->any.sa_family == AF_INET6 && i < channel->servers.count; i++) {
        const struct sockaddr_in6 *server = &channel->servers.items[i].ipv6;

        if (server->sin6_family == AF_INET6 && server->sin6_port == peer->ipv6.sin6_port &&
            memcmp(&server->sin6_addr, &peer->ipv6.sin6_addr, sizeof server->sin6_addr) == 0)
            peer->ipv6.sin6_scope_id = server->sin6_scope_id;
    }
}

static int connect_any(ares_socket_t descriptor, const struct sockaddr *place, ares_socklen_t size, void *user)
{
    struct gate *gate = gate_of(user, descriptor);
    union host_address peer = {.any.sa_family = place->sa_family};

    memcpy(&peer, place, size < sizeof peer ? size : sizeof peer);
    add_scope(user, &peer);
    if (gate) {
        gate->peer = peer;
        gate->peer_size = size;
    }
    return connect(descriptor, &peer.any, size);
}

static void open_another_line(struct gate *gate)
{
    struct line *line = &gate->lines[gate->count];

    if (!add_line(gate))
        return;
    if (connect(line->descriptor, &gate->peer.any, gate->peer_size) == 0) {
        gate->current = gate->count - 1;
        return;
    }
    gate->count--;
    close_line(line);
}

/* One with room; where there is none, the next in turn. */
static struct line *choose_line(struct gate *gate)
{
    uint32_t most = resolver_settings.most_of_a_line;

    for (unsigned i = 0; i < gate->count; i++, gate->current = (gate->current + 1) % gate->count)
        if (gate->lines[gate->current].unanswered < most)
            return &gate->lines[gate->current];
    gate->current = (gate->current + 1) % gate->count;
    if (gate->count < MOST_LINES)
        open_another_line(gate);
    return &gate->lines[gate->current];
}

/* As many as a line may take at once; sets where the last of them ends. */
static unsigned collect(const struct gate *gate, struct iovec *datagrams, unsigned most)
{
    size_t at = gate->begin, size;
    unsigned count = 0;

    while (at < gate->end && count < most) {
        size = read_16(gate->outbound + at);
        datagrams[count++] = (struct iovec){gate->outbound + at + 2, size};
        at += 2 + size;
    }
    return count;
}

/* The end of a former one may be queued still. Without memory for the timer, nothing would end this one. */
static void nap(struct channel *channel)
{
    timer_stop(channel->loop, &channel->nap);
    channel->deaf |= !timer_start(channel->loop, &channel->nap, loop_now(channel->loop) + NAP_SECONDS);
}

static void end_nap(async_loop *loop, struct node *node)
{
    channel_want_settling(container_of(node, struct channel, nap.node));
}

const struct node_ops wire_nap_ops = {.run = end_nap};

static void take_refusal(struct line *line, int number)
{
    struct gate *gate = line->gate;

    if (number == ENOBUFS || number == ENOMEM)
        nap(gate->channel);
    else if (number == EAGAIN || number == EWOULDBLOCK || number == EINTR)
        watch_set(gate->channel->loop, &line->watch, WATCH_READ | WATCH_WRITE);
    else
        gate->failure = number;
}

/* False when the kernel takes no more for now. */
static bool send_some(struct gate *gate)
{
    struct line *line = choose_line(gate);
    uint32_t most = resolver_settings.most_of_a_line, room = line->unanswered < most ? most - line->unanswered : most;
    struct iovec datagrams[SENT_AT_ONCE];
    unsigned count = collect(gate, datagrams, room < SENT_AT_ONCE ? room : SENT_AT_ONCE);
    int sent = burst_send(line->descriptor, datagrams, count);

    if (sent < 0 && errno == ECONNREFUSED)
        sent = burst_send(line->descriptor, datagrams, count);
    if (sent < 0) {
        take_refusal(line, errno);
        return false;
    }
    line->unanswered += (uint32_t)sent;
    for (int i = 0; i < sent; i++)
        gate->begin += 2 + datagrams[i].iov_len;
    return true;
}

static void flush_gate(struct gate *gate)
{
    while (gate->begin < gate->end && !gate->failure && !gate->channel->nap.index && send_some(gate))
        ;
    if (gate->begin == gate->end)
        gate->begin = gate->end = 0;
}

/* What cannot be sent at all, c-ares hears when it looks for answers. It closes the gate then, and perhaps others. */
void wire_flush(struct channel *channel)
{
    for (struct gate *gate = channel->gates; gate; gate = gate->next) {
        if (gate->begin < gate->end)
            flush_gate(gate);
        if (gate->failure) {
            channel_process(channel, gate->lines[0].descriptor, NO_DESCRIPTOR);
            return;
        }
    }
}

static bool is_unread(const struct gate *gate)
{
    const struct inbound *inbound = &gate->channel->inbound;

    if (inbound->gate == gate && inbound->next < inbound->count)
        return true;
    for (unsigned i = 0; i < gate->count; i++)
        if (gate->lines[i].is_readable)
            return true;
    return false;
}

/* Old versions of c-ares read on until there is no more, new ones once a call. Each call may close gates, so the search
 * begins anew; what is left when others must have their turn is heard in the next. */
void wire_hear(struct channel *channel)
{
    struct gate *gate = channel->gates;

    channel->budget = HEARD_AT_ONCE;
    while (gate && channel->budget) {
        if (!is_unread(gate)) {
            gate = gate->next;
            continue;
        }
        channel->budget--;
        channel_process(channel, gate->lines[0].descriptor, NO_DESCRIPTOR);
        gate = channel->gates;
    }
    if (gate && !node_is_linked(&channel->news))
        loop_queue(channel->loop, &channel->news);
}

/* Where there is no memory either, the datagram counts as lost and is sent again in time. */
static bool make_room(struct gate *gate, size_t size)
{
    uint8_t *grown;

    if (gate->end + size > gate->outbound_size)
        flush_gate(gate);
    if (gate->end + size <= gate->outbound_size)
        return true;
    grown = memory_grow(gate->outbound, gate->end, gate->outbound_size, gate->outbound_size * 2);
    if (!grown)
        return false;
    gate->outbound = grown;
    gate->outbound_size *= 2;
    return true;
}

static ares_ssize_t send_any(ares_socket_t descriptor, const struct iovec *parts, int count, void *user)
{
    struct gate *gate = gate_of(user, descriptor);
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    size_t size = 0;
    uint8_t *bytes;

    if (!gate)
        return sendmsg(descriptor, &message, MSG_NOSIGNAL);
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    if (!make_room(gate, 2 + size))
        return (ares_ssize_t)size;
    bytes = gate->outbound + gate->end;
    *bytes++ = (uint8_t)(size >> 8);
    *bytes++ = (uint8_t)size;
    for (int i = 0; i < count; bytes += parts[i++].iov_len)
        memcpy(bytes, parts[i].iov_base, parts[i].iov_len);
    gate->end += 2 + size;
    hearsay_sent(user, &(struct message){bytes - size, size});
    return (ares_ssize_t)size;
}

/* Looks into the next line that has something; 0 when none has, -1 with errno. */
static int look(struct gate *gate, struct inbound *inbound)
{
    int count;

    for (unsigned i = 0; i < gate->count; i++) {
        struct line *line = &gate->lines[i];

        if (!line->is_readable)
            continue;
        count = burst_receive(line->descriptor, inbound->datagrams, inbound->bytes, INBOUND);
        line->is_readable = count == INBOUND;
        if (count > 0) {
            line->unanswered -= line->unanswered < (uint32_t)count ? line->unanswered : (uint32_t)count;
            return count;
        }
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return -1;
    }
    return 0;
}

static ares_ssize_t receive_datagram(struct gate *gate, void *bytes, size_t size, struct sockaddr *peer,
                                     ares_socklen_t *peer_size)
{
    struct channel *channel = gate->channel;
    struct inbound *inbound = &channel->inbound;
    const struct message *datagram;
    int count;

    if (channel->is_handed && !channel->is_taken)
        hearsay_rejected(channel, &inbound->datagrams[inbound->next - 1]);
    channel->is_handed = channel->is_taken = false;
    errno = gate->failure ? gate->failure : EAGAIN;
    if (gate->failure)
        return -1;
    if (inbound->gate != gate || inbound->next >= inbound->count) {
        count = channel->budget ? look(gate, inbound) : 0;
        if (count == 0)
            errno = EAGAIN;
        if (count <= 0)
            return -1;
        inbound->gate = gate;
        inbound->count = (unsigned)count;
        inbound->next = 0;
    }
    datagram = &inbound->datagrams[inbound->next++];
    channel->budget -= channel->budget > 0;
    channel->is_handed = true;
    if (size > datagram->size)
        size = datagram->size;
    memcpy(bytes, datagram->bytes, size);
    if (peer) {
        memcpy(peer, &gate->peer, *peer_size < gate->peer_size ? *peer_size : gate->peer_size);
        *peer_size = gate->peer_size;
    }
    return (ares_ssize_t)size;
}

static ares_ssize_t receive_any(ares_socket_t descriptor, void *bytes, size_t size, int flags, struct sockaddr *peer,
                                ares_socklen_t *peer_size, void *user)
{
    struct channel *channel = user;
    struct gate *gate = gate_of(channel, descriptor);
    ares_ssize_t received;

    if (gate)
        return receive_datagram(gate, bytes, size, peer, peer_size);
    received = recvfrom(descriptor, bytes, size, flags, peer, peer_size);
    channel->has_more = received > 0 && (size_t)received == size;
    return received;
}

const struct ares_socket_functions wire_functions = {
    .asocket = open_any,
    .aclose = close_any,
    .aconnect = connect_any,
    .arecvfrom = receive_any,
    .asendv = send_any,
};
