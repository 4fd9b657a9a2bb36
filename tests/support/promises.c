#include "tests/support/support.h"

async_future *promises[MOST_PROMISES];

async_future **make_promises(int count)
{
    static async_future *given[MOST_PROMISES];

    for (int i = 0; i < count; i++) {
        promises[i] = async_future_new(loop);
        given[i] = async_future_ref(promises[i]);
    }
    return given;
}

void drop_promises(int count)
{
    for (int i = 0; i < count; i++)
        promises[i] = async_future_unref(promises[i]);
}
