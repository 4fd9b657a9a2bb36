/* Objects of host languages. What belongs to a loop's thread is let go there, wherever its last reference went. */
#include "libasync/future/value.h"

#define MOST_READINGS 4

async_type *async_type_new(const char *name, async_destroy *ref, async_destroy *unref)
{
    async_type *type = memory_allocate(sizeof *type);

    if (!type)
        return NULL;
    *type = (async_type){.references = 1, .name = memory_copy_text(name), .ref = ref, .unref = unref};
    if (type->name)
        return type;
    memory_release(type, sizeof *type);
    return NULL;
}

int async_type_set_reader(async_type *type, async_object_read *read)
{
    if (!type)
        return ASYNC_EINVAL;
    type->read = read;
    return 0;
}

const char *async_type_name(const async_type *type)
{
    return type ? type->name : "";
}

async_type *async_type_ref(async_type *type)
{
    if (type)
        atomic_fetch_add_explicit(&type->references, 1, memory_order_relaxed);
    return type;
}

async_type *async_type_unref(async_type *taken)
{
    if (taken && atomic_fetch_sub_explicit(&taken->references, 1, memory_order_acq_rel) == 1) {
        memory_release_text(taken->name);
        memory_release(taken, sizeof *taken);
    }
    return NULL;
}

async_value *async_object(async_loop *loop, async_type *type, void *pointer)
{
    struct object_value *object = type ? memory_allocate(sizeof *object) : NULL;

    if (!object)
        return NULL;
    object->head = value_head(ASYNC_OBJECT);
    object->loop = loop;
    if (loop)
        loop_hold(loop);
    object->type = async_type_ref(type);
    object->pointer = pointer;
    atomic_init(&object->plain, NULL);
    if (type->ref)
        type->ref(pointer);
    return &object->head;
}

static void let_go(void *user)
{
    struct object_value *object = user;

    if (object->type->unref)
        object->type->unref(object->pointer);
    async_type_unref(object->type);
    if (object->loop)
        loop_let_go(object->loop);
    memory_release(object, sizeof *object);
}

void object_free(struct object_value *object)
{
    if (!object->loop || loop_is_owned(object->loop) || !loop_post_home(object->loop, let_go, object))
        let_go(object);
}

static const struct object_value *as_object(const async_value *value)
{
    return value && !is_tagged(value) && value->kind == ASYNC_OBJECT ? (const struct object_value *)value : NULL;
}

/* What an object reads as, perhaps an object too; NULL when it cannot be read. Kept with the object, which lends it. */
static const async_value *read_once(struct object_value *object)
{
    async_value *plain = atomic_load(&object->plain), *other = NULL;

    if (plain || !object->type->read)
        return plain;
    plain = object->type->read(object->pointer);
    /* Another thread may have been first; its reading may be in use already. */
    if (!plain || atomic_compare_exchange_strong(&object->plain, &other, plain))
        return plain;
    async_value_unref(plain);
    return other;
}

/* A language's object may read as another's, but not without end: a type may break its promise and read as itself. */
const async_value *object_read(const async_value *value)
{
    const struct object_value *object = as_object(value);

    for (int readings = 0; object && readings < MOST_READINGS; readings++) {
        const async_value *plain = read_once((struct object_value *)object);

        if (!plain)
            break;
        value = plain;
        object = as_object(value);
    }
    return value;
}

void *async_value_pointer(const async_value *value, const async_type *type)
{
    const struct object_value *object = as_object(value);

    return object && object->type == type ? object->pointer : NULL;
}

async_type *async_value_type(const async_value *value)
{
    const struct object_value *object = as_object(value);

    return object ? object->type : NULL;
}
