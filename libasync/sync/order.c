/* The order of values in a priority queue: Python's, as far as values of any language have one. */
#include "libasync/sync/internal.h"

#include <math.h>
#include <string.h>

/* Values nest as deep as users like; comparing them must not use up the stack. */
#define MOST_DEPTH 64

static int compare(const async_value *one, const async_value *other, int depth);

static int sign(bool less, bool more)
{
    return more - less;
}

/* A double cannot hold every int64, nor the other way around: whole parts are compared first, then what is behind. */
static int compare_int_with_double(int64_t number, double real)
{
    int64_t whole;

    if (isnan(real))
        return INCOMPARABLE;
    if (real >= 0x1p63)
        return -1;
    if (real < -0x1p63)
        return 1;
    whole = (int64_t)real;
    if (number != whole)
        return sign(number < whole, number > whole);
    return sign((double)whole < real, (double)whole > real);
}

static int compare_doubles(double one, double other)
{
    return isnan(one) || isnan(other) ? INCOMPARABLE : sign(one < other, one > other);
}

static int compare_numbers(const async_value *one, const async_value *other)
{
    bool one_is_real = async_value_kind(one) == ASYNC_DOUBLE, other_is_real = async_value_kind(other) == ASYNC_DOUBLE;
    int answer;

    if (one_is_real && other_is_real)
        return compare_doubles(async_value_double(one), async_value_double(other));
    if (other_is_real)
        return compare_int_with_double(async_value_int(one), async_value_double(other));
    if (!one_is_real)
        return sign(async_value_int(one) < async_value_int(other), async_value_int(one) > async_value_int(other));
    answer = compare_int_with_double(async_value_int(other), async_value_double(one));
    return answer == INCOMPARABLE ? INCOMPARABLE : -answer;
}

static int compare_bytes(const async_value *one, const async_value *other)
{
    size_t one_size, other_size;
    const char *one_text = async_value_text(one, &one_size), *other_text = async_value_text(other, &other_size);
    int answer = memcmp(one_text, other_text, one_size < other_size ? one_size : other_size);

    return answer ? sign(answer < 0, answer > 0) : sign(one_size < other_size, one_size > other_size);
}

static int compare_lists(const async_value *one, const async_value *other, int depth)
{
    size_t one_count = async_value_count(one), other_count = async_value_count(other);

    for (size_t i = 0; i < one_count && i < other_count; i++) {
        int answer = compare(async_value_item(one, i), async_value_item(other, i), depth + 1);

        if (answer)
            return answer;
    }
    return sign(one_count < other_count, one_count > other_count);
}

static bool is_number(int kind)
{
    return kind == ASYNC_INT || kind == ASYNC_DOUBLE || kind == ASYNC_BOOL;
}

/* Opaque objects are equal to themselves alone. */
static int compare_objects(const async_value *one, const async_value *other)
{
    const async_type *type = async_value_type(one);

    return async_value_pointer(one, type) == async_value_pointer(other, type) ? 0 : INCOMPARABLE;
}

static int compare(const async_value *one, const async_value *other, int depth)
{
    int kind = async_value_kind(one), other_kind = async_value_kind(other);

    if (is_number(kind) && is_number(other_kind))
        return compare_numbers(one, other);
    if (kind != other_kind || depth > MOST_DEPTH)
        return INCOMPARABLE;
    switch (kind) {
    case ASYNC_NONE:
        return 0;
    case ASYNC_TEXT:
    case ASYNC_BYTES:
        return compare_bytes(one, other);
    case ASYNC_LIST:
        return compare_lists(one, other, depth);
    case ASYNC_OBJECT:
        return compare_objects(one, other);
    default:
        return INCOMPARABLE;
    }
}

int value_compare(const async_value *one, const async_value *other)
{
    return compare(one, other, 0);
}
