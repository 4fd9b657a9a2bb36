/*
 * Small files that others change: resolv.conf and the hosts file. A look at a file costs a system call and no more.
 * Whoever replaces one properly renames a new one over it, which shows in its inode; whoever writes into it shows in
 * its times and size; and a mount over it in its device.
 */
#include "libasync/dns/settings.h"
#include "libasync/platform/internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SIZE 4096
/* Beyond that it is no hosts file any more; the rest is not read. */
#define MOST_SIZE (256u << 20)

#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

struct file_state file_look(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return (struct file_state){.size = 0};
    return (struct file_state){
        .device = (uint64_t)status.st_dev,
        .inode = (uint64_t)status.st_ino,
        .size = status.st_size,
        .modified = status.st_mtim,
        .changed = status.st_ctim,
    };
}

static bool is_same_time(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

bool file_is_same(const struct file_state *one, const struct file_state *other)
{
    return one->device == other->device && one->inode == other->inode && one->size == other->size &&
           is_same_time(&one->modified, &other->modified) && is_same_time(&one->changed, &other->changed);
}

/* Fills a growing block to the file's end; NULL without memory. */
static char *read_all(int descriptor, size_t *size)
{
    size_t room = FIRST_SIZE, used = 0;
    char *text = memory_allocate(room), *grown;
    ssize_t count = 1;

    while (text && count > 0 && used < MOST_SIZE) {
        if (used + 1 == room) {
            grown = memory_grow(text, used, room, room * 2);
            if (!grown)
                memory_release(text, room);
            text = grown;
            room *= 2;
            continue;
        }
        count = read(descriptor, text + used, room - used - 1);
        if (count > 0)
            used += (size_t)count;
    }
    if (!text)
        return NULL;
    grown = memory_grow(text, used, room, used + 1);
    if (!grown) {
        memory_release(text, room);
        return NULL;
    }
    grown[used] = '\0';
    *size = used;
    return grown;
}

char *file_read(const char *path, size_t *size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text;

    *size = 0;
    if (descriptor < 0)
        return NULL;
    text = read_all(descriptor, size);
    if (!text)
        *size = 1;
    close(descriptor);
    return text;
}
