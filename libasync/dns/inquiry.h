/*
 * An inquiry is a future that asks questions. It holds itself until the last of them was answered, for c-ares cannot
 * forget one query among others: who is cancelled is over at once, but stays in memory until then.
 */
#ifndef LIBASYNC_DNS_INQUIRY_H
#define LIBASYNC_DNS_INQUIRY_H

#include "libasync/dns/internal.h"

struct inquiry {
    async_future future;    /* its node is queued to let go */
    uint8_t open;           /* questions that were not answered yet */
};

/* For its class. */
#define INQUIRY_NODE {.run = inquiry_let_go, .drop_at_close = inquiry_drop_at_close}
void inquiry_let_go(async_loop *loop, struct node *node);
void inquiry_drop_at_close(async_loop *loop, struct node *node);
bool inquiry_cancel(struct inquiry *inquiry, struct question *questions, size_t count, async_value *error);

static inline struct resolver *inquiry_resolver(const struct inquiry *inquiry)
{
    return inquiry->future.loop->resolver;
}

/* Asks its only question. */
void inquiry_ask(struct inquiry *inquiry, struct resolver *resolver, struct question *question,
                 const struct question_class *class, const char *name, uint16_t type);
/* Each answer's last word. */
void inquiry_answered(struct inquiry *inquiry);
/* Ends it if it is still pending; at the loop's close nobody would call that a failure of its own. */
void inquiry_complete(struct inquiry *inquiry, async_value *taken);
bool inquiry_is_closing(const struct inquiry *inquiry);

#endif
