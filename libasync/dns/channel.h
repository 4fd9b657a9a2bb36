/*
 * A channel: c-ares on the loop's descriptors and timers, for the name servers of one configuration. Questions are put
 * to it, each answered exactly once. c-ares is never entered from its own callbacks.
 */
#ifndef LIBASYNC_DNS_CHANNEL_H
#define LIBASYNC_DNS_CHANNEL_H

#include "libasync/dns/message.h"
#include "libasync/loop/internal.h"

struct ares_channeldata;
struct ares_socket_functions;
struct question;

/* What asks. `message` is NULL where nothing was answered. Runs no code of a user's. */
struct question_class {
    struct node_ops node;
    void (*answered)(struct question *question, enum answer answer, const struct message *message);
};

/* Part of whatever asks. The name is lent: until the answer, or until it is forgotten. */
struct question {
    struct node node;                   /* waits to be asked; its ops are the question's class */
    const char *name;
    struct channel *channel;            /* it was asked there; NULL: it was not asked yet */
    struct question *next, **former;    /* others whose numbers are alike */
    uint32_t hash;                      /* of what was asked, as it was sent */
    uint16_t type, id;
    uint8_t heard;                      /* enum answer: why the servers' answers were not taken; 0: there were none */
    bool is_asked_again;
};

static inline const struct question_class *question_class(const struct question *question)
{
    return container_of(question->node.ops, const struct question_class, node);
}

/* Datagrams of one look into a socket. What is longer than a server was told to send counts as cut off. */
#define INBOUND 16
#define LONGEST_DATAGRAM 1500
struct inbound {
    struct gate *gate;
    unsigned count, next;
    struct message datagrams[INBOUND];
    uint8_t bytes[INBOUND][LONGEST_DATAGRAM];
};

#define IDS 128
#define ID_SLOTS 4096
struct channel {
    struct timer timer;
    async_loop *loop;
    struct node *keeper;                /* the resolver: queued when the channel wants channel_settle */
    struct node *waiting;               /* the resolver's questions that wait to be asked */
    struct ares_channeldata *ares;      /* NULL once closed */
    struct channel *next;               /* those that are being drained */
    uint32_t asked;
    bool deaf;                          /* a descriptor or the timer could not be watched */
    double due;                         /* when the timer fires */
    double shortest_timeout;            /* no question asked from now on is due earlier than that */
    struct servers servers;
    char described[256];                /* those, for messages */

    struct node news;                   /* queued when there are datagrams to be heard */
    struct gate *gates;                 /* wire.c's */
    struct timer nap;                   /* runs while the kernel has no memory for what is sent */
    struct stream *streams;
    bool has_more;                      /* the last read from a stream got all it wanted */
    struct inbound inbound;
    uint32_t budget;                    /* datagrams that c-ares may still have in this turn */
    bool is_handed, is_taken;           /* whether c-ares was handed a datagram, and took it for an answer */
    struct question *asking;            /* c-ares is being asked it */
    bool has_no_edns;                   /* a server did not understand it */
    uint32_t ids_left;
    uint16_t ids[IDS];                  /* random ones; those up to `ids_left` were not used yet */
    struct question *by_id[ID_SLOTS];
};

/* NULL and a status of c-ares'. */
struct channel *channel_open(async_loop *loop, const struct configuration *configuration, struct node *keeper,
                             struct node *waiting, int *status);
/* Ends all questions with ANSWER_CLOSED. The memory stays until channel_free. */
void channel_close(struct channel *channel);
void channel_free(struct channel *channel);
void channel_ask(struct channel *channel, struct question *question);
/* Sends what was asked and sets the timer. To be called from the queue after each call of c-ares. */
void channel_settle(struct channel *channel);
/* Has c-ares look at a descriptor, or at its timeouts alone where there is none. */
void channel_process(struct channel *channel, int readable, int writable);
#define NO_DESCRIPTOR (-1)

static inline void channel_want_settling(struct channel *channel)
{
    if (!node_is_linked(channel->keeper) && !atomic_load(&channel->loop->closing))
        loop_queue(channel->loop, channel->keeper);
}

/* wire.c: what c-ares calls instead of the system. */
extern const struct ares_socket_functions wire_functions;
extern const struct node_ops wire_nap_ops;
bool wire_has(const struct channel *channel, int descriptor);
void wire_flush(struct channel *channel);
void wire_hear(struct channel *channel);

/* hearsay.c: what is learned from a datagram that c-ares did not take for an answer. */
void hearsay_asked(struct channel *channel, struct question *question, const struct message *datagram);
void hearsay_sent(struct channel *channel, const struct message *datagram);
void hearsay_rejected(struct channel *channel, const struct message *datagram);
void hearsay_forget(struct question *question);
/* What to tell at the end, where c-ares tells too little. */
enum answer hearsay_judge(const struct question *question, enum answer answer);

/* burst.c: several datagrams in one system call, where the system has such; else one. How many, or -1 with errno. */
struct iovec;
int burst_send(int descriptor, struct iovec *datagrams, unsigned count);
int burst_receive(int descriptor, struct message *datagrams, uint8_t (*bytes)[LONGEST_DATAGRAM], unsigned count);

#endif
