/* What is waited for at a datagram socket. */
#include "libasync/io/datagram.h"

async_future *datagram_refuse(const async_datagram *datagram, int error)
{
    if (!datagram)
        return future_failed_null("datagram");
    if (error == ASYNC_ECLOSED && loop_enter(datagram_loop(datagram)) == 0)
        return future_failed_saying(datagram_loop(datagram), error, DATAGRAM_IS_CLOSED);
    return future_failed(error);
}

struct datagram_wait *datagram_wait_new(async_datagram *datagram, const struct future_class *class)
{
    async_future *future = future_new(datagram_loop(datagram), class);
    struct datagram_wait *wait;

    if (!future)
        return NULL;
    future_hold(future);
    future_hold(&datagram->closed);
    wait = container_of(future, struct datagram_wait, future);
    wait->datagram = datagram;
    wait->link = (struct node){.next = NULL};
    return wait;
}

bool datagram_wait_limit(struct datagram_wait *wait, double seconds)
{
    async_loop *loop = wait->future.loop;

    return seconds == ASYNC_FOREVER || timer_start(loop, &wait->future.timer, loop_now(loop) + seconds);
}

void datagram_wait_end(struct datagram_wait *wait, async_value *taken)
{
    async_datagram *datagram = wait->datagram;

    timer_stop(wait->future.loop, &wait->future.timer);
    if (node_is_linked(&wait->link))
        node_unlink(&wait->link);
    if (async_value_error(taken) == ASYNC_ECLOSED)
        future_excuse(&wait->future);    /* somebody closed it on purpose */
    if (value_is_error(taken))
        future_fail(&wait->future, taken);
    else
        future_succeed(&wait->future, taken);
    future_drop(&wait->future);
    future_drop(&datagram->closed);
}

void datagram_wait_end_now(struct datagram_wait *wait, async_value *taken)
{
    async_loop *loop = wait->future.loop;
    struct node *follower = future_take_follower(&wait->future);

    datagram_wait_end(wait, taken);
    if (!follower)
        return;
    loop->ran++;
    follower->ops->run(loop, follower);
}
