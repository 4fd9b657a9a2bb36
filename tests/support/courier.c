#include "tests/support/support.h"

#include <string.h>

static async_step deliver, deliver_again;

static void destroy(void *state)
{
    struct courier *courier = state;

    note("~%s", courier->name);
    courier->parcel = async_future_unref(courier->parcel);
    courier->again = async_future_unref(courier->again);
}

static async_next hand_on(async_task *task, const struct courier *courier)
{
    async_value *value = async_awaited(task);

    if (async_value_kind(value) == ASYNC_INT)
        note("%s=%d", courier->name, (int)async_value_int(value));
    else
        note("%s=", courier->name);
    return async_return(task, async_value_ref(value));
}

async_next courier_start(async_task *task, void *state)
{
    struct courier *courier = state;
    async_future *parcel = courier->parcel;

    note("%s?", courier->name);
    courier->parcel = NULL;
    if (!parcel)
        return async_return(task, async_int(0));
    if (courier->tries || courier->swallows)
        return async_try(task, parcel, deliver);
    return async_await(task, parcel, deliver);
}

static async_next deliver(async_task *task, void *state)
{
    struct courier *courier = state;
    async_future *again = courier->again;

    if (!async_caught(task))
        return hand_on(task, courier);
    note("%s!%s", courier->name, async_error_name(async_caught(task)) + strlen("ASYNC_"));
    if (!courier->swallows)
        return async_fail_with(task, async_value_ref(async_task_failure(task)));
    courier->again = NULL;
    return again ? async_await(task, again, deliver_again) : async_return(task, async_int(0));
}

static async_next deliver_again(async_task *task, void *state)
{
    return hand_on(task, state);
}

async_future *courier_send(struct courier *courier)
{
    async_future *task = async_create_task(loop, courier_start, courier, destroy);

    if (async_future_is_task(task))
        async_future_set_name(task, courier->name);
    return task;
}
