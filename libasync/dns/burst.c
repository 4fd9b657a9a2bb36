/* Many small datagrams in a system call. */
#include "libasync/dns/channel.h"
#include "libasync/dns/config.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Cut off, and marked so for c-ares, which then asks over TCP. */
static size_t mark_cut(uint8_t *bytes)
{
    bytes[2] |= 2;
    return LONGEST_DATAGRAM;
}

#ifdef HAVE_RECVMMSG

int burst_send(int descriptor, struct iovec *datagrams, unsigned count)
{
    struct mmsghdr messages[64];

    if (count > 64)
        count = 64;
    memset(messages, 0, count * sizeof *messages);
    for (unsigned i = 0; i < count; i++) {
        messages[i].msg_hdr.msg_iov = &datagrams[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    return sendmmsg(descriptor, messages, count, MSG_NOSIGNAL);
}

int burst_receive(int descriptor, struct message *datagrams, uint8_t (*bytes)[LONGEST_DATAGRAM], unsigned count)
{
    struct mmsghdr messages[INBOUND];
    struct iovec parts[INBOUND];
    int received;

    memset(messages, 0, count * sizeof *messages);
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){bytes[i], LONGEST_DATAGRAM};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    received = recvmmsg(descriptor, messages, count, MSG_DONTWAIT, NULL);
    for (int i = 0; i < received; i++)
        datagrams[i] = (struct message){
            bytes[i], messages[i].msg_hdr.msg_flags & MSG_TRUNC ? mark_cut(bytes[i]) : messages[i].msg_len};
    return received;
}

#else

int burst_send(int descriptor, struct iovec *datagrams, unsigned count)
{
    return send(descriptor, datagrams->iov_base, datagrams->iov_len, MSG_NOSIGNAL) < 0 ? -1 : 1;
}

int burst_receive(int descriptor, struct message *datagrams, uint8_t (*bytes)[LONGEST_DATAGRAM], unsigned count)
{
    struct iovec part = {bytes[0], LONGEST_DATAGRAM};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t size = recvmsg(descriptor, &message, MSG_DONTWAIT);

    if (size < 0)
        return -1;
    datagrams[0] = (struct message){bytes[0], message.msg_flags & MSG_TRUNC ? mark_cut(bytes[0]) : (size_t)size};
    return 1;
}

#endif
