/* Ctrl-C while a loop runs. Lua's own handler sets a hook, which never fires while C resumes coroutines; so a run puts
 * its own in place and restores the old one after. The first interrupt cancels the main task, or stops a loop that has
 * none; a second one raises "interrupted!" in whatever coroutine is running, for that one may never come back. */
#include "bindings/lua/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* The signal is the process's, so only one run at a time has it. */
static struct {
    struct host *host;
    async_future *main_task;
    int pipe[2];
    struct sigaction old;
    volatile sig_atomic_t count;
} watch;

static atomic_flag watched = ATOMIC_FLAG_INIT;

static void stop_hook(lua_State *L, lua_Debug *frame)
{
    lua_sethook(L, NULL, 0, 0);
    /* It may be left over from a run that has ended since. */
    if (watch.count > 1)
        luaL_error(L, "interrupted!");
}

static void on_signal(int number)
{
    int error = errno;
    struct coroutine *current = watch.host->current;

    watch.count++;
    if (watch.count > 1 && current)
        lua_sethook(current->thread, stop_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
    /* A full pipe holds a wake-up already. */
    if (write(watch.pipe[1], "", 1) < 0)
        errno = error;
    errno = error;
}

static void on_readable(async_loop *loop, void *user)
{
    char bytes[16];

    while (read(watch.pipe[0], bytes, sizeof bytes) > 0)
        ;
    if (watch.main_task && watch.count == 1)
        async_future_cancel(watch.main_task, NULL);
    else
        async_loop_stop(loop);
}

static bool open_pipe(void)
{
    if (pipe(watch.pipe) < 0)
        return false;
    for (int end = 0; end < 2; end++) {
        fcntl(watch.pipe[end], F_SETFL, O_NONBLOCK);
        fcntl(watch.pipe[end], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

static void close_pipe(void)
{
    close(watch.pipe[0]);
    close(watch.pipe[1]);
}

/* False where Ctrl-C is left as it is: ignored by choice, or another run's. */
bool interrupt_install(struct host *host, async_loop *loop, async_future *main_task)
{
    struct sigaction action = {.sa_handler = on_signal};

    if (sigaction(SIGINT, NULL, &watch.old) < 0 || watch.old.sa_handler == SIG_IGN)
        return false;
    if (atomic_flag_test_and_set(&watched))
        return false;
    watch.host = host;
    watch.main_task = main_task;
    watch.count = 0;
    if (open_pipe()) {
        sigemptyset(&action.sa_mask);
        if (!async_loop_add_reader(loop, watch.pipe[0], on_readable, NULL, NULL) &&
            !sigaction(SIGINT, &action, &watch.old))
            return true;
        async_loop_remove_reader(loop, watch.pipe[0]);
        close_pipe();
    }
    atomic_flag_clear(&watched);
    return false;
}

/* How many interrupts there were. */
int interrupt_restore(async_loop *loop)
{
    int count;

    sigaction(SIGINT, &watch.old, NULL);
    count = watch.count;
    watch.count = 0;
    async_loop_remove_reader(loop, watch.pipe[0]);
    close_pipe();
    atomic_flag_clear(&watched);
    return count;
}
