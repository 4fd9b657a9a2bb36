/*
 * Tasks and promises, through the public interface.
 *
 * The floor of a burst is what one would write by hand for it alone: jobs of one cache line from a slab with a free
 * list, a first-in first-out list through the jobs, and a call through a pointer. It checks nothing and tells nobody.
 */
#include "bench/bench.h"
#include "libasync/async.h"

#include <stdlib.h>
#include <uv.h>

#define BURST 1000000
#define CROWD 1000    /* tasks that take turns; few enough to stay in the cache, as a busy program's do */
#define TURNS 1000

static async_loop *loop;

/* Stopping a loop that stands still makes its next run one turn long. */
static void run_one_turn(void)
{
    async_loop_stop(loop);
    async_loop_run(loop);
}

static async_next start_and_end(async_task *task, void *state)
{
    ++*(size_t *)state;
    return async_return(task, async_none());
}

static void burst_of_tasks(double *figures)
{
    size_t ended = 0;
    double start = spent_ns();

    for (size_t i = 0; i < BURST; i++)
        async_future_unref(async_create_task(loop, start_and_end, &ended, NULL));
    run_one_turn();
    figures[0] = (spent_ns() - start) / BURST;
    if (ended != BURST)
        abort();
}

#define JOBS_A_CHUNK 1024

struct job {
    struct job *next;
    void (*function)(struct job *job);
    void *state, *result;
    char rest_of_the_line[32];
};

static struct {
    struct job *free, *first, **last;
} fifo = {.last = &fifo.first};

static void refill(void)
{
    struct job *chunk = calloc(JOBS_A_CHUNK, sizeof *chunk);

    if (!chunk)
        abort();
    for (size_t i = 0; i < JOBS_A_CHUNK; i++) {
        chunk[i].next = fifo.free;
        fifo.free = &chunk[i];
    }
}

static void push(void (*function)(struct job *job), void *state)
{
    struct job *job;

    if (!fifo.free)
        refill();
    job = fifo.free;
    fifo.free = job->next;
    *job = (struct job){.function = function, .state = state};
    *fifo.last = job;
    fifo.last = &job->next;
}

static void run_all(void)
{
    while (fifo.first) {
        struct job *job = fifo.first;

        fifo.first = job->next;
        if (!fifo.first)
            fifo.last = &fifo.first;
        job->function(job);
        job->next = fifo.free;
        fifo.free = job;
    }
}

static void count_job(struct job *job)
{
    ++*(size_t *)job->state;
}

static void burst_of_jobs(double *figures)
{
    size_t ended = 0;
    double start = spent_ns();

    for (size_t i = 0; i < BURST; i++)
        push(count_job, &ended);
    run_all();
    figures[0] = (spent_ns() - start) / BURST;
    if (ended != BURST)
        abort();
}

/* libuv has no tasks. Its cheapest handle that is called once, soon, is the idle handle; as all, it must be closed. */
static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_idle(uv_idle_t *idle)
{
    ++*(size_t *)idle->data;
    uv_close((uv_handle_t *)idle, on_closed);
}

static void burst_of_handles(double *figures)
{
    size_t ended = 0;
    double start = spent_ns();

    for (size_t i = 0; i < BURST; i++) {
        uv_idle_t *idle = malloc(sizeof *idle);

        uv_idle_init(uv_default_loop(), idle);
        idle->data = &ended;
        uv_idle_start(idle, on_idle);
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    figures[0] = (spent_ns() - start) / BURST;
    if (ended != BURST)
        abort();
}

static void measure_burst(void)
{
    struct contender all[] = {
        {.name = "libasync", .run = burst_of_tasks},
        {.name = "FIFO and slab", .run = burst_of_jobs},
        {.name = "libuv", .run = burst_of_handles},
    };
    const char *what = "a task starts and ends, of a million";

    measure(all, 3);
    print_row(what, all[0].medians[0], "ns", all[1].name, all[1].medians[0], "<=2x <=70");
    print_row(what, all[0].medians[0], "ns", all[2].name, all[2].medians[0], "-");
}

/* The crowd awaits one promise after the other; each resume ends in the next await: a turn is resumes and no more. */
static struct {
    async_future *promise;
    size_t resumes, limit;
} crowd;

static async_next await_next(async_task *task, void *state)
{
    if (crowd.resumes++ >= crowd.limit)
        return async_return(task, async_none());
    return async_await(task, async_future_ref(crowd.promise), await_next);
}

static void complete_promise(void)
{
    async_future *done = crowd.promise;

    crowd.promise = async_future_new(loop);
    async_future_resolve(done, async_none());
    async_future_unref(done);
}

static void resume_crowd(double *figures)
{
    double start;

    crowd.promise = async_future_new(loop);
    crowd.resumes = 0;
    crowd.limit = SIZE_MAX;
    for (size_t i = 0; i < CROWD; i++)
        async_future_unref(async_create_task(loop, await_next, NULL, NULL));
    run_one_turn();

    start = spent_ns();
    for (size_t turn = 0; turn < TURNS; turn++) {
        complete_promise();
        run_one_turn();
    }
    figures[0] = (spent_ns() - start) / CROWD / TURNS;
    if (crowd.resumes != CROWD * (TURNS + 1))
        abort();

    crowd.limit = 0;
    complete_promise();
    run_one_turn();
    async_future_unref(crowd.promise);
}

/* Each task makes a promise of its own and awaits it; between the turns all are completed. */
static async_future *promises[CROWD];
static size_t made, make_limit;

static async_next await_own(async_task *task, void *state)
{
    async_future *promise;

    if (made >= make_limit)
        return async_return(task, async_none());
    promise = async_future_new(loop);
    promises[made++ % CROWD] = promise;
    return async_await(task, async_future_ref(promise), await_own);
}

static void complete_promises(void)
{
    for (size_t i = 0; i < CROWD; i++) {
        async_future_resolve(promises[i], async_int((int64_t)i));
        async_future_unref(promises[i]);
    }
}

static void complete_own(double *figures)
{
    double start;

    made = 0;
    make_limit = (size_t)CROWD * (TURNS + 1);
    for (size_t i = 0; i < CROWD; i++)
        async_future_unref(async_create_task(loop, await_own, NULL, NULL));
    run_one_turn();

    start = spent_ns();
    for (size_t turn = 0; turn < TURNS; turn++) {
        complete_promises();
        run_one_turn();
    }
    figures[0] = (spent_ns() - start) / CROWD / TURNS;
    if (made != make_limit)
        abort();
    complete_promises();
    run_one_turn();
}

static void measure_promises(void)
{
    struct contender all[] = {{.run = resume_crowd}, {.run = complete_own}};

    measure(all, 2);
    print_row("a task is resumed and awaits the next", all[0].medians[0], "ns", NULL, 0, "<=10");
    print_row("a future is made, awaited, completed, resumed", all[1].medians[0], "ns", NULL, 0, "<=40");
}

int main(void)
{
    loop = async_loop_new();
    if (!loop)
        return 1;
    measure_burst();
    measure_promises();
    async_loop_close(loop);
    async_loop_unref(loop);
    return 0;
}
