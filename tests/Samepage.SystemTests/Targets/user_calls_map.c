/* munmap, mmap, mremap and mprotect over merged memory: user_calls_map MODE [SCENARIO [PLANT]]. See user_twin.h. */
#include "user_twin.h"

#define AT(page) (t->base + (page) * PAGE)
#define SIZE(pages) ((pages) * PAGE)
#define RW (PROT_READ | PROT_WRITE)
#define FAR (t->base + TWIN_FAR)

/* munmap */
static void unmap_whole(struct twin *t) { CALL(t, munmap(t->base, TWIN_SIZE)); }
static void unmap_first(struct twin *t) { CALL(t, munmap(t->base, SIZE(300))); }
static void unmap_last(struct twin *t) { CALL(t, munmap(AT(700), TWIN_SIZE - SIZE(700))); }
static void unmap_middle(struct twin *t) { CALL(t, munmap(AT(400), SIZE(333))); }
static void unmap_across(struct twin *t)
{
    CALL(t, munmap(AT(512), SIZE(1)));
    CALL(t, munmap(AT(500), SIZE(30)));
    CALL(t, munmap(t->base - HUGE / 2, HUGE));
    CALL(t, munmap(AT(1000), SIZE(4000)));
}
static void unmap_single_pages(struct twin *t)
{
    for (size_t page = 1; page < TWIN_PAGES; page += 97)
        CALL(t, munmap(AT(page), SIZE(1)));
}
static void unmap_and_map_again(struct twin *t)
{
    CALL(t, munmap(AT(100), SIZE(700)));
    PLACE(t, mmap(AT(150), SIZE(500), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
}
static void unmap_wrongly(struct twin *t)
{
    CALL(t, munmap(AT(1) + 5, SIZE(1)));
    CALL(t, munmap(AT(1), 0));
    CALL(t, munmap(AT(1), -SIZE(1)));
    CALL(t, munmap(AT(3), SIZE(1) + 5));
}

/* mmap over it */
static void map_anonymous_over(struct twin *t)
{
    PLACE(t, mmap(AT(200), SIZE(400), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}
static void map_nothing_over(struct twin *t)
{
    PLACE(t, mmap(AT(200), SIZE(400), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
    CALL(t, mprotect(AT(300), SIZE(100), RW));
}
static void map_file_over(struct twin *t)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    PLACE(t, mmap(AT(200), SIZE(4), RW, MAP_PRIVATE | MAP_FIXED, file, 0));
    close(file);
}
static void map_no_replace(struct twin *t)
{
    PLACE(t, mmap(AT(200), SIZE(4), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    PLACE(t, mmap(t->base - PAGE, SIZE(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    PLACE(t, mmap(AT(TWIN_PAGES), SIZE(9), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
}
static void map_shared_over(struct twin *t)
{
    PLACE(t, mmap(AT(512), SIZE(40), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

/* mremap */
static void move_shrink(struct twin *t) { PLACE(t, mremap(t->base, TWIN_SIZE, SIZE(600), 0)); }
static void move_grow_in_place(struct twin *t) { PLACE(t, mremap(t->base, TWIN_SIZE, TWIN_SIZE + SIZE(300), 0)); }
static void move_grow_last_part(struct twin *t) { PLACE(t, mremap(AT(1200), SIZE(37), SIZE(137), 0)); }
static void move_grow_without_room(struct twin *t) { PLACE(t, mremap(AT(100), SIZE(100), SIZE(200), 0)); }
static void block(struct twin *t)
{
    mmap(AT(TWIN_PAGES), PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}
static void move_grow_anywhere(struct twin *t)
{
    char *there = mremap(t->base, TWIN_SIZE, TWIN_SIZE + SIZE(300), MREMAP_MAYMOVE);
    note(t, "moved", there == MAP_FAILED ? -errno : there != t->base);
    if (there != MAP_FAILED)
        PLACE(t, mremap(there, TWIN_SIZE + SIZE(300), TWIN_SIZE + SIZE(300), MREMAP_MAYMOVE | MREMAP_FIXED, FAR));
}
static void move_whole(struct twin *t) { PLACE(t, mremap(t->base, TWIN_SIZE, TWIN_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, FAR)); }
static void move_part(struct twin *t) { PLACE(t, mremap(AT(100), SIZE(500), SIZE(500), MREMAP_MAYMOVE | MREMAP_FIXED, FAR)); }
static void move_single_page(struct twin *t)
{
    for (size_t page = 3; page < TWIN_PAGES; page += 111)
        PLACE(t, mremap(AT(page), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, FAR + page * PAGE));
}
static void move_and_grow(struct twin *t) { PLACE(t, mremap(AT(10), SIZE(200), SIZE(900), MREMAP_MAYMOVE | MREMAP_FIXED, FAR)); }
static void move_and_shrink(struct twin *t) { PLACE(t, mremap(AT(10), SIZE(700), SIZE(50), MREMAP_MAYMOVE | MREMAP_FIXED, FAR)); }
static void move_there_and_back(struct twin *t)
{
    move_whole(t);
    PLACE(t, mremap(FAR, TWIN_SIZE, TWIN_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, t->base));
}
static void move_and_advise(struct twin *t)
{
    move_whole(t);
    if (t->is_merged)
        madvise(FAR, TWIN_SIZE, MADV_MERGEABLE);
}
static void move_over_it(struct twin *t)
{
    char *other = mmap(FAR, SIZE(300), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    memset(other, 9, SIZE(300));
    PLACE(t, mremap(other, SIZE(300), SIZE(300), MREMAP_MAYMOVE | MREMAP_FIXED, AT(450)));
}
static void move_within(struct twin *t) { PLACE(t, mremap(AT(100), SIZE(200), SIZE(200), MREMAP_MAYMOVE | MREMAP_FIXED, AT(800))); }
static void move_keeping(struct twin *t)
{
    PLACE(t, mremap(t->base, TWIN_SIZE, TWIN_SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, FAR));
}
static void move_part_keeping(struct twin *t)
{
    PLACE(t, mremap(AT(100), SIZE(500), SIZE(500), MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, FAR));
}
static void move_wrongly(struct twin *t)
{
    PLACE(t, mremap(AT(1) + 1, PAGE, PAGE, MREMAP_MAYMOVE));
    PLACE(t, mremap(AT(1), 0, PAGE, MREMAP_MAYMOVE));
    PLACE(t, mremap(AT(1), PAGE, 0, MREMAP_MAYMOVE));
    PLACE(t, mremap(AT(1), SIZE(9), SIZE(9), MREMAP_FIXED, FAR));
    PLACE(t, mremap(AT(1), SIZE(9), SIZE(9), MREMAP_MAYMOVE | MREMAP_FIXED, AT(5)));
    PLACE(t, mremap(AT(1), SIZE(9), SIZE(10), MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
}
static void move_with_hole(struct twin *t)
{
    CALL(t, munmap(AT(300), SIZE(10)));
    PLACE(t, mremap(AT(200), SIZE(200), SIZE(300), MREMAP_MAYMOVE));
}

/* mprotect */
static void poke(struct twin *t, size_t page, char value)
{
    int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    CALL(t, pwrite(memory, &value, 1, (off_t)(uintptr_t)AT(page) + 100));
    close(memory);
}
static void protect_read(struct twin *t)
{
    CALL(t, mprotect(t->base, TWIN_SIZE, PROT_READ));
    for (size_t page = 0; page < TWIN_PAGES; page += 50)
        note(t, "store", store(AT(page), 1));
    for (size_t page = 0; page < TWIN_PAGES; page += 60)
        poke(t, page, 33);
}
static void protect_read_part(struct twin *t) { CALL(t, mprotect(AT(77), SIZE(900), PROT_READ)); }
static void protect_none(struct twin *t)
{
    char page[PAGE];
    CALL(t, mprotect(AT(50), SIZE(1000), PROT_NONE));
    for (size_t i = 50; i < 1050; i += 25)
        note(t, "load", load(page, AT(i)));
    for (size_t i = 60; i < 1050; i += 25)
        poke(t, i, 44);
    CALL(t, mprotect(AT(60), SIZE(700), RW));
}
static void protect_none_and_discard(struct twin *t)
{
    CALL(t, mprotect(AT(50), SIZE(1000), PROT_NONE));
    CALL(t, madvise(AT(200), SIZE(300), MADV_DONTNEED));
    CALL(t, munmap(AT(700), SIZE(20)));
    CALL(t, mprotect(AT(50), SIZE(600), RW));
}
static void protect_back(struct twin *t)
{
    protect_none(t);
    CALL(t, mprotect(t->base, TWIN_SIZE, RW));
}
static void protect_execute(struct twin *t)
{
    CALL(t, mprotect(AT(100), SIZE(600), PROT_READ | PROT_EXEC));
    CALL(t, mprotect(AT(800), SIZE(100), RW | PROT_EXEC));
}
static void protect_every_other(struct twin *t)
{
    for (size_t page = 0; page < 400; page += 2)
        CALL(t, mprotect(AT(page), PAGE, PROT_READ));
}
static void protect_across(struct twin *t)
{
    CALL(t, mprotect(AT(1000), TWIN_SIZE, PROT_READ));
    CALL(t, mprotect(AT(1) + 1, PAGE, PROT_READ));
}
static void protect_by_key(struct twin *t)
{
    CALL(t, syscall(SYS_pkey_mprotect, AT(700), SIZE(100), PROT_READ, -1));
    CALL(t, pkey_mprotect(AT(200), SIZE(400), PROT_READ, -1));
    CALL(t, pkey_mprotect(AT(800), SIZE(100), PROT_NONE, -1));
    int key = pkey_alloc(0, 0);
    note(t, "pkey_alloc", key < 0 ? -1 : 0);
    if (key >= 0) {
        CALL(t, pkey_mprotect(t->base, TWIN_SIZE, RW, key));
        CALL(t, pkey_mprotect(t->base, TWIN_SIZE, RW, 0));
        pkey_free(key);
    }
}
/* What was said of the memory stays true while it is taken back, moved or given up. */
static void take_back(struct twin *t)
{
    if (t->is_merged && (engine.mode == ENGINE_PRELOAD || engine.mode == ENGINE_ABI))
        engine.scan(1000);
    CALL(t, madvise(t->base, TWIN_SIZE, MADV_UNMERGEABLE));
    if (t->is_merged && engine.mode != ENGINE_NAIVE)
        note(t, "still merged", (long)pages_merged(t->base, TWIN_PAGES));
    else
        note(t, "still merged", 0);
}
static void protect_and_take_back(struct twin *t)
{
    CALL(t, mprotect(AT(50), SIZE(500), PROT_READ));
    CALL(t, mprotect(AT(700), SIZE(300), PROT_NONE));
    take_back(t);
}
static void protect_and_move(struct twin *t)
{
    CALL(t, mprotect(AT(50), SIZE(500), PROT_READ));
    PLACE(t, mremap(AT(60), SIZE(400), SIZE(400), MREMAP_MAYMOVE | MREMAP_FIXED, FAR));
    CALL(t, mprotect(AT(700), SIZE(300), PROT_NONE));
    PLACE(t, mremap(AT(710), SIZE(200), SIZE(250), MREMAP_MAYMOVE | MREMAP_FIXED, FAR + SIZE(600)));
    CALL(t, mprotect(FAR + SIZE(600), SIZE(250), RW));
}
static void lock_and_take_back(struct twin *t)
{
    CALL(t, mlock(AT(50), SIZE(500)));
    take_back(t);
}
static void withhold_and_take_back(struct twin *t)
{
    CALL(t, madvise(AT(50), SIZE(500), MADV_DONTFORK));
    CALL(t, madvise(AT(300), SIZE(500), MADV_DONTDUMP));
    take_back(t);
}
static void withhold_and_move(struct twin *t)
{
    CALL(t, madvise(AT(50), SIZE(500), MADV_DONTFORK));
    CALL(t, madvise(AT(300), SIZE(500), MADV_DONTDUMP));
    PLACE(t, mremap(AT(100), SIZE(100), SIZE(100), MREMAP_MAYMOVE | MREMAP_FIXED, FAR));
    PLACE(t, mremap(AT(600), SIZE(100), SIZE(100), MREMAP_MAYMOVE | MREMAP_FIXED, FAR + SIZE(300)));
}
static void withhold_and_discard(struct twin *t)
{
    CALL(t, madvise(AT(50), SIZE(500), MADV_DONTFORK));
    CALL(t, madvise(AT(300), SIZE(500), MADV_DONTDUMP));
    CALL(t, mprotect(AT(200), SIZE(50), PROT_READ));
    CALL(t, madvise(AT(30), SIZE(800), MADV_DONTNEED));
}
static void half_read_only(struct twin *t) { mprotect(AT(100), SIZE(400), PROT_READ); }
static void half_nothing(struct twin *t) { mprotect(AT(100), SIZE(400), PROT_NONE); }
static void all_again(struct twin *t) { CALL(t, mprotect(t->base, TWIN_SIZE, RW)); }

static const struct scenario scenarios[] = {
    { "munmap whole", NULL, unmap_whole },
    { "munmap first", NULL, unmap_first },
    { "munmap last", NULL, unmap_last },
    { "munmap middle", NULL, unmap_middle },
    { "munmap across", NULL, unmap_across },
    { "munmap single pages", NULL, unmap_single_pages },
    { "munmap, mmap again", NULL, unmap_and_map_again },
    { "munmap wrongly", NULL, unmap_wrongly },
    { "mmap anonymous over", NULL, map_anonymous_over },
    { "mmap PROT_NONE over", NULL, map_nothing_over },
    { "mmap file over", NULL, map_file_over },
    { "mmap shared over", NULL, map_shared_over },
    { "mmap no replace", NULL, map_no_replace },
    { "mremap shrink", NULL, move_shrink },
    { "mremap grow in place", NULL, move_grow_in_place },
    { "mremap grow last part", NULL, move_grow_last_part },
    { "mremap grow without room", NULL, move_grow_without_room },
    { "mremap grow anywhere", block, move_grow_anywhere },
    { "mremap whole", NULL, move_whole },
    { "mremap part", NULL, move_part },
    { "mremap single pages", NULL, move_single_page },
    { "mremap and grow", NULL, move_and_grow },
    { "mremap and shrink", NULL, move_and_shrink },
    { "mremap there and back", NULL, move_there_and_back },
    { "mremap and advise", NULL, move_and_advise },
    { "mremap over it", NULL, move_over_it },
    { "mremap within", NULL, move_within },
    { "mremap DONTUNMAP", NULL, move_keeping },
    { "mremap DONTUNMAP part", NULL, move_part_keeping },
    { "mremap wrongly", NULL, move_wrongly },
    { "mremap with hole", NULL, move_with_hole },
    { "mprotect read", NULL, protect_read },
    { "mprotect read part", NULL, protect_read_part },
    { "mprotect none", NULL, protect_none },
    { "mprotect none and discard", NULL, protect_none_and_discard },
    { "mprotect none and back", NULL, protect_back },
    { "mprotect execute", NULL, protect_execute },
    { "mprotect every other", NULL, protect_every_other },
    { "mprotect across", NULL, protect_across },
    { "pkey_mprotect", NULL, protect_by_key },
    { "unmergeable", NULL, take_back },
    { "mprotect, unmergeable", NULL, protect_and_take_back },
    { "mprotect, mremap", NULL, protect_and_move },
    { "mlock, unmergeable", NULL, lock_and_take_back },
    { "dontfork, unmergeable", NULL, withhold_and_take_back },
    { "dontfork, mremap", NULL, withhold_and_move },
    { "dontfork, discard", NULL, withhold_and_discard },
    { "mprotect before: read", half_read_only, all_again, .is_unmerged = 1 },
    { "mprotect before: none", half_nothing, all_again, .is_unmerged = 1 },
};

int main(int count, char **argument)
{
    return twin_main(count, argument, scenarios, sizeof scenarios / sizeof *scenarios);
}
