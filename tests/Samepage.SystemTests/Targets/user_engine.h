/*
 * How a test program meets the user engine. The first argument of every such program says who merges:
 *
 *   plain    nobody: what each call means by itself, the reference
 *   preload  the engine, under libsamepage-preload.so; the program knows nothing but madvise(MADV_MERGEABLE)
 *   abi      the engine, through the calls of samepage.h; SAMEPAGE_TEST_LIBRARY names the library
 *   naive    the program itself, with bare system calls and nobody who guards the program's own calls: a merger as wrong
 *            as one can be that still gives right bytes at rest. The positive control of whoever checks.
 */
#ifndef USER_ENGINE_H
#define USER_ENGINE_H

#include "target.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <samepage.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#define PAGE_PRESENT (1ul << 63)
#define PAGE_SWAPPED (1ul << 62)
#define PAGE_OF_FILE (1ul << 61)

enum engine_mode { ENGINE_PLAIN, ENGINE_PRELOAD, ENGINE_ABI, ENGINE_NAIVE };

static struct {
    enum engine_mode mode;
    void *library;
    int pagemap;
    __typeof__(&samepage_domain_join) join;
    __typeof__(&samepage_domain_leave) leave;
    __typeof__(&samepage_range_advise) advise;
    __typeof__(&samepage_range_unadvise) unadvise;
    __typeof__(&samepage_range_discard) discard;
    __typeof__(&samepage_scan) scan;
    __typeof__(&samepage_statistics_read) statistics;
    __typeof__(&samepage_stalls_read) stalls;
    __typeof__(&samepage_limits_set) limits;
    __typeof__(&samepage_reason_text) reason;
    __typeof__(&samepage_hold) hold;
    __typeof__(&samepage_release) release;
} engine;

/* Ends the program with a line that says what is wrong. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("wrong ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
    _exit(1);
}

static inline void *engine_symbol(const char *name)
{
    void *symbol = dlsym(engine.library, name);
    if (!symbol)
        wrong("%s is missing: %s", name, dlerror());
    return symbol;
}

static inline void engine_open(const char *library)
{
    engine.library = dlopen(library, RTLD_NOW);
    if (!engine.library)
        wrong("dlopen: %s", dlerror());
    engine.join = engine_symbol("samepage_domain_join");
    engine.leave = engine_symbol("samepage_domain_leave");
    engine.advise = engine_symbol("samepage_range_advise");
    engine.unadvise = engine_symbol("samepage_range_unadvise");
    engine.discard = engine_symbol("samepage_range_discard");
    engine.scan = engine_symbol("samepage_scan");
    engine.statistics = engine_symbol("samepage_statistics_read");
    engine.stalls = engine_symbol("samepage_stalls_read");
    engine.limits = engine_symbol("samepage_limits_set");
    engine.reason = engine_symbol("samepage_reason_text");
    engine.hold = engine_symbol("samepage_hold");
    engine.release = engine_symbol("samepage_release");
}

/* Under the preload library the other one lies beside it: opened again, it is the same. */
static inline void engine_open_beside_preload(void)
{
    char path[4096];
    const char *preload = getenv("LD_PRELOAD");
    if (!preload || !strstr(preload, "samepage-preload") || strlen(preload) >= sizeof path)
        wrong("no preload library");
    strcpy(path, preload);
    char *slash = strrchr(path, '/');
    strcpy(slash ? slash + 1 : path, "libsamepage.so");
    engine_open(path);
}

static inline void engine_begin(const char *mode)
{
    target_begin();
    const char *modes[] = { "plain", "preload", "abi", "naive" };
    int index = 0;
    while (index < 4 && strcmp(mode, modes[index]))
        index++;
    if (index == 4)
        wrong("mode %s", mode);
    engine.mode = index;
    engine.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (engine.mode == ENGINE_PRELOAD)
        engine_open_beside_preload();
    if (engine.mode == ENGINE_ABI)
        engine_open(getenv("SAMEPAGE_TEST_LIBRARY"));
}

/* Page table entries of this process; a forked child has to open the file anew. */
static inline uint64_t page_entry(const void *address)
{
    uint64_t entry = 0;
    if (pread(engine.pagemap, &entry, 8, (uintptr_t)address / PAGE * 8) != 8)
        return 0;
    return entry;
}

/* Whether a page is still what its mapping's file holds: the program has no frame of its own there. */
static inline int is_of_file(uint64_t entry)
{
    return entry & PAGE_PRESENT ? (entry & PAGE_OF_FILE) != 0 : !(entry & PAGE_SWAPPED);
}

/*
 * Merged pages: those that lie on a mapping of a memory file and were not written since, in memory that the program
 * itself mapped anonymous. They need not be present before somebody looks at them.
 */
static inline size_t pages_merged(const char *base, size_t pages)
{
    size_t merged = 0;
    char line[512];
    uintptr_t first = (uintptr_t)base, last = first + pages * PAGE, start, end;
    FILE *file = fopen("/proc/self/maps", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx", &start, &end) != 2 || !strstr(line, " /memfd:"))
            continue;
        start = start > first ? start : first;
        end = end < last ? end : last;
        for (; start < end; start += PAGE)
            merged += is_of_file(page_entry((char *)start));
    }
    if (file)
        fclose(file);
    return merged;
}

static inline struct samepage_statistics engine_statistics(void)
{
    struct samepage_statistics statistics = { .size = sizeof statistics };
    int result = engine.statistics(&statistics);
    if (result < 0)
        wrong("samepage_statistics_read: %d", result);
    return statistics;
}

static inline const char *engine_reason(void)
{
    static char text[256];
    text[0] = 0;
    engine.reason(text, sizeof text);
    return text;
}

/* Has the engine look until so many pages of a range are merged; gives how many are, in the end. */
static inline size_t engine_await(const char *base, size_t pages, size_t goal, double seconds)
{
    double end = target_seconds() + seconds;
    size_t merged;
    while ((merged = pages_merged(base, pages)) < goal && target_seconds() < end) {
        engine.scan(1000);
        if (pages_merged(base, pages) < goal)
            usleep(2000);
    }
    return merged;
}

/* The words of a content, the same in every process. Content 0 is all zeros. */
static inline void content_write(void *page, uint64_t content)
{
    uint64_t x = content * 0x9E3779B97F4A7C15u + 0x2545F4914F6CDD1Du;
    for (size_t word = 0; word < PAGE / 8; word++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        ((uint64_t *)page)[word] = content ? x : 0;
    }
}

static inline int content_is(const void *page, uint64_t content)
{
    uint64_t expected[PAGE / 8];
    content_write(expected, content);
    return memcmp(page, expected, PAGE) == 0;
}

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/*
 * What mode "naive" does: one memory file with each content once, mapped privately over every page that holds it, and
 * holes for zero pages.
 */
static inline void naive_merge(char *base, size_t pages, const uint64_t *contents)
{
    int file = (int)syscall(SYS_memfd_create, "naive", 1);
    size_t slots = 0;
    uint64_t *slot_of = calloc(1 << 16, sizeof *slot_of);
    for (size_t i = 0; i < pages; i++) {
        if (contents[i] == 0) {
            syscall(SYS_madvise, base + i * PAGE, PAGE, MADV_DONTNEED);
            continue;
        }
        if (contents[i] >= 1 << 16)
            continue;
        uint64_t *slot = &slot_of[contents[i]];
        if (*slot == 0) {
            /* Not of pages that cannot be read. */
            if (pwrite(file, base + i * PAGE, PAGE, slots * PAGE) != (ssize_t)PAGE)
                continue;
            *slot = ++slots;
        }
        if ((void *)syscall(SYS_mmap, base + i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE,
                            file, (*slot - 1) * PAGE) == MAP_FAILED)
            target_fail("mmap");
    }
    free(slot_of);
    close(file);
}

#endif
