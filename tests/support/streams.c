#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

async_stream *ann, *bob;

void make_pair(void)
{
    ck_assert_int_eq(async_stream_pair(loop, &ann, &bob), 0);
}

void make_tcp_pair(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&address, size), 0);
    ann = async_stream_adopt(loop, accept4(listener, NULL, NULL, SOCK_CLOEXEC), NULL);
    bob = async_stream_adopt(loop, client, NULL);
    close(listener);
    ck_assert_ptr_nonnull(ann);
    ck_assert_ptr_nonnull(bob);
}

void drop_pair(void)
{
    async_stream_abort(ann);
    async_stream_abort(bob);
    ann = async_stream_unref(ann);
    bob = async_stream_unref(bob);
}

const char *outcome(async_future *taken)
{
    static char text[512];
    int error = async_loop_run_until(loop, taken);
    size_t size = 0;
    const char *bytes = error ? NULL : async_value_text(async_future_value(taken), &size);

    if (bytes) {
        ck_assert_uint_lt(size, sizeof text);
        memcpy(text, bytes, size);
        text[size] = '\0';
    } else {
        strcpy(text, async_error_name(error));
    }
    async_future_unref(taken);
    return text;
}

const char *read_some(async_stream *stream)
{
    return outcome(async_stream_read(stream, 500));
}

void say(async_stream *stream, const char *text)
{
    ck_assert_int_eq(async_stream_write(stream, text, strlen(text)), 0);
}

/* A prime number of bytes, so that no block of the flow is like the next one. */
char flow_byte(size_t place)
{
    return (char)(place % 251);
}

size_t fill(async_stream *stream)
{
    static char block[10000];
    size_t place = 0;

    while (!async_stream_unsent(stream)) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = flow_byte(place + i);
        ck_assert_int_eq(async_stream_write(stream, block, sizeof block), 0);
        place += sizeof block;
    }
    return place;
}

bool is_flow(const char *bytes, size_t size, size_t place)
{
    size_t same = 0;

    while (same < size && bytes[same] == flow_byte(place + same))
        same++;
    return same == size;
}

/* From a place of the flow on: one that was reached, at `most` or behind or the stream's end. */
static size_t drink_from(async_stream *stream, size_t place, size_t most, bool exactly)
{
    static char block[30000];
    size_t size = 1;

    while (size && place < most) {
        size_t room = exactly && most - place < sizeof block ? most - place : sizeof block;
        async_future *came = async_stream_read_into(stream, block, room);

        ck_assert_int_eq(async_loop_run_until(loop, came), 0);
        size = (size_t)async_value_int(async_future_value(came));
        ck_assert(is_flow(block, size, place));
        place += size;
        async_future_unref(came);
    }
    return place;
}

size_t drink(async_stream *stream, size_t most)
{
    return drink_from(stream, 0, most, false);
}

size_t drink_exactly(async_stream *stream, size_t most)
{
    return drink_from(stream, 0, most, true);
}

void drink_rest(async_stream *stream, size_t place, size_t end_place)
{
    ck_assert_uint_eq(drink_from(stream, place, end_place, true), end_place);
}

void reset_connection(async_stream *stream)
{
    struct linger at_once = {.l_onoff = 1};

    ck_assert_int_eq(setsockopt(async_stream_descriptor(stream), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    ck_assert_int_eq(async_stream_abort(stream), 0);
}
