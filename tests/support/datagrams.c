#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

async_datagram *ann, *bob;

async_datagram *open_at(async_value *taken_local, async_value *taken_peer, async_socket_options *options)
{
    async_datagram *datagram = async_datagram_open(loop, taken_local, taken_peer, options);

    ck_assert_msg(datagram != NULL, "%s", strerror(errno));
    async_value_unref(taken_local);
    async_value_unref(taken_peer);
    return datagram;
}

async_datagram *open_here(async_socket_options *options)
{
    return open_at(async_address("127.0.0.1", 0), NULL, options);
}

async_datagram *taken_out(async_future *taken)
{
    async_datagram *datagram;

    ck_assert_msg(async_loop_run_until(loop, taken) == 0, "%s", async_future_message(taken));
    datagram = async_datagram_ref(async_value_datagram(async_future_value(taken)));
    async_future_unref(taken);
    ck_assert_ptr_nonnull(datagram);
    return datagram;
}

void open_both(void)
{
    system_reset();
    ann = open_here(NULL);
    bob = open_at(async_address("127.0.0.1", 0), async_datagram_local(ann), NULL);
}

void drop(async_datagram *taken)
{
    ck_assert_int_eq(async_datagram_close(taken), 0);
    async_datagram_unref(taken);
}

void drop_both(void)
{
    drop(ann);
    drop(bob);
}

void say(async_datagram *from, const char *text)
{
    ck_assert_int_eq(async_datagram_send(from, text, strlen(text)), 0);
}

void say_to(async_datagram *from, const char *text, async_datagram *to)
{
    async_value *address = async_datagram_local(to);

    ck_assert_int_eq(async_datagram_send_to(from, text, strlen(text), address), 0);
    async_value_unref(address);
}

const char *hear(async_datagram *datagram)
{
    static char heard[256];
    async_future *receive = async_datagram_receive(datagram);
    async_value *pair;
    size_t size = 0;
    const char *bytes;

    if (async_loop_run_until(loop, receive) != 0) {
        snprintf(heard, sizeof heard, "!%s", async_future_message(receive));
    } else {
        pair = async_future_value(receive);
        bytes = async_value_text(async_value_item(pair, 0), &size);
        snprintf(heard, sizeof heard, "%.*s", (int)size, bytes);
    }
    async_future_unref(receive);
    return heard;
}

int hear_batch(async_datagram *datagram, int most)
{
    async_future *receive = async_datagram_receive_batch(datagram, most);
    int count;

    ck_assert_msg(async_loop_run_until(loop, receive) == 0, "%s", async_future_message(receive));
    count = (int)async_value_int(async_future_value(receive));
    async_future_unref(receive);
    return count;
}

const char *text_at(async_datagram *datagram, int index)
{
    static char text[256];
    size_t size;
    const char *bytes = async_datagram_bytes(datagram, index, &size);

    ck_assert_ptr_nonnull(bytes);
    snprintf(text, sizeof text, "%.*s", (int)size, bytes);
    return text;
}
