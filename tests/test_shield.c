#include "tests/support/support.h"

START_TEST(a_shielded_task_runs_on_when_its_waiter_is_cancelled)
{
    async_future *promise = async_future_new(loop), *inner, *outer;
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)}, bob = {.name = "bob", .tries = true};

    inner = courier_send(&ann);
    bob.parcel = async_shield(loop, async_future_ref(inner));
    outer = courier_send(&bob);
    turn();
    async_future_cancel(outer, "enough");
    ck_assert_int_eq(finish(outer), ASYNC_ECANCELED);
    ck_assert(!async_future_is_done(inner));
    async_future_resolve(promise, async_int(5));
    ck_assert_int_eq(finish(inner), 0);
    ck_assert_notes("ann? bob? bob!ECANCELED ~bob ann=5 ~ann");
    async_future_unref(promise);
}
END_TEST

START_TEST(the_cancel_of_what_is_shielded_cancels_the_shield)
{
    async_future *promise = async_future_new(loop), *shield = async_shield(loop, async_future_ref(promise));

    async_future_cancel(promise, "gone");
    ck_assert_int_eq(async_loop_run_until(loop, shield), ASYNC_ECANCELED);
    ck_assert(async_future_is_cancelled(shield));
    ck_assert_str_eq(async_future_message(shield), "gone");
    async_future_unref(shield);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_gather_that_fails_with_a_cancel_does_not_cancel_its_shield)
{
    async_future *promise = async_future_new(loop), *all, *shield;

    all = async_gather(loop, &(async_future *){async_future_ref(promise)}, 1, 0);
    shield = async_shield(loop, async_future_ref(all));
    async_future_cancel(promise, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, shield), ASYNC_ECANCELED);
    ck_assert(!async_future_is_cancelled(all));
    ck_assert(!async_future_is_cancelled(shield));
    async_future_unref(shield);
    async_future_unref(all);
    async_future_unref(promise);
}
END_TEST

/* Both in one turn, in either order. */
START_TEST(a_shield_cancelled_as_its_future_ends_is_cancelled)
{
    for (int way = 0; way < 4; way++) {
        async_future *promise = async_future_new(loop), *shield = async_shield(loop, async_future_ref(promise));

        if (way & 1)
            ck_assert_int_eq(async_future_cancel(shield, NULL), 0);
        if (way & 2)
            async_future_fail(promise, ASYNC_EHOST, "broke");
        else
            async_future_resolve(promise, async_none());
        if (!(way & 1))
            ck_assert_int_eq(async_future_cancel(shield, NULL), 0);
        ck_assert_int_eq(finish(shield), ASYNC_ECANCELED);
        turn();
        async_future_unref(promise);
        /* Cancelled before, it hides nothing; after, it has read what was there. */
        ck_assert_str_eq(reports(), way == 3 ? "ASYNC_EHOST: a future failed and nobody read it: broke" : "");
    }
}
END_TEST

START_TEST(what_is_done_needs_no_shield)
{
    async_future *promise = async_future_new(loop), *yielded = async_sleep(loop, 0), *immortal = async_sleep(NULL, 0);

    async_future_resolve(promise, async_none());
    ck_assert_ptr_eq(async_shield(loop, promise), promise);
    ck_assert_ptr_eq(async_shield(loop, yielded), yielded);
    ck_assert_ptr_eq(async_shield(loop, immortal), immortal);
    async_future_unref(promise);
    async_future_unref(yielded);
}
END_TEST

START_TEST(many_may_shield_one)
{
    async_future *promise = async_future_new(loop), *shields[3];

    for (int i = 0; i < 3; i++)
        shields[i] = async_shield(loop, async_future_ref(promise));
    async_future_cancel(shields[1], NULL);
    async_future_resolve(promise, async_int(1));
    ck_assert_int_eq(finish(shields[0]), 0);
    ck_assert_int_eq(finish(shields[1]), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(shields[2]), 0);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_refusal_names_the_argument)
{
    async_loop *other = async_loop_new();
    async_future *shield = async_shield(loop, NULL), *foreign = async_future_new(other);

    ck_assert_int_eq(async_future_error(shield), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(shield), "shield: the future is NULL");
    async_future_unref(shield);
    shield = async_shield(loop, async_future_ref(foreign));
    ck_assert_int_eq(async_future_error(shield), ASYNC_EFOREIGN);
    ck_assert_str_eq(async_future_message(shield), "shield: the future belongs to another loop");
    async_future_unref(shield);
    async_future_resolve(foreign, async_none());
    ck_assert_int_eq(finish(async_shield(loop, foreign)), ASYNC_EFOREIGN);
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

int main(void)
{
    return RUN_TESTS("shield", a_shielded_task_runs_on_when_its_waiter_is_cancelled,
                     the_cancel_of_what_is_shielded_cancels_the_shield,
                     a_gather_that_fails_with_a_cancel_does_not_cancel_its_shield,
                     a_shield_cancelled_as_its_future_ends_is_cancelled, what_is_done_needs_no_shield,
                     many_may_shield_one, a_refusal_names_the_argument);
}
