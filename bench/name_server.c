/*
 * Questions are received and answers sent by the dozen, so that the server is no slower than who asks. Each answer
 * waits in a queue until its time has come; all wait as long, so the queue is in order.
 */
#include "bench/name_server.h"

#include "bench/bench.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define WAITING 65536    /* as many as have numbers */
#define SIZE 128
#define HEADER 12

struct answer {
    double due;
    struct sockaddr_in peer;
    size_t size;
    uint8_t bytes[SIZE];
};

static struct answer waiting[WAITING];
static size_t first, behind;
static pid_t server = -1;
static bool is_of_system;
static char address[32];

static size_t end_of_question(const uint8_t *bytes, size_t size)
{
    size_t at = HEADER;

    while (at < size && bytes[at])
        at += 1u + bytes[at];
    return at + 5;
}

/* One address for A, none for the rest. What EDNS adds to the question is left out of the answer. */
static void answer_question(struct answer *answer, size_t size)
{
    static const uint8_t record[] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    uint8_t *bytes = answer->bytes;
    size_t end = end_of_question(bytes, size);

    bytes[2] |= 0x80;
    bytes[3] = 0x80;
    memset(bytes + 6, 0, 6);
    if (bytes[end - 3] == 1) {
        bytes[7] = 1;
        memcpy(bytes + end, record, sizeof record);
        end += sizeof record;
    }
    answer->size = end;
}

static void receive(int descriptor, double delay)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    double due = now_ns() + delay * 1e9;
    int count;

    do {
        memset(messages, 0, sizeof messages);
        for (size_t i = 0; i < BATCH; i++) {
            struct answer *answer = &waiting[(behind + i) % WAITING];

            parts[i] = (struct iovec){answer->bytes, SIZE - 16};
            messages[i].msg_hdr = (struct msghdr){.msg_name = &answer->peer, .msg_namelen = sizeof answer->peer,
                                                  .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        count = recvmmsg(descriptor, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++, behind++) {
            waiting[behind % WAITING].due = due;
            answer_question(&waiting[behind % WAITING], messages[i].msg_len);
        }
    } while (count == BATCH && behind - first < WAITING - BATCH);
}

static void send_due(int descriptor)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    double now = now_ns();
    unsigned count;
    int sent;

    do {
        memset(messages, 0, sizeof messages);
        for (count = 0; count < BATCH && first + count < behind; count++) {
            struct answer *answer = &waiting[(first + count) % WAITING];

            if (answer->due > now)
                break;
            parts[count] = (struct iovec){answer->bytes, answer->size};
            messages[count].msg_hdr = (struct msghdr){.msg_name = &answer->peer, .msg_namelen = sizeof answer->peer,
                                                      .msg_iov = &parts[count], .msg_iovlen = 1};
        }
        sent = count ? sendmmsg(descriptor, messages, count, 0) : 0;
        if (sent > 0)
            first += (size_t)sent;
    } while (sent == BATCH);
}

static void serve(int descriptor, double delay)
{
    struct pollfd watched = {.fd = descriptor, .events = POLLIN};
    struct timespec pause;
    double wait;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        wait = first < behind ? waiting[first % WAITING].due - now_ns() : 1e9;
        pause = (struct timespec){(time_t)(wait / 1e9), wait > 0 ? (long)wait % 1000000000 : 0};
        ppoll(&watched, 1, &pause, NULL);
        receive(descriptor, delay);
        send_due(descriptor);
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return;
    fputs(text, file);
    fclose(file);
}

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    bool is_up = ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;

    close(descriptor);
    return is_up;
}

static bool mount_configuration(void)
{
    char path[] = "/tmp/libasync-bench-XXXXXX";
    int descriptor = mkstemp(path);
    bool is_mounted;

    if (descriptor < 0)
        return false;
    close(descriptor);
    write_text(path, "nameserver 127.0.0.1\n");
    is_mounted = mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                 mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
    unlink(path);
    return is_mounted;
}

static bool enter_namespaces(void)
{
    char map[64];
    unsigned user = geteuid();

    if (unshare((user ? CLONE_NEWUSER : 0) | CLONE_NEWNS | CLONE_NEWNET) != 0)
        return false;
    if (user) {
        snprintf(map, sizeof map, "0 %u 1", user);
        write_text("/proc/self/uid_map", map);
    }
    return raise_loopback() && mount_configuration();
}

const char *bench_name_server_start(double delay_seconds)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    int descriptor, buffer = 64 << 20;

    is_of_system = enter_namespaces();
    place.sin_port = htons(is_of_system ? 53 : 0);
    descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(descriptor, (struct sockaddr *)&place, size) != 0)
        abort();
    getsockname(descriptor, (struct sockaddr *)&place, &size);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(place.sin_port));
    server = fork();
    if (server == 0)
        serve(descriptor, delay_seconds);
    close(descriptor);
    return address;
}

bool bench_name_server_is_of_system(void)
{
    return is_of_system;
}

void bench_name_server_stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}
