/* madvise, locks and fork over merged memory: user_calls_advice MODE [SCENARIO [PLANT]]. See user_twin.h. */
#include "user_twin.h"

#define AT(page) (t->base + (page) * PAGE)
#define SIZE(pages) ((pages) * PAGE)
#define RW (PROT_READ | PROT_WRITE)
#define BARE_CLONE ((long)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))

static long fork_by_library(void) { return fork(); }
static long fork_by_clone(void) { return BARE_CLONE; }

/* One advice on the whole, on parts, with odd lengths, beyond the end, and wrongly. */
static void advise_whole(struct twin *t) { CALL(t, madvise(t->base, TWIN_SIZE, t->argument)); }
static void advise_parts(struct twin *t)
{
    CALL(t, madvise(AT(33), SIZE(200) + 17, t->argument));
    CALL(t, madvise(AT(500), SIZE(40), t->argument));
    CALL(t, madvise(AT(510), SIZE(400), t->argument));
    CALL(t, madvise(AT(1000), 0, t->argument));
    CALL(t, madvise(AT(1000) + 1, PAGE, t->argument));
}
static void advise_beyond(struct twin *t)
{
    CALL(t, madvise(AT(1100), TWIN_SIZE, t->argument));
    CALL(t, munmap(AT(600), SIZE(7)));
    CALL(t, madvise(AT(550), SIZE(100), t->argument));
}
static void advise_one_by_one(struct twin *t)
{
    for (size_t page = 1; page < TWIN_PAGES; page += 41)
        CALL(t, madvise(AT(page), PAGE, t->argument));
}
/* On memory that is not all ordinary. */
static void advise_mixed(struct twin *t)
{
    CALL(t, mprotect(AT(100), SIZE(50), PROT_NONE));
    CALL(t, mprotect(AT(200), SIZE(50), PROT_READ));
    PLACE(t, mmap(AT(300), SIZE(20), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    CALL(t, madvise(AT(90), SIZE(300), t->argument));
    CALL(t, mprotect(AT(100), SIZE(150), RW));
}
/* Before the memory is merged; the engine may leave it alone then. */
static void advise_before(struct twin *t) { CALL(t, madvise(AT(100), SIZE(800), t->argument)); }
static void see_children(struct twin *t)
{
    note_child(t, "fork", fork_by_library);
    note_child(t, "clone", fork_by_clone);
}

/* Forks around an advice that is about children. */
static void do_not_fork(struct twin *t)
{
    CALL(t, madvise(AT(100), SIZE(700), MADV_DONTFORK));
    see_children(t);
    CALL(t, madvise(AT(300), SIZE(100), MADV_DOFORK));
    see_children(t);
}
static void wipe_on_fork(struct twin *t)
{
    CALL(t, madvise(AT(100), SIZE(700), MADV_WIPEONFORK));
    see_children(t);
    CALL(t, madvise(AT(300), SIZE(100), MADV_KEEPONFORK));
    see_children(t);
}
static void do_not_dump(struct twin *t)
{
    CALL(t, madvise(AT(100), SIZE(700), MADV_DONTDUMP));
    CALL(t, madvise(AT(300), SIZE(100), MADV_DODUMP));
}
static void guard(struct twin *t)
{
    CALL(t, madvise(AT(100), SIZE(700), MADV_GUARD_INSTALL));
    for (size_t page = 90; page < 900; page += 30)
        note(t, "store", store(AT(page), 1));
    CALL(t, madvise(AT(300), SIZE(100), MADV_GUARD_REMOVE));
    see_children(t);
}
static void discard_and_write(struct twin *t)
{
    CALL(t, madvise(AT(100), SIZE(1000), t->argument));
    for (size_t page = 100; page < 1100; page += 3)
        memset(AT(page), (int)page, PAGE);
    CALL(t, madvise(AT(400), SIZE(300), t->argument));
}
static void discard_by_posix(struct twin *t)
{
    const int advice[] = { POSIX_MADV_NORMAL, POSIX_MADV_RANDOM, POSIX_MADV_SEQUENTIAL, POSIX_MADV_WILLNEED, POSIX_MADV_DONTNEED, 77 };
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
        CALL(t, posix_madvise(AT(100), SIZE(500), advice[i]));
}

/* Locks */
static void lock_part(struct twin *t)
{
    CALL(t, mlock(AT(100) + 5, SIZE(800)));
    CALL(t, madvise(AT(200), SIZE(50), MADV_DONTNEED));
    CALL(t, madvise(AT(300), SIZE(50), MADV_DONTNEED_LOCKED));
    CALL(t, munlock(AT(400), SIZE(50)));
}
static void lock_on_fault(struct twin *t)
{
    CALL(t, mlock2(t->base, TWIN_SIZE, MLOCK_ONFAULT));
    CALL(t, munlock(AT(50), SIZE(500)));
}
static void lock_beyond(struct twin *t) { CALL(t, mlock(AT(1000), TWIN_SIZE)); }
static void lock_first(struct twin *t) { CALL(t, mlock(AT(100), SIZE(500))); }
static void unlock_again(struct twin *t) { CALL(t, munlock(AT(100), SIZE(500))); }
static void lock_move_unlock(struct twin *t)
{
    CALL(t, mlock(t->base, TWIN_SIZE));
    PLACE(t, mremap(AT(100), SIZE(500), SIZE(600), MREMAP_MAYMOVE | MREMAP_FIXED, t->base + TWIN_FAR));
    CALL(t, munlock(t->base + TWIN_FAR, SIZE(600)));
}

/* Forks */
static void fork_twice(struct twin *t)
{
    see_children(t);
    for (size_t page = 0; page < TWIN_PAGES; page += 7)
        note(t, "store", store(AT(page), 'p'));
    see_children(t);
}
static long fork_grandchild(void)
{
    long child = fork();
    if (child != 0)
        return child;
    /* The child lives on as its own child's parent; the grandchild is the one that looks. */
    long grandchild = BARE_CLONE;
    if (grandchild == 0)
        return 0;
    int status = 1;
    waitpid((pid_t)grandchild, &status, 0);
    _exit(status != 0);
}
static void fork_deep(struct twin *t)
{
    note_child(t, "grandchild", fork_grandchild);
    see_children(t);
}

/* Access by system calls: the kernel reads and writes merged pages on behalf of the program. */
static void pass_through_kernel(struct twin *t)
{
    static char buffer[SIZE(64)];
    int ends[2], zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    if (pipe(ends))
        target_fail("pipe");
    for (size_t page = 0; page + 64 < TWIN_PAGES; page += 61) {
        CALL(t, read(zero, AT(page) + 100, 3000));
        CALL(t, write(ends[1], AT(page + 10) + 50, 5000));
        CALL(t, read(ends[0], AT(page + 20) + 70, 5000));
        struct iovec here = { buffer, sizeof buffer }, there = { AT(page), sizeof buffer };
        CALL(t, process_vm_readv(getpid(), &here, 1, &there, 1, 0));
        there.iov_base = AT(page + 30) + 9;
        there.iov_len = here.iov_len = 9000;
        CALL(t, process_vm_writev(getpid(), &here, 1, &there, 1, 0));
    }
    close(zero);
    close(ends[0]);
    close(ends[1]);
}
static void splice_in(struct twin *t)
{
    int ends[2];
    if (pipe(ends))
        target_fail("pipe");
    struct iovec from = { AT(700), SIZE(8) };
    CALL(t, vmsplice(ends[1], &from, 1, 0));
    CALL(t, read(ends[0], AT(800), SIZE(8)));
    close(ends[0]);
    close(ends[1]);
}

#define ADVICE(advice) \
    { #advice " whole", NULL, advise_whole, advice }, { #advice " parts", NULL, advise_parts, advice }, \
    { #advice " beyond", NULL, advise_beyond, advice }, { #advice " one by one", NULL, advise_one_by_one, advice }, \
    { #advice " mixed", NULL, advise_mixed, advice }, { #advice " before", advise_before, see_children, advice, .is_unmerged = 1 }
/* What has no meaning but for speed. */
#define IDLE_ADVICE(advice) { #advice " parts", NULL, advise_parts, advice }, { #advice " mixed", NULL, advise_mixed, advice }
#define LAZY_ADVICE(advice) \
    { #advice " whole", NULL, advise_whole, advice, 1 }, { #advice " parts", NULL, advise_parts, advice, 1 }, \
    { #advice " beyond", NULL, advise_beyond, advice, 1 }, { #advice " one by one", NULL, advise_one_by_one, advice, 1 }, \
    { #advice " mixed", NULL, advise_mixed, advice, 1 }

static const struct scenario scenarios[] = {
    ADVICE(MADV_DONTNEED),
    LAZY_ADVICE(MADV_FREE),
    ADVICE(MADV_REMOVE),
    ADVICE(MADV_DONTFORK),
    ADVICE(MADV_DONTDUMP),
    ADVICE(MADV_WIPEONFORK),
    IDLE_ADVICE(MADV_KEEPONFORK),
    ADVICE(MADV_HUGEPAGE),
    IDLE_ADVICE(MADV_NOHUGEPAGE),
    IDLE_ADVICE(MADV_COLD),
    ADVICE(MADV_PAGEOUT),
    IDLE_ADVICE(MADV_POPULATE_READ),
    ADVICE(MADV_POPULATE_WRITE),
    IDLE_ADVICE(MADV_RANDOM),
    IDLE_ADVICE(MADV_SEQUENTIAL),
    IDLE_ADVICE(MADV_NORMAL),
    IDLE_ADVICE(MADV_WILLNEED),
    ADVICE(MADV_DONTNEED_LOCKED),
    ADVICE(MADV_GUARD_INSTALL),
    ADVICE(MADV_MERGEABLE),
    ADVICE(MADV_UNMERGEABLE),
    IDLE_ADVICE(12345),
    { "dontfork", NULL, do_not_fork },
    { "wipeonfork", NULL, wipe_on_fork },
    { "dontdump", NULL, do_not_dump },
    { "guard", NULL, guard },
    { "discard and write", NULL, discard_and_write, MADV_DONTNEED },
    { "discard locked and write", NULL, discard_and_write, MADV_DONTNEED_LOCKED },
    { "free and write", NULL, discard_and_write, MADV_FREE, 1 },
    { "posix_madvise", NULL, discard_by_posix },
    { "mlock part", NULL, lock_part },
    { "mlock on fault", NULL, lock_on_fault },
    { "mlock beyond", NULL, lock_beyond },
    { "mlock before", lock_first, unlock_again, .is_unmerged = 1 },
    { "mlock, mremap, munlock", NULL, lock_move_unlock },
    { "fork", NULL, fork_twice },
    { "fork deep", NULL, fork_deep },
    { "system calls", NULL, pass_through_kernel },
    { "vmsplice", NULL, splice_in },
};

int main(int count, char **argument)
{
    return twin_main(count, argument, scenarios, sizeof scenarios / sizeof *scenarios);
}
