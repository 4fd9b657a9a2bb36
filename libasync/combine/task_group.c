/*
 * Task groups, as asyncio's. The group lives while it has children; each child is a node that waits for its future, in
 * a list of its own for a cancel to walk. Failures are kept in the order they came, for whoever joins.
 */
#include "libasync/combine/internal.h"

#include "libasync/task/internal.h"
#include "libasync/task_group.h"

#include <stdio.h>

struct async_task_group {
    struct node node;            /* marks life in the slab; never queued */
    async_loop *loop;
    uint32_t references;         /* one is the children's, while there are any */
    bool ending, cancelling, failed, told, parent_cancelled;
    async_future *parent;        /* held; or NULL */
    size_t count;
    struct node members;         /* the children, by their sibling nodes */
    struct node joining;         /* pending joins, by their own nodes */
    async_value **failures;
    size_t failure_count, failure_capacity;
    async_value *error;          /* what the joins fail with, once all have ended */
};

struct member {
    struct node node;
    struct node sibling;
    async_future *future;    /* held */
    async_task_group *group;
};

/* A join holds its group and, while it is pending, itself: dropped by its caller it still stands in the list. */
struct join {
    async_future future;
    async_task_group *group;
    async_value *cancel;    /* held; or NULL */
    struct node order;      /* queued by a cancel, for the group's cancel to follow */
};

static struct join *join_of(async_future *future)
{
    return container_of(future, struct join, future);
}

static void cancel_members(async_task_group *group, async_value *error)
{
    struct node *head = &group->members;

    group->ending = true;
    if (group->cancelling)
        return;    /* clean-up of a host's, run by what was cancelled */
    group->cancelling = true;
    for (struct node *node = head->next; node != head; node = node->next)
        future_cancel(container_of(node, struct member, sibling)->future, error);
    group->cancelling = false;
}

/* Without memory a failure is not listed, but the group fails all the same. */
static void keep_failure(async_task_group *group, async_value *failure)
{
    size_t item = sizeof *group->failures, wanted = group->failure_capacity ? group->failure_capacity * 2 : 4;
    void *grown;

    group->failed = true;
    if (group->failure_count == group->failure_capacity) {
        grown = memory_grow(group->failures, group->failure_count * item, group->failure_capacity * item,
                            wanted * item);
        if (!grown)
            return;
        group->failures = grown;
        group->failure_capacity = wanted;
    }
    group->failures[group->failure_count++] = async_value_ref(failure);
}

static void release_failures(async_task_group *group)
{
    memory_release(group->failures, group->failure_capacity * sizeof *group->failures);
    group->failures = NULL;
    group->failure_count = group->failure_capacity = 0;
}

/* "2 tasks of the group failed, first: no such host name", with the list as its cause. */
static async_value *make_error(async_task_group *group)
{
    size_t count = group->failure_count;
    char message[256];
    async_value *list, *error;

    if (!count)
        return error_static(ASYNC_ENOMEM);
    snprintf(message, sizeof message, "%zu task%s of the group failed, first: %s", count, count == 1 ? "" : "s",
             async_value_message(group->failures[0]));
    list = async_list(group->failures, count);
    release_failures(group);
    error = async_error_caused(ASYNC_EGROUP, message, list);
    return error ? error : error_static(ASYNC_ENOMEM);
}

static void end_join(struct join *join)
{
    async_task_group *group = join->group;

    if (node_is_linked(&join->future.node))
        node_unlink(&join->future.node);
    if (node_is_linked(&join->order))
        node_unlink(&join->order);
    async_value_unref(join->cancel);
    future_drop(&join->future);
    async_task_group_unref(group);
}

/* As in asyncio, failures count more than a cancel of the parent by somebody else, but that cancel is not lost. */
static void tell_failures(struct join *join)
{
    async_task_group *group = join->group;

    future_fail(&join->future, async_value_ref(group->error));
    if (group->parent)
        task_cancel_later(group->parent, &join->future);
    group->told = true;
}

static void answer(struct join *join)
{
    if (join->group->error)
        tell_failures(join);
    else if (join->cancel)
        future_fail(&join->future, async_value_ref(join->cancel));
    else
        future_succeed(&join->future, async_none());
    end_join(join);
}

/* The last child has ended. */
static void end_group(async_task_group *group)
{
    if (group->failed && !group->error)
        group->error = make_error(group);
    while (!list_is_empty(&group->joining))
        answer(join_of(container_of(group->joining.next, async_future, node)));
    async_task_group_unref(group);
}

static void free_member(async_loop *loop, struct member *member)
{
    async_task_group *group = member->group;

    node_unlink(&member->sibling);
    future_drop(member->future);
    loop_free(loop, member, sizeof *member);
    if (--group->count == 0)
        end_group(group);
}

/* While nobody joins yet, the parent is in the midst of the group's work, which the first failure ends as well. */
static void end_all(async_task_group *group)
{
    cancel_members(group, error_static(ASYNC_ECANCELED));
    if (group->parent && list_is_empty(&group->joining))
        group->parent_cancelled = future_cancel(group->parent, error_static(ASYNC_ECANCELED));
}

/* A gather that was cancelled is no cancelled future, but fails with that error all the same. And what the close of the
 * loop ends has not failed. */
static bool is_failure(const async_loop *loop, async_value *outcome)
{
    int error = outcome ? async_value_error(outcome) : 0;

    if (error == ASYNC_ECLOSED && atomic_load(&loop->closing))
        return false;
    return error && error != ASYNC_ECANCELED;
}

static void member_done(async_loop *loop, struct node *node)
{
    struct member *member = container_of(node, struct member, node);
    async_value *failure = future_read_failure(member->future);

    if (is_failure(loop, failure)) {
        keep_failure(member->group, failure);
        if (!member->group->ending)
            end_all(member->group);
    }
    free_member(loop, member);
}

static void close_member(async_loop *loop, struct node *node)
{
    struct member *member = container_of(node, struct member, node);

    future_detach(member->future, node);
    free_member(loop, member);
}

static const struct node_ops member_ops = {.run = member_done, .drop_at_close = close_member};

static void cancel_group(async_loop *loop, struct node *node)
{
    async_task_group *group = container_of(node, struct join, order)->group;

    if (!group->ending)
        cancel_members(group, error_static(ASYNC_ECANCELED));
}

static const struct node_ops order_ops = {.run = cancel_group};

/* The group's tasks hear of it in the next turn: in asyncio it is the joining task that wakes up and cancels them. They
 * hear once, as there. A member that joins its own group waits for itself: only this cancel can end that. */
static bool cancel_join(async_future *future, async_value *error)
{
    struct join *join = join_of(future);

    if (join->group->cancelling) {
        future_fail(future, async_value_ref(error));
        end_join(join);
        return true;
    }
    if (!join->cancel)
        join->cancel = async_value_ref(error);
    if (!node_is_linked(&join->order))
        loop_queue(future->loop, &join->order);
    return true;
}

static void close_join(async_loop *loop, struct node *node)
{
    async_future *future = container_of(node, async_future, node);

    if (future_end_closed(future))
        end_join(join_of(future));
}

static const struct future_class join_class = {
    .node.end_at_close = close_join,
    .size = sizeof(struct join),
    .cancel = cancel_join,
};

static const struct node_ops group_ops = {0};

async_task_group *async_task_group_new(async_loop *loop, async_future *parent)
{
    bool possible = loop_enter(loop) == 0 && (!parent || (async_future_is_task(parent) && parent->loop == loop));
    async_task_group *group = possible ? loop_allocate(loop, sizeof *group) : NULL;

    if (!group)
        return NULL;
    *group = (async_task_group){.node.ops = &group_ops, .loop = loop, .references = 1};
    group->parent = async_future_ref(parent);
    list_init(&group->members);
    list_init(&group->joining);
    return group;
}

static void add(async_task_group *group, struct member *member, async_future *future)
{
    *member = (struct member){.node.ops = &member_ops, .future = async_future_ref(future), .group = group};
    list_insert_before(&group->members, &member->sibling);
    if (group->count++ == 0)
        async_task_group_ref(group);
    future_attach(group->loop, future, &member->node);
}

int async_task_group_add(async_task_group *group, async_future *future)
{
    int error = group && future ? loop_enter(group->loop) : ASYNC_EINVAL;
    struct member *member;

    if (!error && future->loop && future->loop != group->loop)
        error = ASYNC_EFOREIGN;
    if (!error && group->ending)
        error = ASYNC_ESTATE;
    member = error ? NULL : loop_allocate(group->loop, sizeof *member);
    if (!member)
        return error ? error : ASYNC_ENOMEM;
    add(group, member, future);
    return 0;
}

static async_future *refuse(async_task_group *group, void *state, async_destroy *destroy, int error)
{
    if (destroy)
        destroy(state);
    if (!group)
        return future_failed_null("group");
    if (error == ASYNC_ESTATE)
        return future_failed_saying(group->loop, error, "create_task: the task group is ending");
    return future_failed(error);
}

/* Room in the group first, then the task: so that none runs outside of it. */
async_future *async_task_group_create_task(async_task_group *group, async_step *first, void *state,
                                           async_destroy *destroy)
{
    int error = group ? loop_enter(group->loop) : ASYNC_EINVAL;
    struct member *member;
    async_future *task;

    if (!error && group->ending)
        error = ASYNC_ESTATE;
    member = error ? NULL : loop_allocate(group->loop, sizeof *member);
    if (!member)
        return refuse(group, state, destroy, error ? error : ASYNC_ENOMEM);
    task = async_create_task(group->loop, first, state, destroy);
    if (async_future_is_task(task))
        add(group, member, task);
    else
        loop_free(group->loop, member, sizeof *member);
    return task;
}

int async_task_group_cancel(async_task_group *group, const char *message)
{
    int refused = group ? loop_visit(group->loop) : ASYNC_EINVAL;
    async_value *error;

    if (refused)
        return refused;
    error = cancel_error(message);
    cancel_members(group, error ? error : error_static(ASYNC_ECANCELED));
    async_value_unref(error);
    return 0;
}

size_t async_task_group_count(const async_task_group *group)
{
    return group ? group->count : 0;
}

async_future *async_task_group_join(async_task_group *group)
{
    int error = group ? loop_enter(group->loop) : ASYNC_EINVAL;
    async_future *future = error ? NULL : future_new(group->loop, &join_class);
    struct join *join;

    if (!group)
        return future_failed_null("group");
    if (!future)
        return future_failed(error ? error : ASYNC_ENOMEM);
    if (group->parent_cancelled) {
        group->parent_cancelled = false;
        async_future_uncancel(group->parent);
    }
    join = join_of(future);
    join->group = async_task_group_ref(group);
    join->cancel = NULL;
    join->order = (struct node){.ops = &order_ops};
    future_hold(future);
    if (group->count)
        list_insert_before(&group->joining, &future->node);
    else
        answer(join);
    return future;
}

static void report_unjoined(async_task_group *group)
{
    char message[512];

    snprintf(message, sizeof message, "a task group failed and nobody joined it: %s",
             async_value_message(group->error));
    loop_report(group->loop, NULL, async_value_error(group->error), message);
}

async_task_group *async_task_group_ref(async_task_group *group)
{
    if (group)
        group->references++;
    return group;
}

async_task_group *async_task_group_unref(async_task_group *taken)
{
    if (!taken || --taken->references > 0)
        return NULL;
    if (taken->error && !taken->told)
        report_unjoined(taken);
    for (size_t i = 0; i < taken->failure_count; i++)
        async_value_unref(taken->failures[i]);
    release_failures(taken);
    async_value_unref(taken->error);
    async_future_unref(taken->parent);
    loop_free_anywhere(taken->loop, loop_slab(taken->loop, sizeof *taken), taken);
    return NULL;
}
