#include "tests/support/queues.h"
#include "tests/support/support.h"

async_queue *queue;

void make_queue(int64_t capacity, int kind)
{
    queue = async_queue_new(loop, capacity, kind);
    ck_assert_ptr_nonnull(queue);
}

void drop_queue(void)
{
    queue = async_queue_unref(queue);
}

void put_ints(int first, int last)
{
    for (int i = first; i <= last; i++)
        ck_assert_int_eq(async_queue_put_nowait(queue, async_int(i)), 0);
}

int get_int(void)
{
    async_value *value;
    int error = async_queue_get_nowait(queue, &value), number = error ? error : (int)async_value_int(value);

    if (error)
        ck_assert_ptr_null(value);
    async_value_unref(value);
    return number;
}

int got(async_future *taken)
{
    int error = finish(async_future_ref(taken));
    int number = error ? error : (int)async_value_int(async_future_value(taken));

    async_future_unref(taken);
    return number;
}
