/*
 * Addresses as values: objects of a type of their own that other languages read through async_address_*. Their texts are
 * written when first asked for, since most addresses of a look-up are used and never shown.
 */
#include "libasync/address/internal.h"

#include <errno.h>
#include <string.h>

struct texts {
    char host[ADDRESS_TEXT_SIZE], whole[ADDRESS_TEXT_SIZE];
};

struct address {
    int type;
    socklen_t size;
    _Atomic(struct texts *) texts;
    union socket_address socket;    /* its first `size` bytes are there */
};

static size_t size_of(socklen_t size)
{
    return offsetof(struct address, socket) + size;
}

static void free_address(void *pointer)
{
    struct address *address = pointer;

    memory_release(atomic_load(&address->texts), sizeof(struct texts));
    memory_release(address, size_of(address->size));
}

static async_type address_type = {.references = 1, .name = "address", .unref = free_address};

async_value *address_new(const union socket_address *socket, socklen_t size, int type)
{
    struct address *address = memory_allocate(size_of(size));
    async_value *value;

    if (!address)
        return NULL;
    address->type = type;
    address->size = size;
    atomic_init(&address->texts, NULL);
    memcpy(&address->socket, socket, size);
    value = async_object(NULL, &address_type, address);
    if (!value)
        free_address(address);
    return value;
}

static struct address *as_address(const async_value *value)
{
    return async_value_pointer(value, &address_type);
}

bool address_read(const async_value *value, union socket_address *socket, socklen_t *size)
{
    const struct address *address = as_address(value);

    if (!address)
        return false;
    *size = address->size;
    memcpy(socket, &address->socket, address->size);
    return true;
}

async_value *async_address(const char *host, int port)
{
    union socket_address address;
    const char *scope;
    async_value *value;

    if (!host || port < 0 || port > 65535 || !address_parse(host, &address, &scope) ||
        (scope && !address.ipv6.sin6_scope_id)) {
        errno = EINVAL;
        return NULL;
    }
    address_set_port(&address, port);
    value = address_new(&address, address_size(&address), ASYNC_ANY);
    if (!value)
        errno = ENOMEM;
    return value;
}

/* A path keeps its closing zero byte, an abstract name fills its place to the end. */
static bool fits(const char *bytes, size_t size)
{
    return size < sizeof((struct sockaddr_un *)0)->sun_path + (size && !*bytes);
}

async_value *async_address_unix(const void *bytes, size_t size)
{
    union socket_address address = {.local = {.sun_family = AF_UNIX}};
    async_value *value;

    if (!bytes && size) {
        errno = EINVAL;
        return NULL;
    }
    if (!fits(bytes, size)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (size)
        memcpy(address.local.sun_path, bytes, size);
    value = address_new(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size), ASYNC_ANY);
    if (!value)
        errno = ENOMEM;
    return value;
}

int async_address_family(const async_value *value)
{
    const struct address *address = as_address(value);

    if (!address)
        return 0;
    switch (address->socket.any.sa_family) {
    case AF_INET:
        return ASYNC_IPV4;
    case AF_INET6:
        return ASYNC_IPV6;
    default:
        return ASYNC_UNIX;
    }
}

int async_address_type(const async_value *address)
{
    return as_address(address) ? as_address(address)->type : ASYNC_ANY;
}

int async_address_port(const async_value *value)
{
    const struct address *address = as_address(value);

    switch (async_address_family(value)) {
    case ASYNC_IPV4:
        return ntohs(address->socket.ipv4.sin_port);
    case ASYNC_IPV6:
        return ntohs(address->socket.ipv6.sin6_port);
    default:
        return 0;
    }
}

uint32_t async_address_scope(const async_value *address)
{
    return async_address_family(address) == ASYNC_IPV6 ? as_address(address)->socket.ipv6.sin6_scope_id : 0;
}

static const struct texts empty;

/* Written once; of two threads that ask at the same time, one throws its own away. */
static const struct texts *texts_of(const async_value *value)
{
    struct address *address = as_address(value);
    struct texts *texts = address ? atomic_load(&address->texts) : NULL, *others = NULL;

    if (!address || texts)
        return address ? texts : &empty;
    texts = memory_allocate(sizeof *texts);
    if (!texts)
        return &empty;
    address_write_host(&address->socket, texts->host);
    address_write_text(&address->socket, address->size, texts->whole);
    if (atomic_compare_exchange_strong(&address->texts, &others, texts))
        return texts;
    memory_release(texts, sizeof *texts);
    return others;
}

const char *async_address_host(const async_value *address)
{
    return texts_of(address)->host;
}

const char *async_address_path(const async_value *address)
{
    return async_address_family(address) == ASYNC_UNIX ? texts_of(address)->whole : "";
}

const char *async_address_text(const async_value *address)
{
    return texts_of(address)->whole;
}
