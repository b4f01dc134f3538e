// Holds memory to be read: memory HOW MIB. HOW is "huge" (2 MiB pages) or "scattered" (4 KiB pages whose frames lie in
// no order). Every page is unique. Prints its number when ready and waits to be ended.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)

int main(int count, char **words) {
    if (count != 3) return 2;
    size_t bytes = strtoul(words[2], 0, 10) << 20, pages = bytes / PAGE;
    int huge = !strcmp(words[1], "huge");
    char *p = mmap(0, bytes + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return 1;
    p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
    madvise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    uint64_t s = 88172645463325252ull ^ (uint64_t)getpid() << 32;
    for (size_t k = 0; k < pages; k++) {
        // 2654435761 is odd and so visits every page of a power of two once.
        size_t i = huge ? k : k * 2654435761ul % pages;
        uint64_t *page = (uint64_t *)(p + i * PAGE);
        for (int j = 0; j < 512; j++) {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            page[j] = s;
        }
    }
    printf("%d\n", getpid());
    fflush(stdout);
    pause();
}
