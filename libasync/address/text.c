/* Addresses written and read as people have them. */
#include "libasync/address/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ADDRESS_TEXT_SIZE > sizeof "[%4294967295]:65535" + INET6_ADDRSTRLEN, "the longest of a host fits");
_Static_assert(ADDRESS_TEXT_SIZE > sizeof((struct sockaddr_un *)0)->sun_path + 1, "the longest path fits");

void address_write_host(const union socket_address *address, char *text)
{
    *text = '\0';
    if (address->any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address->ipv4.sin_addr, text, ADDRESS_TEXT_SIZE);
    else if (address->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &address->ipv6.sin6_addr, text, ADDRESS_TEXT_SIZE);
}

/* The kernel counts a path's closing zero byte or not, as it was bound; an abstract name begins with one. */
static void write_path(const struct sockaddr_un *address, socklen_t size, char *text)
{
    size_t length = size - offsetof(struct sockaddr_un, sun_path);

    if (size <= offsetof(struct sockaddr_un, sun_path))
        length = 0;
    memcpy(text, address->sun_path, length);
    text[length] = '\0';
    if (length && !*text)
        *text = '@';
}

void address_write_text(const union socket_address *address, socklen_t size, char *text)
{
    char host[ADDRESS_TEXT_SIZE], scope[16] = "";

    if (address->any.sa_family == AF_UNIX) {
        write_path(&address->local, size, text);
        return;
    }
    address_write_host(address, host);
    if (address->any.sa_family == AF_INET) {
        snprintf(text, ADDRESS_TEXT_SIZE, "%.15s:%u", host, ntohs(address->ipv4.sin_port));
        return;
    }
    if (address->ipv6.sin6_scope_id)
        snprintf(scope, sizeof scope, "%%%u", address->ipv6.sin6_scope_id);
    snprintf(text, ADDRESS_TEXT_SIZE, "[%.46s%s]:%u", host, scope, ntohs(address->ipv6.sin6_port));
}

/* The index of an interface given by name or number; 0 when there is none. */
static uint32_t scope_of(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (isdigit((unsigned char)*text) && !*end)
        return number <= UINT32_MAX ? (uint32_t)number : 0;
    return if_nametoindex(text);
}

static bool parse_ipv6(const char *host, union socket_address *address, const char **scope)
{
    char text[INET6_ADDRSTRLEN];
    size_t length = strcspn(host, "%");

    *address = (union socket_address){.ipv6 = {.sin6_family = AF_INET6}};
    *scope = host[length] ? host + length + 1 : NULL;
    if (length >= sizeof text)
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) != 1)
        return false;
    if (*scope)
        address->ipv6.sin6_scope_id = scope_of(*scope);
    return true;
}

bool address_parse(const char *host, union socket_address *address, const char **scope)
{
    *scope = NULL;
    *address = (union socket_address){.ipv4 = {.sin_family = AF_INET}};
    return inet_pton(AF_INET, host, &address->ipv4.sin_addr) == 1 || parse_ipv6(host, address, scope);
}

void address_set_port(union socket_address *address, int port)
{
    if (address->any.sa_family == AF_INET6)
        address->ipv6.sin6_port = htons((uint16_t)port);
    else
        address->ipv4.sin_port = htons((uint16_t)port);
}

socklen_t address_of_path(const char *path, union socket_address *address)
{
    size_t length = strlen(path);

    *address = (union socket_address){.local = {.sun_family = AF_UNIX}};
    if (!length || length >= sizeof address->local.sun_path)
        return 0;
    memcpy(address->local.sun_path, path, length);
    if (*path == '@')
        address->local.sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}
