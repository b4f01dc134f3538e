/*
 * Many threads that make calls while merging is as eager as it can be: user_threads MODE CASE SECONDS [PLANT]. Each
 * thread has a block of its own, writes it, looks at it and does what the case says to it. Prints "done ROUNDS".
 *
 *   fork       forks by fork(), by the bare call and by both nested; children check, write and check again
 *   advise     advice given and taken back, by several threads on overlapping parts
 *   churn      mappings come and go beside the advised memory and inside of it
 *   discard    parts are given up and must read as zeros, or as what was written since
 */
#include "user_block.h"
#include <pthread.h>
#include <sys/wait.h>

#define THREADS 4
#define BLOCK_PAGES 640ul
#define PLANT_ROUND 100

static struct block blocks[THREADS];
static volatile int is_over;
static volatile long rounds;
static int plant;

static void look(int index, const char *when)
{
    block_check(&blocks[index], when);
}

/* Children may only make plain system calls: other threads held locks when they were born. */
static int child_looks(struct block *block, char mark)
{
    if (block_difference(block) >= 0)
        return 3;
    for (size_t i = (size_t)mark % 3; i < block->pages; i += 3)
        block->base[i * PAGE + 9] = block->shadow[i * PAGE + 9] = mark;
    return block_difference(block) >= 0 ? 4 : 0;
}

static pid_t bare_fork(void) { return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

static void do_fork(int index, uint64_t draw)
{
    struct block *block = &blocks[index];
    pid_t child = draw % 3 == 0 ? fork() : bare_fork();
    if (child < 0)
        target_fail("fork");
    if (child == 0) {
        int result = child_looks(block, (char)draw);
        if (draw % 3 == 2 && result == 0) {
            pid_t grandchild = bare_fork();
            if (grandchild == 0)
                _exit(child_looks(block, (char)(draw >> 8)));
            int status = 0;
            block->base[3 * PAGE] ^= 1;
            block->shadow[3 * PAGE] ^= 1;
            result = waitpid(grandchild, &status, 0) != grandchild || status ? 5 : child_looks(block, 'x');
        }
        _exit(result);
    }
    /* Both go on at the same time. */
    block_write(block, draw, 100);
    look(index, "a parent beside its child");
    int status;
    if (waitpid(child, &status, 0) != child || status)
        wrong("a child ended with %x", status);
}

static void do_advise(int index, uint64_t draw)
{
    /* Also parts of the neighbour's block, which that one checks. */
    struct block *block = &blocks[(index + draw % 2) % THREADS];
    size_t first = draw / 2 % BLOCK_PAGES, pages = 1 + draw / 4096 % (BLOCK_PAGES - first);
    int advice = draw >> 40 & 1 ? MADV_MERGEABLE : MADV_UNMERGEABLE;
    if (madvise(block->base + first * PAGE, pages * PAGE, advice) && errno != EAGAIN)
        target_fail("advice");
}

static void do_churn(int index, uint64_t draw)
{
    struct block *block = &blocks[index];
    size_t pages = 1 + draw % 64;
    /* Beside: fresh memory is all zeros, whoever maps what at the same time. */
    char *fresh = map_anonymous(pages);
    for (size_t i = 0; i < pages; i++)
        if (!content_is(fresh + i * PAGE, 0))
            wrong("fresh memory is not empty");
    memset(fresh, index + 1, pages * PAGE);
    if (draw & 1 << 20)
        fresh = mremap(fresh, pages * PAGE, (pages + 9) * PAGE, MREMAP_MAYMOVE);
    for (size_t i = 0; i < pages * PAGE; i += 512)
        if (fresh[i] != index + 1)
            wrong("memory beside holds other bytes");
    munmap(fresh, (pages + 9) * PAGE > pages * PAGE && draw & 1 << 20 ? (pages + 9) * PAGE : pages * PAGE);
    /* Inside: a part goes, and comes again empty, advised or not. */
    size_t first = draw / 64 % (BLOCK_PAGES - 64);
    char *part = block->base + first * PAGE;
    if (draw & 1 << 21)
        munmap(part, pages * PAGE);
    if (mmap(part, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != part)
        target_fail("mmap");
    memset(block->shadow + first * PAGE, 0, pages * PAGE);
    if (draw & 1 << 22)
        for (size_t i = first; i < first + pages; i++) {
            content_write(block->base + i * PAGE, block_content(0, i));
            content_write(block->shadow + i * PAGE, block_content(0, i));
        }
    if (madvise(part, pages * PAGE, MADV_MERGEABLE))
        target_fail("advice");
}

static void do_discard(int index, uint64_t draw)
{
    struct block *block = &blocks[index];
    size_t first = draw % (BLOCK_PAGES - 64), pages = 1 + draw / 4096 % 64;
    if (madvise(block->base + first * PAGE, pages * PAGE, MADV_DONTNEED))
        target_fail("DONTNEED");
    memset(block->shadow + first * PAGE, 0, pages * PAGE);
    for (size_t i = first; i < first + pages; i += 2) {
        content_write(block->base + i * PAGE, block_content(0, i));
        content_write(block->shadow + i * PAGE, block_content(0, i));
    }
}

static void (*what)(int, uint64_t);

static void *work(void *argument)
{
    int index = (int)(intptr_t)argument;
    uint64_t draw = (uint64_t)index * 77 + 12345;
    while (!is_over) {
        what(index, random_next(&draw));
        look(index, "after the call");
        block_write(&blocks[index], random_next(&draw), 50);
        look(index, "after writing");
        if (__atomic_add_fetch(&rounds, 1, __ATOMIC_SEQ_CST) == PLANT_ROUND && plant) {
            blocks[index].base[100 * PAGE + 50] ^= 16;
            look(index, "after planting");
        }
        if (draw % 16 == 0)
            usleep(3000);
    }
    return NULL;
}

int main(int count, char **argument)
{
    if (count < 4)
        return 2;
    engine_begin(argument[1]);
    plant = count > 4;
    what = !strcmp(argument[2], "fork") ? do_fork : !strcmp(argument[2], "advise") ? do_advise
        : !strcmp(argument[2], "churn") ? do_churn : do_discard;
    /* Where the kernel puts nothing by itself: a hole in it stays one. */
    char *all = mmap((void *)0x120000000000, THREADS * BLOCK_PAGES * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (all == MAP_FAILED)
        target_fail("mmap");
    for (int i = 0; i < THREADS; i++) {
        blocks[i] = (struct block){ all + i * BLOCK_PAGES * PAGE, map_anonymous(BLOCK_PAGES), BLOCK_PAGES, 0 };
        block_fill(&blocks[i], 0);
        block_advise(&blocks[i]);
        block_await(&blocks[i], "at first");
    }
    uint64_t merged_before = engine.mode == ENGINE_PLAIN ? 0 : engine_statistics().merged_pages_total;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
    /* On a busy machine it takes longer until the round in which something is planted. */
    for (double end = target_seconds() + atof(argument[3]); target_seconds() < end || (plant && rounds < PLANT_ROUND);) {
        usleep(20000);
        if (engine.mode != ENGINE_PLAIN)
            engine.scan(100);
    }
    is_over = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        look(i, "at the end");
    if (engine.mode != ENGINE_PLAIN) {
        uint64_t merged = engine_statistics().merged_pages_total - merged_before;
        printf("merged %lu pages meanwhile\n", merged);
        /* While there is always a child that shares the pages, the kernel lets none of them be moved. */
        if (merged == 0 && what != do_fork)
            wrong("nothing was merged meanwhile: %s", engine_reason());
    }
    printf("done %ld\n", rounds);
    return 0;
}
