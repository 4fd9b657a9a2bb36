/* Datagrams over one socket, in batches. Over loopback they come back in their order and none is lost while the window
 * fits the socket's buffers, so the next answer is always known. */
#include "bench/net/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGEST_WINDOW 256
#define LARGEST_DATAGRAM 2048

struct udp_load {
    struct load base;
    int fd;
    size_t window, size;
    uint64_t said, heard;    /* the numbers of the next datagram to send, and of the next to come back */
};

static void say(struct udp_load *load, size_t count)
{
    struct mmsghdr messages[LARGEST_WINDOW] = {0};
    struct iovec parts[LARGEST_WINDOW];

    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){(void *)words(load->said + i), load->size};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    load->said += count;
    for (size_t sent = 0; sent < count;) {
        int taken = sendmmsg(load->fd, messages + sent, (unsigned)(count - sent), 0);

        if (taken < 0)
            fail("sendmmsg");
        sent += (size_t)taken;
    }
}

static void check(struct udp_load *load, const struct mmsghdr *message)
{
    errno = EPROTO;
    if (message->msg_len != load->size ||
        memcmp(message->msg_hdr.msg_iov->iov_base, words(load->heard), load->size) != 0)
        fail("a datagram with other bytes");
    load->heard++;
}

static size_t hear(struct udp_load *load)
{
    static unsigned char bytes[LARGEST_WINDOW][LARGEST_DATAGRAM];
    struct mmsghdr messages[LARGEST_WINDOW] = {0};
    struct iovec parts[LARGEST_WINDOW];
    int count;

    for (size_t i = 0; i < load->window; i++) {
        parts[i] = (struct iovec){bytes[i], sizeof bytes[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    count = recvmmsg(load->fd, messages, (unsigned)load->window, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN)
        fail("recvmmsg");
    be_patient(count > 0);
    for (int i = 0; i < count; i++)
        check(load, &messages[i]);
    return count < 0 ? 0 : (size_t)count;
}

static void udp_run(struct load *base, uint64_t echoes)
{
    struct udp_load *load = (struct udp_load *)base;
    uint64_t end = load->heard + echoes;

    say(load, echoes < load->window ? echoes : load->window);
    while (load->heard < end) {
        size_t room = hear(load);

        if (room > end - load->said)
            room = end - load->said;
        if (room)
            say(load, room);
    }
}

static void udp_close(struct load *base)
{
    close(((struct udp_load *)base)->fd);
    free(base);
}

struct load *udp_load(uint16_t port, size_t window, size_t size)
{
    struct udp_load *load = allocate(1, sizeof *load);

    errno = EINVAL;
    if (window > LARGEST_WINDOW || size > LARGEST_DATAGRAM)
        fail("a window or a datagram too large");
    *load = (struct udp_load){{udp_run, udp_close}, connected_socket(SOCK_DGRAM, port), window, size, 0, 0};
    return &load->base;
}
