/*
 * The hosts file, read once and kept until it changes. Its text is kept as it was, cut into words, and two tables lead
 * into it, by name and by address: some block what they dislike with files of a hundred thousand lines.
 */
#include "libasync/dns/hosts.h"

#include "libasync/dns/settings.h"
#include "libasync/platform/internal.h"

#include <string.h>
#include <strings.h>

/* A name of a line. The lines of a name are chained in the order in which they stand; so are those of an address. */
struct entry {
    union host_address address;
    const char *name;
    uint32_t next_of_name, next_of_address;    /* indices counted from 1; 0: none */
    bool is_first;                             /* the line's official name */
};

struct hosts {
    char *text;
    size_t size;
    struct entry *entries;
    uint32_t count, capacity;
    uint32_t *by_name, *by_address;    /* first entries, by hash: as many as a power of two */
    uint32_t slots;
};

static uint32_t hash_bytes(const void *bytes, size_t size, uint32_t hash)
{
    for (const unsigned char *byte = bytes; size; byte++, size--)
        hash = (hash ^ *byte) * 16777619u;
    return hash;
}

static uint32_t hash_name(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i])) * 16777619u;
    return hash;
}

static uint32_t hash_address(const union host_address *address)
{
    if (address->any.sa_family == AF_INET6)
        return hash_bytes(&address->ipv6.sin6_addr, sizeof address->ipv6.sin6_addr, 1);
    return hash_bytes(&address->ipv4.sin_addr, sizeof address->ipv4.sin_addr, 2);
}

static bool is_same_host(const union host_address *one, const union host_address *other)
{
    if (one->any.sa_family != other->any.sa_family)
        return false;
    if (one->any.sa_family == AF_INET)
        return one->ipv4.sin_addr.s_addr == other->ipv4.sin_addr.s_addr;
    return memcmp(&one->ipv6.sin6_addr, &other->ipv6.sin6_addr, sizeof one->ipv6.sin6_addr) == 0 &&
           (!one->ipv6.sin6_scope_id || one->ipv6.sin6_scope_id == other->ipv6.sin6_scope_id);
}

static size_t length_of(const char *name)
{
    size_t length = strlen(name);

    return length && name[length - 1] == '.' ? length - 1 : length;
}

static bool add_entry(struct hosts *hosts, const union host_address *address, const char *name, bool is_first)
{
    if (hosts->count == hosts->capacity) {
        uint32_t wanted = hosts->capacity ? hosts->capacity * 2 : 16;
        struct entry *grown = memory_grow(hosts->entries, hosts->count * sizeof *grown,
                                          hosts->capacity * sizeof *grown, wanted * sizeof *grown);

        if (!grown)
            return false;
        hosts->entries = grown;
        hosts->capacity = wanted;
    }
    hosts->entries[hosts->count++] = (struct entry){.address = *address, .name = name, .is_first = is_first};
    return true;
}

/* "192.0.2.7 printer printer.example  # a comment" */
static bool read_line(struct hosts *hosts, char *line)
{
    static const char blanks[] = " \t\r\v\f";
    union host_address address;
    bool is_first = true;
    char *rest, *word;

    line[strcspn(line, "#")] = '\0';
    word = strtok_r(line, blanks, &rest);
    if (!word || !host_read(word, &address))
        return true;
    while ((word = strtok_r(NULL, blanks, &rest))) {
        if (!add_entry(hosts, &address, word, is_first))
            return false;
        is_first = false;
    }
    return true;
}

/* From the last entry to the first, so that each chain begins with the first. */
static bool make_tables(struct hosts *hosts)
{
    for (hosts->slots = 16; hosts->slots < hosts->count; hosts->slots *= 2)
        ;
    hosts->by_name = memory_allocate(hosts->slots * sizeof *hosts->by_name);
    hosts->by_address = memory_allocate(hosts->slots * sizeof *hosts->by_address);
    if (!hosts->by_name || !hosts->by_address)
        return false;
    memset(hosts->by_name, 0, hosts->slots * sizeof *hosts->by_name);
    memset(hosts->by_address, 0, hosts->slots * sizeof *hosts->by_address);
    for (uint32_t i = hosts->count; i; i--) {
        struct entry *entry = &hosts->entries[i - 1];
        uint32_t *slot = &hosts->by_name[hash_name(entry->name, length_of(entry->name)) & (hosts->slots - 1)];

        entry->next_of_name = *slot;
        *slot = i;
        if (!entry->is_first)
            continue;
        slot = &hosts->by_address[hash_address(&entry->address) & (hosts->slots - 1)];
        entry->next_of_address = *slot;
        *slot = i;
    }
    return true;
}

struct hosts *hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return NULL;
    if (hosts->text)
        memory_release(hosts->text, hosts->size + 1);
    memory_release(hosts->entries, hosts->capacity * sizeof *hosts->entries);
    memory_release(hosts->by_name, hosts->slots * sizeof *hosts->by_name);
    memory_release(hosts->by_address, hosts->slots * sizeof *hosts->by_address);
    memory_release(hosts, sizeof *hosts);
    return NULL;
}

struct hosts *hosts_read(const char *path)
{
    struct hosts *hosts = memory_allocate(sizeof *hosts);
    bool is_whole = true;
    char *rest;

    if (!hosts)
        return NULL;
    *hosts = (struct hosts){.slots = 0};
    hosts->text = file_read(path, &hosts->size);
    if (!hosts->text && hosts->size)
        is_whole = false;
    if (hosts->text)
        for (char *line = strtok_r(hosts->text, "\n", &rest); line && is_whole; line = strtok_r(NULL, "\n", &rest))
            is_whole = read_line(hosts, line);
    return is_whole && make_tables(hosts) ? hosts : hosts_free(hosts);
}

size_t hosts_find(const struct hosts *hosts, const char *name, int family, union host_address *found, size_t room)
{
    size_t length = length_of(name), count = 0;
    uint32_t i = hosts->by_name[hash_name(name, length) & (hosts->slots - 1)];
    const struct entry *entry;

    for (; i && count < room; i = entry->next_of_name) {
        entry = &hosts->entries[i - 1];
        if (length_of(entry->name) != length || strncasecmp(entry->name, name, length) != 0)
            continue;
        if (family == AF_UNSPEC || family == entry->address.any.sa_family)
            found[count++] = entry->address;
    }
    return count;
}

const char *hosts_name_of(const struct hosts *hosts, const union host_address *address)
{
    const struct entry *entry;

    for (uint32_t i = hosts->by_address[hash_address(address) & (hosts->slots - 1)]; i; i = entry->next_of_address) {
        entry = &hosts->entries[i - 1];
        if (is_same_host(&entry->address, address))
            return entry->name;
    }
    return NULL;
}
