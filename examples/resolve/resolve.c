/*
 * Looks names up, all at once, and prints a line for each, in the order given: resolve WORD... or resolve <FILE
 *
 * A word is a name, for its addresses; a type and a name, such as mx:example.org, for its records; or a name server to
 * ask instead of the system's, such as @127.0.0.1:53.
 */
#include <libasync/async.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MOST = 1000 };

struct words {
    char *server;
    char *list[MOST];
    int count;
};

static async_step ask_for_all, print_answers;

static const struct {
    const char *prefix;
    int type;
} types[] = {{"a:", ASYNC_RECORD_A},     {"aaaa:", ASYNC_RECORD_AAAA}, {"cname:", ASYNC_RECORD_CNAME}, {"mx:", ASYNC_RECORD_MX},
             {"ns:", ASYNC_RECORD_NS},   {"ptr:", ASYNC_RECORD_PTR},   {"srv:", ASYNC_RECORD_SRV},     {"txt:", ASYNC_RECORD_TXT}};

static async_future *ask(async_loop *loop, const char *word)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strncasecmp(word, types[i].prefix, strlen(types[i].prefix)) == 0)
            return async_dns_query(loop, word + strlen(types[i].prefix), types[i].type);
    return async_getaddrinfo(loop, word, NULL, ASYNC_ANY, ASYNC_STREAM, 0);
}

static async_next ask_for_all(async_task *task, void *state)
{
    const struct words *words = state;
    async_loop *loop = async_task_loop(task);
    async_future *answers[MOST];

    if (words->server && async_dns_set_servers(loop, words->server) != ASYNC_OK)
        return async_fail(task, ASYNC_EINVAL, "no such name server");
    for (int i = 0; i < words->count; i++)
        answers[i] = ask(loop, words->list[i]);
    return async_await(task, async_gather(loop, answers, words->count, ASYNC_GATHER_KEEP_ERRORS), print_answers);
}

static void print_record(const async_value *record)
{
    async_value *strings = async_record_strings(record);

    if (async_record_type(record) == ASYNC_RECORD_MX)
        printf(" %d", async_record_priority(record));
    if (async_record_type(record) == ASYNC_RECORD_SRV)
        printf(" %d %d %d", async_record_priority(record), async_record_weight(record), async_record_port(record));
    if (*async_record_host(record))
        printf(" %s", async_record_host(record));
    for (size_t i = 0; i < async_value_count(strings); i++)
        printf(" \"%s\"", async_value_text(async_value_item(strings, i), NULL));
}

static async_next print_answers(async_task *task, void *state)
{
    const struct words *words = state;

    for (int i = 0; i < words->count; i++) {
        async_value *answer = async_value_item(async_awaited(task), i);

        printf("%s:", words->list[i]);
        if (async_value_error(answer))
            printf(" %s", async_value_message(answer));
        for (size_t j = 0; j < async_value_count(answer); j++) {
            async_value *item = async_value_item(answer, j);

            if (async_record_type(item))
                print_record(item);
            else
                printf(" %s", async_address_host(item));
        }
        puts("");
    }
    return async_return(task, async_none());
}

static void add(struct words *words, char *word)
{
    if (*word == '@')
        words->server = word + 1;
    else if (words->count < MOST)
        words->list[words->count++] = word;
}

int main(int count, char **arguments)
{
    static char read[MOST][256];
    struct words words = {.count = 0};

    for (int i = 1; i < count; i++)
        add(&words, arguments[i]);
    for (int i = 0; count == 1 && i < MOST && scanf("%255s", read[i]) == 1; i++)
        add(&words, read[i]);
    return async_run(ask_for_all, &words, NULL, NULL) != ASYNC_OK;
}
