// Puts Redis servers under a load that does not wait for them: load RATE WRITES KEYS BYTES PORT...
//
// Each server gets RATE requests a second over one connection, at moments that were drawn beforehand (exponential gaps,
// from a seed that is the same in every run), whether it has answered the ones before or not. A request's time counts
// from the moment that it was due, so a server that stands still for a second delays all requests of that second and all
// of them are counted ("coordinated omission" is what one calls it when they are not). WRITES of a thousand requests
// set a key, the others get one. Values follow from their keys, and every value that comes back is checked.
//
// Orders: "fill" sets all keys; "pace" begins the load, "hold" ends it; "flat SECONDS" keeps 4 requests under way at each
// server, each sent when another was answered; "lap" says what happened since the last one:
// "lap NANOSECONDS DUE DONE WRONG MAX_NANOSECONDS BOUND:COUNT ...". Each order is answered by one line.
#include "bench.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define BUCKETS 8192
#define QUEUE (1u << 17)
#define DEPTH 4
#define SERVERS 64
#define ROOM (1u << 20)

struct server {
    int fd;
    uint64_t state, next;
    // Requests that wait for an answer: when each was due, and what is asked for; a ring.
    uint64_t due[QUEUE];
    uint32_t key[QUEUE];
    uint32_t head, tail;
    char out[ROOM], in[ROOM];
    size_t out_from, out_to, in_to;
};

static struct server *servers;
static int count, poll_fd, timer_fd;
static uint64_t rate, writes, keys, value_bytes;
static uint64_t histogram[BUCKETS], due_count, done_count, wrong_count, longest, lap_begin;
static enum { HELD, FILLING, PACED, FLAT } mode;
static uint64_t flat_end;

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(1);
}

// 128 buckets to each power of two: bounds lie 0.8 % apart at most, well below what is to be told apart.
static int bucket(uint64_t ns) {
    if (ns < 128) return ns;
    int top = 63 - __builtin_clzll(ns);
    return (top - 6) * 128 + (ns >> (top - 7) & 127);
}

static uint64_t bound(int b) { return b < 128 ? (uint64_t)b : (uint64_t)(128 + (b & 127)) << (b / 128 - 1); }

static char letter(uint64_t key, uint64_t at) { return 'a' + mix(key * 8192 + at) % 26; }

// -ln(u) for u from 2^-32 to 1, by halving: no need for the mathematical library.
static double exponential(uint64_t random) {
    double u = ((random >> 32) + 1) / 4294967296.0, sum = 0;
    while (u < 0.5) u *= 2, sum += 0.6931471805599453;
    // The series of artanh: ln u = 2 artanh((u - 1) / (u + 1)).
    double y = (u - 1) / (u + 1), y2 = y * y;
    return sum - 2 * y * (1 + y2 * (1.0 / 3 + y2 * (1.0 / 5 + y2 * (1.0 / 7 + y2 * (1.0 / 9 + y2 / 11)))));
}

static void flush_out(struct server *s) {
    while (s->out_from < s->out_to) {
        ssize_t sent = write(s->fd, s->out + s->out_from, s->out_to - s->out_from);
        if (sent < 0 && errno == EAGAIN) break;
        if (sent < 0) fail("write");
        s->out_from += sent;
    }
    if (s->out_from == s->out_to) s->out_from = s->out_to = 0;
    struct epoll_event event = {.events = EPOLLIN | (s->out_from < s->out_to ? EPOLLOUT : 0), .data.ptr = s};
    if (epoll_ctl(poll_fd, EPOLL_CTL_MOD, s->fd, &event)) fail("epoll_ctl");
}

// A key that was asked to be set has its top bit on in the queue.
#define SETS 0x80000000u

static void request(struct server *s, uint64_t due, uint32_t key, int is_set) {
    if (s->tail - s->head == QUEUE) {
        fprintf(stderr, "a server is further behind than there is room to remember\n");
        exit(1);
    }
    if (s->out_from && s->out_to > ROOM / 2) {
        memmove(s->out, s->out + s->out_from, s->out_to - s->out_from);
        s->out_to -= s->out_from;
        s->out_from = 0;
    }
    if (s->out_to + value_bytes + 128 > ROOM) {
        fprintf(stderr, "a server does not even read what it is sent\n");
        exit(1);
    }
    char *at = s->out + s->out_to, name[16];
    int length = snprintf(name, sizeof name, "key%u", key);
    if (is_set) {
        at += sprintf(at, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%lu\r\n", length, name, (unsigned long)value_bytes);
        for (uint64_t k = 0; k < value_bytes; k++) *at++ = letter(key, k);
        *at++ = '\r';
        *at++ = '\n';
    } else {
        at += sprintf(at, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", length, name);
    }
    s->out_to = at - s->out;
    s->due[s->tail % QUEUE] = due;
    s->key[s->tail % QUEUE] = key | (is_set ? SETS : 0);
    s->tail++;
    due_count++;
}

static void any_request(struct server *s, uint64_t due) {
    uint64_t random = s->state = mix(s->state);
    request(s, due, random % keys, (random >> 40) % 1000 < writes);
}

static void record(uint64_t due, uint64_t now) {
    uint64_t took = now > due ? now - due : 0;
    histogram[bucket(took)]++;
    if (took > longest) longest = took;
    done_count++;
}

// The length of a whole answer at the front, or 0 where it has not all come; says whether it is the right one.
static size_t answer(const char *in, size_t length, uint32_t key, int *is_right) {
    const char *end = memchr(in, '\n', length);
    if (!end) return 0;
    size_t head = end + 1 - in;
    if (key & SETS || in[0] != '$') {
        *is_right = key & SETS && !memcmp(in, "+OK", 3);
        return head;
    }
    long bytes = strtol(in + 1, 0, 10);
    if (bytes < 0) {
        *is_right = 0;
        return head;
    }
    if (length < head + bytes + 2) return 0;
    *is_right = (uint64_t)bytes == value_bytes;
    for (long k = 0; k < bytes && *is_right; k++) *is_right = in[head + k] == letter(key, k);
    return head + bytes + 2;
}

static void receive(struct server *s) {
    for (;;) {
        ssize_t got = read(s->fd, s->in + s->in_to, ROOM - s->in_to);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) {
            fprintf(stderr, "a server has closed its connection\n");
            exit(1);
        }
        s->in_to += got;
        size_t from = 0;
        uint64_t now = nanoseconds(CLOCK_MONOTONIC);
        while (s->head != s->tail) {
            int is_right = 0;
            uint32_t key = s->key[s->head % QUEUE];
            size_t length = answer(s->in + from, s->in_to - from, key, &is_right);
            if (!length) break;
            from += length;
            wrong_count += !is_right;
            if (mode != FILLING) record(s->due[s->head % QUEUE], now);
            s->head++;
            if (mode == FLAT && now < flat_end) any_request(s, now);
        }
        memmove(s->in, s->in + from, s->in_to - from);
        s->in_to -= from;
    }
    if (s->out_to) flush_out(s);
}

static uint64_t gap(struct server *s) {
    s->state = mix(s->state);
    return exponential(s->state) * 1e9 / rate;
}

static void arm(void) {
    uint64_t first = UINT64_MAX;
    for (int i = 0; i < count; i++)
        if (servers[i].next < first) first = servers[i].next;
    struct itimerspec when = {0};
    if (mode == PACED) when.it_value = (struct timespec){first / 1000000000, first % 1000000000};
    if (timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, 0)) fail("timerfd_settime");
}

static void send_due(void) {
    uint64_t now = nanoseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++) {
        struct server *s = &servers[i];
        int any = 0;
        for (; s->next <= now; s->next += gap(s), any = 1) any_request(s, s->next);
        if (any) flush_out(s);
    }
    arm();
}

// One turn of the loop; says whether standard input has something to say.
static int turn(int milliseconds) {
    struct epoll_event events[SERVERS + 2];
    int n = epoll_wait(poll_fd, events, SERVERS + 2, milliseconds), has_order = 0;
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &timer_fd) {
            uint64_t expirations;
            if (read(timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("read");
            if (mode == PACED) send_due();
        } else if (!events[i].data.ptr) {
            has_order = 1;
        } else {
            struct server *s = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) flush_out(s);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(s);
        }
    }
    return has_order;
}

static int outstanding(void) {
    int sum = 0;
    for (int i = 0; i < count; i++) sum += servers[i].tail - servers[i].head;
    return sum;
}

static void fill_servers(void) {
    mode = FILLING;
    for (uint64_t key = 0; key < keys; key++) {
        for (int i = 0; i < count; i++) {
            request(&servers[i], 0, key, 1);
            flush_out(&servers[i]);
        }
        while (outstanding() > 64 * count) turn(-1);
    }
    while (outstanding()) turn(-1);
    mode = HELD;
    printf("filled %lu\n", (unsigned long)keys);
}

static void pace(void) {
    mode = PACED;
    uint64_t now = nanoseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++) servers[i].next = now + gap(&servers[i]);
    arm();
    puts("paced");
}

static void hold(void) {
    mode = HELD;
    arm();
    while (outstanding()) turn(-1);
    puts("held");
}

static void flat(double seconds) {
    mode = FLAT;
    flat_end = nanoseconds(CLOCK_MONOTONIC) + seconds * 1e9;
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < DEPTH; k++) any_request(&servers[i], nanoseconds(CLOCK_MONOTONIC));
        flush_out(&servers[i]);
    }
    while (outstanding()) turn(-1);
    mode = HELD;
    puts("flat");
}

static void lap(void) {
    uint64_t now = nanoseconds(CLOCK_MONOTONIC);
    printf("lap %lu %lu %lu %lu %lu", now - lap_begin, due_count, done_count, wrong_count, longest);
    for (int b = 0; b < BUCKETS; b++)
        if (histogram[b]) printf(" %lu:%lu", bound(b + 1), histogram[b]);
    printf("\n");
    memset(histogram, 0, sizeof histogram);
    due_count = done_count = wrong_count = longest = 0;
    lap_begin = now;
}

static void obey(const char *line) {
    if (!strcmp(line, "fill")) fill_servers();
    else if (!strcmp(line, "pace")) pace();
    else if (!strcmp(line, "hold")) hold();
    else if (!strncmp(line, "flat ", 5)) flat(atof(line + 5));
    else if (!strcmp(line, "lap")) lap();
    else puts("what?");
    fflush(stdout);
}

// The emulator takes a connection before the server inside does, so an answer has to be seen.
static int answers(int fd) {
    char reply[64] = {0};
    return write(fd, "*1\r\n$4\r\nPING\r\n", 14) == 14 && read(fd, reply, sizeof reply) >= 7 && !memcmp(reply, "+PONG", 5);
}

static void reach(struct server *s, int port, int number) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, is_up = 0;
    for (int try = 0; try < 300 && !is_up; try++) {
        if (try) {
            close(s->fd);
            usleep(100000);
        }
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct timeval patience = {.tv_sec = 5};
        setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        is_up = !connect(s->fd, (struct sockaddr *)&address, sizeof address) && answers(s->fd);
    }
    if (!is_up) {
        fprintf(stderr, "no Redis answers on port %d\n", port);
        exit(1);
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(s->fd, F_SETFL, O_NONBLOCK);
    s->state = mix(number);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, s->fd, &event)) fail("epoll_ctl");
}

int main(int argc, char **argv) {
    if (argc < 6 || argc - 5 > SERVERS) {
        fprintf(stderr, "usage: load RATE WRITES KEYS BYTES PORT...\n");
        return 2;
    }
    rate = atol(argv[1]), writes = atol(argv[2]), keys = atol(argv[3]), value_bytes = atol(argv[4]);
    count = argc - 5;
    signal(SIGPIPE, SIG_IGN);
    servers = calloc(count, sizeof *servers);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event on_timer = {.events = EPOLLIN, .data.ptr = &timer_fd}, on_order = {.events = EPOLLIN, .data.ptr = 0};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer_fd, &on_timer);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &on_order);
    for (int i = 0; i < count; i++) reach(&servers[i], atoi(argv[5 + i]), i);
    // Whoever waits for the generator must not be taken for whoever waits for a guest: it goes before all others, for the
    // few microseconds that a request takes. Where that is not allowed it is measured as it comes.
    struct sched_param first = {.sched_priority = 1};
    int is_first = !sched_setscheduler(0, SCHED_FIFO, &first);
    printf("ready %s\n", is_first ? "first" : "alike");
    fflush(stdout);
    setvbuf(stdin, 0, _IONBF, 0);
    lap_begin = nanoseconds(CLOCK_MONOTONIC);
    for (;;)
        if (turn(-1)) obey(order());
}
