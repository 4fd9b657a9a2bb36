/**
 * @file
 * Values: immutable, reference-counted, of any language. Small ones (none, bool, most ints) cost nothing to make.
 *
 * Values belong to no loop and may be read in any thread, except that an object's readers run where they are called.
 * A value that could not be made is NULL; whoever takes NULL fails with ASYNC_ENOMEM, so calls nest without checks.
 */
#ifndef LIBASYNC_VALUE_H
#define LIBASYNC_VALUE_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds of value. */
#define ASYNC_NONE 0
#define ASYNC_BOOL 1
#define ASYNC_INT 2
#define ASYNC_DOUBLE 3
#define ASYNC_TEXT 4
#define ASYNC_BYTES 5
#define ASYNC_LIST 6
#define ASYNC_OBJECT 7
#define ASYNC_ERROR 8

/**
 * Read an object as a plain value, for the other languages: 42 for Python's 42, a list for a list, NULL for "cannot".
 *
 * @param pointer  the object (lent)
 * @return a value that is not itself an object of this type, or NULL (given)
 */
typedef async_value *async_object_read(void *pointer);

/**
 * The value none: Python's None, Lua's nil.
 *
 * @return the value, immortal (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_none(void);

/**
 * A truth value.
 *
 * @param truth  which
 * @return the value, immortal (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_bool(bool truth);

/**
 * A whole number.
 *
 * @param number  any; those of 63 bits take no memory
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_int(int64_t number);

/**
 * A floating-point number.
 *
 * @param number  any, not-a-number and infinities too
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_double(double number);

/**
 * A text, copied.
 *
 * @param text  UTF-8 that ends in a zero byte (lent); it is not checked
 * @return the value; NULL when text is NULL or there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_text(const char *text);

/**
 * A text of known length, copied; it may hold zero bytes.
 *
 * @param text  UTF-8 (lent), NULL only when size is 0; it is not checked
 * @param size  bytes
 * @return the value; NULL when text is NULL with a size, or there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_text_sized(const char *text, size_t size);

/**
 * Bytes, copied.
 *
 * @param bytes  the first (lent), NULL only when size is 0
 * @param size   how many
 * @return the value; NULL when bytes is NULL with a size, or there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_bytes(const void *bytes, size_t size);

/**
 * A list.
 *
 * @param taken  its items in order (taken, each of them); may be NULL when count is 0
 * @param count  how many
 * @return the value; NULL when any item is NULL or there is no memory: the items are dropped then too (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_list(async_value *const *taken, size_t count);

/**
 * An object of a host language, or any pointer of a C program. Takes a reference through the type's `ref`.
 *
 * @param loop     the loop on whose thread the type's `unref` runs (lent); NULL: wherever the last reference is dropped
 * @param type     what it is (lent)
 * @param pointer  the object
 * @return the value; NULL when type is NULL or there is no memory: `ref` was not called then (given)
 * @thread the object's
 * @since  0.1
 */
ASYNC_API async_value *async_object(async_loop *loop, async_type *type, void *pointer);

/**
 * A failure as a value: what a failed future holds, and what gather lists when asked to keep errors.
 *
 * @param code     a negative ASYNC_E… code; anything else becomes ASYNC_EINVAL
 * @param message  UTF-8, copied (lent); NULL for the code's own text
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_error(int code, const char *message);

/**
 * A failure that carries the host's own error, so that it comes back to that language as the same object.
 *
 * @param code     a negative ASYNC_E… code; anything else becomes ASYNC_EINVAL
 * @param message  UTF-8, copied (lent); NULL for the code's own text
 * @param taken    the cause, as a rule an object (taken)
 * @return the value; NULL when taken is NULL or there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_error_caused(int code, const char *message, async_value *taken);

/**
 * A failure of the operating system, under the code that stands for its errno: ASYNC_EREFUSED for ECONNREFUSED and so
 * on, ASYNC_EOS where there is none.
 *
 * @param os       the errno
 * @param message  UTF-8, copied (lent); NULL for the system's own text of that errno
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_error_os(int os, const char *message);

/**
 * One more reference.
 *
 * @param value  a value, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_value_ref(async_value *value);

/**
 * One reference less; the last one frees it. Never blocks.
 *
 * @param taken  a value, or NULL (taken)
 * @return NULL, so that `value = async_value_unref(value)` leaves no dangling pointer
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_value_unref(async_value *taken);

/**
 * What kind of value it is. This and the readers below look through objects: they ask the type what it stands for.
 *
 * @param value  a value (lent)
 * @return ASYNC_NONE … ASYNC_ERROR, ASYNC_OBJECT only for what its type cannot read; ASYNC_NONE for NULL
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API int async_value_kind(const async_value *value);

/**
 * Read it as a truth value.
 *
 * @param value  a value (lent)
 * @return a bool's truth, else false
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API bool async_value_bool(const async_value *value);

/**
 * Read it as a whole number.
 *
 * @param value  a value (lent)
 * @return an int's number, 1 for true, a double's whole part where an int64 can hold it; else 0
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API int64_t async_value_int(const async_value *value);

/**
 * Read it as a floating-point number.
 *
 * @param value  a value (lent)
 * @return a double's or an int's number; else 0
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API double async_value_double(const async_value *value);

/**
 * Read its text or bytes.
 *
 * @param value  a value (lent)
 * @param size   set to the number of bytes, without the closing zero byte; may be NULL
 * @return the first byte of a text, bytes or an error's message, with a zero byte behind the last; NULL, with size 0,
 *         for other kinds (lent by the value)
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API const char *async_value_text(const async_value *value, size_t *size);

/**
 * How many items a list has.
 *
 * @param value  a value (lent)
 * @return the number, 0 for other kinds
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API size_t async_value_count(const async_value *value);

/**
 * One item of a list.
 *
 * @param value  a value (lent)
 * @param index  from 0
 * @return the item, or NULL when there is none (lent by the list)
 * @thread any; of an object, the object's
 * @since  0.1
 */
ASYNC_API async_value *async_value_item(const async_value *value, size_t index);

/**
 * The pointer of an object, for whoever knows its type.
 *
 * @param value  a value (lent)
 * @param type   the type expected (lent)
 * @return the pointer, or NULL when it is no object of that type (lent by the value)
 * @thread any
 * @since  0.1
 */
ASYNC_API void *async_value_pointer(const async_value *value, const async_type *type);

/**
 * The type of an object.
 *
 * @param value  a value (lent)
 * @return the type, or NULL for other kinds (lent by the value)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_type *async_value_type(const async_value *value);

/**
 * The code of an error value.
 *
 * @param value  a value (lent)
 * @return its negative code; 0 for other kinds; ASYNC_ENOMEM for NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_value_error(const async_value *value);

/**
 * The message of an error value.
 *
 * @param value  a value (lent)
 * @return the message, "" for other kinds (lent by the value)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_value_message(const async_value *value);

/**
 * The operating system's error number, where there is one.
 *
 * @param value  a value (lent)
 * @return the errno of an error of async_error_os, or another that the system caused; else 0
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_value_os(const async_value *value);

/**
 * The host's own error that an error value carries.
 *
 * @param value  a value (lent)
 * @return the cause, or NULL when there is none (lent by the value)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_value_cause(const async_value *value);

/**
 * Describe a type of object.
 *
 * @param name   for messages, copied (lent)
 * @param ref    called with the pointer when a value of it is made; NULL: nothing to do
 * @param unref  called with the pointer when that value is gone; NULL: nothing to do
 * @return the type; NULL when name is NULL or there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_type *async_type_new(const char *name, async_destroy *ref, async_destroy *unref);

/**
 * Tell how the other languages read objects of a type. What was read once is kept with the value.
 *
 * @param type  the type, before its first object (lent)
 * @param read  gives the plain value, or NULL; NULL: objects of the type stay opaque
 * @return 0, or ASYNC_EINVAL when type is NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_type_set_reader(async_type *type, async_object_read *read);

/**
 * The name given to a type.
 *
 * @param type  the type (lent)
 * @return its name; "" for NULL (lent by the type)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_type_name(const async_type *type);

/**
 * One more reference.
 *
 * @param type  a type, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_type *async_type_ref(async_type *type);

/**
 * One reference less; each object value holds one too.
 *
 * @param taken  a type, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_type *async_type_unref(async_type *taken);

#ifdef __cplusplus
}
#endif

#endif
