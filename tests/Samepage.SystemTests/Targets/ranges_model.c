/*
 * Runs the table of ranges (src/Samepage.Native/ranges.c) against a model that keeps one line per page:
 * ranges_model SEED STEPS. The model is what the table means, without its cuts and joins. A second thread asks all the
 * time whether a range that is always advised is: what is read without a lock must never be half an edit.
 */
#include "target.h"
#include <pthread.h>
#include "ranges.h"

#define PAGES 600
#define ALWAYS PAGES /* one page behind, never edited */

struct page { int advised, excluded; uint32_t flags, changes; };

static struct page model[PAGES];
static struct range_tables tables;
static _Atomic int is_over;
static _Atomic long looks, misses;
static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void *look(void *unused)
{
    (void)unused;
    while (!is_over) {
        misses += !range_overlaps(&tables, ALWAYS, ALWAYS + 1);
        misses += range_overlaps(&tables, ALWAYS + 1, ALWAYS + 9);
        looks++;
    }
    return NULL;
}

static void model_edit(int edit, uint32_t start, uint32_t end, uint32_t flags, uint32_t changes)
{
    for (uint32_t i = start; i < end; i++) {
        struct page *page = &model[i];
        if (edit == RANGE_ADD && !page->advised)
            *page = (struct page){ 1, 0, flags, changes };
        if (!page->advised)
            continue;
        page->changes = changes;
        if (edit == RANGE_REMOVE)
            *page = (struct page){ 0 };
        if (edit == RANGE_EXCLUDE)
            page->excluded = 1;
        if (edit == RANGE_SET)
            page->flags |= flags;
        if (edit == RANGE_CLEAR)
            page->flags &= ~flags;
    }
}

static int compare(long step)
{
    const struct range_table *table = range_table_now(&tables);
    uint64_t behind = 0, advised = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct range_entry *entry = &table->entries[i];
        if (entry->start >= entry->end || entry->start < behind)
            return printf("failed order in step %ld\n", step), 0;
        if (i && entry->start == behind && entry[-1].is_excluded == entry->is_excluded && entry[-1].flags == entry->flags)
            return printf("failed join in step %ld\n", step), 0;
        behind = entry->end;
        advised += entry->is_excluded ? 0 : entry->end - entry->start;
        for (; at < entry->start && at < PAGES; at++)
            if (model[at].advised)
                return printf("failed: page %u lost in step %ld\n", at, step), 0;
        for (; at < entry->end && at < PAGES; at++) {
            struct page *page = &model[at];
            if (!page->advised || page->excluded != (int)entry->is_excluded || page->flags != entry->flags)
                return printf("failed: page %u in step %ld\n", at, step), 0;
            /* Joined pieces take the youngest change of any. */
            if ((int32_t)(entry->changes - page->changes) < 0)
                return printf("failed: change of page %u hidden in step %ld\n", at, step), 0;
        }
    }
    for (; at < PAGES; at++)
        if (model[at].advised)
            return printf("failed: page %u lost in step %ld\n", at, step), 0;
    if (advised != table->advised_bytes)
        return printf("failed: sum in step %ld\n", step), 0;
    for (int i = 0; i < 4; i++) {
        uint32_t start = draw(PAGES), end = start + 1 + draw(8), any = 0;
        for (uint32_t page = start; page < end && page < PAGES; page++)
            any |= (uint32_t)model[page].advised;
        any |= end > ALWAYS;
        if (range_overlaps(&tables, start, end) != (int)any)
            return printf("failed: overlap of %u in step %ld\n", start, step), 0;
    }
    return 1;
}

/* A table that is full refuses, excludes what it cannot cut, and never loses anything. */
static int full(void)
{
    static struct range_tables small;
    for (uint64_t i = 0; i < SAMEPAGE_RANGES_MAX; i++)
        if (range_edit(&small, RANGE_ADD, i * 10, i * 10 + 5, 0))
            return puts("failed: room"), 0;
    if (range_edit(&small, RANGE_ADD, 100000, 100005, 0) != -ENOMEM || range_table_now(&small)->count != SAMEPAGE_RANGES_MAX)
        return puts("failed: refusal"), 0;
    if (range_edit(&small, RANGE_REMOVE, 12, 13, 0) != -ENOMEM || !range_overlaps(&small, 12, 13))
        return puts("failed: cut"), 0;
    if (!range_table_now(&small)->entries[1].is_excluded || range_table_now(&small)->entries[2].is_excluded)
        return puts("failed: exclusion"), 0;
    return range_edit(&small, RANGE_REMOVE, 20, 25, 0) == 0 && !range_overlaps(&small, 20, 25);
}

int main(int count, char **argument)
{
    pthread_t looker;
    target_begin();
    if (count != 3)
        return 2;
    state = strtoull(argument[1], NULL, 10);
    long steps = strtol(argument[2], NULL, 10);
    range_edit(&tables, RANGE_ADD, ALWAYS, ALWAYS + 1, 64);
    pthread_create(&looker, NULL, look, NULL);
    for (long step = 0; step < steps; step++) {
        int edit = (int)draw(6);
        uint32_t start = draw(PAGES), end = start + 1 + draw(draw(4) ? 20 : PAGES), flags = 1u << draw(3);
        end = end > PAGES ? PAGES : end;
        if (edit == RANGE_ADD && draw(3))
            flags = 0;
        if (range_edit(&tables, edit, start, end, flags))
            return puts("failed: no room"), 1;
        model_edit(edit, start, end, flags, tables.changes);
        if (!compare(step))
            return 1;
    }
    is_over = 1;
    pthread_join(looker, NULL);
    if (misses || !full())
        return printf("failed: %ld of %ld looks\n", (long)misses, (long)looks), 1;
    printf("ok %ld steps, %ld looks\n", steps, (long)looks);
    return 0;
}
