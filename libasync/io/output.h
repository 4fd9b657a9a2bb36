/*
 * What was written and is not sent yet: segments of bytes that were copied, of values that are held, and of a file.
 * While there is any the stream holds itself, so that it is sent even if nobody else holds the stream.
 */
#ifndef LIBASYNC_IO_OUTPUT_H
#define LIBASYNC_IO_OUTPUT_H

#include "libasync/io/internal.h"

struct segment {
    struct segment *next;
    const char *bytes;
    size_t begin, behind;    /* what of them is unsent */
    size_t capacity;         /* of those that stand behind the segment itself */
    async_value *value;      /* whose bytes they are (held), or NULL */
    struct file *file;       /* to be sent in their place, or NULL */
    char own[];
};

/* A part of a file that is on its way: sendfile.c. */
struct file {
    async_future *sender;    /* whose answer it is (held) */
    int descriptor;
    off_t offset;
    int64_t left;            /* negative: to the file's end */
    int64_t sent;
};

struct output {
    struct segment *first, *last;
    size_t unsent;           /* files not counted */
    struct node drains;      /* those that wait for room */
    bool is_high;            /* above the high mark, and not yet at the low one again */
};

/* output.c: made on first need; NULL without memory. */
struct output *output_open(async_stream *stream);
struct segment *output_add(struct output *output, size_t capacity);
/* After an attempt to add that failed: ends an output in which nothing is. */
void output_settle(async_stream *stream);
/* Room for so many bytes at the end, which count as unsent; NULL without memory. */
char *output_reserve(async_stream *stream, size_t size);
/* Part of a value from an offset on, of which a reference is taken if that succeeds; false without memory. */
bool output_add_value(async_stream *stream, async_value *value, const char *bytes, size_t size);
/* Sends what the kernel takes; true when nothing is left, and the output with it. */
bool output_flush(async_stream *stream);
/* Out of the row, wherever it stands. */
void output_remove(async_stream *stream, struct segment *segment);

/* sendfile.c: how a file's turn to be sent ended. */
enum progress { PROGRESS_DONE, PROGRESS_MORE, PROGRESS_BLOCKED, PROGRESS_FAILED };
enum progress file_send(async_stream *stream, struct file *file);
/* Ends it with an error (lent), or with how much was sent. */
void file_end(struct file *file, async_value *error);

#endif
