/* What a lookup answers with: each found address once a wanted type. */
#include "libasync/dns/internal.h"

#include "libasync/address/internal.h"

static async_value *item(const union host_address *found, int type, int port)
{
    union socket_address address;

    if (found->any.sa_family == AF_INET6)
        address.ipv6 = found->ipv6;
    else
        address.ipv4 = found->ipv4;
    address_set_port(&address, port);
    return address_new(&address, address_size(&address), type);
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
                items[made++] = item(&found[i], ASYNC_STREAM + type, ports->of[type]);
    list = async_list(items, made);
    memory_release(items, size);
    return list ? list : error_static(ASYNC_ENOMEM);
}
