/* Looks host names up, all at once, and prints a line for each, in the order given: resolve NAME... or resolve <FILE */
#include <libasync/async.h>
#include <stdio.h>

enum { MOST = 1000 };

struct hosts {
    char *names[MOST];
    int count;
};

static async_step ask_for_all, print_answers;

static async_next ask_for_all(async_task *task, void *state)
{
    const struct hosts *hosts = state;
    async_loop *loop = async_task_loop(task);
    async_future *answers[MOST];

    for (int i = 0; i < hosts->count; i++)
        answers[i] = async_getaddrinfo(loop, hosts->names[i], NULL, ASYNC_ANY, ASYNC_STREAM, 0);
    return async_await(task, async_gather(loop, answers, hosts->count, ASYNC_GATHER_KEEP_ERRORS), print_answers);
}

static async_next print_answers(async_task *task, void *state)
{
    const struct hosts *hosts = state;

    for (int i = 0; i < hosts->count; i++) {
        async_value *answer = async_value_item(async_awaited(task), i);

        printf("%s:", hosts->names[i]);
        if (async_value_error(answer))
            printf(" %s", async_value_message(answer));
        for (size_t j = 0; j < async_value_count(answer); j++)
            printf(" %s", async_address_host(async_value_item(answer, j)));
        puts("");
    }
    return async_return(task, async_none());
}

int main(int count, char **arguments)
{
    static char words[MOST][256];
    struct hosts hosts = {.count = 0};

    for (int i = 1; i < count && hosts.count < MOST; i++)
        hosts.names[hosts.count++] = arguments[i];
    for (; count == 1 && hosts.count < MOST && scanf("%255s", words[hosts.count]) == 1; hosts.count++)
        hosts.names[hosts.count] = words[hosts.count];
    return async_run(ask_for_all, &hosts, NULL, NULL) != ASYNC_OK;
}
