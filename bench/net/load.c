/* The load generator. It is told what to do by lines on stdin, and answers each with a line on stdout:
 *
 *     tcp PORT CONNECTIONS SIZE    opens a load, answers with its number
 *     udp PORT WINDOW SIZE         the same with datagrams
 *     run LOAD ECHOES PID          answers with the processor's ns that the server, process PID, spent on these echoes
 *     close LOAD                   answers `closed`
 *
 * One process asks all servers, whatever they are written in, and reads the server's clock from outside: none of them
 * has to help, and none is measured by another ruler. */
#include "bench/net/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MOST_LOADS 16
#define PATIENCE_SECONDS 20
#define OFFSETS 4099    /* a prime: rounds of a connection, and connections of a round, all begin elsewhere */

static struct load *loads[MOST_LOADS];

void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

void be_patient(bool came)
{
    static time_t last;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (came)
        last = now.tv_sec;
    errno = ETIMEDOUT;
    if (now.tv_sec - last > PATIENCE_SECONDS)
        fail("no answer");
}

void *allocate(size_t count, size_t size)
{
    void *block = calloc(count, size);

    if (!block)
        fail("memory");
    return block;
}

const unsigned char *words(uint64_t number)
{
    static unsigned char book[LARGEST_MESSAGE + OFFSETS];
    static int written;

    if (!written) {
        srandom(1);
        for (size_t i = 0; i < sizeof book; i++)
            book[i] = (unsigned char)(random() >> 8);
        written = 1;
    }
    return book + number * 37 % OFFSETS;
}

int connected_socket(int type, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    if (type == SOCK_STREAM && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0)
        fail("TCP_NODELAY");
    return fd;
}

static size_t add(struct load *load)
{
    for (size_t i = 0; i < MOST_LOADS; i++) {
        if (!loads[i]) {
            loads[i] = load;
            return i;
        }
    }
    errno = ENOSPC;
    fail("loads");
}

static uint64_t spent_by(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) < 0)
        fail("the server's clock");
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The kernel adds to a process's time when it stops running, else only at a tick, which is as long as hundreds of
 * echoes: so the clock is read once the server has gone to sleep. */
static void let_sleep(pid_t server)
{
    char path[32], state = 'R';

    snprintf(path, sizeof path, "/proc/%d/stat", server);
    while (state != 'S') {
        FILE *file = fopen(path, "r");

        if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            fail("the server's state");
        fclose(file);
        be_patient(false);
    }
}

static uint64_t cost(struct load *load, uint64_t echoes, pid_t server)
{
    clockid_t clock;
    uint64_t before;

    if ((errno = clock_getcpuclockid(server, &clock)))
        fail("the server's clock");
    let_sleep(server);
    before = spent_by(clock);
    load->run(load, echoes);
    let_sleep(server);
    return spent_by(clock) - before;
}

static void obey(const char *line)
{
    char kind[4];
    uint16_t port;
    size_t which, count, size;
    uint64_t echoes;
    int pid;

    be_patient(true);
    if (sscanf(line, "%3[tcpud] %" SCNu16 " %zu %zu", kind, &port, &count, &size) == 4 && size <= LARGEST_MESSAGE) {
        printf("%zu\n", add(*kind == 't' ? tcp_load(port, count, size) : udp_load(port, count, size)));
    } else if (sscanf(line, "run %zu %" SCNu64 " %d", &which, &echoes, &pid) == 3) {
        printf("%" PRIu64 "\n", cost(loads[which], echoes, pid));
    } else if (sscanf(line, "close %zu", &which) == 1) {
        loads[which]->close(loads[which]);
        loads[which] = NULL;
        puts("closed");
    } else {
        errno = EINVAL;
        fail(line);
    }
}

int main(void)
{
    char line[128];

    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin))
        obey(line);
    return 0;
}
