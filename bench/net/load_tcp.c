/* Connections with one request in flight each. They are watched edge-triggered, for both directions, from the start: a
 * load has to be quicker than the servers, so that these and not the load set the pace. */
#include "bench/net/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024
/* No more connections than this are made before the server has answered on each: its accept queue must not overflow. */
#define AT_ONCE 64

struct talker {
    int fd;
    uint64_t said;    /* the number of its message */
    size_t sent, heard;
};

struct tcp_load {
    struct load base;
    int epoll;
    size_t size, count;
    struct talker *talkers;
    uint64_t to_begin, to_end;    /* echoes of this run that have not begun, and that have not ended */
};

static void push(struct tcp_load *load, struct talker *talker)
{
    ssize_t sent = send(talker->fd, words(talker->said) + talker->sent, load->size - talker->sent,
                        MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent >= 0)
        talker->sent += (size_t)sent;
    else if (errno != EAGAIN)
        fail("send");
}

static void say(struct tcp_load *load, struct talker *talker)
{
    load->to_begin--;
    talker->said += load->count;
    talker->sent = talker->heard = 0;
    push(load, talker);
}

/* Asks for a byte more than is due. So an answer that is too long is noticed, and a read never fills its buffer, which
 * means that nothing is left to read: no second call is needed to learn that. */
static void hear(struct tcp_load *load, struct talker *talker)
{
    static unsigned char heard[LARGEST_MESSAGE + 1];
    size_t due = load->size - talker->heard;
    ssize_t got = recv(talker->fd, heard, due + 1, MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got < 0)
        fail("recv");
    errno = EPROTO;
    if (got == 0)
        fail("the server closed a connection");
    if ((size_t)got > due || memcmp(heard, words(talker->said) + talker->heard, (size_t)got) != 0)
        fail("an answer with other bytes");
    talker->heard += (size_t)got;
    if (talker->heard < load->size)
        return;
    load->to_end--;
    if (load->to_begin)
        say(load, talker);
}

static void turn(struct tcp_load *load)
{
    static struct epoll_event events[EVENTS];
    int count = epoll_wait(load->epoll, events, EVENTS, 0);

    if (count < 0)
        fail("epoll_wait");
    be_patient(count > 0);
    for (int i = 0; i < count; i++) {
        struct talker *talker = events[i].data.ptr;

        if (talker->sent < load->size)
            push(load, talker);
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            hear(load, talker);
    }
}

static void talk(struct tcp_load *load, struct talker *talkers, size_t count, uint64_t echoes)
{
    load->to_begin = load->to_end = echoes;
    for (size_t i = 0; i < count && load->to_begin; i++)
        say(load, &talkers[i]);
    while (load->to_end)
        turn(load);
}

static void tcp_run(struct load *base, uint64_t echoes)
{
    struct tcp_load *load = (struct tcp_load *)base;

    talk(load, load->talkers, load->count, echoes);
}

static void tcp_close(struct load *base)
{
    struct tcp_load *load = (struct tcp_load *)base;

    for (size_t i = 0; i < load->count; i++)
        close(load->talkers[i].fd);
    close(load->epoll);
    free(load->talkers);
    free(load);
}

static void join(struct tcp_load *load, size_t number, uint16_t port)
{
    struct talker *talker = &load->talkers[number];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = talker};

    *talker = (struct talker){.fd = connected_socket(SOCK_STREAM, port), .said = number, .sent = load->size};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, talker->fd, &event) < 0)
        fail("epoll_ctl");
}

struct load *tcp_load(uint16_t port, size_t connections, size_t size)
{
    struct tcp_load *load = allocate(1, sizeof *load);
    size_t from = 0;

    *load = (struct tcp_load){{tcp_run, tcp_close}, epoll_create1(EPOLL_CLOEXEC), size, connections,
                              allocate(connections, sizeof *load->talkers), 0, 0};
    if (load->epoll < 0)
        fail("epoll");
    for (size_t i = 0; i < connections; i++) {
        join(load, i, port);
        if (i + 1 - from == AT_ONCE || i + 1 == connections) {
            talk(load, load->talkers + from, i + 1 - from, i + 1 - from);
            from = i + 1;
        }
    }
    return &load->base;
}
