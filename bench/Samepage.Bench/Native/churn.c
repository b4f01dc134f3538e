// Memory that is rewritten without end, with contents that become duplicates again: churn PAGES RATE START. Every second
// since START (CLOCK_MONOTONIC, seconds) RATE pages are written anew; which, and with what, follows from the second
// alone, so that all instances write the same at about the same time. Each page is checked before it is overwritten.
// Orders: "offer" (and begin), "verify".
#include "bench.h"

static size_t pages;
static uint64_t *memory, rate, start;
static uint32_t *generations; // The second in which a page was written last; 0: at the beginning.
static uint64_t wrong, written;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t id(size_t page) { return (uint64_t)generations[page] << 28 | page; }

static void rewrite(uint64_t second) {
    pthread_mutex_lock(&lock);
    for (uint64_t j = 0; j < rate; j++) {
        size_t page = mix(second << 24 | j) % pages;
        if (generations[page] == second) continue;
        wrong += !is_filled(memory + page * WORDS, id(page));
        generations[page] = second;
        fill(memory + page * WORDS, id(page));
        written++;
    }
    pthread_mutex_unlock(&lock);
}

static void *churn(void *unused) {
    (void)unused;
    for (uint64_t second = 1;; second++) {
        struct timespec until = {start + second, 0};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
        rewrite(second);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    pages = strtoul(argv[1], 0, 10);
    rate = strtoull(argv[2], 0, 10);
    start = strtoull(argv[3], 0, 10);
    memory = region(pages);
    generations = calloc(pages, sizeof *generations);
    for (size_t i = 0; i < pages; i++) fill(memory + i * WORDS, id(i));
    say("ready");
    pthread_t thread;
    for (;;) {
        const char *what = order();
        if (!strcmp(what, "offer")) {
            offer(memory, pages);
            pthread_create(&thread, 0, churn, 0);
            say("offered");
        } else if (!strcmp(what, "verify")) {
            pthread_mutex_lock(&lock);
            for (size_t i = 0; i < pages; i++) wrong += !is_filled(memory + i * WORDS, id(i));
            pthread_mutex_unlock(&lock);
            printf("wrong %llu written %llu\n", (unsigned long long)wrong, (unsigned long long)written);
            fflush(stdout);
        }
    }
}
