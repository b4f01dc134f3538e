/*
 * Twins: two stretches of memory with the same contents, of which one is merged. Whatever a program does to both must
 * have the same results, give both the same mappings and leave the same bytes; the other twin is the shadow model, and
 * the kernel itself says what each call means.
 *
 * A stretch is part duplicates, part zeros, part unique, part never touched, and part duplicates that are written after
 * the merge. Duplicates have contents below 2^16, unique pages above.
 */
#ifndef USER_TWIN_H
#define USER_TWIN_H

#include "user_engine.h"
#include <setjmp.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define TWIN_PAGES 1237ul
#define TWIN_SIZE (TWIN_PAGES * PAGE)
#define SIZE_BEHIND (16 * PAGE)
#define TWIN_FAR (64ul << 20) /* from the stretch to where scenarios move things */
#define TWIN_ROOM (128ul << 20)
#define TWIN_HOMES { 0x100000000000ul, 0x110000000000ul }
#define RECORDS 4096
#define PIECES 4096

enum page_kind { KIND_DUPLICATE, KIND_ZERO, KIND_UNIQUE, KIND_UNTOUCHED, KIND_LATE };

struct twin {
    char *base;
    int is_merged;
    int argument;
    size_t count;
    struct {
        const char *what;
        long value;
    } records[RECORDS];
};

/* One mapping of this process. */
struct piece {
    uintptr_t start, end;
    char access[5];
    char flags[96];
};

struct scenario {
    const char *name;
    void (*before)(struct twin *); /* before the stretch is filled and advised */
    void (*after)(struct twin *);  /* after it was merged and partly written again */
    int argument;
    int is_lazy;     /* pages may be zeros where the twin's are not: MADV_FREE */
    int is_unmerged; /* what comes before may keep the stretch from being merged */
};

static struct twin twins[2];
static uint64_t contents[TWIN_PAGES];
static unsigned char kinds[TWIN_PAGES];
static int twin_is_huge;
static int twin_differences;
static sigjmp_buf twin_escape;
static volatile sig_atomic_t twin_is_guarded;

/* Notes what a call gave: the twins' notes must be alike. */
static inline void note(struct twin *twin, const char *what, long value)
{
    if (twin->count == RECORDS)
        wrong("too many notes");
    twin->records[twin->count].what = what;
    twin->records[twin->count++].value = value;
}

#define CALL(twin, call) do { errno = 0; long result_ = (long)(call); note(twin, #call, result_ == -1 ? -errno : result_); } while (0)
/* For calls that give an address: noted relative to the stretch. */
#define PLACE(twin, call) do { errno = 0; char *place_ = (char *)(call); \
    note(twin, #call, place_ == MAP_FAILED ? -errno : place_ - (twin)->base); } while (0)

static inline void twin_on_fault(int signal)
{
    if (!twin_is_guarded) {
        printf("wrong signal %d\n", signal);
        _exit(1);
    }
    siglongjmp(twin_escape, signal);
}

/* Copies a page as an ordinary load does it: 0, or the signal that it raised. */
static inline int load(void *to, const char *page)
{
    int signal = sigsetjmp(twin_escape, 1);
    if (signal == 0) {
        twin_is_guarded = 1;
        memcpy(to, page, PAGE);
    }
    twin_is_guarded = 0;
    return signal;
}

static inline int store(char *address, char value)
{
    int signal = sigsetjmp(twin_escape, 1);
    if (signal == 0) {
        twin_is_guarded = 1;
        *(volatile char *)address = value;
    }
    twin_is_guarded = 0;
    return signal;
}

static inline void twin_guard(void)
{
    struct sigaction action = { .sa_handler = twin_on_fault, .sa_flags = SA_NODEFER };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* What a process sees of a stretch: every page's bytes, or the signal, in 64 bits. Leaves its mark on every page. */
static inline uint64_t twin_view(struct twin *twin)
{
    uint64_t digest = 0xCBF29CE484222325u;
    static char page[PAGE];
    for (size_t offset = 0; offset < TWIN_SIZE + SIZE_BEHIND; offset += PAGE) {
        int signal = load(page, twin->base + offset);
        for (size_t word = 0; word < (signal ? 1 : PAGE / 8); word++)
            digest = (digest ^ (signal ? (uint64_t)signal : ((uint64_t *)page)[word])) * 0x100000001B3u;
        if (!signal)
            store(twin->base + offset, 'c');
    }
    return digest;
}

/* Forks by a call of the caller's choice, and notes what the child sees. */
static inline void note_child(struct twin *twin, const char *what, long (*fork_by)(void))
{
    int ends[2];
    uint64_t digest = 0;
    if (pipe(ends))
        target_fail("pipe");
    long child = fork_by();
    if (child == 0) {
        digest = twin_view(twin);
        _exit(write(ends[1], &digest, 8) != 8);
    }
    close(ends[1]);
    ssize_t got = child > 0 ? read(ends[0], &digest, 8) : -1;
    close(ends[0]);
    int status = -1;
    if (child > 0)
        waitpid((pid_t)child, &status, 0);
    note(twin, what, got == 8 && status == 0 ? (long)digest : -1);
}

/* What is where, in sections of random length; the same in every run. */
static inline void twin_plan(uint64_t seed)
{
    const unsigned char shares[] = { KIND_DUPLICATE, KIND_DUPLICATE, KIND_DUPLICATE, KIND_DUPLICATE, KIND_ZERO, KIND_UNIQUE,
                                     KIND_UNIQUE, KIND_UNTOUCHED, KIND_LATE };
    uint64_t family = 1 + seed / 8 % 64 * 173;
    seed = seed * 0x9E3779B97F4A7C15u + 1;
    for (size_t i = 0; i < TWIN_PAGES;) {
        unsigned char kind = shares[random_next(&seed) % sizeof shares];
        for (size_t length = 1 + random_next(&seed) % 40; length > 0 && i < TWIN_PAGES; length--, i++) {
            kinds[i] = kind;
            contents[i] = kind == KIND_DUPLICATE || kind == KIND_LATE ? family + i % 173
                : kind == KIND_UNIQUE ? (1 << 20) + (random_next(&seed) >> 40) * 4096 + i : 0;
        }
    }
}

static inline size_t twin_duplicates(void)
{
    size_t count = 0;
    for (size_t i = 0; i < TWIN_PAGES; i++)
        count += kinds[i] == KIND_DUPLICATE || kinds[i] == KIND_LATE;
    return count;
}

static inline void twin_fill(struct twin *twin)
{
    for (size_t i = 0; i < TWIN_PAGES; i++) {
        if (kinds[i] == KIND_UNTOUCHED)
            continue;
        /* What a scenario has made read-only before stays as it is. */
        if (store(twin->base + i * PAGE, 1) == 0)
            content_write(twin->base + i * PAGE, contents[i]);
    }
}

static inline void twin_write_late(struct twin *twin)
{
    for (size_t i = 0; i < TWIN_PAGES; i++)
        if (kinds[i] == KIND_LATE)
            store(twin->base + i * PAGE + i * 37 % PAGE, (char)i);
}

static inline size_t pieces_read(struct piece *pieces, uintptr_t start, uintptr_t end)
{
    size_t count = 0;
    char line[512];
    int is_inside = 0;
    FILE *file = fopen("/proc/self/smaps", "r");
    while (fgets(line, sizeof line, file)) {
        uintptr_t from, to;
        char access[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, access) == 3 && strchr(line, '-') < strchr(line, ' ')) {
            is_inside = from < end && to > start;
            if (is_inside && count < PIECES) {
                pieces[count] = (struct piece){ .start = from, .end = to };
                strcpy(pieces[count++].access, access);
            }
        } else if (is_inside && !strncmp(line, "VmFlags:", 8)) {
            /* Only flags that mean something to the program. */
            const char *known[] = { "mr", "mw", "me", "lo", "dc", "dd", "wf", "uw", "sh" };
            for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
                char word[8];
                snprintf(word, sizeof word, " %s", known[i]);
                if (strstr(line, word))
                    strcat(pieces[count - 1].flags, word);
            }
        }
    }
    fclose(file);
    return count;
}

static inline const struct piece *piece_at(const struct piece *pieces, size_t count, uintptr_t address)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (pieces[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && pieces[low].start <= address ? &pieces[low] : NULL;
}

__attribute__((format(printf, 3, 4)))
static inline void differs(const char *scenario, const char *when, const char *format, ...)
{
    if (++twin_differences > 8)
        return;
    va_list arguments;
    va_start(arguments, format);
    printf("differs %s%s %s: ", scenario, twin_is_huge ? " (huge)" : "", when);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

/* Bytes of a page as a debugger sees them, also where the program itself may not. */
static inline int peek(void *to, const char *page)
{
    static int memory = -1;
    if (memory < 0)
        memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    return pread(memory, to, PAGE, (off_t)(uintptr_t)page) == (ssize_t)PAGE ? 0 : errno;
}

/* What was given up may be zeros, sooner or later; what was written since is not. */
static inline int is_given_up(const char *left, const char *right)
{
    for (size_t i = 0; i < PAGE; i++)
        if (left[i] != right[i] && left[i] != 0)
            return 0;
    return 1;
}

static inline void twin_compare_page(const struct scenario *scenario, const char *when, size_t offset, int is_readable)
{
    static char left[PAGE], right[PAGE];
    char *one = twins[0].base + offset, *two = twins[1].base + offset;
    int first = is_readable ? load(left, one) : peek(left, one);
    int second = is_readable ? load(right, two) : peek(right, two);
    long page = (long)offset / (long)PAGE;
    if (first != second)
        differs(scenario->name, when, "page %ld: %s %d with merging, %d without", page, is_readable ? "signal" : "errno", first, second);
    else if (first == 0 && memcmp(left, right, PAGE) != 0) {
        int is_zero = left[0] == 0 && memcmp(left, left + 1, PAGE - 1) == 0;
        if (!(scenario->is_lazy && is_given_up(left, right)))
            differs(scenario->name, when, "page %ld (kind %d): other bytes than without merging%s", page,
                    page >= 0 && page < (long)TWIN_PAGES ? kinds[page] : -1, is_zero ? " (zeros)" : "");
    }
}

/* While the engine merges, its userfaultfd shows for a moment; it may not stay. */
static inline size_t twin_pieces(struct piece *pieces, const struct twin *twin)
{
    for (int left = 500;; usleep(1000)) {
        size_t count = pieces_read(pieces, (uintptr_t)twin->base - HUGE, (uintptr_t)twin->base + TWIN_ROOM);
        size_t open = 0;
        for (size_t i = 0; i < count; i++)
            open += strstr(pieces[i].flags, " uw") != NULL;
        if (!open || !--left)
            return count;
    }
}

/* Compares mappings and bytes of both, from a little before the stretch to where scenarios move things. */
static inline void twin_compare(const struct scenario *scenario, const char *when)
{
    static struct piece pieces[2][PIECES];
    size_t counts[2];
    for (int k = 0; k < 2; k++)
        counts[k] = twin_pieces(pieces[k], &twins[k]);
    for (size_t i = 0; i < twins[0].count || i < twins[1].count; i++) {
        const char *what = i < twins[0].count ? twins[0].records[i].what : twins[1].records[i].what;
        if (i >= twins[0].count || i >= twins[1].count || twins[0].records[i].value != twins[1].records[i].value)
            differs(scenario->name, when, "%s gave %ld with merging, %ld without", what, twins[0].records[i].value, twins[1].records[i].value);
    }
    const size_t spans[][2] = { { -HUGE, TWIN_SIZE * 2 + HUGE }, { TWIN_FAR, TWIN_FAR + TWIN_SIZE * 2 } };
    for (int span = 0; span < 2; span++)
        for (size_t offset = spans[span][0]; offset != spans[span][1]; offset += PAGE) {
            const struct piece *one = piece_at(pieces[0], counts[0], (uintptr_t)twins[0].base + offset);
            const struct piece *two = piece_at(pieces[1], counts[1], (uintptr_t)twins[1].base + offset);
            if (!one && !two)
                continue;
            long page = (long)offset / (long)PAGE;
            if (!one || !two)
                differs(scenario->name, when, "page %ld is mapped only %s merging", page, one ? "with" : "without");
            else if (strcmp(one->access, two->access) || strcmp(one->flags, two->flags))
                differs(scenario->name, when, "page %ld is %s%s with merging, %s%s without", page, one->access, one->flags, two->access, two->flags);
            else
                twin_compare_page(scenario, when, offset, one->access[0] == 'r');
        }
}

/* Maps, fills and advises both, and waits until the first is merged. */
static inline void twin_arrange(const struct scenario *scenario, uint64_t seed)
{
    const uintptr_t homes[] = TWIN_HOMES;
    twin_plan(seed);
    for (int k = 0; k < 2; k++) {
        struct twin *twin = &twins[k];
        *twin = (struct twin){ .base = (char *)homes[k] + HUGE, .is_merged = k == 0, .argument = scenario->argument };
        if (mmap(twin->base, TWIN_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != twin->base)
            target_fail("mmap");
        madvise(twin->base, TWIN_SIZE, twin_is_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        if (scenario->before)
            scenario->before(twin);
        twin_fill(twin);
    }
    int result = 0;
    if (engine.mode == ENGINE_ABI)
        result = engine.advise(twins[0].base, TWIN_SIZE);
    else if (madvise(twins[0].base, TWIN_SIZE, MADV_MERGEABLE))
        result = errno;
    if (result && !scenario->is_unmerged)
        wrong("%s: advice refused: %d", scenario->name, result);
    if (engine.mode == ENGINE_NAIVE)
        naive_merge(twins[0].base, TWIN_PAGES, contents);
    if (engine.mode != ENGINE_PLAIN && !scenario->is_unmerged) {
        size_t goal = twin_duplicates() * 9 / 10;
        size_t merged = engine.mode == ENGINE_NAIVE ? goal : engine_await(twins[0].base, TWIN_PAGES, goal, 20);
        if (merged < goal)
            wrong("%s%s: only %zu of %zu duplicates were merged: %s", scenario->name, twin_is_huge ? " (huge)" : "", merged,
                  twin_duplicates(), engine_reason());
    }
}

static inline void twin_clear(void)
{
    for (int k = 0; k < 2; k++) {
        munlock(twins[k].base, TWIN_SIZE);
        munmap(twins[k].base - HUGE, TWIN_ROOM);
    }
}

/* Life goes on: both are written here and there once more, and looked at by the engine once more. */
static inline void twin_go_on(const struct scenario *scenario, uint64_t seed)
{
    seed = seed * 0xD1B54A32D192ED03u + 1;
    for (int i = 0; i < 200; i++) {
        size_t offset = random_next(&seed) % (TWIN_SIZE * 2);
        if (i % 4 == 0)
            offset += TWIN_FAR;
        for (int k = 0; k < 2; k++)
            note(&twins[k], "store", store(twins[k].base + offset, (char)i));
    }
    if (engine.mode == ENGINE_PRELOAD || engine.mode == ENGINE_ABI)
        engine.scan(1000);
    twin_compare(scenario, "later");
}

/* Runs one scenario on memory of one kind; "plant" damages the merged twin on purpose. Gives whether both were alike. */
static inline int twin_run(const struct scenario *scenario, uint64_t seed, const char *plant)
{
    twin_differences = 0;
    twin_arrange(scenario, seed);
    for (int k = 0; k < 2; k++)
        twin_write_late(&twins[k]);
    twin_compare(scenario, "before");
    for (int k = 0; k < 2; k++)
        if (scenario->after)
            scenario->after(&twins[k]);
    if (!strcmp(plant, "bit"))
        twins[0].base[5 * PAGE + 1234] ^= 4;
    if (!strcmp(plant, "zeros"))
        syscall(SYS_madvise, twins[0].base, TWIN_SIZE, MADV_DONTNEED);
    if (!strcmp(plant, "access"))
        mprotect(twins[0].base + 5 * PAGE, PAGE, PROT_READ);
    if (!strcmp(plant, "mapped"))
        munmap(twins[0].base + 5 * PAGE, PAGE);
    if (!strcmp(plant, "result"))
        twins[0].records[0].value ^= 1;
    twin_compare(scenario, "after");
    twin_go_on(scenario, seed);
    twin_clear();
    return twin_differences == 0;
}

/*
 * Known to differ under the preload library: where the program has marked single pages of a chunk, a mark may be missing
 * from, or be on, a neighbour after pages were returned. Every difference is still printed, and said aloud to be one.
 */
static inline int twin_is_known(const char *name)
{
    static const char *const names[] = { "MADV_DONTDUMP one by one", "MADV_DONTFORK one by one", "dontfork, mremap" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return engine.mode == ENGINE_PRELOAD;
    return 0;
}

/* Runs every scenario on small and on huge pages; prints "done COUNT", or what differs and then "failed COUNT". */
static inline int twin_main(int count, char **argument, const struct scenario *scenarios, size_t number)
{
    if (count < 2)
        return 2;
    engine_begin(argument[1]);
    const char *only = count > 2 ? argument[2] : "", *plant = count > 3 ? argument[3] : "";
    twin_guard();
    size_t done = 0, failed = 0;
    for (size_t i = 0; i < number; i++)
        for (twin_is_huge = 0; twin_is_huge < 2; twin_is_huge++)
            if (!strncmp(scenarios[i].name, only, strlen(only))) {
                int is_alike = twin_run(&scenarios[i], i * 2 + twin_is_huge, plant);
                done++;
                failed += !is_alike && !twin_is_known(scenarios[i].name);
                if (!is_alike)
                    printf("%s %s\n", twin_is_known(scenarios[i].name) ? "known to be unlike:" : "unlike", scenarios[i].name);
            }
    if (engine.mode == ENGINE_PRELOAD || engine.mode == ENGINE_ABI) {
        struct samepage_statistics all = engine_statistics();
        printf("merged %lu pages, %lu zero pages, in %lu windows; %lu came back\n", all.merged_pages_total, all.zero_pages_total,
               all.windows_total, all.returned_pages_total);
        if (done > 0 && all.merged_pages_total == 0)
            wrong("the engine counts no merged page");
    }
    printf("%s %zu of %zu\n", failed ? "failed" : "done", failed ? failed : done, done);
    return failed != 0;
}

#endif
