/*
 * Inside io/: connecting. An opening is the future that the caller awaits; it looks the host up, puts the addresses in
 * order and has attempts race each other. The race may begin with the addresses of one family. An attempt is one address on a descriptor of its own. The first that
 * connects becomes the stream, and the others are closed.
 */
#ifndef LIBASYNC_IO_CONNECT_H
#define LIBASYNC_IO_CONNECT_H

#include "libasync/io/internal.h"

struct attempt {
    struct node node;    /* queued when the kernel has an answer */
    struct watch watch;
    struct opening *opening;
    async_value *address;    /* held */
    int descriptor;          /* -1: not begun, or over */
    int number;              /* the errno that it failed with; 0: it has not */
};

/* Pending, an opening holds itself. Its timer is set for whichever comes first, the next attempt or the limit. */
struct opening {
    async_future future;
    struct node found;               /* waits for the look-up, */
    struct node half;                /* and this for the first half of it */
    async_future *lookup;            /* held, while it goes on */
    async_socket_options *options;   /* a copy, or NULL */
    char *host;                      /* NULL: an address was given */
    int port;
    uint32_t capacity, count, begun, under_way;
    struct attempt **attempts;       /* in the order in which they are to begin */
    double limit;                    /* when to give up; ASYNC_FOREVER */
    double next;                     /* when the next attempt is due, if there is one; ASYNC_FOREVER */
    double patience;                 /* until a crowded Unix socket is asked again; 0: there is none */
};
_Static_assert(sizeof(struct opening) <= SLAB_CLASSES * SLAB_STEP, "a slab has room for it");

static inline const async_socket_options *opening_options(const struct opening *opening)
{
    return options_or_default(opening->options);
}

/* attempt.c: what a step of an attempt has come to. */
enum attempt_state { ATTEMPT_UNDER_WAY, ATTEMPT_CONNECTED, ATTEMPT_CROWDED, ATTEMPT_FAILED };
enum attempt_state attempt_begin(struct attempt *attempt);
/* Once more, after it was crowded. */
enum attempt_state attempt_repeat(struct attempt *attempt);
/* What became of one that was under way. */
enum attempt_state attempt_look(struct attempt *attempt);
/* The descriptor is the caller's from now on. */
int attempt_take_descriptor(struct attempt *attempt);
void attempt_close(struct attempt *attempt);

/* eyeballs.c: makes attempts of the addresses, in the order of the race, behind those that have begun; false without
 * memory. */
bool opening_arrange(struct opening *opening, const async_value *list);
bool opening_arrange_one(struct opening *opening, async_value *address);
void opening_race(struct opening *opening);
/* Begins the race with half of the addresses, or goes on with them all; the look-up's end may be that of the race. */
void opening_race_half(struct opening *opening);
void opening_go_on(struct opening *opening);
void opening_on_time(struct opening *opening);
void opening_end_race(struct opening *opening);

/* connect.c: how the race ended. */
void opening_won(struct opening *opening, struct attempt *winner);
void opening_lost(struct opening *opening);
void opening_timed_out(struct opening *opening);
void opening_out_of_memory(struct opening *opening);

#endif
