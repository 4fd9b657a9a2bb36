/* Hosts that need no lookup: none at all, addresses in text form, names that nobody can have or that are reserved. */
#include "libasync/dns/internal.h"

#include "libasync/address/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* RFC 1035, section 2.3.4, as text: without the closing dot. */
#define LONGEST_NAME 253
#define LONGEST_LABEL 63
/* Of what comes out for a name that turns out to be too long, so much is kept. */
#define LONGEST_ENCODED 1024

static union host_address ipv4_address(uint32_t number)
{
    return (union host_address){.ipv4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(number)}};
}

static union host_address ipv6_address(const struct in6_addr *number)
{
    return (union host_address){.ipv6 = {.sin6_family = AF_INET6, .sin6_addr = *number}};
}

/* Of two addresses, the first or second alone where one family is wanted. */
static async_value *choose(const union host_address addresses[2], int family, const struct ports *ports)
{
    bool first_matches = (addresses[0].any.sa_family == AF_INET6) == (family == ASYNC_IPV6);

    if (family == ASYNC_ANY)
        return address_list(addresses, 2, ports);
    return address_list(first_matches ? &addresses[0] : &addresses[1], 1, ports);
}

async_value *name_loopback(int family, const struct ports *ports)
{
    union host_address addresses[] = {ipv6_address(&in6addr_loopback), ipv4_address(INADDR_LOOPBACK)};

    return choose(addresses, family, ports);
}

/* IPv6 last: where it listens to IPv4 too, whoever binds all in turn gets both that way round. */
static async_value *wildcard(int family, const struct ports *ports)
{
    union host_address addresses[] = {ipv4_address(INADDR_ANY), ipv6_address(&in6addr_any)};

    return choose(addresses, family, ports);
}

union host_address host_of(const union socket_address *parsed)
{
    return parsed->any.sa_family == AF_INET6 ? (union host_address){.ipv6 = parsed->ipv6}
                                             : (union host_address){.ipv4 = parsed->ipv4};
}

bool host_read(const char *text, union host_address *address)
{
    union socket_address parsed;
    const char *scope;

    if (!address_parse(text, &parsed, &scope) || (scope && !parsed.ipv6.sin6_scope_id))
        return false;
    *address = host_of(&parsed);
    return true;
}

/* NULL when the host is no address in text form. */
static async_value *literal(const char *host, int family, const struct ports *ports)
{
    union socket_address parsed;
    union host_address address;
    const char *scope;

    if (!address_parse(host, &parsed, &scope))
        return NULL;
    address = host_of(&parsed);

    if (family == ASYNC_IPV4 && address.any.sa_family == AF_INET6)
        return dns_error(ASYNC_ENONAME, "host '%.255s': it is an IPv6 address and IPv4 was asked for", host);
    if (family == ASYNC_IPV6 && address.any.sa_family == AF_INET)
        return dns_error(ASYNC_ENONAME, "host '%.255s': it is an IPv4 address and IPv6 was asked for", host);
    if (scope && !address.ipv6.sin6_scope_id)
        return dns_error(ASYNC_ENONAME, "host '%.255s': no such network interface", host);
    return address_list(&address, 1, ports);
}

/* Without a closing dot. */
static size_t length_of(const char *host)
{
    size_t length = strlen(host);

    return length && host[length - 1] == '.' ? length - 1 : length;
}

/* Whether a name is a reserved one or lies below it. */
bool name_is_within(const char *host, const char *reserved)
{
    size_t length = length_of(host), end = strlen(reserved);

    if (length < end || strncasecmp(host + length - end, reserved, end) != 0)
        return false;
    return length == end || host[length - end - 1] == '.';
}

/* Letters, digits and hyphens (RFC 1123, section 2.1), and the underscore that many use all the same. */
static bool is_of_names(unsigned char character)
{
    return character < 0x80 && (isalnum(character) || character == '-' || character == '_');
}

/* What is wrong with a name; NULL: nothing. Sets the code. Names of records may hold what no host's does. */
static const char *find_fault(const char *host, bool is_host, int *code)
{
    size_t length = length_of(host), label = 0;

    *code = ASYNC_ENONAME;
    if (!*host)
        return "the name is empty";
    if (length > LONGEST_NAME) {
        *code = ASYNC_EINVAL;
        return "a name has at most 253 characters";
    }
    for (size_t i = 0; i <= length; i++) {
        if (i < length && host[i] != '.') {
            if (is_host && !is_of_names((unsigned char)host[i]))
                return "no host name has such characters";
            label++;
            continue;
        }
        if (label == 0)
            return "a part of the name between dots is empty";
        if (label > LONGEST_LABEL) {
            *code = ASYNC_EINVAL;
            return "a part of the name between dots has at most 63 characters";
        }
        label = 0;
    }
    return NULL;
}

/* A name whose last part is a number could only be an address (RFC 3696, section 2), and it is none. */
static bool ends_in_number(const char *host)
{
    size_t length = length_of(host), i = length;

    while (i && isdigit((unsigned char)host[i - 1]))
        i--;
    return i < length && (i == 0 || host[i - 1] == '.');
}

void name_of_address(const union host_address *address, char *name)
{
    bool six = address->any.sa_family == AF_INET6;
    const uint8_t *bytes = six ? address->ipv6.sin6_addr.s6_addr : (const uint8_t *)&address->ipv4.sin_addr;

    for (int i = six ? 15 : 3; i >= 0; i--)
        name += six ? sprintf(name, "%x.%x.", bytes[i] & 0x0f, bytes[i] >> 4) : sprintf(name, "%d.", bytes[i]);
    strcpy(name, six ? "ip6.arpa" : "in-addr.arpa");
}

static bool is_ascii(const char *text)
{
    while (*text && !(*text & 0x80))
        text++;
    return !*text;
}

async_value *name_encode(const char *what, const char *given, bool is_host, char *name)
{
    const char *fault = NULL, *encoded = given;
    int code = ASYNC_ENONAME;
    char ascii[LONGEST_ENCODED];

    if (!is_ascii(given)) {
        fault = idna_encode(given, ascii, sizeof ascii);
        encoded = ascii;
    }
    if (!fault)
        fault = find_fault(encoded, is_host, &code);
    if (fault)
        return dns_error(code, "%s '%.255s': %s", what, given, fault);
    strcpy(name, encoded);
    return NULL;
}

/* Names that nobody has, so that no name server needs to be asked (RFC 6761, section 6.4; RFC 7686). */
bool name_is_never_there(const char *name)
{
    return name_is_within(name, "invalid") || name_is_within(name, "onion");
}

static async_value *refuse_name(const char *host, uint32_t flags, char *name)
{
    async_value *error = name_encode("host", host, true, name);

    if (error)
        return error;
    if (flags & ASYNC_DNS_NUMERIC_HOST || ends_in_number(name))
        return dns_error(ASYNC_ENONAME, "host '%.255s': not an address", host);
    if (name_is_never_there(name))
        return dns_error(ASYNC_ENONAME, "host '%.255s': no such host name", host);
    return NULL;
}

async_value *name_outcome(const char *host, int family, uint32_t flags, const struct ports *ports, char *name)
{
    async_value *outcome;

    if (!host)
        return flags & ASYNC_DNS_PASSIVE ? wildcard(family, ports) : name_loopback(family, ports);
    outcome = literal(host, family, ports);
    return outcome ? outcome : refuse_name(host, flags, name);
}
