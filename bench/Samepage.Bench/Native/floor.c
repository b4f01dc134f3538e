// The floor under a scan: finds the present pages of a process with PAGEMAP_SCAN and copies them out with
// process_vm_readv, 256 pages a call into one buffer, and does nothing with them. floor PID
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096ul
#define BATCH 256ul

struct region { uint64_t start, end, categories; };
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t inverted, mask, anyof, ret;
};
#define SCAN _IOWR('f', 16, struct scan)
#define PRESENT (1 << 3)

static int pid, pagemap;
static char *buffer;
static struct iovec remote[BATCH];
static size_t ranges, gathered, pages_read;

static void flush(void) {
    struct iovec local = {buffer, gathered * PAGE};
    if (gathered == 0) return;
    ssize_t got = process_vm_readv(pid, &local, 1, remote, ranges, 0);
    if (got > 0) pages_read += got / PAGE;
    ranges = gathered = 0;
}

static void add(uint64_t start, uint64_t end) {
    while (start < end) {
        uint64_t take = (end - start) / PAGE;
        if (take > BATCH - gathered) take = BATCH - gathered;
        remote[ranges++] = (struct iovec){(void *)start, take * PAGE};
        gathered += take;
        start += take * PAGE;
        if (gathered == BATCH || ranges == BATCH) flush();
    }
}

static void walk(uint64_t start, uint64_t end) {
    struct region found[256];
    while (start < end) {
        struct scan s = {.size = sizeof s, .start = start, .end = end, .vec = (uint64_t)found, .vec_len = 256,
                         .mask = PRESENT, .ret = PRESENT};
        int n = ioctl(pagemap, SCAN, &s);
        if (n < 0) { perror("PAGEMAP_SCAN"); exit(1); }
        for (int i = 0; i < n; i++) add(found[i].start, found[i].end);
        start = n < 256 ? end : s.walk_end > found[n - 1].end ? s.walk_end : found[n - 1].end;
    }
    flush();
}

int main(int count, char **words) {
    if (count != 2) return 2;
    char path[64], line[512];
    pid = atoi(words[1]);
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    pagemap = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    if (pagemap < 0 || !maps) { perror(path); return 1; }
    char *p = mmap(0, 4ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffer = (char *)(((uintptr_t)p + (2ul << 20) - 1) & ~((2ul << 20) - 1));
    madvise(buffer, BATCH * PAGE, MADV_HUGEPAGE);
    while (fgets(line, sizeof line, maps)) {
        uint64_t start, end, inode;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, mode, &inode) == 4 && mode[3] == 'p' && inode == 0 &&
            start < 1ul << 47)
            walk(start, end);
    }
    printf("%zu\n", pages_read);
    return 0;
}
