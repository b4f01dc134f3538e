// Holds pages for ksmd: holder process|region PAGES SEED. Each line on standard input is a new seed to write them from.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

static void fill(uint64_t *words, long pages, uint64_t seed)
{
    for (long page = 0; page < pages; page++) {
        uint64_t x = seed * 0x9E3779B97F4A7C15u + (uint64_t)page * 0xD1B54A32D192ED03u + 1;
        for (int word = 0; word < 512; word++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            words[page * 512 + word] = x;
        }
    }
}

int main(int count, char **arguments)
{
    if (count != 4) {
        return 2;
    }

    long pages = atol(arguments[2]);
    size_t size = (size_t)pages * 4096;
    uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (words == MAP_FAILED || madvise(words, size, MADV_NOHUGEPAGE)) {
        return 1;
    }

    int refused = strcmp(arguments[1], "process") == 0
        ? prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0)
        : madvise(words, size, MADV_MERGEABLE);
    if (refused) {
        return 1;
    }

    fill(words, pages, (uint64_t)atol(arguments[3]));
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        fill(words, pages, (uint64_t)atol(line));
        puts("done");
        fflush(stdout);
    }

    return 0;
}
