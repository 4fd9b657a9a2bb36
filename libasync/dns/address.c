/* Addresses as values: objects of a type of their own that other languages read through async_address_*. */
#include "libasync/dns/internal.h"

#include <arpa/inet.h>

struct address {
    int family, type;
    int port;
    uint32_t scope;
    char host[INET6_ADDRSTRLEN];
};

static void free_address(void *pointer)
{
    memory_release(pointer, sizeof(struct address));
}

static async_type address_type = {.references = 1, .name = "address", .unref = free_address};

static void read_host(struct address *address, const union host_address *found)
{
    if (found->any.sa_family == AF_INET6) {
        address->family = ASYNC_IPV6;
        address->scope = found->ipv6.sin6_scope_id;
        inet_ntop(AF_INET6, &found->ipv6.sin6_addr, address->host, sizeof address->host);
    } else {
        address->family = ASYNC_IPV4;
        address->scope = 0;
        inet_ntop(AF_INET, &found->ipv4.sin_addr, address->host, sizeof address->host);
    }
}

static async_value *address_new(const union host_address *found, int type, int port)
{
    struct address *address = memory_allocate(sizeof *address);
    async_value *value;

    if (!address)
        return NULL;
    address->type = type;
    address->port = port;
    read_host(address, found);
    value = async_object(NULL, &address_type, address);
    if (!value)
        free_address(address);
    return value;
}

async_value *address_list(const union host_address *found, size_t count, const struct ports *ports)
{
    size_t size = count * SOCKET_TYPES * sizeof(async_value *), made = 0;
    async_value **items = count ? memory_allocate(size) : NULL, *list;

    if (count && !items)
        return error_static(ASYNC_ENOMEM);
    for (size_t i = 0; i < count; i++)
        for (int type = 0; type < SOCKET_TYPES; type++)
            if (ports->of[type] != NO_PORT)
                items[made++] = address_new(&found[i], ASYNC_STREAM + type, ports->of[type]);
    list = async_list(items, made);
    memory_release(items, size);
    return list ? list : error_static(ASYNC_ENOMEM);
}

static const struct address *as_address(const async_value *value)
{
    return async_value_pointer(value, &address_type);
}

int async_address_family(const async_value *address)
{
    return as_address(address) ? as_address(address)->family : 0;
}

int async_address_type(const async_value *address)
{
    return as_address(address) ? as_address(address)->type : 0;
}

const char *async_address_host(const async_value *address)
{
    return as_address(address) ? as_address(address)->host : "";
}

int async_address_port(const async_value *address)
{
    return as_address(address) ? as_address(address)->port : 0;
}

uint32_t async_address_scope(const async_value *address)
{
    return as_address(address) ? as_address(address)->scope : 0;
}
