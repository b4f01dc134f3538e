// What the programs of the engines' benches share. Each holds memory whose every word follows from a number, so that it
// can be checked at any time, does what it is told on standard input, line by line, and ends when that is closed.
#ifndef BENCH_H
#define BENCH_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define WORDS (PAGE / 8)

static inline uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15ull;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ x >> 27) * 0x94D049BB133111EBull;
    return x ^ x >> 31;
}

// Word k of the page with content number id.
static inline uint64_t word(uint64_t id, uint64_t k) { return mix(id * WORDS + k); }

static inline void fill(uint64_t *page, uint64_t id) {
    for (uint64_t k = 0; k < WORDS; k++) page[k] = word(id, k);
}

static inline int is_filled(const volatile uint64_t *page, uint64_t id) {
    for (uint64_t k = 0; k < WORDS; k++)
        if (page[k] != word(id, k)) return 0;
    return 1;
}

static inline uint64_t *region(size_t pages) {
    void *p = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    // What is measured is pages of 4 KiB.
    madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
    return p;
}

static inline void offer(void *p, size_t pages) {
    if (madvise(p, pages * PAGE, MADV_MERGEABLE)) {
        perror("madvise(MADV_MERGEABLE)");
        exit(1);
    }
}

static inline uint64_t nanoseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// The next line of standard input without its end; ends the program where there is none.
static inline const char *order(void) {
    static char line[128];
    if (!fgets(line, sizeof line, stdin)) exit(0);
    line[strcspn(line, "\n")] = 0;
    return line;
}

static inline void say(const char *text) {
    puts(text);
    fflush(stdout);
}

static void *end_with_input(void *unused) {
    (void)unused;
    char c;
    while (read(0, &c, 1) > 0) {}
    _exit(0);
}

// For programs that take no more orders: they still end when standard input is closed.
static inline void watch_input(void) {
    pthread_t thread;
    pthread_create(&thread, 0, end_with_input, 0);
}
#endif
