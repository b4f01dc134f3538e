// Touches its memory at a known rate while somebody merges it, and times every access: stalls PAGES THREADS RATE
// WRITES. RATE is accesses a second of each thread; WRITES of a thousand of them write the value that is there already,
// which breaks a merged page and leaves a duplicate. Every value read is checked. Orders: "offer", "run SECONDS".
//
// An access that takes long has either waited in the kernel, which counts as a voluntary switch of the thread, or the
// processor was given to somebody else, which is no doing of the engine. The two are told apart.
#include "bench.h"
#include <errno.h>
#include <sys/resource.h>

// Eight buckets to each power of two.
#define BUCKETS 512
#define BATCH 32
#define SLOW 20000

struct figures {
    uint64_t all[BUCKETS], waited[BUCKETS], all_max, waited_max, accesses, wrong;
};

static size_t pages;
static uint64_t *memory, rate, writes, deadline;

static int bucket(uint64_t ns) {
    if (ns < 8) return ns;
    int top = 63 - __builtin_clzll(ns);
    return (top - 2) * 8 + (ns >> (top - 3) & 7);
}

static uint64_t bound(int b) { return b < 8 ? (uint64_t)b : (uint64_t)(8 + (b & 7)) << (b / 8 - 1); }

static long waits(void) {
    struct rusage use;
    getrusage(RUSAGE_THREAD, &use);
    return use.ru_nvcsw;
}

static void touch(struct figures *f, uint64_t random, long *waits_before) {
    size_t page = random % pages, k = random >> 40 & (WORDS - 1);
    volatile uint64_t *at = memory + page * WORDS + k;
    uint64_t expected = word(page, k);
    int is_write = (random >> 50) % 1000 < writes;
    uint64_t begin = nanoseconds(CLOCK_MONOTONIC), value = expected;
    if (is_write) *at = expected;
    else value = *at;
    uint64_t took = nanoseconds(CLOCK_MONOTONIC) - begin;
    f->accesses++;
    f->wrong += value != expected;
    f->all[bucket(took)]++;
    if (took > f->all_max) f->all_max = took;
    if (took < SLOW) return;
    long now = waits();
    if (now != *waits_before) {
        f->waited[bucket(took)]++;
        if (took > f->waited_max) f->waited_max = took;
    }
    *waits_before = now;
}

static void *run(void *argument) {
    struct figures *f = argument;
    uint64_t state = (uint64_t)argument, period = BATCH * 1000000000ull / rate;
    for (uint64_t next = nanoseconds(CLOCK_MONOTONIC); next < deadline;) {
        struct timespec until = {next / 1000000000, next % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0) == EINTR) {}
        long waits_before = waits();
        for (int i = 0; i < BATCH; i++) touch(f, state = mix(state), &waits_before);
        uint64_t now = nanoseconds(CLOCK_MONOTONIC);
        next = next + period > now ? next + period : now;
    }
    return 0;
}

static void print(const char *name, const uint64_t *buckets) {
    printf("%s", name);
    for (int b = 0; b < BUCKETS; b++)
        if (buckets[b]) printf(" %llu:%llu", (unsigned long long)bound(b + 1), (unsigned long long)buckets[b]);
    printf("\n");
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    pages = strtoul(argv[1], 0, 10);
    int threads = atoi(argv[2]);
    rate = strtoull(argv[3], 0, 10);
    writes = strtoull(argv[4], 0, 10);
    memory = region(pages);
    for (size_t i = 0; i < pages; i++) fill(memory + i * WORDS, i);
    say("ready");
    for (;;) {
        unsigned seconds;
        const char *what = order();
        if (!strcmp(what, "offer")) {
            offer(memory, pages);
            say("offered");
        } else if (sscanf(what, "run %u", &seconds) == 1) {
            struct figures *each = calloc(threads, sizeof *each), sum = {0};
            pthread_t *handles = calloc(threads, sizeof *handles);
            deadline = nanoseconds(CLOCK_MONOTONIC) + seconds * 1000000000ull;
            for (int t = 0; t < threads; t++) pthread_create(&handles[t], 0, run, &each[t]);
            for (int t = 0; t < threads; t++) {
                pthread_join(handles[t], 0);
                for (int b = 0; b < BUCKETS; b++) sum.all[b] += each[t].all[b], sum.waited[b] += each[t].waited[b];
                if (each[t].all_max > sum.all_max) sum.all_max = each[t].all_max;
                if (each[t].waited_max > sum.waited_max) sum.waited_max = each[t].waited_max;
                sum.accesses += each[t].accesses;
                sum.wrong += each[t].wrong;
            }
            print("all", sum.all);
            print("waited", sum.waited);
            printf("totals %llu %llu %llu %llu\n", (unsigned long long)sum.accesses, (unsigned long long)sum.wrong,
                   (unsigned long long)sum.all_max, (unsigned long long)sum.waited_max);
            fflush(stdout);
            free(each);
            free(handles);
        }
    }
}
