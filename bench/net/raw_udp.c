/* A datagram echo server with nothing between: a batch is received with one call and sent back with another. */
#include "bench/net/server.h"

#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

#define BATCH 64
#define LARGEST_DATAGRAM 2048

int main(void)
{
    static unsigned char bytes[BATCH][LARGEST_DATAGRAM];
    static struct sockaddr_in6 names[BATCH];
    static struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    struct pollfd ready = {.fd = bound_socket(SOCK_DGRAM), .events = POLLIN};

    for (;;) {
        int count;

        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){bytes[i], sizeof bytes[i]};
            messages[i].msg_hdr = (struct msghdr){&names[i], sizeof names[i], &parts[i], 1, NULL, 0, 0};
        }
        poll(&ready, 1, -1);
        count = recvmmsg(ready.fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++)
            parts[i].iov_len = messages[i].msg_len;
        if (count > 0)
            must(sendmmsg(ready.fd, messages, (unsigned)count, 0) - count, "sendmmsg");
    }
}
