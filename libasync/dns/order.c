/*
 * Best first: RFC 6724, section 6, rules 1, 2, 5, 6, 8, 9 and 10. Rules 3, 4 and 7 need what the kernel does not tell in
 * passing: which of this machine's addresses are deprecated, homes or tunnels.
 *
 * The rules ask from which address of ours each one would be reached, which takes system calls. So whatever they cannot
 * tell apart is left as it came: one address, or those of IPv4 that all lie beyond the same scope. Answers of the kernel
 * hold for a second and for all addresses of a network.
 */
#include "libasync/dns/internal.h"

#include <string.h>
#include <unistd.h>

#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#endif

struct policy {
    uint8_t prefix[16];
    uint8_t bits, precedence, label;
};

/* RFC 6724, section 2.1; the longest prefix first. IPv4 is its mapped form here. */
static const struct policy policies[] = {
    {{[15] = 1}, 128, 50, 0},              {{[10] = 0xff, 0xff}, 96, 35, 4}, {{0}, 96, 1, 3},
    {{0x20, 0x01, 0, 0}, 32, 5, 5},        {{0x20, 0x02}, 16, 30, 2},        {{0x3f, 0xfe}, 16, 1, 12},
    {{0xfe, 0xc0}, 10, 1, 11},             {{0xfc}, 7, 3, 13},               {{0}, 0, 40, 1},
};

#define SCOPE_LINK 2
#define SCOPE_SITE 5
#define SCOPE_GLOBAL 14

/* What is known of the networks of some addresses: from which one they are reached. */
#define SOURCES 64
#define SECONDS_TO_HOLD 1.0
struct sources {
    struct {
        double until;
        uint8_t network[16];
        union host_address source;    /* of no family: there is no way there */
    } slots[SOURCES];
};

struct candidate {
    union host_address address;
    uint8_t bytes[16], source[16];
    bool is_reachable, is_of_scope, is_of_label;
    int precedence, scope, common_bits;
};

static void map(const union host_address *address, uint8_t bytes[16])
{
    if (address->any.sa_family == AF_INET6) {
        memcpy(bytes, &address->ipv6.sin6_addr, 16);
        return;
    }
    memset(bytes, 0, 10);
    bytes[10] = bytes[11] = 0xff;
    memcpy(bytes + 12, &address->ipv4.sin_addr, 4);
}

static bool is_mapped(const uint8_t *bytes)
{
    return memcmp(bytes, policies[1].prefix, 12) == 0;
}

static int common_bits(const uint8_t *one, const uint8_t *other, int most)
{
    int bits = 0;

    while (bits < most && !((one[bits / 8] ^ other[bits / 8]) & 0x80 >> bits % 8))
        bits++;
    return bits;
}

static const struct policy *policy_of(const uint8_t *bytes)
{
    const struct policy *policy = policies;

    while (common_bits(policy->prefix, bytes, policy->bits) < policy->bits)
        policy++;
    return policy;
}

/* RFC 6724, section 3.1 and 3.2: for IPv4, what stays on the link is of that scope and all else is global. */
static int scope_of(const uint8_t *bytes)
{
    static const uint8_t loopback[16] = {[15] = 1};

    if (is_mapped(bytes))
        return bytes[12] == 127 || (bytes[12] == 169 && bytes[13] == 254) ? SCOPE_LINK : SCOPE_GLOBAL;
    if (bytes[0] == 0xff)
        return bytes[1] & 0x0f;
    if (memcmp(bytes, loopback, 16) == 0 || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80))
        return SCOPE_LINK;
    return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

/* Nothing is sent: to connect a datagram socket only chooses its way. */
static union host_address ask_kernel(const union host_address *address)
{
    union host_address there = *address, here = {.any.sa_family = AF_UNSPEC};
    bool six = address->any.sa_family == AF_INET6;
    socklen_t size = six ? sizeof there.ipv6 : sizeof there.ipv4;
    int descriptor = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return here;
    *(six ? &there.ipv6.sin6_port : &there.ipv4.sin_port) = 1;
    if (connect(descriptor, &there.any, size) != 0 || getsockname(descriptor, &here.any, &size) != 0)
        here.any.sa_family = AF_UNSPEC;
    close(descriptor);
    return here;
}

/* A network has 64 bits, or 24 of IPv4. What is of the link is asked for as it is. */
static union host_address source_of(struct sources *sources, const union host_address *address, const uint8_t *bytes)
{
    size_t length = is_mapped(bytes) ? 15 : 8, slot = 0;
    double now = clock_now();

    if (!sources || scope_of(bytes) != SCOPE_GLOBAL)
        return ask_kernel(address);
    for (size_t i = 0; i < length; i++)
        slot = slot * 31 + bytes[i];
    slot %= SOURCES;
    if (sources->slots[slot].until < now || memcmp(sources->slots[slot].network, bytes, length) != 0) {
        memcpy(sources->slots[slot].network, bytes, 16);
        sources->slots[slot].source = ask_kernel(address);
        sources->slots[slot].until = now + SECONDS_TO_HOLD;
    }
    return sources->slots[slot].source;
}

static void judge(struct candidate *candidate, struct sources *sources, const union host_address *address)
{
    union host_address source;

    candidate->address = *address;
    map(address, candidate->bytes);
    candidate->precedence = policy_of(candidate->bytes)->precedence;
    candidate->scope = scope_of(candidate->bytes);
    source = source_of(sources, address, candidate->bytes);
    candidate->is_reachable = source.any.sa_family != AF_UNSPEC;
    candidate->is_of_scope = candidate->is_of_label = false;
    candidate->common_bits = 0;
    if (!candidate->is_reachable)
        return;
    map(&source, candidate->source);
    candidate->is_of_scope = scope_of(candidate->source) == candidate->scope;
    candidate->is_of_label = policy_of(candidate->source)->label == policy_of(candidate->bytes)->label;
    /* Rule 9 is left out for IPv4, where the order is the name server's way to share its load. */
    if (!is_mapped(candidate->bytes))
        candidate->common_bits = common_bits(candidate->bytes, candidate->source, 64);
}

/* Whether the second one is to stand before the first. */
static bool is_better(const struct candidate *second, const struct candidate *first)
{
    if (second->is_reachable != first->is_reachable)
        return second->is_reachable;
    if (second->is_of_scope != first->is_of_scope)
        return second->is_of_scope;
    if (second->is_of_label != first->is_of_label)
        return second->is_of_label;
    if (second->precedence != first->precedence)
        return second->precedence > first->precedence;
    if (second->scope != first->scope)
        return second->scope < first->scope;
    return second->common_bits > first->common_bits;
}

static bool may_differ(const union host_address *addresses, size_t count)
{
    uint8_t first[16], other[16];

    for (size_t i = 0; i < count; i++) {
        map(&addresses[i], i ? other : first);
        if (addresses[i].any.sa_family == AF_INET6 || (i && scope_of(other) != scope_of(first)))
            return true;
    }
    return false;
}

/* Each new one goes before those that it is better than; equal ones stay as they came (rule 10). */
static void insert(struct candidate *candidates, size_t count, const struct candidate *candidate)
{
    for (; count && is_better(candidate, &candidates[count - 1]); count--)
        candidates[count] = candidates[count - 1];
    candidates[count] = *candidate;
}

/* Nobody tries more than these one after the other; what is beyond stays behind. */
#define MOST_ORDERED 64

void order_addresses(struct sources **sources, union host_address *addresses, size_t count)
{
    struct candidate candidates[MOST_ORDERED], candidate;

    if (count < 2 || !may_differ(addresses, count))
        return;
    if (!*sources) {
        *sources = memory_allocate(sizeof **sources);
        if (*sources)
            memset(*sources, 0, sizeof **sources);
    }
    if (count > MOST_ORDERED)
        count = MOST_ORDERED;
    for (size_t i = 0; i < count; i++) {
        judge(&candidate, *sources, &addresses[i]);
        insert(candidates, i, &candidate);
    }
    for (size_t i = 0; i < count; i++)
        addresses[i] = candidates[i].address;
}

struct sources *sources_free(struct sources *sources)
{
    memory_release(sources, sizeof *sources);
    return NULL;
}
