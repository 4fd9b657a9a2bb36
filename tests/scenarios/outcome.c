#include "tests/scenarios/player.h"

#include <string.h>

struct text {
    char words[512];
    size_t length;
};

static void add(struct text *text, const char *words)
{
    size_t length = strlen(words);

    if (length >= sizeof text->words - text->length)
        refuse(scenario.title, "too long an outcome");
    memcpy(text->words + text->length, words, length + 1);
    text->length += length;
}

static void add_error(struct text *text, const async_value *error)
{
    int code = async_value_error(error);
    const char *message = async_value_message(error);
    const async_value *list = async_value_cause(error);

    switch (code) {
    case ASYNC_EHOST:
        add(text, message);
        break;
    case ASYNC_ECANCELED:
        add(text, "cancelled");
        if (strcmp(message, async_error_text(code)) != 0) {
            add(text, "(");
            add(text, message);
            add(text, ")");
        }
        break;
    case ASYNC_EGROUP:
        add(text, "group(");
        for (size_t i = 0; i < async_value_count(list); i++) {
            add(text, i ? " " : "");
            add_error(text, async_value_item(list, i));
        }
        add(text, ")");
        break;
    case ASYNC_ETIMEDOUT:
        add(text, "timeout");
        break;
    case ASYNC_EDEADLOCK:
        add(text, "runtime");
        break;
    case ASYNC_EBROKEN:
        add(text, "broken");
        break;
    case ASYNC_ESHUTDOWN:
        add(text, "shutdown");
        break;
    case ASYNC_ESTATE:
        add(text, strstr(message, "handed out") ? "exhausted" : strstr(message, "lock") ? "runtime" : "state");
        break;
    default:
        refuse(async_error_name(code), message);
    }
}

static void add_value(struct text *text, const async_value *value)
{
    char number[32];

    switch (async_value_kind(value)) {
    case ASYNC_NONE:
        add(text, "none");
        break;
    case ASYNC_BOOL:
        add(text, async_value_bool(value) ? "yes" : "no");
        break;
    case ASYNC_INT:
        snprintf(number, sizeof number, "%lld", (long long)async_value_int(value));
        add(text, number);
        break;
    case ASYNC_LIST:
        add(text, "[");
        for (size_t i = 0; i < async_value_count(value); i++) {
            add(text, i ? " " : "");
            add_value(text, async_value_item(value, i));
        }
        add(text, "]");
        break;
    case ASYNC_ERROR:
        add(text, "!");
        add_error(text, value);
        break;
    default:
        refuse(scenario.title, "a value of another kind");
    }
}

const char *error_words(const async_value *error)
{
    static struct text text;

    text.length = 0;
    add_error(&text, error);
    return text.words;
}

const char *value_words(const async_value *value)
{
    static struct text text;

    text.length = 0;
    add_value(&text, value);
    return text.words;
}

const char *future_words(async_future *future)
{
    static struct text text;

    text.length = 0;
    if (!async_future_is_done(future)) {
        add(&text, "pending");
    } else if (async_future_is_cancelled(future)) {
        add(&text, "cancelled");
    } else if (async_future_value(future)) {
        add(&text, "= ");
        add_value(&text, async_future_value(future));
    } else {
        add(&text, "! ");
        add_error(&text, async_future_failure(future));
    }
    return text.words;
}
