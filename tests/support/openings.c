#include "tests/support/openings.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

async_future *open_host(const char *host, int port)
{
    return async_open_connection(loop, host, port, NULL);
}

const char *ending(async_future *taken)
{
    static char text[1024];
    int error = async_loop_run_until(loop, taken);
    async_stream *stream = async_value_stream(async_future_value(taken));

    if (error) {
        snprintf(text, sizeof text, "%s %s", async_error_name(error) + strlen("ASYNC_"), async_future_message(taken));
    } else {
        async_value *peer = async_stream_peer(stream);

        snprintf(text, sizeof text, "%s", async_address_text(peer));
        async_value_unref(peer);
        ck_assert_int_eq(async_stream_close(stream), 0);
    }
    async_future_unref(taken);
    return text;
}

const char *with_port(const char *format, int port)
{
    static char text[1024];
    size_t length = 0;

    for (; *format; format++) {
        if (strncmp(format, "%d", 2) == 0) {
            length += (size_t)sprintf(text + length, "%d", port);
            format++;
        } else {
            text[length++] = *format;
        }
    }
    text[length] = '\0';
    return text;
}

bool memory_failed_in(async_future *taken)
{
    int error = async_loop_run_until(loop, taken);
    bool failed = memory_has_failed();
    async_stream *stream = async_value_stream(async_future_value(taken));

    ck_assert(stream ? error == 0 : failed);
    if (stream)
        async_stream_close(stream);
    async_future_unref(taken);
    reports();
    return failed;
}
