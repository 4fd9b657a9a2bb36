/* Datagram sockets: counted, asked, closed. */
#include "libasync/io/datagram.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void datagram_on_ready(async_loop *loop, struct watch *watch, int events)
{
    async_datagram *datagram = container_of(watch, async_datagram, watch);

    datagram->ready |= (uint8_t)events;
    datagram_queue(datagram);
}

/* Who receives goes on in the middle, and what he answers leaves right after. He may also let go of the socket. */
static void run(async_loop *loop, struct node *node)
{
    async_datagram *datagram = container_of(node, async_datagram, closed.node);

    future_hold(&datagram->closed);
    if (datagram->ready & WATCH_READ)
        datagram->may_have_more = true;
    if (datagram->ready & WATCH_WRITE)
        datagram->is_blocked = false;
    datagram->ready = 0;
    if (datagram->may_have_more)
        datagram_receive_ready(datagram);
    if (datagram->descriptor >= 0)
        datagram_flush(datagram);
    future_drop(&datagram->closed);
}

/* The file may be another's by now. */
static void remove_path(const struct datagram_extras *extras)
{
    const char *path = async_address_path(extras->path);
    struct stat status;

    if (lstat(path, &status) == 0 && status.st_dev == extras->device && status.st_ino == extras->file)
        unlink(path);
}

static void drop_extras(async_datagram *datagram)
{
    if (!datagram->extras)
        return;
    async_value_unref(datagram->extras->path);
    memory_release(datagram->extras, sizeof *datagram->extras);
    datagram->extras = NULL;
}

/* Who waits is told that it was the socket, not its loop. */
static async_value *closed_error(async_loop *loop)
{
    async_value *error = async_loop_is_closed(loop) ? NULL : async_error(ASYNC_ECLOSED, DATAGRAM_IS_CLOSED);

    return error ? error : error_static(ASYNC_ECLOSED);
}

/* What the kernel takes now still leaves. */
static void end_socket(async_datagram *datagram)
{
    async_loop *loop = datagram_loop(datagram);
    async_value *error = closed_error(loop);

    timer_stop(loop, &datagram->pause);
    datagram->is_blocked = false;
    datagram_flush(datagram);
    watch_set(loop, &datagram->watch, 0);
    timer_stop(loop, &datagram->pause);
    if (node_is_linked(&datagram->closed.node))
        node_unlink(&datagram->closed.node);
    if (datagram->extras && datagram->extras->path)
        remove_path(datagram->extras);
    close(datagram->descriptor);
    datagram->descriptor = -1;
    datagram_end_receive(datagram, error);
    datagram_end_drains(datagram, error);
    async_value_unref(error);
    datagram_drop_inbound(datagram);
    datagram_drop_outbound(datagram);
    drop_extras(datagram);
    future_succeed(&datagram->closed, async_none());
}

/* Who waits may have held it last. */
static void close_socket(async_datagram *datagram)
{
    if (datagram->descriptor < 0)
        return;
    future_hold(&datagram->closed);
    end_socket(datagram);
    future_drop(&datagram->closed);
}

static void end_at_close(async_loop *loop, struct node *node)
{
    close_socket(container_of(node, async_datagram, closed.node));
}

/* Nobody can close it any more. A loop that closes has closed it already. */
static void release(async_future *future)
{
    async_datagram *datagram = container_of(future, async_datagram, closed);

    if (datagram->descriptor >= 0) {
        async_value *local = async_datagram_local(datagram);
        char message[ADDRESS_TEXT_SIZE + 64];

        snprintf(message, sizeof message, "%s: the datagram socket was dropped without a close",
                 async_address_text(local));
        async_value_unref(local);
        end_socket(datagram);
        loop_report(future->loop, NULL, ASYNC_ESTATE, message);
    }
    async_value_unref(datagram->peer);
    async_value_unref(datagram->refusal);
}

static bool refuse_cancel(async_future *future, async_value *error)
{
    return false;
}

const struct future_class datagram_class = {
    .node = {.run = run, .end_at_close = end_at_close},
    .size = sizeof(async_datagram),
    .cancel = refuse_cancel,
    .release = release,
};

async_datagram *async_datagram_ref(async_datagram *datagram)
{
    async_future_ref((async_future *)datagram);
    return datagram;
}

async_datagram *async_datagram_unref(async_datagram *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

static void ref_datagram(void *pointer)
{
    async_datagram_ref(pointer);
}

static void unref_datagram(void *pointer)
{
    async_datagram_unref(pointer);
}

static async_type datagram_type = {
    .references = 1,
    .name = "datagram",
    .ref = ref_datagram,
    .unref = unref_datagram,
};

async_datagram *async_value_datagram(const async_value *value)
{
    return async_value_pointer(value, &datagram_type);
}

async_value *async_datagram_value(async_datagram *datagram)
{
    return datagram ? async_object(NULL, &datagram_type, datagram) : NULL;
}

async_loop *async_datagram_loop(const async_datagram *datagram)
{
    return datagram ? datagram_loop(datagram) : NULL;
}

int async_datagram_descriptor(const async_datagram *datagram)
{
    return datagram_visit(datagram) == 0 ? datagram->descriptor : -1;
}

async_value *async_datagram_local(const async_datagram *datagram)
{
    return datagram_visit(datagram) == 0 && datagram->descriptor >= 0 ? async_socket_address(datagram->descriptor)
                                                                      : NULL;
}

async_value *async_datagram_peer(const async_datagram *datagram)
{
    return datagram_visit(datagram) == 0 ? async_value_ref(datagram->peer) : NULL;
}

int async_datagram_close(async_datagram *datagram)
{
    int error = datagram_visit(datagram);

    if (!error)
        close_socket(datagram);
    return error;
}

bool async_datagram_is_closed(const async_datagram *datagram)
{
    return datagram_visit(datagram) != 0 || datagram->descriptor < 0;
}

async_value *datagram_error(const async_datagram *datagram, int number)
{
    async_value *local = datagram->peer ? NULL : async_datagram_local(datagram), *error;

    error = socket_error(number, async_address_text(datagram->peer ? datagram->peer : local));
    async_value_unref(local);
    return error ? error : async_value_ref(error_static(error_of_errno(number)));
}

async_value *datagram_timeout(const async_datagram *datagram, const char *words)
{
    async_value *local = datagram->peer ? NULL : async_datagram_local(datagram), *error;
    char message[ADDRESS_TEXT_SIZE + 64];

    snprintf(message, sizeof message, "%s: %s", async_address_text(datagram->peer ? datagram->peer : local), words);
    async_value_unref(local);
    error = async_error(ASYNC_ETIMEDOUT, message);
    return error ? error : error_static(ASYNC_ETIMEDOUT);
}
