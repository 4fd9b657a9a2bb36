/* Slabs and the allocator hook. */
#include "libasync/future/internal.h"
#include "tests/support/support.h"

#include <stdlib.h>

static void *counted_allocate(size_t size, size_t alignment, void *user)
{
    ++*(int *)user;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void counted_release(void *block, size_t size, void *user)
{
    --*(int *)user;
    free(block);
}

START_TEST(the_allocator_is_fixed_while_a_block_is_in_use)
{
    int count = 0;

    ck_assert_int_eq(async_set_allocator(counted_allocate, counted_release, &count), ASYNC_ESTATE);
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(one_function_of_the_pair_is_not_enough)
{
    ck_assert_int_eq(async_set_allocator(counted_allocate, NULL, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_set_allocator(NULL, counted_release, NULL), ASYNC_EINVAL);
}
END_TEST

struct object {
    void *words[8];    /* the third marks life */
};

static void make_alive(struct object *object, size_t number)
{
    object->words[0] = object->words[7] = (void *)number;
    object->words[2] = object;
}

START_TEST(a_slabs_objects_do_not_overlap)
{
    struct object *objects[5000];
    struct slab slab;

    slab_init(&slab, sizeof(struct object));
    for (size_t i = 0; i < 5000; i++) {
        objects[i] = slab_allocate(&slab);
        ck_assert_uint_eq((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
        make_alive(objects[i], i);
    }
    for (size_t i = 0; i < 5000; i++) {
        ck_assert_ptr_eq(objects[i]->words[0], (void *)i);
        ck_assert_ptr_eq(objects[i]->words[7], (void *)i);
        slab_free(&slab, objects[i]);
    }
    ck_assert(slab_is_empty(&slab));
}
END_TEST

START_TEST(a_slab_gives_back_the_chunks_that_no_second_wave_needed)
{
    struct object *objects[5000];
    size_t before = memory_blocks();
    struct slab slab;

    slab_init(&slab, sizeof(struct object));
    for (size_t i = 0; i < 5000; i++)
        make_alive(objects[i] = slab_allocate(&slab), i);
    for (size_t i = 0; i < 5000; i++)
        slab_free(&slab, objects[i]);
    slab_tidy(&slab);
    slab_tidy(&slab);
    ck_assert_uint_eq(memory_blocks(), before);
    ck_assert(slab_is_empty(&slab));
}
END_TEST

START_TEST(a_slab_survives_any_order_of_allocating_and_freeing)
{
    struct object *objects[3000] = {NULL};
    struct dice dice = dice_of(1);
    struct slab slab;

    slab_init(&slab, sizeof(struct object));
    for (int i = 0; i < 100000; i++) {
        size_t place = roll(&dice, 3000);

        if (objects[place]) {
            ck_assert_ptr_eq(objects[place]->words[0], (void *)place);
            slab_free(&slab, objects[place]);
            objects[place] = NULL;
        } else {
            make_alive(objects[place] = slab_allocate(&slab), place);
        }
    }
    for (size_t i = 0; i < 3000; i++)
        if (objects[i])
            slab_free(&slab, objects[i]);
    ck_assert(slab_is_empty(&slab));
}
END_TEST

struct visit {
    struct slab *slab;
    size_t count;
    bool frees, allocates;
    struct object *made[64];
    size_t made_count;
};

static void visit(void *object, void *user)
{
    struct visit *visit = user;

    visit->count++;
    if (visit->allocates && visit->made_count < 64)
        make_alive(visit->made[visit->made_count++] = slab_allocate(visit->slab), 0);
    if (visit->frees)
        slab_free(visit->slab, object);
}

START_TEST(a_walk_visits_each_living_object)
{
    struct object *objects[2000];
    struct slab slab;
    struct visit visited = {&slab, 0, false, false, {NULL}, 0};

    slab_init(&slab, sizeof(struct object));
    for (size_t i = 0; i < 2000; i++)
        make_alive(objects[i] = slab_allocate(&slab), i);
    for (size_t i = 0; i < 2000; i += 2)
        slab_free(&slab, objects[i]);
    slab_walk(&slab, visit, &visited);
    ck_assert_uint_eq(visited.count, 1000);
    visited.frees = true;
    slab_walk(&slab, visit, &visited);
    ck_assert_uint_eq(visited.count, 2000);
    ck_assert(slab_is_empty(&slab));
}
END_TEST

START_TEST(visitors_may_allocate_and_free)
{
    struct slab slab;
    struct visit visited = {&slab, 0, true, true, {NULL}, 0};

    slab_init(&slab, sizeof(struct object));
    for (size_t i = 0; i < 3000; i++)
        make_alive(slab_allocate(&slab), i);
    slab_walk(&slab, visit, &visited);
    ck_assert_uint_ge(visited.count, 3000);
    visited.allocates = false;
    slab_walk(&slab, visit, &visited);
    ck_assert(slab_is_empty(&slab));
}
END_TEST

START_TEST(a_slab_without_memory_gives_nothing_and_stays_whole)
{
    struct slab slab;
    void *object;

    slab_init(&slab, sizeof(struct object));
    memory_fail_at(1, false);
    ck_assert_ptr_null(slab_allocate(&slab));
    ck_assert(memory_has_failed());
    object = slab_allocate(&slab);
    ck_assert_ptr_nonnull(object);
    slab_free(&slab, object);
    ck_assert(slab_is_empty(&slab));
}
END_TEST

START_TEST(a_million_promises_leave_nothing_behind)
{
    size_t count = slab_one_object_chunks ? 10000 : 1000000, before;
    async_future **made = malloc(count * sizeof *made);

    before = memory_blocks();
    for (size_t i = 0; i < count; i++)
        made[i] = async_future_new(loop);
    for (size_t i = 0; i < count; i++)
        async_future_unref(made[i]);
    for (int wave = 0; wave < 2; wave++)
        slab_tidy(loop_slab(loop, sizeof(async_future)));
    ck_assert_uint_le(memory_blocks(), before);
    free(made);
}
END_TEST

int main(void)
{
    return RUN_TESTS("memory", the_allocator_is_fixed_while_a_block_is_in_use, one_function_of_the_pair_is_not_enough,
                     a_slabs_objects_do_not_overlap, a_slab_gives_back_the_chunks_that_no_second_wave_needed,
                     a_slab_survives_any_order_of_allocating_and_freeing, a_walk_visits_each_living_object,
                     visitors_may_allocate_and_free, a_slab_without_memory_gives_nothing_and_stays_whole,
                     a_million_promises_leave_nothing_behind);
}
