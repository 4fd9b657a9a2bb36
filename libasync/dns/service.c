/* Services: port numbers as text, or names of the services file, which is read on the spot: it is small and local. */
#include "libasync/dns/config.h"
#include "libasync/dns/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_PORT 65535

static const char *const protocols[SOCKET_TYPES] = {"tcp", "udp"};

/* The port of a name; NO_PORT when the file has none for that protocol. */
static int port_of_name(const char *service, const char *protocol)
{
    struct servent *found = NULL;
#ifdef HAVE_GETSERVBYNAME_R
    struct servent entry;
    char aliases[4096];

    if (getservbyname_r(service, protocol, &entry, aliases, sizeof aliases, &found) != 0)
        return NO_PORT;
#else
    found = getservbyname(service, protocol);
#endif
    return found ? ntohs((uint16_t)found->s_port) : NO_PORT;
}

static const char *name_of_port(int port, const char *protocol, char *text, size_t size)
{
    struct servent *found = NULL;
#ifdef HAVE_GETSERVBYNAME_R
    struct servent entry;
    char aliases[4096];

    if (getservbyport_r(htons((uint16_t)port), protocol, &entry, aliases, sizeof aliases, &found) != 0)
        return NULL;
#else
    found = getservbyport(htons((uint16_t)port), protocol);
#endif
    if (!found)
        return NULL;
    snprintf(text, size, "%s", found->s_name);
    return text;
}

void service_name(int port, int type, bool as_number, char *text, size_t size)
{
    if (as_number || !name_of_port(port, protocols[type == ASYNC_DATAGRAM], text, size))
        snprintf(text, size, "%d", port);
}

static bool is_number(const char *service)
{
    while (isdigit((unsigned char)*service))
        service++;
    return !*service;
}

static async_value *refuse(const char *service, const char *host, const char *why)
{
    if (host)
        return dns_error(ASYNC_ESERVICE, "service '%.64s' of host '%.255s': %s", service, host, why);
    return dns_error(ASYNC_ESERVICE, "service '%.64s': %s", service, why);
}

async_value *service_find(const char *service, const char *host, int type, bool as_number, struct ports *ports)
{
    bool number = service && *service && is_number(service), any = false;
    unsigned long port = number ? strtoul(service, NULL, 10) : 0;

    if (as_number && service && !number)
        return refuse(service, host, "not a port number");
    if (port > MOST_PORT)
        return refuse(service, host, "ports end at 65535");
    for (int i = 0; i < SOCKET_TYPES; i++) {
        ports->of[i] = NO_PORT;
        if (type != ASYNC_ANY && type != ASYNC_STREAM + i)
            continue;
        if (service && !number)
            ports->of[i] = *service ? port_of_name(service, protocols[i]) : NO_PORT;
        else
            ports->of[i] = (int)port;
        any |= ports->of[i] != NO_PORT;
    }
    return any ? NULL : refuse(service, host, *service ? "no such service" : "the service is empty");
}
