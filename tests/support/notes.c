/* Notes and reports: what happened, in order. Threads take turns. */
#include "tests/support/internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MOST 4000    /* no more than Check prints */

struct pad {
    char text[MOST], answer[MOST];
    size_t length;
};

static struct pad happened, reported;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void add(struct pad *pad, char separator, const char *format, va_list arguments)
{
    int written;

    pthread_mutex_lock(&lock);
    if (pad->length && pad->length + 1 < MOST)
        pad->text[pad->length++] = separator;
    written = vsnprintf(pad->text + pad->length, MOST - pad->length, format, arguments);
    if (written > 0)
        pad->length += (size_t)written < MOST - pad->length ? (size_t)written : MOST - pad->length - 1;
    pthread_mutex_unlock(&lock);
}

static const char *take(struct pad *pad)
{
    pthread_mutex_lock(&lock);
    memcpy(pad->answer, pad->text, pad->length);
    pad->answer[pad->length] = '\0';
    pad->length = 0;
    pthread_mutex_unlock(&lock);
    return pad->answer;
}

void note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(&happened, ' ', format, arguments);
    va_end(arguments);
}

const char *notes(void)
{
    return take(&happened);
}

void ck_assert_notes_of_both(const char *one, const char *other)
{
    char expected[200];
    const char *noted = notes();

    snprintf(expected, sizeof expected, "%s %s", one, other);
    if (strcmp(noted, expected) == 0)
        return;
    snprintf(expected, sizeof expected, "%s %s", other, one);
    ck_assert_str_eq(noted, expected);
}

static void report(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(&reported, '\n', format, arguments);
    va_end(arguments);
}

const char *reports(void)
{
    return take(&reported);
}

void note_report(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    report("%s: %s", async_error_name(error), message);
}

void notes_clear(void)
{
    take(&happened);
    take(&reported);
}

const char *notes_unheard(void)
{
    return take(&reported);
}

void note_call(async_loop *from, void *text)
{
    note("%s", (char *)text);
}

void note_done(async_future *future, void *text)
{
    note("%s", (char *)text);
}

void note_destroy(void *text)
{
    note("~%s", (char *)text);
}

void count_destroy(void *counter)
{
    ++*(int *)counter;
}
