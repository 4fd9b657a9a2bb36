/* Loads: what asks an echo server over and over, and checks every byte of its answers. A load keeps its sockets open
 * between runs, so that a run is nothing but echoes. What goes wrong ends the program with a message.
 *
 * A load never sleeps while it waits: it has a core of its own, and a server that had to wake it up would pay for that,
 * a slow one more often than a quick one. A peer across a network is not woken by the server either. */
#ifndef LIBASYNC_BENCH_NET_LOAD_H
#define LIBASYNC_BENCH_NET_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LARGEST_MESSAGE 65536

struct load {
    void (*run)(struct load *load, uint64_t echoes);
    void (*close)(struct load *load);
};

/* So many connections, each with one request of so many bytes in flight; each has had one answer when this returns. */
struct load *tcp_load(uint16_t port, size_t connections, size_t size);
/* One socket with so many datagrams in flight, sent and received in batches. */
struct load *udp_load(uint16_t port, size_t window, size_t size);

/* What the message with this number says: neighbours differ, so that a stale or a swapped answer is noticed. */
const unsigned char *words(uint64_t number);
/* Told in each turn whether something came; ends the program when nothing has for long. */
void be_patient(bool came);
void *allocate(size_t count, size_t size);
int connected_socket(int type, uint16_t port);
_Noreturn void fail(const char *what);

#endif
