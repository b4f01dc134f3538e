// Holds memory in the layouts named on the command line, prints "ready" (and the numbers of its children), then waits
// for a line on standard input before it ends. Nothing in the arranged memory changes while it waits.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static int advised;  // small pages from now on are for the kernel's merging
static uint64_t seed = 88172645463325252ull;

static uint64_t next(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static char *map(size_t bytes, int flags) {
    char *p = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    return p;
}

static char *small_pages(size_t pages) {
    char *p = map(pages * PAGE, 0);
    madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
    if (advised && madvise(p, pages * PAGE, MADV_MERGEABLE)) die("mergeable");
    return p;
}

static void fill(char *page) {
    for (size_t i = 0; i < PAGE / 8; i++) ((uint64_t *)page)[i] = next();
}

// The content of this number, the same in every process.
static void fill_as(char *page, uint64_t content) {
    uint64_t saved = seed;
    seed = content * 0x9E3779B97F4A7C15ull + 1;
    fill(page);
    seed = saved;
}

static pid_t fork_quiet(void) {
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static void wait_forever(void) {
    for (;;) pause();
}

static void arrange(const char *name, int *children) {
    if (!strcmp(name, "unique")) {
        char *p = small_pages(1500);
        for (int i = 0; i < 1500; i++) fill(p + i * PAGE);
    } else if (!strcmp(name, "duplicates")) {
        char *p = small_pages(2000);
        for (int i = 0; i < 2000; i++) fill_as(p + i * PAGE, i % 300);
    } else if (!strcmp(name, "nearly")) {  // equal but for one bit, at every place of a page
        char *p = small_pages(1024);
        for (int i = 0; i < 1024; i++) {
            fill_as(p + i * PAGE, 7);
            if (i > 0) p[i * PAGE + i * 4 - 1] ^= 1 << (i % 8);
        }
    } else if (!strcmp(name, "zeros")) {
        char *p = small_pages(700);
        memset(p, 1, 700 * PAGE);
        memset(p, 0, 700 * PAGE);
    } else if (!strcmp(name, "zero-frame")) {  // read, never written: the kernel's zero page
        char *p = small_pages(400);
        volatile char sum = 0;
        for (int i = 0; i < 400; i++) sum += p[i * PAGE];
    } else if (!strcmp(name, "huge-zero-frame")) {
        char *p = map(3 * HUGE, 0);
        p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
        madvise(p, 2 * HUGE, MADV_HUGEPAGE);
        volatile char sum = p[0] + p[HUGE];
        (void)sum;
    } else if (!strcmp(name, "holes")) {
        char *p = small_pages(3000);
        for (int i = 0; i < 3000; i += 2) fill_as(p + i * PAGE, i % 100);
        madvise(p + 500 * PAGE, 100 * PAGE, MADV_DONTNEED);
    } else if (!strcmp(name, "huge")) {
        char *p = map(5 * HUGE, 0);
        p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
        madvise(p, 4 * HUGE, MADV_HUGEPAGE);
        for (int i = 0; i < 3 * 512; i++)
            if (i % 3 == 0) fill(p + i * PAGE);
            else if (i % 3 == 1) fill_as(p + i * PAGE, 1000 + i % 50);
    } else if (!strcmp(name, "reserve")) {  // 4 TiB mapped, 100 pages present
        char *p = map(4ul << 40, MAP_NORESERVE);
        madvise(p, 4ul << 40, MADV_NOHUGEPAGE);
        for (size_t i = 0; i < 100; i++) fill_as(p + i * (40ul << 30), i % 10);
    } else if (!strcmp(name, "private-file") || !strcmp(name, "shared-file")) {
        int shared = name[0] == 's';
        char path[] = "/tmp/samepage-layout-XXXXXX";
        int fd = mkstemp(path);
        unlink(path);
        if (ftruncate(fd, 400 * PAGE)) die("ftruncate");
        char *p = mmap(0, 400 * PAGE, PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
        volatile char sum = 0;
        for (int i = 0; i < 400; i++) sum += p[i * PAGE];
        for (int i = 0; i < 400; i += 4) fill_as(p + i * PAGE, i % 40);
        close(fd);
    } else if (!strcmp(name, "shared")) {
        int fd = memfd_create("guest-ram", 0);
        if (ftruncate(fd, 300 * PAGE)) die("ftruncate");
        char *p = mmap(0, 300 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        char *q = mmap(0, 300 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        char *r = mmap(0, 300 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        for (int i = 0; i < 300; i++) fill_as(p + i * PAGE, 5), fill_as(q + i * PAGE, 5);
        volatile char sum = 0;
        for (int i = 0; i < 300; i++) sum += r[i * PAGE];
        for (int i = 0; i < 50; i++) fill_as(r + i * PAGE, 6);
    } else if (!strcmp(name, "guard")) {
        char *p = small_pages(200);
        for (int i = 0; i < 200; i++) fill_as(p + i * PAGE, i % 20);
        madvise(p + 50 * PAGE, 50 * PAGE, MADV_GUARD_INSTALL);
    } else if (!strcmp(name, "protected")) {
        char *p = small_pages(120);
        for (int i = 0; i < 120; i++) fill_as(p + i * PAGE, i % 12);
        mprotect(p, 60 * PAGE, PROT_NONE);
        mprotect(p + 80 * PAGE, 20 * PAGE, PROT_READ);
    } else if (!strcmp(name, "locked")) {
        char *p = small_pages(64);
        for (int i = 0; i < 64; i++) fill_as(p + i * PAGE, i % 8);
        if (mlock(p, 64 * PAGE)) die("mlock");
    } else if (!strcmp(name, "hugetlb")) {
        char *p = mmap(0, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
        if (p == MAP_FAILED) die("mmap hugetlb");
        memset(p, 3, 2 * HUGE);
    } else if (!strcmp(name, "swapped")) {
        char *p = small_pages(600);
        for (int i = 0; i < 600; i++) fill_as(p + i * PAGE, i % 30);
        if (madvise(p, 300 * PAGE, MADV_PAGEOUT)) die("pageout");
    } else if (!strcmp(name, "fork")) {  // one child, sharing all but what either wrote afterwards
        char *p = small_pages(1000);
        for (int i = 0; i < 1000; i++) fill_as(p + i * PAGE, i % 250);
        pid_t child = fork_quiet();
        if (child == 0) {
            for (int i = 0; i < 200; i++) fill_as(p + i * PAGE, 2000 + i % 20);
            wait_forever();
        }
        for (int i = 900; i < 1000; i++) fill_as(p + i * PAGE, 3000);
        usleep(200000);
        printf("child %d\n", child);
        (*children)++;
    } else if (!strcmp(name, "changing")) {  // a child thread's worth of change: 50 of 500 pages for ever
        char *p = small_pages(500);
        for (int i = 0; i < 500; i++) fill_as(p + i * PAGE, i % 100);
        pid_t child = fork_quiet();
        if (child == 0) {
            for (int i = 0; i < 500; i++) p[i * PAGE] ^= 1;  // its own frames
            for (;;) {
                for (int i = 0; i < 50; i++) (*(volatile uint64_t *)(p + i * PAGE + 8))++;
                usleep(1000);
            }
        }
        usleep(200000);
        printf("child %d\n", child);
        (*children)++;
    } else {
        fprintf(stderr, "no layout %s\n", name);
        exit(2);
    }
}

int main(int count, char **names) {
    int children = 0;
    setvbuf(stdout, 0, _IOLBF, 0);
    for (int i = 1; i < count; i++) {
        if (!strncmp(names[i], "seed=", 5)) seed ^= strtoull(names[i] + 5, 0, 10) * 0x9E3779B97F4A7C15ull;
        else if (!strcmp(names[i], "advised")) advised = 1;
        else arrange(names[i], &children);
    }
    printf("ready\n");
    char end;
    while (read(0, &end, 1) == 1 && end != '\n') {}
    return 0;
}
