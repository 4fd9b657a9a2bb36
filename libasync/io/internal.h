/*
 * A stream is itself a future: the one that its wait_closed waits for. So it is counted, dropped from any thread and
 * kept past its loop's close as futures are, and a close finds it in the slabs. Its node is queued by its watch, and
 * what is ready is then done in the loop's turn: nobody's code runs inside the poll.
 *
 * An idle stream is no more than this object: no buffer, and no call of the kernel's. Its watch stays set for reading
 * between two reads, so that who answers each message and reads the next costs one recv and one send, and no
 * epoll_ctl. Only when something comes while nobody reads is the watch taken off, until the next read.
 */
#ifndef LIBASYNC_IO_INTERNAL_H
#define LIBASYNC_IO_INTERNAL_H

#include "libasync/address/internal.h"
#include "libasync/combine.h"
#include "libasync/stream.h"

#include <string.h>
#include <sys/uio.h>

struct async_socket_options {
    int family;
    async_value *local;    /* an address, or NULL (held) */
    double connect_timeout, attempt_delay;
    double keepalive;
    bool nodelay, reuse_port, broadcast;
    int8_t reuse_address;    /* -1: as suits the socket */
    int backlog, most_connections;
    size_t limit, high, low;
    double read_seconds, write_seconds;
    size_t receive_buffer, send_buffer;
};
/* What NULL stands for. */
extern const async_socket_options default_socket_options;

static inline const async_socket_options *options_or_default(const async_socket_options *options)
{
    return options ? options : &default_socket_options;
}
/* Settings of the kernel's for a socket: its buffers and, of TCP, nodelay and keepalive. A listening socket hands them
 * on to those that it accepts. What the system refuses is left as it was. */
void options_apply(const async_socket_options *options, int descriptor, bool is_tcp);
bool socket_is_tcp(int descriptor);
/* What outlives the call that it was lent to. NULL for NULL, or without memory. */
async_socket_options *options_copy(const async_socket_options *options);
int socket_set_nodelay(int descriptor, bool nodelay);             /* 0, or an errno */
int socket_set_keepalive(int descriptor, double seconds);         /* 0, or an errno */
bool keepalive_is_good(double seconds);
bool timeout_is_good(double seconds);    /* finite and not negative, or ASYNC_FOREVER */

/* Who is at the other end, kept from the start: the kernel forgets it with the connection. */
struct peer {
    union {
        uint8_t host[16];
        async_value *path;    /* AF_UNIX with a name: its address (held) */
    };
    uint32_t scope;
    uint16_t port;      /* in the order of the network */
    uint16_t family;    /* 0: none */
};
bool peer_set(struct peer *peer, const union socket_address *address, socklen_t size);    /* false without memory */
void peer_clear(struct peer *peer);
socklen_t peer_read(const struct peer *peer, union socket_address *address);    /* without a path; 0: none */
async_value *peer_address(const struct peer *peer);    /* given; NULL where there is none, or no memory */

/* Of a device the flags belong to other programs too, and calls may block; a file is always ready. */
enum stream_kind { STREAM_TCP, STREAM_SOCKET, STREAM_PIPE, STREAM_DEVICE, STREAM_FILE };

/* What a read is to give. From READ_EXACTLY on it may take several arrivals, which come together in the input. */
enum reading { READ_BYTES, READ_INTO, READ_NOTHING, READ_EXACTLY, READ_UNTIL, READ_LINE, READ_ALL };

/*
 * Bytes that came and nobody has read. Each loop has one at hand, empty, that streams receive into: what is read at
 * once is copied out of it, and what is not stays there, where no allocation can fail any more, and the loop gets
 * another.
 */
struct input {
    struct node node;       /* for the loop's close to find it; linked nowhere */
    async_value *block;     /* bytes, which may be given away as a whole (held) */
    char *bytes;            /* where they begin */
    size_t capacity;
    size_t begin, behind;   /* what is there */
    size_t searched;        /* how many of these were found to hold no separator */
};
#define INPUT_SIZE 65536
/* So large an answer is received into storage of its own, where no copy of it is needed. */
#define LARGE_READ 16384

/* Written, and not sent yet: output.h. */
struct output;

/* What few streams have: settings that are not the defaults, and the timer that some of them need. */
struct stream_settings {
    struct timer timer;
    async_stream *stream;
    size_t limit, high, low;
    double read_seconds, write_seconds;    /* negative: no limit */
    double read_by, write_by, nap_by;      /* when time is up; 0: nothing waits */
    double armed;                          /* for when the timer is set, if it is */
};

/* As small as it can be: a server keeps one for each idle client, and what serves the client besides. */
struct async_stream {
    union {
        async_future closed;
        struct {
            char before[offsetof(async_future, outcome)];
            char *into;        /* where a read that waits reads to, or up to which separator (held). No read waits
                                  any more when the outcome takes the place */
        };
    };
    struct watch watch;
    async_future *reader;      /* the read that waits (held), or NULL */
    size_t wanted;             /* how much it reads, or how long its separator is, */
    uint8_t reading;           /* and what: enum reading */
    uint8_t kind;              /* enum stream_kind */
    uint8_t ready;             /* what the watch told since the node last ran */
    bool is_closing : 1;       /* no more is read or written */
    bool at_end : 1;           /* the peer has ended its half */
    bool read_failed : 1;      /* with `failure`, and so will each read */
    bool write_failed : 1;     /* with `failure` */
    bool lost : 1;             /* something that was written could not be sent */
    bool can_read : 1;         /* by how the descriptor was opened */
    bool can_write : 1;
    bool is_lent : 1;          /* it is not the stream's to close */
    bool is_ending : 1;        /* our half ends when all is sent */
    bool is_refusal : 1;       /* `failure` only tells of a call that was refused */
    int descriptor;            /* -1: closed */
    uint32_t brought;          /* by the last read that made a value */
    struct input *input;       /* what came and was not read; NULL: nothing */
    struct output *output;     /* NULL: all is sent */
    struct stream_settings *settings;    /* NULL: the defaults */
    async_value *failure;      /* the last error that it met, or NULL (held) */
    struct peer peer;
    struct node service;       /* waits for what serves it, and by its ops it knows its server; NULL: it has none */
};
_Static_assert(sizeof(struct async_stream) <= 7 * SLAB_STEP, "what an idle connection may cost");

/* What serves a connection that a server accepted (held), or NULL: in words that the stream's future has to spare. */
static inline void stream_set_server_future(async_stream *stream, async_future *future)
{
    memcpy(stream->closed.spare, &future, sizeof future);
}
static inline async_future *stream_server_future(const async_stream *stream)
{
    async_future *future;

    memcpy(&future, stream->closed.spare, sizeof future);
    return future;
}
extern const struct future_class stream_class;
/* accept.c: what the server is told of a stream of its. */
void server_stream_closed(async_stream *stream);
void server_drop_stream(async_stream *stream);

/* A read, a drain and the like: a future that knows its stream (held), in words that the future has to spare. Pending,
 * it holds itself too. */
static inline void operation_set_stream(async_future *operation, async_stream *stream)
{
    memcpy(operation->spare, &stream, sizeof stream);
}
static inline async_stream *operation_stream(const async_future *operation)
{
    async_stream *stream;

    memcpy(&stream, operation->spare, sizeof stream);
    return stream;
}
_Static_assert(sizeof(async_stream *) <= sizeof((async_future){0}.spare), "a pointer fits");

/* Made: pending, held by itself and by the caller. NULL without memory. */
async_future *operation_new(async_stream *stream, const struct future_class *class);
/* Ends it, called from wherever: what awaits it goes on in a later turn. The outcome is taken, NULL for no memory. */
void operation_succeed(async_future *operation, async_value *taken);
void operation_fail(async_future *operation, async_value *taken);
/* Ends it in its stream's own turn: who alone awaits it goes on at once, so this is the last thing that is done. */
void operation_succeed_now(async_future *operation, async_value *taken);
void operation_fail_now(async_future *operation, async_value *taken);
/* What the classes of operations do at the loop's close. */
void operation_end_at_close(async_loop *loop, struct node *node);
/* One that need not wait: to be completed by the caller; NULL without memory. */
async_future *operation_begin(async_stream *stream);
/* Such, done with a value or an error, which is taken. */
async_future *operation_done(async_stream *stream, async_value *taken);
/* Such, for a call that was refused; without words, or for a stream of NULL, an immortal one. */
async_future *operation_refuse(async_stream *stream, int error, const char *words);

/* Entry of calls on a stream, as loop_enter and loop_visit. */
static inline int stream_enter(const async_stream *stream)
{
    return likely(stream) ? loop_enter(stream->closed.loop) : ASYNC_EINVAL;
}
static inline int stream_visit(const async_stream *stream)
{
    return stream ? future_visit(&stream->closed) : ASYNC_EINVAL;
}
static inline size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

static inline async_loop *stream_loop(const async_stream *stream)
{
    return stream->closed.loop;
}

void stream_watch_more(async_stream *stream, int events);
static inline void stream_watch(async_stream *stream, int events)
{
    if (unlikely(~watch_events(&stream->watch) & events))
        stream_watch_more(stream, events);
}
static inline void stream_unwatch(async_stream *stream, int events)
{
    int now = watch_events(&stream->watch);

    if (now & events)
        watch_set(stream_loop(stream), &stream->watch, now & ~events);
}

/*
 * stream.c: a stream on a connected socket that does not block; the descriptor is its own from now on. NULL without
 * memory: then it is still the caller's. Of the options only those that are the stream's own count; the kernel's are
 * the caller's to apply.
 */
async_stream *stream_new(async_loop *loop, int descriptor, const union socket_address *peer, socklen_t size,
                         const async_socket_options *options);
async_stream *stream_of_kind(async_loop *loop, int descriptor, enum stream_kind kind);    /* the same of any other */
/* Drops one that was made and given to nobody; the descriptor stays open. */
void stream_discard(async_stream *stream);

/* settings.c: made on first need; NULL without memory. */
struct stream_settings *stream_settings(async_stream *stream);
bool settings_apply(async_stream *stream, const async_socket_options *options);    /* false without memory */
void settings_stop(async_stream *stream);    /* the timer */
void settings_drop(async_stream *stream);
static inline size_t stream_limit(const async_stream *stream)
{
    return stream->settings ? stream->settings->limit : default_socket_options.limit;
}
/* Begins the time that a read or an unsent byte has left, anew with each progress; false without memory. */
bool settings_start_read(struct stream_settings *settings);
bool settings_start_write(struct stream_settings *settings);
static inline bool stream_start_read(const async_stream *stream)
{
    return likely(!stream->settings) || settings_start_read(stream->settings);
}
/* A drain of a standard stream waits for everything: the program may well end after it. */
static inline size_t usual_high(const async_stream *stream)
{
    return stream->is_lent ? 0 : default_socket_options.high;
}
static inline size_t usual_low(const async_stream *stream)
{
    return stream->is_lent ? 0 : default_socket_options.low;
}
static inline bool stream_start_write(const async_stream *stream)
{
    return likely(!stream->settings) || settings_start_write(stream->settings);
}
/* The kernel has no memory for what is to be sent, and says that there is room: it is asked again a little later. */
bool stream_nap(async_stream *stream);    /* false without memory */

/* error.c: the error for an errno, which the stream keeps as its failure. Lent; never NULL. */
async_value *stream_fail_with(async_stream *stream, int number);
/* Keeps an error as the failure (taken; NULL: no memory for its words). */
void stream_keep_failure(async_stream *stream, async_value *taken, int code);
/* For a call that answers by a code: keeps the words of a refusal for async_stream_message, and gives the code. */
int stream_refuse(async_stream *stream, int code, const char *words);
/* The same, not kept (given; NULL without memory). */
async_value *stream_error_os(const async_stream *stream, int number);
/* The error of that code, with words behind the stream's name (given; NULL without memory). */
async_value *stream_error(const async_stream *stream, int code, const char *words);
#define STREAM_NAME_SIZE (ADDRESS_TEXT_SIZE + 16)
void stream_name(const async_stream *stream, char *text);

/* transfer.c: the system's calls, repeated when a signal interrupts them: how many bytes, or -1 and errno. */
ssize_t stream_receive(const async_stream *stream, void *buffer, size_t size);
ssize_t stream_send(const async_stream *stream, const void *bytes, size_t size);
ssize_t stream_send_pieces(const async_stream *stream, struct iovec *pieces, int count);
ssize_t stream_send_file(const async_stream *stream, int file, off_t offset, size_t size);
void stream_discard_unread(const async_stream *stream);

/* input.c: the loop's own, empty, of INPUT_SIZE; NULL without memory. */
struct input *input_at_hand(async_loop *loop);
/* The stream keeps what was received into the loop's own. */
void input_keep(async_stream *stream, size_t begin, size_t behind);
/* Has room behind for `size` bytes more, or at least for one; an input that there was not is made. False without
 * memory. */
bool input_make_room(async_stream *stream, size_t size);
static inline size_t input_size(const async_stream *stream)
{
    return stream->input ? stream->input->behind - stream->input->begin : 0;
}
/* Takes so many bytes, which are there, out of the input. */
void input_take(async_stream *stream, void *bytes, size_t size);
async_value *input_take_value(async_stream *stream, size_t size);    /* NULL without memory: nothing is taken */
void input_drop(async_stream *stream);

/* read.c: the descriptor can be read. */
void stream_read_ready(async_stream *stream);
/* NULL when a read may begin, or the refusal: of arguments in these words, or NULL where they are good. */
async_future *read_refusal(async_stream *stream, const char *fault);
async_future *read_wait(async_stream *stream, enum reading reading, void *into, size_t wanted);
/* How many bytes came, after which the read can go on; 0: it waits, or has met the end or an error. */
size_t read_receive(async_stream *stream, void *buffer, size_t size);
static inline bool read_is_over(const async_stream *stream)
{
    return stream->at_end || stream->read_failed;
}
/* End the read that waits, in the stream's own turn: the last thing that is done. */
void read_succeed(async_stream *stream, async_value *taken);
void read_fail(async_stream *stream, async_value *taken);

/* collect.c: the same for reads from READ_EXACTLY on. */
void collect_ready(async_stream *stream);

/* Ends the read that waits, if one does, in somebody else's call; the error is lent. */
void stream_end_read(async_stream *stream, async_value *error);

/* output.c: the descriptor can be written. */
void stream_write_ready(async_stream *stream);
/* Throws away what is unsent; who waits for that is told the error (lent). */
void stream_drop_output(async_stream *stream, async_value *error);
/* Wakes who waits for room, if there is some by now. */
void stream_look_at_marks(async_stream *stream);
/* Nothing can be sent any more: the error is lent. */
void stream_fail_writing(async_stream *stream, async_value *error);

/* close.c: the descriptor goes, whatever is unsent with it; stream_end is for who holds the stream meanwhile. */
void stream_finish(async_stream *stream);
void stream_end(async_stream *stream);
void stream_end_at_close(async_loop *loop, struct node *node);
void stream_drop_at_close(async_loop *loop, struct node *node);

#endif
