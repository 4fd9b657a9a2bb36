/* A name server in a process of its own, on the loopback, that answers each question for an address after a while. */
#ifndef LIBASYNC_BENCH_NAME_SERVER_H
#define LIBASYNC_BENCH_NAME_SERVER_H

#include <stdbool.h>

/* To be called before there are threads: moves this process into namespaces of its own, if it may. Where to ask. */
const char *bench_name_server_start(double delay_seconds);
/* Whether it is the one that resolv.conf names. */
bool bench_name_server_is_of_system(void);
void bench_name_server_stop(void);

#endif
