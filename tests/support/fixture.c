#include "libasync/platform/internal.h"
#include "tests/support/internal.h"

#include <fcntl.h>
#include <stdlib.h>

async_loop *loop;

static size_t blocks_before, bytes_before;
static int descriptors_before;

int open_descriptors(void)
{
    int count = 0;

    for (int descriptor = 0; descriptor < 256; descriptor++)
        count += fcntl(descriptor, F_GETFD) != -1;
    return count;
}

static void begin(bool one_object_chunks)
{
    slab_one_object_chunks = one_object_chunks;
    notes_clear();
    blocks_before = memory_blocks();
    bytes_before = memory_bytes();
    descriptors_before = open_descriptors();
    loop = async_loop_new();
    ck_assert_ptr_nonnull(loop);
    async_loop_set_exception_handler(loop, note_report, NULL, NULL);
}

static void begin_with_chunks(void)
{
    begin(false);
}

static void begin_with_lone_objects(void)
{
    begin(true);
}

static void end(void)
{
    memory_has_failed();
    if (loop) {
        ck_assert_int_eq(async_loop_close(loop), 0);
        loop = async_loop_unref(loop);
    }
    ck_assert_str_eq(notes_unheard(), "");
    ck_assert_uint_eq(memory_blocks(), blocks_before);
    ck_assert_uint_eq(memory_bytes(), bytes_before);
    ck_assert_int_eq(open_descriptors(), descriptors_before);
}

static TCase *make_case(const char *name, SFun start, const TTest *const *tests)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, start, end);
    for (; *tests; tests++)
        tcase_add_test(made, *tests);
    return made;
}

/* Without fork: the sanitizers and valgrind then see it all, and a leak in one test is that test's. */
int run_tests(const char *noun, const TTest *const *tests)
{
    Suite *suite = suite_create(noun);
    SRunner *runner;
    int failures;

    memory_install();
    suite_add_tcase(suite, make_case("chunks", begin_with_chunks, tests));
    suite_add_tcase(suite, make_case("lone objects", begin_with_lone_objects, tests));
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

void turn(void)
{
    ck_assert_int_eq(async_loop_stop(loop), 0);
    ck_assert_int_eq(async_loop_run(loop), 0);
}

void turns(int count)
{
    while (count-- > 0)
        turn();
}

int finish(async_future *taken)
{
    int error = async_loop_run_until(loop, taken);

    async_future_unref(taken);
    return error;
}

void ck_assert_fails(async_future *taken, int error, const char *message)
{
    ck_assert_int_eq(async_loop_run_until(loop, taken), error);
    ck_assert_str_eq(async_future_message(taken), message);
    async_future_unref(taken);
}
