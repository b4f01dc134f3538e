/*
 * A member of two halves that hold the same, further apart than is looked at together: user_halves MODE PAGES ORDER MOST.
 * ORDER: "ordered", or "scattered": every other page is one that nobody else has. MOST: mappings that merging may take,
 * 0 for as many as usual. It never asks for a look. Prints "ready", then answers each line of input by
 * "merged PAGES damaged PAGES".
 */
#include "user_engine.h"

static size_t pages;
static int is_scattered;

static uint64_t content_of(size_t page)
{
    return is_scattered && page % 2 ? (1ul << 32) + page : 1 + page % pages;
}

int main(int count, char **argument)
{
    if (count != 5)
        return 2;
    engine_begin(argument[1]);
    pages = strtoul(argument[2], NULL, 10);
    is_scattered = !strcmp(argument[3], "scattered");
    char *memory = mmap(NULL, 2 * pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        target_fail("memory");
    for (size_t page = 0; page < 2 * pages; page++)
        content_write(memory + page * PAGE, content_of(page));
    /* The first advice joins; the limit must be there before there is anything to merge. */
    char *apart = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct samepage_limits limits = { .size = sizeof limits, .mappings_max = strtoul(argument[4], NULL, 10) };
    if (madvise(apart, PAGE, MADV_MERGEABLE) || engine.limits(&limits) || madvise(memory, 2 * pages * PAGE, MADV_MERGEABLE))
        target_fail("advice");
    puts("ready");
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        size_t damaged = 0;
        for (size_t page = 0; page < 2 * pages; page++)
            damaged += !content_is(memory + page * PAGE, content_of(page));
        printf("merged %lu damaged %zu\n", engine_statistics().merged_pages, damaged);
    }
    return 0;
}
