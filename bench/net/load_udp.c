/* Datagrams over one socket, in batches: where the kernel can, they are given to it as one packet that it cuts
 * (UDP_SEGMENT), as those who send much do. Sent one by one over loopback, where that takes longer than the server takes
 * to answer, they would come to it one by one, and no server could show what it does with batches. They come back in
 * their order and none is lost while the window fits the socket's buffers, so the next answer is always known. */
#include "bench/net/load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGEST_WINDOW 256
#define LARGEST_DATAGRAM 2048
#define MOST_SEGMENTS 64
#define LARGEST_PACKET 65000
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

struct udp_load {
    struct load base;
    int fd;
    size_t window, size;
    bool cuts;               /* until the kernel refuses to cut packets */
    uint64_t said, heard;    /* the numbers of the next datagram to send, and of the next to come back */
};

/* As many of them as one packet carries. */
static size_t send_cut(const struct udp_load *load, struct iovec *parts, size_t count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    struct msghdr message = {.msg_iov = parts, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    uint16_t size = (uint16_t)load->size;

    if (count > MOST_SEGMENTS)
        count = MOST_SEGMENTS;
    if (count > LARGEST_PACKET / load->size)
        count = LARGEST_PACKET / load->size;
    message.msg_iovlen = count;
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(header), &size, sizeof size);
    return sendmsg(load->fd, &message, 0) < 0 ? 0 : count;
}

static size_t send_singly(const struct udp_load *load, struct iovec *parts, size_t count)
{
    struct mmsghdr messages[LARGEST_WINDOW] = {0};
    int sent;

    for (size_t i = 0; i < count; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    sent = sendmmsg(load->fd, messages, (unsigned)count, 0);
    if (sent < 0)
        fail("sendmmsg");
    return (size_t)sent;
}

static void say(struct udp_load *load, size_t count)
{
    struct iovec parts[LARGEST_WINDOW];

    for (size_t i = 0; i < count; i++)
        parts[i] = (struct iovec){(void *)words(load->said + i), load->size};
    load->said += count;
    for (size_t sent = 0; sent < count;) {
        size_t taken = load->cuts ? send_cut(load, parts + sent, count - sent) : 0;

        load->cuts = load->cuts && taken;
        sent += taken ? taken : send_singly(load, parts + sent, count - sent);
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
    *load = (struct udp_load){{udp_run, udp_close}, connected_socket(SOCK_DGRAM, port), window, size, true, 0, 0};
    return &load->base;
}
