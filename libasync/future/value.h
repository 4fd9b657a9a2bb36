/* Inside future/ alone: how values look in memory. Each kind is a header and what it needs behind it. */
#ifndef LIBASYNC_FUTURE_VALUE_H
#define LIBASYNC_FUTURE_VALUE_H

#include "libasync/future/internal.h"

/* An int of 63 bits is no block at all: the handle's lowest bit is set and the others are the number. */
struct async_value {
    _Atomic uint32_t references;    /* IMMORTAL: static, never counted */
    uint16_t kind;
    uint16_t slack;    /* of bytes: how much of the block they do not need */
};
#define IMMORTAL UINT32_MAX

extern async_value value_none;

struct int_value {
    struct async_value head;
    int64_t number;
};

struct double_value {
    struct async_value head;
    double number;
};

struct text_value {
    struct async_value head;
    size_t size;
    char text[];    /* with a zero byte behind */
};

struct list_value {
    struct async_value head;
    size_t size;     /* of the block: the count shrinks as the list is freed */
    size_t count;
    async_value *items[];
};

struct error_value {
    struct async_value head;
    int code, os;
    size_t size;    /* of the block */
    async_value *cause;
    const char *message;    /* stands behind; NULL: the code's own text */
};

struct object_value {
    struct async_value head;
    async_loop *loop;
    async_type *type;
    void *pointer;
    _Atomic(async_value *) plain;    /* what its type read it as, once asked */
};

static inline bool is_tagged(const async_value *value)
{
    return (uintptr_t)value & 1;
}

/* Whether anybody counts its references. */
static inline bool value_is_counted(const async_value *value)
{
    return value && !is_tagged(value) &&
           atomic_load_explicit(&value->references, memory_order_relaxed) != IMMORTAL;
}

static inline async_value value_head(uint16_t kind)
{
    return (async_value){.references = 1, .kind = kind};
}

/* object.c: what an object reads as, lent; the value itself when it is none or cannot be read. */
const async_value *object_read(const async_value *value);
static inline const async_value *object_plain(const async_value *value)
{
    return unlikely(value && !is_tagged(value) && value->kind == ASYNC_OBJECT) ? object_read(value) : value;
}
void object_free(struct object_value *object);

#endif
