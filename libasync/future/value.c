#include "libasync/future/value.h"

#include <string.h>

async_value value_none = {.references = IMMORTAL, .kind = ASYNC_NONE};
static async_value no = {.references = IMMORTAL, .kind = ASYNC_BOOL}, yes = {.references = IMMORTAL, .kind = ASYNC_BOOL};

async_value *async_none(void)
{
    return &value_none;
}

async_value *async_bool(bool truth)
{
    return truth ? &yes : &no;
}

async_value *async_int(int64_t number)
{
    struct int_value *value;

    if (number >= INT64_MIN / 2 && number <= INT64_MAX / 2 && sizeof(uintptr_t) == sizeof(int64_t))
        return (async_value *)(uintptr_t)((uint64_t)number << 1 | 1);
    value = memory_allocate(sizeof *value);
    if (!value)
        return NULL;
    *value = (struct int_value){value_head(ASYNC_INT), number};
    return &value->head;
}

async_value *async_double(double number)
{
    struct double_value *value = memory_allocate(sizeof *value);

    if (!value)
        return NULL;
    *value = (struct double_value){value_head(ASYNC_DOUBLE), number};
    return &value->head;
}

static struct text_value *new_text(uint16_t kind, size_t size)
{
    struct text_value *value = NULL;

    if (size < PTRDIFF_MAX - sizeof *value)
        value = memory_allocate(sizeof *value + size + 1);
    if (!value)
        return NULL;
    value->head = value_head(kind);
    value->size = size;
    return value;
}

static async_value *text_of_kind(uint16_t kind, const void *text, size_t size)
{
    struct text_value *value = text || !size ? new_text(kind, size) : NULL;

    if (!value)
        return NULL;
    if (size)
        memcpy(value->text, text, size);
    value->text[size] = '\0';
    return &value->head;
}

async_value *async_text(const char *text)
{
    return text ? text_of_kind(ASYNC_TEXT, text, strlen(text)) : NULL;
}

async_value *async_text_sized(const char *text, size_t size)
{
    return text_of_kind(ASYNC_TEXT, text, size);
}

async_value *async_bytes(const void *bytes, size_t size)
{
    return text_of_kind(ASYNC_BYTES, bytes, size);
}

async_value *bytes_new(size_t capacity, char **bytes)
{
    struct text_value *value = new_text(ASYNC_BYTES, capacity);

    if (!value)
        return NULL;
    *bytes = value->text;
    return &value->head;
}

/* A copy costs more than the memory that it saves, unless that is most of the block. */
async_value *bytes_fit(async_value *taken, size_t size)
{
    struct text_value *value = (struct text_value *)taken;
    size_t slack = value->size - size;
    async_value *copy;

    if (slack > size || slack > UINT16_MAX) {
        copy = async_bytes(value->text, size);
        if (copy || slack > UINT16_MAX) {
            async_value_unref(copy ? taken : NULL);
            return copy;
        }
    }
    value->size = size;
    value->text[size] = '\0';
    value->head.slack = (uint16_t)slack;
    return taken;
}

async_value *async_list(async_value *const *taken, size_t count)
{
    struct list_value *list = NULL;
    bool whole = taken || !count;

    for (size_t i = 0; taken && i < count; i++)
        whole &= taken[i] != NULL;
    if (whole && count < PTRDIFF_MAX / sizeof *taken)
        list = memory_allocate(sizeof *list + count * sizeof *taken);
    if (!list) {
        for (size_t i = 0; taken && i < count; i++)
            async_value_unref(taken[i]);
        return NULL;
    }
    list->head = value_head(ASYNC_LIST);
    list->size = sizeof *list + count * sizeof *taken;
    list->count = count;
    if (count)
        memcpy(list->items, taken, count * sizeof *taken);
    return &list->head;
}

async_value *async_value_ref(async_value *value)
{
    if (value_is_counted(value))
        atomic_fetch_add_explicit(&value->references, 1, memory_order_relaxed);
    return value;
}

/* True when that was the last reference. A sole owner need not tell the other processors. */
static bool drop(async_value *value)
{
    if (!value_is_counted(value))
        return false;
    return atomic_load_explicit(&value->references, memory_order_acquire) == 1 ||
           atomic_fetch_sub_explicit(&value->references, 1, memory_order_acq_rel) == 1;
}

/* Takes one child out of a dead value; NULL when it has no more. */
static async_value *take_child(async_value *value)
{
    struct list_value *list = (struct list_value *)value;
    struct error_value *error = (struct error_value *)value;
    async_value *child = NULL;

    if (value->kind == ASYNC_LIST && list->count) {
        child = list->items[--list->count];
    } else if (value->kind == ASYNC_ERROR) {
        child = error->cause;
        error->cause = NULL;
    } else if (value->kind == ASYNC_OBJECT) {
        child = atomic_exchange(&((struct object_value *)value)->plain, NULL);
    }
    return child;
}

/* Where a dead value whose child was taken keeps the way back to its parent: in a place it no longer needs. */
static async_value **way_back(async_value *value)
{
    struct list_value *list = (struct list_value *)value;

    if (value->kind == ASYNC_LIST)
        return &list->items[list->count];
    if (value->kind == ASYNC_ERROR)
        return (async_value **)&((struct error_value *)value)->message;
    return (async_value **)&((struct object_value *)value)->plain;    /* atomic only while it lived */
}

/* The parent again; the place is empty then, as if it had never held anything. */
static async_value *go_back(async_value *value)
{
    async_value **place = way_back(value), *parent = *place;

    *place = NULL;
    return parent;
}

static void free_block(async_value *value)
{
    switch (value->kind) {
    case ASYNC_INT:
        memory_release(value, sizeof(struct int_value));
        break;
    case ASYNC_DOUBLE:
        memory_release(value, sizeof(struct double_value));
        break;
    case ASYNC_TEXT:
    case ASYNC_BYTES:
        memory_release(value, sizeof(struct text_value) + ((struct text_value *)value)->size + 1 + value->slack);
        break;
    case ASYNC_LIST:
        memory_release(value, ((struct list_value *)value)->size);
        break;
    case ASYNC_ERROR:
        memory_release(value, ((struct error_value *)value)->size);
        break;
    case ASYNC_OBJECT:
        object_free((struct object_value *)value);
        break;
    default:
        break;
    }
}

/* Values nest as deep as users like, so the dead are walked by reversing pointers (Schorr and Waite, 1967), not by
 * recursion. */
async_value *async_value_unref(async_value *taken)
{
    async_value *parent = NULL, *value = drop(taken) ? taken : NULL, *child;

    while (value) {
        child = take_child(value);
        if (!child) {
            free_block(value);
            value = parent;
            parent = parent ? go_back(parent) : NULL;
        } else if (drop(child)) {
            *way_back(value) = parent;
            parent = value;
            value = child;
        }
    }
    return NULL;
}

/* Of one that is plain already. */
static inline int kind_of(const async_value *value)
{
    if (!value)
        return ASYNC_NONE;
    return is_tagged(value) ? ASYNC_INT : (int)value->kind;
}

int async_value_kind(const async_value *value)
{
    return kind_of(object_plain(value));
}

const char *value_bytes(const async_value *value, size_t *size)
{
    int kind;

    value = object_plain(value);
    kind = kind_of(value);
    if (unlikely(kind != ASYNC_BYTES && kind != ASYNC_TEXT))
        return NULL;
    *size = ((const struct text_value *)value)->size;
    return ((const struct text_value *)value)->text;
}

bool async_value_bool(const async_value *value)
{
    return object_plain(value) == &yes;
}

static int64_t int_of(const async_value *value)
{
    if (is_tagged(value))
        return (int64_t)(uintptr_t)value >> 1;
    return ((const struct int_value *)value)->number;
}

int64_t async_value_int(const async_value *value)
{
    double number;

    value = object_plain(value);
    switch (kind_of(value)) {
    case ASYNC_INT:
        return int_of(value);
    case ASYNC_BOOL:
        return value == &yes;
    case ASYNC_DOUBLE:
        number = ((const struct double_value *)value)->number;
        /* 2 to the 63rd, the first number too large, is itself a double; INT64_MAX is not. */
        return number >= -0x1p63 && number < 0x1p63 ? (int64_t)number : 0;
    default:
        return 0;
    }
}

double async_value_double(const async_value *value)
{
    value = object_plain(value);
    switch (kind_of(value)) {
    case ASYNC_INT:
        return (double)int_of(value);
    case ASYNC_DOUBLE:
        return ((const struct double_value *)value)->number;
    default:
        return 0;
    }
}

const char *async_value_text(const async_value *value, size_t *size)
{
    const char *start = NULL;
    size_t length = 0;

    value = object_plain(value);
    switch (kind_of(value)) {
    case ASYNC_TEXT:
    case ASYNC_BYTES:
        start = ((const struct text_value *)value)->text;
        length = ((const struct text_value *)value)->size;
        break;
    case ASYNC_ERROR:
        start = async_value_message(value);
        length = strlen(start);
        break;
    default:
        break;
    }
    if (size)
        *size = length;
    return start;
}

size_t async_value_count(const async_value *value)
{
    value = object_plain(value);
    return kind_of(value) == ASYNC_LIST ? ((const struct list_value *)value)->count : 0;
}

async_value *async_value_item(const async_value *value, size_t index)
{
    value = object_plain(value);
    return index < async_value_count(value) ? ((const struct list_value *)value)->items[index] : NULL;
}
