/*
 * A block: advised memory and, outside of it, a second copy of every byte that ought to be there. A third of its pages
 * are duplicates in runs, a third duplicates here and there, the rest unique, zero or never touched.
 */
#ifndef USER_BLOCK_H
#define USER_BLOCK_H

#include "user_engine.h"

struct block {
    char *base;
    char *shadow;
    size_t pages;
    size_t duplicates;
};

/* What a page of a block holds at first, the same in every process for the same seed. */
static inline uint64_t block_content(uint64_t seed, size_t page)
{
    uint64_t draw = (page / 3 + seed) * 0x9E3779B97F4A7C15u >> 33;
    if (page % 96 < 32)
        return 1 + page % 32 + seed % 8 * 32;
    switch (draw % 8) {
    case 0: return 0;
    case 1:
    case 2: return (seed + 2) << 24 | page;
    default: return 300 + draw % 97 + seed % 8 * 97;
    }
}

static inline void block_fill(struct block *block, uint64_t seed)
{
    block->duplicates = 0;
    for (size_t i = 0; i < block->pages; i++) {
        uint64_t content = block_content(seed, i);
        content_write(block->base + i * PAGE, content);
        block->duplicates += content > 0 && content < 1 << 20;
    }
    memcpy(block->shadow, block->base, block->pages * PAGE);
}

static inline void *map_anonymous(size_t pages)
{
    void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        target_fail("mmap");
    return memory;
}

static inline struct block block_make(size_t pages, uint64_t seed)
{
    char *base = map_anonymous(pages + HUGE / PAGE);
    base = (char *)(((uintptr_t)base + HUGE - 1) & ~(HUGE - 1));
    struct block block = { .base = base, .shadow = map_anonymous(pages), .pages = pages };
    madvise(block.base, pages * PAGE, seed % 2 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    block_fill(&block, seed);
    return block;
}

static inline void block_advise(const struct block *block)
{
    if (engine.mode == ENGINE_ABI ? engine.advise(block->base, block->pages * PAGE)
                                  : madvise(block->base, block->pages * PAGE, MADV_MERGEABLE))
        target_fail("advice");
}

/* Waits until a share of the duplicates is merged: a case proves nothing about memory that is not. */
static inline void block_await(const struct block *block, const char *when)
{
    if (engine.mode == ENGINE_PLAIN)
        return;
    size_t goal = block->duplicates * 9 / 10;
    size_t merged = engine_await(block->base, block->pages, goal, 20);
    printf("merged %zu of %zu duplicates %s\n", merged, block->duplicates, when);
    if (merged < goal)
        wrong("%s: only %zu of %zu duplicates are merged: %s", when, merged, block->duplicates, engine_reason());
    if (engine_statistics().merged_pages_total < merged)
        wrong("%s: the engine counts %lu merged pages, the page table %zu", when, engine_statistics().merged_pages_total, merged);
}

static inline struct block block_merged(size_t pages, uint64_t seed)
{
    struct block block = block_make(pages, seed);
    block_advise(&block);
    block_await(&block, "at first");
    return block;
}

/* Compares every byte with the second copy; gives the first page that differs, or -1. */
static inline long block_difference(const struct block *block)
{
    for (size_t i = 0; i < block->pages; i++)
        if (memcmp(block->base + i * PAGE, block->shadow + i * PAGE, PAGE))
            return (long)i;
    return -1;
}

static inline void block_check(const struct block *block, const char *when)
{
    long page = block_difference(block);
    if (page >= 0)
        wrong("%s: page %ld holds other bytes than were written", when, page);
}

/* Writes to some pages, in both copies. */
static inline void block_write(struct block *block, uint64_t seed, int writes)
{
    seed = seed * 0x9E3779B97F4A7C15u + 1;
    for (int i = 0; i < writes; i++) {
        size_t at = random_next(&seed) % (block->pages * PAGE);
        block->base[at] = block->shadow[at] = (char)(seed >> 40);
    }
}

#endif
