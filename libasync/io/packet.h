/* Inside io/: several datagrams by one call of the kernel's, where it has such calls; elsewhere one by one. */
#ifndef LIBASYNC_IO_PACKET_H
#define LIBASYNC_IO_PACKET_H

#include "libasync/platform/internal.h"

#include <sys/socket.h>

/* As the system's struct mmsghdr. */
struct packet {
    struct msghdr header;
    unsigned size;    /* of what was received or sent */
};

/* How many were received or sent, at least one; or -1 and errno. Interrupted calls are repeated. */
int packets_receive(int descriptor, struct packet *packets, unsigned count);
int packets_send(int descriptor, struct packet *packets, unsigned count);

/* Whether a packet of several parts to one address can be cut by the kernel into datagrams of a given size. */
bool packet_can_be_cut(int descriptor);
#define CUT_CONTROL_SIZE 32
/* Has it cut so. `control` is CUT_CONTROL_SIZE bytes, aligned as pointers are. */
void packet_cut(struct packet *packet, void *control, uint16_t size);

/* Tests set it, to see what systems without such calls do. */
extern bool packets_go_singly;

#endif
