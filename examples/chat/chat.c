/* A room: the first line that a guest sends is his name, each further one goes to all the others: chat [PORT] */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guest {
    struct guest *next;
    async_stream *stream;
    char name[32];
};

static struct guest *guests;

static void greet(const struct guest *guest)
{
    char message[64];

    async_stream_write(guest->stream, message, (size_t)snprintf(message, sizeof message, "welcome, %s\n", guest->name));
}

static void tell_others(const struct guest *speaker, const char *form, const char *line)
{
    char message[1024];
    int size = snprintf(message, sizeof message, form, speaker->name, line);

    for (struct guest *guest = guests; guest; guest = guest->next)
        if (guest != speaker)
            async_stream_write(guest->stream, message, (size_t)size < sizeof message ? (size_t)size : sizeof message - 1);
}

static void leave(void *state)
{
    struct guest *guest = state, **place = &guests;

    while (*place && *place != guest)
        place = &(*place)->next;
    if (*place) {
        *place = guest->next;
        tell_others(guest, "* %s has left%s\n", "");
    }
    async_stream_close(guest->stream);
    async_stream_unref(guest->stream);
    free(guest);
}

/* The next line of the guest's without its end; NULL when there is none. */
static const char *heard(async_task *task)
{
    static char line[512];
    const char *text = async_value_text(async_awaited(task), NULL);

    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\r\n"), text);
    return *text ? line : NULL;
}

static async_next attend(async_task *task, void *state)
{
    struct guest *guest = state;

    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_stream_read_line(guest->stream));
    if (!heard(task))
        return async_return(task, async_none());
    snprintf(guest->name, sizeof guest->name, "%.31s", heard(task));
    greet(guest);
    tell_others(guest, "* %s has come%s\n", "");
    guest->next = guests;
    guests = guest;
    for (;;) {
        ASYNC_AWAIT(task, async_stream_read_line(guest->stream));
        if (!heard(task))
            break;
        tell_others(guest, "%s: %s\n", heard(task));
    }
    ASYNC_END(task);
}

static async_future *on_connected(async_stream *taken, void *user)
{
    struct guest *guest = calloc(1, sizeof *guest);

    guest->stream = taken;
    return async_create_task(async_stream_loop(taken), attend, guest, leave);
}

static async_step serve, announce;

static async_next serve(async_task *task, void *state)
{
    const int *port = state;

    return async_await(task, async_start_server(async_task_loop(task), "127.0.0.1", *port, on_connected, NULL, NULL, NULL),
                       announce);
}

static async_next announce(async_task *task, void *state)
{
    async_server *server = async_value_server(async_awaited(task));
    async_value *addresses = async_server_addresses(server);

    printf("serving on %s\n", async_address_text(async_value_item(addresses, 0)));
    fflush(stdout);
    async_value_unref(addresses);
    return async_await(task, async_server_serve_forever(server), announce);
}

int main(int count, char **arguments)
{
    int port = count > 1 ? atoi(arguments[1]) : 8888;
    async_future *done;
    int error = async_run(serve, &port, NULL, &done);

    if (error)
        fprintf(stderr, "chat: %s\n", async_future_message(done));
    async_future_unref(done);
    return error != ASYNC_OK;
}
