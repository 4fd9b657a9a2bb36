#include "tests/scenarios/player.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LAST_SECOND 20
#define PATIENCE 10
#define MOST_NAMED 64

async_loop *loop;
struct scenario scenario;

static struct named named[MOST_NAMED];
static size_t named_count;
static char unread[MOST_NAMED][32];
static size_t unread_count;
static int turn, silence;
static bool ticking, quiet;

void refuse(const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", scenario.title, what, why);
    exit(1);
}

/* Time and turns: see README.md. */

static void tick(async_loop *from, void *user)
{
    turn++;
    silence++;
    ticking = silence < PATIENCE;
    if (ticking)
        async_loop_call_soon(from, tick, NULL, NULL);
}

static void start_ticking(async_loop *from, void *user)
{
    turn = silence = 0;
    if (!ticking) {
        ticking = true;
        async_loop_call_soon(from, tick, NULL, NULL);
    }
}

void say(const char *who, const char *format, ...)
{
    va_list arguments;

    if (quiet)
        return;
    if (!ticking)
        refuse(who, "between whole seconds, or after too long a silence");
    silence = 0;
    printf("%g.%d %s: ", async_loop_time(loop), turn, who);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* What things are called. */

struct named *named_new(const char *name, const struct op *op)
{
    if (named_count == MOST_NAMED)
        refuse(name, "too many names");
    named[named_count] = (struct named){.name = name, .op = op};
    return &named[named_count++];
}

struct named *named_find(const char *name)
{
    for (size_t i = 0; i < named_count; i++)
        if (strcmp(named[i].name, name) == 0)
            return &named[i];
    refuse(name, "no such name");
}

async_future *named_take(const char *name)
{
    return async_future_ref(named_find(name)->future);
}

const char *named_future(const async_future *future)
{
    for (size_t i = 0; i < named_count; i++)
        if (named[i].future == future)
            return named[i].name;
    return "none";
}

static void forget_names(void)
{
    for (size_t i = 0; i < named_count; i++) {
        async_future_unref(named[i].future);
        async_task_group_unref(named[i].group);
        async_completions_unref(named[i].completions);
        primitive_free(named[i].primitive);
    }
    named_count = 0;
}

/* From the beginning to the end. */

static void hear(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    const char *name = async_future_is_task(source) ? async_future_name(source) : "a future";

    snprintf(unread[unread_count++], sizeof unread[0], "%s", name);
}

static void run_main(void)
{
    struct named *main_task = named_new("main", NULL);

    main_task->future = async_create_task(loop, coroutine_step, coroutine_new("main"), coroutine_free);
    async_future_set_name(main_task->future, "main");
    while (async_loop_run_until(loop, main_task->future) == ASYNC_ESTOPPED)
        puts("stopped");
    printf("main %s\n", future_words(main_task->future));
}

static void end_tasks(void)
{
    async_future *tasks[MOST_NAMED];
    size_t count = async_all_tasks(loop, tasks, MOST_NAMED);

    for (size_t i = 0; i < count; i++)
        async_future_cancel(tasks[i], NULL);
    for (size_t i = 0; i < count; i++) {
        async_loop_run_until(loop, tasks[i]);
        async_future_unref(tasks[i]);
    }
}

static int compare(const void *one, const void *other)
{
    return strcmp(one, other);
}

static void tell_end(void)
{
    printf("pending:");
    for (size_t i = 0; i < named_count; i++)
        if (named[i].future && !async_future_is_done(named[i].future))
            printf(" %s", named[i].name);
    quiet = true;
    end_tasks();
    forget_names();
    async_loop_close(loop);
    qsort(unread, unread_count, sizeof unread[0], compare);
    printf("\nunread:");
    for (size_t i = 0; i < unread_count; i++)
        printf(" %s", unread[i]);
    putchar('\n');
}

static void play_case(void)
{
    printf("== %s\n", scenario.title);
    ticking = quiet = false;
    unread_count = 0;
    loop = async_loop_new();
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    async_loop_set_exception_handler(loop, hear, NULL, NULL);
    start_ticking(loop, NULL);
    for (int second = 1; second < LAST_SECOND; second++)
        async_loop_call_at(loop, second, start_ticking, NULL, NULL, NULL);
    run_main();
    tell_end();
    async_loop_unref(loop);
    acts_forget();
}

int main(int count, char **paths)
{
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(paths[i], "r");

        if (!file)
            refuse(paths[i], "cannot be opened");
        while (scenario_read(file, &scenario))
            play_case();
        fclose(file);
    }
    return 0;
}
