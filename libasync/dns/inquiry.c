#include "libasync/dns/inquiry.h"

void inquiry_let_go(async_loop *loop, struct node *node)
{
    future_drop(container_of(node, async_future, node));
}

void inquiry_drop_at_close(async_loop *loop, struct node *node)
{
    if (node_is_linked(node)) {
        node_unlink(node);
        inquiry_let_go(loop, node);
    }
}

bool inquiry_cancel(struct inquiry *inquiry, struct question *questions, size_t count, async_value *error)
{
    future_fail(&inquiry->future, async_value_ref(error));
    for (size_t i = 0; i < count; i++)
        if (question_forget(&questions[i]) && --inquiry->open == 0)
            future_drop(&inquiry->future);
    return true;
}

void inquiry_ask(struct inquiry *inquiry, struct resolver *resolver, struct question *question,
                 const struct question_class *class, const char *name, uint16_t type)
{
    future_hold(&inquiry->future);
    inquiry->open = 1;
    resolver_add(resolver, question, class, name, type);
    resolver_ask_added(resolver);
}

bool inquiry_is_closing(const struct inquiry *inquiry)
{
    return atomic_load(&inquiry->future.loop->closing);
}

/* Let go of from the queue: the last reference to go may report an unread failure to a handler of the user's, who may
 * start the next lookup, and c-ares is still at work on this one. */
void inquiry_answered(struct inquiry *inquiry)
{
    if (--inquiry->open == 0)
        loop_queue(inquiry->future.loop, &inquiry->future.node);
}

void inquiry_complete(struct inquiry *inquiry, async_value *taken)
{
    if (!future_is_pending(&inquiry->future)) {
        async_value_unref(taken);
    } else if (inquiry_is_closing(inquiry)) {
        async_value_unref(taken);
        future_end_closed(&inquiry->future);
    } else {
        complete_by(&inquiry->future, taken);
    }
}
