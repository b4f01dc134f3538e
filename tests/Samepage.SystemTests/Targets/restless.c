// A target that goes away under the eyes of a scanner. The word on the command line says how, the number how many
// pages it holds; it begins as soon as it has printed "ready", and goes on for ever where it can.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static char *filled(size_t pages) {
    char *p = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < pages; i++) *(uint64_t *)(p + i * PAGE) = i + 1;
    return p;
}

int main(int count, char **words) {
    if (count != 3) return 2;
    size_t pages = strtoul(words[2], 0, 10);
    char *p = filled(pages);
    printf("ready\n");
    fflush(stdout);
    if (!strcmp(words[1], "unmap")) {
        for (size_t round = 0;; round++) {
            size_t at = round % 64 * (pages / 64) * PAGE;
            munmap(p + at, pages / 64 * PAGE);
            usleep(100);
            mmap(p + at, pages / 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            memset(p + at, (int)round, pages / 64 * PAGE);
        }
    }

    // The others wait for a line: the test sends it when the scan is under way.
    char line;
    if (read(0, &line, 1) != 1) return 1;
    if (!strcmp(words[1], "exec")) {
        execlp("sleep", "sleep", "60", (char *)0);
        return 1;
    }

    return strcmp(words[1], "exit") == 0 ? 0 : 2;
}
