/*
 * Holds pages for the kernel to merge: holder none|process|region PAGES CONTENTS. "process" opts in by prctl, "region" by
 * madvise. Each line on standard input is "fill SEED", answered by "filled", "damage", which changes one bit, or "check";
 * the last two are answered by "intact" or "damaged".
 */
#include "target.h"
#include <stdint.h>
#include <sys/mman.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#define WORDS (4096 / sizeof(uint64_t))

static uint64_t *memory;
static size_t pages, contents;

/* Page by page the words that belong there, the same in every process: writes them, or says whether they are there. */
static int visit(uint64_t seed, int writes)
{
    int intact = 1;
    for (size_t page = 0; page < pages; page++) {
        uint64_t x = seed * 0x9E3779B97F4A7C15u + page % contents * 0xD1B54A32D192ED03u + 1;
        for (size_t word = page * WORDS; word < (page + 1) * WORDS; word++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            if (writes)
                memory[word] = x;
            intact &= memory[word] == x;
        }
    }
    return intact;
}

int main(int count, char **argument)
{
    target_begin();
    if (count != 4)
        return 2;
    pages = strtoul(argument[2], NULL, 10);
    contents = strtoul(argument[3], NULL, 10);
    memory = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        target_fail("mmap");
    madvise(memory, pages * 4096, MADV_NOHUGEPAGE);
    if (!strcmp(argument[1], "process") && prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
        target_fail("prctl");
    if (!strcmp(argument[1], "region") && madvise(memory, pages * 4096, MADV_MERGEABLE))
        target_fail("madvise");
    puts("ready");
    uint64_t seed = 0;
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        int fills = sscanf(line, "fill %lu", &seed) == 1;
        if (!strncmp(line, "damage", 6))
            memory[pages * WORDS / 2] ^= 1;
        int intact = visit(seed, fills);
        puts(fills ? "filled" : intact ? "intact" : "damaged");
    }
    return 0;
}
