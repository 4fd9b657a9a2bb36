#include "libasync/io/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

bool packets_go_singly;

static ssize_t receive_one(int descriptor, struct packet *packet)
{
    ssize_t size = recvmsg(descriptor, &packet->header, MSG_DONTWAIT);

    if (size >= 0)
        packet->size = (unsigned)size;
    return size;
}

static ssize_t send_one(int descriptor, struct packet *packet)
{
    return sendmsg(descriptor, &packet->header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* An error behind a first success is met again by the next call. */
static int each(int descriptor, struct packet *packets, unsigned count, ssize_t (*one)(int, struct packet *))
{
    unsigned done = 0;

    while (done < count) {
        if (one(descriptor, &packets[done]) >= 0)
            done++;
        else if (errno != EINTR)
            break;
    }
    return done ? (int)done : -1;
}

#ifdef HAS_PACKET_BATCHES

_Static_assert(sizeof(struct packet) == sizeof(struct mmsghdr), "a packet is the system's");
_Static_assert(offsetof(struct packet, size) == offsetof(struct mmsghdr, msg_len), "a packet is the system's");

int packets_receive(int descriptor, struct packet *packets, unsigned count)
{
    int done;

    if (packets_go_singly)
        return each(descriptor, packets, count, receive_one);
    do
        done = recvmmsg(descriptor, (struct mmsghdr *)packets, count, MSG_DONTWAIT, NULL);
    while (done < 0 && errno == EINTR);
    return done;
}

int packets_send(int descriptor, struct packet *packets, unsigned count)
{
    int done;

    if (packets_go_singly)
        return each(descriptor, packets, count, send_one);
    do
        done = sendmmsg(descriptor, (struct mmsghdr *)packets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    return done;
}

#else

int packets_receive(int descriptor, struct packet *packets, unsigned count)
{
    return each(descriptor, packets, count, receive_one);
}

int packets_send(int descriptor, struct packet *packets, unsigned count)
{
    return each(descriptor, packets, count, send_one);
}

#endif

#ifdef UDP_SEGMENT

bool packet_can_be_cut(int descriptor)
{
    int size;
    socklen_t length = sizeof size;

    return !packets_go_singly && getsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, &size, &length) == 0;
}

_Static_assert(CMSG_SPACE(sizeof(uint16_t)) <= CUT_CONTROL_SIZE, "there is room for the size");

void packet_cut(struct packet *packet, void *control, uint16_t size)
{
    struct cmsghdr *head = control;

    memset(control, 0, CMSG_SPACE(sizeof size));
    packet->header.msg_control = control;
    packet->header.msg_controllen = CMSG_SPACE(sizeof size);
    head->cmsg_level = IPPROTO_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(head), &size, sizeof size);
}

#else

bool packet_can_be_cut(int descriptor)
{
    return false;
}

void packet_cut(struct packet *packet, void *control, uint16_t size)
{
}

#endif
