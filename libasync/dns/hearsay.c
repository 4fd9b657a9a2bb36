/*
 * c-ares silently drops a datagram that is no answer, and in old versions forgets why a server was of no help. Users
 * want to know, so each datagram that it did not take is looked at once more. Nothing is decided by that but the words
 * of an error that comes anyway.
 */
#include "libasync/dns/channel.h"

/* Codes of answers: RFC 1035, section 4.1.1. */
enum { SERVER_FAILURE = 2, NOT_IMPLEMENTED = 4, REFUSED = 5 };

/* Who is flooded with nonsense need not search for its meaning. */
#define MOST_SEARCHED 1024

static void note(struct channel *channel, struct question *question)
{
    struct question **slot = &channel->by_id[question->id % ID_SLOTS];

    question->next = *slot;
    question->former = slot;
    if (*slot)
        (*slot)->former = &question->next;
    *slot = question;
}

void hearsay_asked(struct channel *channel, struct question *question, const struct message *datagram)
{
    question->hash = message_question(datagram);
    note(channel, question);
}

/* New versions of c-ares put a number of their own in the place of ours. */
void hearsay_sent(struct channel *channel, const struct message *datagram)
{
    struct question *question = channel->asking;

    if (!question || !question->former || question->id == message_id(datagram))
        return;
    hearsay_forget(question);
    question->id = message_id(datagram);
    note(channel, question);
}

void hearsay_forget(struct question *question)
{
    if (!question->former)
        return;
    *question->former = question->next;
    if (question->next)
        question->next->former = question->former;
    question->former = NULL;
}

static enum answer reason_of(const struct message *datagram)
{
    switch (message_code(datagram)) {
    case SERVER_FAILURE:
        return ANSWER_FAILED;
    case NOT_IMPLEMENTED:
        return ANSWER_UNSUPPORTED;
    case REFUSED:
        return ANSWER_REFUSED;
    default:
        return ANSWER_FOUND;
    }
}

/* It asks what we asked, but under a number of its own. */
static void search(struct channel *channel, uint32_t hash)
{
    if (!hash || channel->asked > MOST_SEARCHED)
        return;
    for (size_t slot = 0; slot < ID_SLOTS; slot++)
        for (struct question *question = channel->by_id[slot]; question; question = question->next)
            if (question->hash == hash)
                question->heard = ANSWER_OTHER_ID;
}

/* Of those with the number, the one that was asked, else any. */
static struct question *find(const struct channel *channel, uint16_t id, uint32_t hash)
{
    struct question *found = NULL;

    for (struct question *question = channel->by_id[id % ID_SLOTS]; question; question = question->next)
        if (question->id == id && (!found || question->hash == hash))
            found = question;
    return found;
}

void hearsay_rejected(struct channel *channel, const struct message *datagram)
{
    struct question *question;
    uint32_t hash;
    uint16_t id;

    if (datagram->size < HEADER_SIZE)
        return;
    id = message_id(datagram);
    hash = message_question(datagram);
    question = find(channel, id, hash);
    if (!question)
        search(channel, hash);
    else
        question->heard = (uint8_t)(question->hash == hash ? reason_of(datagram) : ANSWER_OTHER_QUESTION);
}

enum answer hearsay_judge(const struct question *question, enum answer answer)
{
    if (answer == ANSWER_UNREACHABLE && question->heard)
        return question->heard;
    if (answer == ANSWER_LATE && (question->heard == ANSWER_OTHER_ID || question->heard == ANSWER_OTHER_QUESTION))
        return question->heard;
    return answer;
}
