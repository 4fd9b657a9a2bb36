/* In which order values leave a queue: each kind has its own. */
#include "tests/support/queues.h"
#include "tests/support/support.h"

#include <math.h>

START_TEST(first_in_is_first_out)
{
    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(1, 100);
    for (int i = 1; i <= 50; i++)
        ck_assert_int_eq(get_int(), i);
    put_ints(101, 200);
    for (int i = 51; i <= 200; i++)
        ck_assert_int_eq(get_int(), i);
    ck_assert_int_eq(get_int(), ASYNC_EEMPTY);
    drop_queue();
}
END_TEST

START_TEST(last_in_is_first_out)
{
    make_queue(0, ASYNC_QUEUE_LIFO);
    put_ints(1, 100);
    for (int i = 100; i > 50; i--)
        ck_assert_int_eq(get_int(), i);
    put_ints(51, 60);
    for (int i = 60; i > 0; i--)
        ck_assert_int_eq(get_int(), i);
    ck_assert_int_eq(get_int(), ASYNC_EEMPTY);
    drop_queue();
}
END_TEST

/* What one puts, as short as it may be written. */
static async_value *list_of(async_value *first, async_value *second)
{
    return async_list((async_value *[]){first, second}, second ? 2 : 1);
}

static void check_order(async_value *taken_low, async_value *taken_high)
{
    async_value *first, *second;

    make_queue(0, ASYNC_QUEUE_PRIORITY);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_value_ref(taken_high)), 0);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_value_ref(taken_low)), 0);
    ck_assert_int_eq(async_queue_get_nowait(queue, &first), 0);
    ck_assert_int_eq(async_queue_get_nowait(queue, &second), 0);
    ck_assert_ptr_eq(first, taken_low);
    ck_assert_ptr_eq(second, taken_high);
    async_value_unref(first);
    async_value_unref(second);
    async_value_unref(taken_low);
    async_value_unref(taken_high);
    drop_queue();
}

START_TEST(numbers_leave_by_size)
{
    check_order(async_int(-5), async_int(3));
    check_order(async_int(INT64_MIN), async_int(INT64_MAX));
    check_order(async_double(0.5), async_double(0.75));
    check_order(async_double(-INFINITY), async_int(INT64_MIN));
    check_order(async_int(INT64_MAX), async_double(INFINITY));
    check_order(async_int(2), async_double(2.5));
    check_order(async_double(-2.5), async_int(-2));
    check_order(async_bool(false), async_bool(true));
    check_order(async_bool(true), async_int(2));
    /* 2 to the 53rd and one more are the same as doubles. */
    check_order(async_double(9007199254740992.0), async_int(9007199254740993));
    check_order(async_int(INT64_MAX), async_double(9223372036854775808.0));
    check_order(async_double(-9223372036854775808.0), async_int(INT64_MIN + 1));
}
END_TEST

START_TEST(texts_and_bytes_leave_byte_by_byte)
{
    check_order(async_text("Zoe"), async_text("ann"));
    check_order(async_text("ann"), async_text("anna"));
    check_order(async_text(""), async_text("a"));
    check_order(async_text("z"), async_text("\xc3\xa4"));
    check_order(async_text_sized("a\0a", 3), async_text_sized("a\0b", 3));
    check_order(async_bytes("\x01", 1), async_bytes("\xff", 1));
}
END_TEST

START_TEST(lists_leave_by_their_first_items_that_differ)
{
    check_order(list_of(async_int(1), async_text("z")), list_of(async_int(2), async_text("a")));
    check_order(list_of(async_int(1), async_text("a")), list_of(async_int(1), async_text("b")));
    check_order(list_of(async_int(1), NULL), list_of(async_int(1), async_none()));
    check_order(list_of(async_int(1), async_int(7)), list_of(async_int(2), async_text("of no matter")));
    check_order(list_of(list_of(async_int(1), NULL), async_none()), list_of(list_of(async_int(2), NULL), async_none()));
}
END_TEST

START_TEST(equal_values_leave_in_the_order_they_came)
{
    async_value *values[100], *value;

    make_queue(0, ASYNC_QUEUE_PRIORITY);
    for (int i = 0; i < 100; i++) {
        values[i] = list_of(async_double(i % 3), async_none());
        ck_assert_int_eq(async_queue_put_nowait(queue, async_value_ref(values[i])), 0);
    }
    for (int priority = 0; priority < 3; priority++)
        for (int i = priority; i < 100; i += 3) {
            ck_assert_int_eq(async_queue_get_nowait(queue, &value), 0);
            ck_assert_ptr_eq(value, values[i]);
            async_value_unref(value);
        }
    for (int i = 0; i < 100; i++)
        async_value_unref(values[i]);
    drop_queue();
}
END_TEST

START_TEST(many_numbers_leave_in_order)
{
    struct dice dice = dice_of(7);
    int last = -1, number;

    make_queue(0, ASYNC_QUEUE_PRIORITY);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(async_queue_put_nowait(queue, async_int(roll(&dice, 500))), 0);
    for (int i = 0; i < 1000; i++, last = number) {
        number = get_int();
        ck_assert_int_le(last, number);
    }
    drop_queue();
}
END_TEST

static async_value *nested(int depth)
{
    async_value *value = async_int(1);

    while (depth-- > 0)
        value = list_of(value, NULL);
    return value;
}

START_TEST(what_cannot_be_compared_is_refused)
{
    async_type *type = async_type_new("thing", NULL, NULL);
    async_future *put;
    int things[2];

    make_queue(0, ASYNC_QUEUE_PRIORITY);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_double(NAN)), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_error(ASYNC_EHOST, "x")), ASYNC_EINVAL);
    put_ints(1, 1);
    put = async_queue_put(queue, async_text("one"));
    ck_assert_str_eq(async_future_message(put), "queue: the value cannot be compared with those in it");
    ck_assert_int_eq(finish(put), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_none()), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_put_nowait(queue, list_of(async_int(1), NULL)), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_object(NULL, type, things)), ASYNC_EINVAL);
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_object(NULL, type, things)), 0);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_object(NULL, type, things)), 0);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_object(NULL, type, things + 1)), ASYNC_EINVAL);
    ck_assert_uint_eq(async_queue_size(queue), 2);
    drop_queue();
    make_queue(0, ASYNC_QUEUE_PRIORITY);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_text("a")), 0);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_bytes("a", 1)), ASYNC_EINVAL);
    drop_queue();
    make_queue(0, ASYNC_QUEUE_PRIORITY);
    ck_assert_int_eq(async_queue_put_nowait(queue, nested(64)), 0);
    ck_assert_int_eq(async_queue_put_nowait(queue, nested(100000)), ASYNC_EINVAL);
    drop_queue();
    async_type_unref(type);
}
END_TEST

START_TEST(who_waited_to_put_hears_that_it_cannot_be_compared)
{
    async_future *put;

    make_queue(2, ASYNC_QUEUE_PRIORITY);
    put_ints(1, 2);
    put = async_queue_put(queue, async_text("one"));
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(finish(async_future_ref(put)), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(put), "queue: the value cannot be compared with those in it");
    async_future_unref(put);
    drop_queue();
}
END_TEST

int main(void)
{
    return RUN_TESTS("queue_order", first_in_is_first_out, last_in_is_first_out, numbers_leave_by_size,
                     texts_and_bytes_leave_byte_by_byte, lists_leave_by_their_first_items_that_differ,
                     equal_values_leave_in_the_order_they_came, many_numbers_leave_in_order,
                     what_cannot_be_compared_is_refused, who_waited_to_put_hears_that_it_cannot_be_compared);
}
