#include "libasync/future/value.h"
#include "tests/support/support.h"

#include <float.h>
#include <math.h>
#include <string.h>

START_TEST(none_and_bools_are_always_the_same)
{
    ck_assert_ptr_eq(async_none(), async_none());
    ck_assert_ptr_eq(async_bool(true), async_bool(true));
    ck_assert_ptr_ne(async_bool(true), async_bool(false));
    ck_assert_int_eq(async_value_kind(async_none()), ASYNC_NONE);
    ck_assert_int_eq(async_value_kind(async_bool(false)), ASYNC_BOOL);
    ck_assert(async_value_bool(async_bool(true)));
    ck_assert(!async_value_bool(async_bool(false)));
    ck_assert_int_eq(async_value_int(async_bool(true)), 1);
    ck_assert_int_eq(async_value_int(async_bool(false)), 0);

    for (int i = 0; i < 1000; i++)
        async_value_unref(async_none());
    ck_assert_int_eq(async_value_kind(async_none()), ASYNC_NONE);
}
END_TEST

START_TEST(every_int64_is_kept_as_it_is)
{
    static const int64_t numbers[] = {0,
                                      1,
                                      -1,
                                      42,
                                      INT32_MAX,
                                      INT32_MIN,
                                      INT64_MAX / 2,
                                      INT64_MAX / 2 + 1,
                                      INT64_MIN / 2,
                                      INT64_MIN / 2 - 1,
                                      INT64_MAX,
                                      INT64_MIN};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        async_value *value = async_int(numbers[i]);

        ck_assert_int_eq(async_value_kind(value), ASYNC_INT);
        ck_assert_int_eq(async_value_int(value), numbers[i]);
        ck_assert_double_eq(async_value_double(value), (double)numbers[i]);
        ck_assert(!async_value_bool(value));
        async_value_unref(value);
    }
}
END_TEST

START_TEST(ints_of_63_bits_take_no_memory)
{
    size_t blocks = memory_blocks();
    async_value *large = async_int(INT64_MAX / 2), *small = async_int(INT64_MIN / 2), *block;

    ck_assert_uint_eq(memory_blocks(), blocks);
    block = async_int(INT64_MAX);
    ck_assert_uint_eq(memory_blocks(), blocks + 1);
    async_value_unref(large);
    async_value_unref(small);
    async_value_unref(block);
}
END_TEST

START_TEST(doubles_are_kept_as_they_are)
{
    static const double numbers[] = {0.0, -0.0, 1.5, -1e300, DBL_MIN, INFINITY, -INFINITY};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        async_value *value = async_double(numbers[i]);

        ck_assert_int_eq(async_value_kind(value), ASYNC_DOUBLE);
        ck_assert(async_value_double(value) == numbers[i]);
        async_value_unref(value);
    }
}
END_TEST

START_TEST(a_double_reads_as_an_int_where_one_can_hold_it)
{
    static const struct {
        double number;
        int64_t whole;
    } cases[] = {{1.9, 1},          {-1.9, -1},         {0x1p62, INT64_C(1) << 62}, {-0x1p63, INT64_MIN}, {0x1p63, 0},
                 {-0x1.1p63, 0},    {INFINITY, 0},      {-INFINITY, 0},             {NAN, 0}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        async_value *value = async_double(cases[i].number);

        ck_assert_int_eq(async_value_int(value), cases[i].whole);
        async_value_unref(value);
    }
}
END_TEST

START_TEST(a_text_is_copied_and_closed_with_a_zero_byte)
{
    char source[] = "grüß";
    async_value *value = async_text(source);
    size_t size;

    memset(source, 'x', sizeof source - 1);
    ck_assert_int_eq(async_value_kind(value), ASYNC_TEXT);
    ck_assert_str_eq(async_value_text(value, &size), "grüß");
    ck_assert_uint_eq(size, strlen("grüß"));
    ck_assert_str_eq(async_value_text(value, NULL), "grüß");
    async_value_unref(value);
}
END_TEST

START_TEST(a_text_may_hold_zero_bytes)
{
    async_value *value = async_text_sized("a\0b", 3);
    size_t size;

    ck_assert_mem_eq(async_value_text(value, &size), "a\0b", 4);
    ck_assert_uint_eq(size, 3);
    async_value_unref(value);
}
END_TEST

START_TEST(texts_and_bytes_may_be_empty)
{
    async_value *values[] = {async_text(""), async_text_sized(NULL, 0), async_bytes(NULL, 0)};
    size_t size = 7;

    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(async_value_text(values[i], &size), "");
        ck_assert_uint_eq(size, 0);
        async_value_unref(values[i]);
    }
}
END_TEST

START_TEST(a_text_of_nothing_cannot_be_made)
{
    ck_assert_ptr_null(async_text(NULL));
    ck_assert_ptr_null(async_text_sized(NULL, 1));
    ck_assert_ptr_null(async_bytes(NULL, 1));
    ck_assert_ptr_null(async_text_sized("x", SIZE_MAX));
}
END_TEST

START_TEST(bytes_are_no_text)
{
    async_value *value = async_bytes("\xff\x00\x80", 3);

    ck_assert_int_eq(async_value_kind(value), ASYNC_BYTES);
    ck_assert_mem_eq(async_value_text(value, NULL), "\xff\x00\x80", 4);
    async_value_unref(value);
}
END_TEST

START_TEST(a_list_takes_its_items)
{
    async_value *list = async_list((async_value *[]){async_int(1), async_text("two"), async_none()}, 3);

    ck_assert_int_eq(async_value_kind(list), ASYNC_LIST);
    ck_assert_uint_eq(async_value_count(list), 3);
    ck_assert_int_eq(async_value_int(async_value_item(list, 0)), 1);
    ck_assert_str_eq(async_value_text(async_value_item(list, 1), NULL), "two");
    ck_assert_int_eq(async_value_kind(async_value_item(list, 2)), ASYNC_NONE);
    ck_assert_ptr_null(async_value_item(list, 3));
    ck_assert_ptr_null(async_value_item(list, SIZE_MAX));
    async_value_unref(list);
}
END_TEST

START_TEST(a_list_may_be_empty)
{
    async_value *list = async_list(NULL, 0);

    ck_assert_int_eq(async_value_kind(list), ASYNC_LIST);
    ck_assert_uint_eq(async_value_count(list), 0);
    ck_assert_ptr_null(async_value_item(list, 0));
    async_value_unref(list);
}
END_TEST

START_TEST(a_list_with_a_value_that_could_not_be_made_drops_the_others)
{
    ck_assert_ptr_null(async_list((async_value *[]){async_text("one"), NULL, async_text("three")}, 3));
    ck_assert_ptr_null(async_list(NULL, 1));
}
END_TEST

START_TEST(an_item_outlives_its_list_by_a_reference)
{
    async_value *list = async_list((async_value *[]){async_text("kept")}, 1);
    async_value *item = async_value_ref(async_value_item(list, 0));

    async_value_unref(list);
    ck_assert_str_eq(async_value_text(item, NULL), "kept");
    async_value_unref(item);
}
END_TEST

/* Deep enough to overflow any stack, were they freed by recursion. */
#define DEPTH 1000000

START_TEST(lists_nested_a_million_deep_are_freed)
{
    async_value *value = async_text("core");

    for (int i = 0; i < DEPTH; i++)
        value = async_list((async_value *[]){async_int(i), value, async_int(i)}, 3);
    async_value_unref(value);
}
END_TEST

START_TEST(causes_nested_a_million_deep_are_freed)
{
    async_value *value = async_text("root");

    for (int i = 0; i < DEPTH; i++)
        value = async_error_caused(ASYNC_EHOST, "caused", i % 2 ? value : async_list(&value, 1));
    async_value_unref(value);
}
END_TEST

START_TEST(a_shared_item_is_freed_once)
{
    async_value *shared = async_text("shared");
    async_value *list = async_list((async_value *[]){shared, async_value_ref(shared), async_value_ref(shared)}, 3);
    async_value *outer = async_list((async_value *[]){async_value_ref(list), list}, 2);

    async_value_ref(shared);
    async_value_unref(outer);
    ck_assert_str_eq(async_value_text(shared, NULL), "shared");
    async_value_unref(shared);
}
END_TEST

START_TEST(null_reads_as_nothing)
{
    size_t size = 7;

    ck_assert_int_eq(async_value_kind(NULL), ASYNC_NONE);
    ck_assert(!async_value_bool(NULL));
    ck_assert_int_eq(async_value_int(NULL), 0);
    ck_assert_double_eq(async_value_double(NULL), 0);
    ck_assert_ptr_null(async_value_text(NULL, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert_uint_eq(async_value_count(NULL), 0);
    ck_assert_ptr_null(async_value_item(NULL, 0));
    ck_assert_int_eq(async_value_error(NULL), ASYNC_ENOMEM);
    ck_assert_str_eq(async_value_message(NULL), "");
    ck_assert_int_eq(async_value_os(NULL), 0);
    ck_assert_ptr_null(async_value_cause(NULL));
    ck_assert_ptr_null(async_value_type(NULL));
    ck_assert_ptr_null(async_value_ref(NULL));
    ck_assert_ptr_null(async_value_unref(NULL));
}
END_TEST

START_TEST(readers_of_another_kind_answer_with_nothing)
{
    async_value *text = async_text("12"), *number = async_int(12);
    size_t size = 7;

    ck_assert_int_eq(async_value_int(text), 0);
    ck_assert_double_eq(async_value_double(text), 0);
    ck_assert_uint_eq(async_value_count(text), 0);
    ck_assert_int_eq(async_value_error(text), 0);
    ck_assert_ptr_null(async_value_text(number, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert_uint_eq(async_value_count(number), 0);
    ck_assert_ptr_null(async_value_item(number, 0));
    ck_assert_int_eq(async_value_error(number), 0);
    ck_assert_str_eq(async_value_message(number), "");
    ck_assert_ptr_null(async_value_cause(number));
    ck_assert_ptr_null(async_value_type(number));
    async_value_unref(text);
}
END_TEST

/* An object that counts what its type was asked. */
struct thing {
    int refs, unrefs, reads;
    async_value *plain;    /* what it reads as (taken by the first reading) */
};

static void thing_ref(void *pointer)
{
    ((struct thing *)pointer)->refs++;
}

static void thing_unref(void *pointer)
{
    ((struct thing *)pointer)->unrefs++;
}

static async_value *thing_read(void *pointer)
{
    struct thing *thing = pointer;

    thing->reads++;
    return async_value_ref(thing->plain);
}

static async_type *thing_type(void)
{
    async_type *type = async_type_new("thing", thing_ref, thing_unref);

    ck_assert_int_eq(async_type_set_reader(type, thing_read), 0);
    return type;
}

START_TEST(an_object_holds_its_pointer_and_its_type)
{
    struct thing thing = {0};
    async_type *type = async_type_new("thing", thing_ref, thing_unref), *other = async_type_new("other", NULL, NULL);
    async_value *object = async_object(loop, type, &thing);

    ck_assert_int_eq(thing.refs, 1);
    ck_assert_int_eq(async_value_kind(object), ASYNC_OBJECT);
    ck_assert_ptr_eq(async_value_pointer(object, type), &thing);
    ck_assert_ptr_null(async_value_pointer(object, other));
    ck_assert_ptr_eq(async_value_type(object), type);
    async_type_unref(type);
    async_type_unref(other);
    ck_assert_str_eq(async_type_name(async_value_type(object)), "thing");
    async_value_unref(object);
    ck_assert_int_eq(thing.unrefs, 1);
}
END_TEST

START_TEST(an_object_without_counting_is_a_plain_pointer)
{
    int number = 7;
    async_type *type = async_type_new("number", NULL, NULL);
    async_value *object = async_object(NULL, type, &number);

    ck_assert_ptr_eq(async_value_pointer(object, type), &number);
    async_value_unref(object);
    async_type_unref(type);
}
END_TEST

START_TEST(an_object_of_no_type_cannot_be_made)
{
    struct thing thing = {0};

    ck_assert_ptr_null(async_object(loop, NULL, &thing));
    ck_assert_int_eq(thing.refs, 0);
    ck_assert_ptr_null(async_type_new(NULL, NULL, NULL));
    ck_assert_str_eq(async_type_name(NULL), "");
    ck_assert_int_eq(async_type_set_reader(NULL, thing_read), ASYNC_EINVAL);
    ck_assert_ptr_null(async_type_ref(NULL));
    ck_assert_ptr_null(async_type_unref(NULL));
    ck_assert_ptr_null(async_value_pointer(async_none(), NULL));
}
END_TEST

START_TEST(the_other_languages_read_an_object_as_what_it_stands_for)
{
    struct thing thing = {.plain = async_list((async_value *[]){async_int(42), async_text("x")}, 2)};
    async_type *type = thing_type();
    async_value *object = async_object(loop, type, &thing);

    ck_assert_int_eq(async_value_kind(object), ASYNC_LIST);
    ck_assert_uint_eq(async_value_count(object), 2);
    ck_assert_int_eq(async_value_int(async_value_item(object, 0)), 42);
    ck_assert_ptr_eq(async_value_pointer(object, type), &thing);
    ck_assert_int_eq(thing.reads, 1);
    async_value_unref(object);
    async_value_unref(thing.plain);
    async_type_unref(type);
}
END_TEST

START_TEST(each_kind_is_read_through_an_object)
{
    async_type *type = thing_type();
    async_value *plains[] = {async_int(42), async_double(1.5), async_bool(true), async_text("text"),
                             async_error(ASYNC_ENONAME, "unknown")};

    for (int i = 0; i < 5; i++) {
        struct thing thing = {.plain = plains[i]};
        async_value *object = async_object(NULL, type, &thing);

        ck_assert_int_eq(async_value_kind(object), async_value_kind(plains[i]));
        ck_assert_int_eq(async_value_int(object), async_value_int(plains[i]));
        ck_assert_double_eq(async_value_double(object), async_value_double(plains[i]));
        ck_assert(async_value_bool(object) == async_value_bool(plains[i]));
        ck_assert_ptr_eq(async_value_text(object, NULL), async_value_text(plains[i], NULL));
        ck_assert_int_eq(async_value_error(object), async_value_error(plains[i]));
        ck_assert_str_eq(async_value_message(object), async_value_message(plains[i]));
        async_value_unref(object);
        async_value_unref(plains[i]);
    }
    async_type_unref(type);
}
END_TEST

START_TEST(an_object_that_cannot_be_read_stays_an_object)
{
    struct thing thing = {0};
    async_type *type = thing_type();
    async_value *object = async_object(loop, type, &thing);

    ck_assert_int_eq(async_value_kind(object), ASYNC_OBJECT);
    ck_assert_int_eq(async_value_int(object), 0);
    ck_assert_ptr_null(async_value_text(object, NULL));
    ck_assert_uint_eq(async_value_count(object), 0);
    async_value_unref(object);
    async_type_unref(type);
}
END_TEST

START_TEST(an_object_may_read_as_an_object_of_another_type)
{
    async_type *inner_type = thing_type(), *outer_type = async_type_new("outer", thing_ref, thing_unref);
    struct thing inner = {.plain = async_int(42)}, outer = {.plain = async_object(loop, inner_type, &inner)};
    async_value *object = async_object(loop, outer_type, &outer);

    async_type_set_reader(outer_type, thing_read);
    ck_assert_int_eq(async_value_kind(object), ASYNC_INT);
    ck_assert_int_eq(async_value_int(object), 42);
    ck_assert_double_eq(async_value_double(object), 42);
    async_value_unref(object);
    async_value_unref(outer.plain);
    ck_assert_int_eq(inner.unrefs, 1);
    async_type_unref(inner_type);
    async_type_unref(outer_type);
}
END_TEST

static async_type *narcissus;

static async_value *read_itself(void *pointer)
{
    return async_object(NULL, narcissus, pointer);
}

START_TEST(an_object_that_reads_as_itself_is_given_up)
{
    async_value *object;

    narcissus = async_type_new("narcissus", NULL, NULL);
    async_type_set_reader(narcissus, read_itself);
    object = async_object(NULL, narcissus, &narcissus);
    ck_assert_int_eq(async_value_kind(object), ASYNC_OBJECT);
    ck_assert_int_eq(async_value_int(object), 0);
    async_value_unref(object);
    async_type_unref(narcissus);
}
END_TEST

/* A chain of objects, each of which reads as a list with the next. */
static async_value *read_next(void *pointer)
{
    intptr_t left = (intptr_t)pointer;
    async_value *next = left ? async_object(NULL, narcissus, (void *)(left - 1)) : async_none();

    return async_list(&next, 1);
}

START_TEST(objects_read_a_hundred_thousand_deep_are_freed)
{
    async_value *first, *object;

    narcissus = async_type_new("chain", NULL, NULL);
    async_type_set_reader(narcissus, read_next);
    first = object = async_object(NULL, narcissus, (void *)(intptr_t)200000);
    while (async_value_kind(object) == ASYNC_LIST)
        object = async_value_item(object, 0);
    async_value_unref(first);
    async_type_unref(narcissus);
}
END_TEST

START_TEST(an_object_outlives_its_loop)
{
    struct thing thing = {0};
    async_type *type = thing_type();
    async_value *object = async_object(loop, type, &thing);

    async_loop_close(loop);
    loop = async_loop_unref(loop);
    ck_assert_ptr_eq(async_value_pointer(object, type), &thing);
    ck_assert_int_eq(thing.unrefs, 0);
    async_value_unref(object);
    ck_assert_int_eq(thing.unrefs, 1);
    async_type_unref(type);
}
END_TEST

START_TEST(memory_that_fails_gives_no_value)
{
    struct thing thing = {0};
    async_type *type = thing_type();

    memory_fail_at(1, true);
    ck_assert_ptr_null(async_int(INT64_MAX));
    ck_assert_ptr_null(async_double(1));
    ck_assert_ptr_null(async_text("x"));
    ck_assert_ptr_null(async_bytes("x", 1));
    ck_assert_ptr_null(async_list(NULL, 0));
    ck_assert_ptr_null(async_object(loop, type, &thing));
    ck_assert_ptr_null(async_error(ASYNC_EINVAL, "x"));
    ck_assert_ptr_null(async_error_os(2, NULL));
    ck_assert_ptr_null(async_type_new("x", NULL, NULL));
    ck_assert(memory_has_failed());
    ck_assert_int_eq(thing.refs, 0);
    async_type_unref(type);
}
END_TEST

int main(void)
{
    return RUN_TESTS("value", none_and_bools_are_always_the_same, every_int64_is_kept_as_it_is,
                     ints_of_63_bits_take_no_memory, doubles_are_kept_as_they_are,
                     a_double_reads_as_an_int_where_one_can_hold_it, a_text_is_copied_and_closed_with_a_zero_byte,
                     a_text_may_hold_zero_bytes, texts_and_bytes_may_be_empty, a_text_of_nothing_cannot_be_made,
                     bytes_are_no_text, a_list_takes_its_items, a_list_may_be_empty,
                     a_list_with_a_value_that_could_not_be_made_drops_the_others,
                     an_item_outlives_its_list_by_a_reference, lists_nested_a_million_deep_are_freed,
                     causes_nested_a_million_deep_are_freed, a_shared_item_is_freed_once, null_reads_as_nothing,
                     readers_of_another_kind_answer_with_nothing, an_object_holds_its_pointer_and_its_type,
                     an_object_without_counting_is_a_plain_pointer, an_object_of_no_type_cannot_be_made,
                     the_other_languages_read_an_object_as_what_it_stands_for, each_kind_is_read_through_an_object,
                     an_object_that_cannot_be_read_stays_an_object, an_object_may_read_as_an_object_of_another_type,
                     an_object_that_reads_as_itself_is_given_up, objects_read_a_hundred_thousand_deep_are_freed,
                     an_object_outlives_its_loop, memory_that_fails_gives_no_value);
}
