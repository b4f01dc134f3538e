/*
 * Calls over merged memory that need a scene of their own: user_calls MODE CASE. Each prints "done" when what must hold
 * did hold, "wrong ..." where it did not, and "skipped ..." where this machine cannot show it.
 */
#include "user_block.h"
#include <elf.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

extern char **environ;
static const char *self_mode;

__attribute__((noreturn)) static void skip(const char *why)
{
    printf("skipped %s\n", why);
    exit(0);
}

static int is_merging(void) { return engine.mode != ENGINE_PLAIN; }

/* Every page of a range has a frame of its own: present pages are anonymous, and the kernel counts one mapping of each. */
static void expect_private(const struct block *block, size_t first, size_t pages, const char *when)
{
    int counts = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC), flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
    size_t merged = pages_merged(block->base + first * PAGE, pages);
    if (merged > 0)
        wrong("%s: %zu of %zu pages are still merged", when, merged, pages);
    for (size_t i = first; i < first + pages; i++) {
        uint64_t entry = page_entry(block->base + i * PAGE), mappings = 0, flag = 0, frame = entry & ((1ul << 55) - 1);
        if (!(entry & PAGE_PRESENT))
            continue;
        if (entry & PAGE_OF_FILE)
            wrong("%s: page %zu is still merged", when, i);
        if (!frame || pread(counts, &mappings, 8, frame * 8) != 8 || pread(flags, &flag, 8, frame * 8) != 8)
            continue;
        if (flag >> 24 & 1) /* the kernel's zero page */
            continue;
        if (mappings != 1 || !(flag >> 12 & 1))
            wrong("%s: page %zu is on a frame with %lu mappings, flags %lx", when, i, mappings, flag);
    }
    close(counts);
    close(flags);
}

/* MADV_UNMERGEABLE: private again on return, the rest still merged; and merged again when advised again. */
static void unmergeable(void)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct block block = block_merged(3000, seed);
        size_t before = pages_merged(block.base, block.pages);
        if (madvise(block.base + 700 * PAGE, 600 * PAGE, MADV_UNMERGEABLE))
            target_fail("unmergeable");
        expect_private(&block, 700, 600, "a part taken back");
        block_check(&block, "a part taken back");
        if (is_merging() && pages_merged(block.base, block.pages) < before / 2)
            wrong("more was taken back than asked for");
        block_write(&block, seed, 1000);
        if (is_merging())
            engine.scan(1000);
        expect_private(&block, 700, 600, "a part taken back, later");
        if (madvise(block.base, block.pages * PAGE, MADV_UNMERGEABLE))
            target_fail("unmergeable");
        expect_private(&block, 0, block.pages, "all taken back");
        block_check(&block, "all taken back");
        block_fill(&block, seed + 2);
        block_advise(&block);
        block_await(&block, "again");
        block_check(&block, "again");
        munmap(block.base, block.pages * PAGE);
    }
}

/*
 * MADV_UNMERGEABLE in a group whose memory limit (lowered by the test between two lines) does not allow for it: EAGAIN,
 * and nothing changed. With room again it works.
 */
static void unmergeable_refused(void)
{
    char line[64];
    struct block block = block_make(24576, 0);
    for (size_t i = 0; i < block.pages; i++)
        content_write(block.base + i * PAGE, 1 + i % 64);
    memcpy(block.shadow, block.base, 64 * PAGE);
    munmap(block.shadow + 64 * PAGE, (block.pages - 64) * PAGE);
    block_advise(&block);
    size_t merged = engine_await(block.base, block.pages, block.pages * 9 / 10, 30);
    printf("ready %zu\n", merged);
    if (!fgets(line, sizeof line, stdin))
        return;
    int result = madvise(block.base, block.pages * PAGE, MADV_UNMERGEABLE) ? errno : 0;
    size_t after = pages_merged(block.base, block.pages);
    for (size_t i = 0; i < block.pages; i++)
        if (memcmp(block.base + i * PAGE, block.shadow + i % 64 * PAGE, PAGE))
            wrong("refused: page %zu holds other bytes", i);
    printf("refused %d %zu\n", result, after);
    if (!fgets(line, sizeof line, stdin))
        return;
    result = madvise(block.base, block.pages * PAGE, MADV_UNMERGEABLE) ? errno : 0;
    if (result)
        wrong("with room again: %s", strerror(result));
    expect_private(&block, 0, block.pages, "with room again");
    for (size_t i = 0; i < block.pages; i++)
        if (memcmp(block.base + i * PAGE, block.shadow + i % 64 * PAGE, PAGE))
            wrong("with room again: page %zu holds other bytes", i);
}

static long locked_kilobytes(void)
{
    char line[256];
    long kilobytes = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, file))
        sscanf(line, "VmLck: %ld", &kilobytes);
    fclose(file);
    return kilobytes;
}

static void mlockall_current(void)
{
    struct block block = block_merged(2000, 0);
    if (mlockall(MCL_CURRENT))
        target_fail("mlockall");
    block_check(&block, "locked");
    if (locked_kilobytes() < (long)(block.pages * PAGE / 1024))
        wrong("only %ld KiB are locked", locked_kilobytes());
    block_write(&block, 1, 2000);
    if (is_merging())
        engine.scan(1000);
    block_check(&block, "locked and written");
    if (munlockall())
        target_fail("munlockall");
    block_fill(&block, 2);
    block_await(&block, "unlocked");
    block_check(&block, "unlocked");
}

/* What is mapped later would be locked at once, the engine's own pages too: it stops, and says so. */
static void mlockall_future(void)
{
    struct block block = block_merged(2000, 0), later;
    if (mlockall(MCL_CURRENT | MCL_FUTURE))
        target_fail("mlockall");
    block_check(&block, "locked");
    block_write(&block, 1, 500);
    later = block_make(1000, 1);
    block_advise(&later);
    if (is_merging()) {
        engine.scan(500);
        usleep(200000);
        size_t merged = pages_merged(later.base, later.pages);
        printf("reason %s\n", engine_reason());
        if (merged > 0)
            wrong("%zu pages were merged under mlockall(MCL_FUTURE)", merged);
        if (!engine_reason()[0])
            wrong("no reason is given under mlockall(MCL_FUTURE)");
    }
    block_check(&block, "later");
    block_check(&later, "mapped later");
    munlockall();
}

static void mlockall_future_before(void)
{
    if (mlockall(MCL_FUTURE))
        target_fail("mlockall");
    struct block block = block_make(1000, 0);
    int result = madvise(block.base, block.pages * PAGE, MADV_MERGEABLE) ? errno : 0;
    if (is_merging()) {
        engine.scan(500);
        printf("advice gave %d, reason %s\n", result, engine_reason());
        if (pages_merged(block.base, block.pages) > 0)
            wrong("pages were merged under mlockall(MCL_FUTURE)");
    }
    block_check(&block, "locked before");
}

/* Advice on a range with a hole, a file, shared memory, no access and the stack: what can be merged is, the rest left alone. */
static void mixed_advice(void)
{
    struct block block = block_make(3072, 0);
    char *base = block.base;
    int file = memfd_create("mixed", 0);
    if (ftruncate(file, 64 * PAGE))
        target_fail("ftruncate");
    munmap(base + 100 * PAGE, 50 * PAGE);
    mmap(base + 400 * PAGE, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
    mmap(base + 600 * PAGE, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0);
    mmap(base + 800 * PAGE, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (size_t i = 0; i < 64; i++) {
        content_write(base + (400 + i) * PAGE, 5);
        content_write(base + (600 + i) * PAGE, 6);
        content_write(base + (800 + i) * PAGE, 7);
    }
    mprotect(base + 1000 * PAGE, 50 * PAGE, PROT_NONE);
    mprotect(base + 1200 * PAGE, 50 * PAGE, PROT_READ);
    errno = 0;
    int result = madvise(base, block.pages * PAGE, MADV_MERGEABLE);
    if (result != -1 || errno != ENOMEM)
        wrong("advice over a hole gave %d, %s", result, strerror(errno));
    for (int pass = 0; pass < 3; pass++) {
        if (is_merging() && engine_await(base + 1300 * PAGE, 1700, 900, 20) < 900)
            wrong("only %zu pages were merged behind", pages_merged(base + 1300 * PAGE, 1700));
        for (size_t i = 0; i < 64; i++)
            if (!content_is(base + (400 + i) * PAGE, pass ? 9 : 5) || !content_is(base + (600 + i) * PAGE, 6) || !content_is(base + (800 + i) * PAGE, 7))
                wrong("pass %d: page %zu of what is not mergeable", pass, i);
        char through_file[PAGE];
        if (pread(file, through_file, PAGE, 3 * PAGE) != (ssize_t)PAGE || !content_is(through_file, pass ? 9 : 5))
            wrong("the shared mapping and its file have parted");
        for (size_t i = 0; i < 64; i++)
            content_write(base + (400 + i) * PAGE, 9);
    }
    if (mincore(base + 100 * PAGE, PAGE, (unsigned char[1]){ 0 }) == 0)
        wrong("something is mapped in the hole");
    mprotect(base + 1000 * PAGE, 50 * PAGE, PROT_READ | PROT_WRITE);
    const size_t parts[][2] = { { 0, 100 }, { 150, 400 }, { 464, 600 }, { 664, 800 }, { 864, 3072 } };
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
        for (size_t i = parts[part][0]; i < parts[part][1]; i++)
            if (memcmp(base + i * PAGE, block.shadow + i * PAGE, PAGE))
                wrong("page %zu holds other bytes", i);
}

static __attribute__((noinline)) long grow_stack(int depth, char fill)
{
    volatile char page[PAGE];
    memset((char *)page, fill + depth, PAGE);
    long below = depth > 0 ? grow_stack(depth - 1, fill) : 0;
    for (size_t i = 0; i < PAGE; i++)
        if (page[i] != (char)(fill + depth))
            wrong("stack frame %d holds other bytes", depth);
    return below + page[7];
}

/* The stack is advised from below its pointer up, then grows and shrinks. */
static void stack(void)
{
    struct block block = block_merged(1000, 0);
    char *here = (char *)((uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1));
    long sum = grow_stack(200, 0);
    int result = madvise(here - 150 * PAGE, 151 * PAGE, MADV_MERGEABLE) ? errno : 0;
    if (result)
        wrong("advice on the stack: %s", strerror(result));
    for (int i = 0; i < 200; i++) {
        char fill = (char)(i % 5);
        long next = grow_stack(i % 2 ? 1000 : 50, fill);
        if (i % 2 == 0 && fill == 0 && next != grow_stack(50, 0))
            wrong("the stack counts wrong");
        if (is_merging() && i % 40 == 0)
            engine.scan(200);
    }
    block_check(&block, "beside the stack");
    (void)sum;
}

/* Another process reads and writes through /proc/PID/mem and by process_vm_writev. */
static void foreign(void)
{
    int ends[2];
    if (pipe(ends))
        target_fail("pipe");
    struct block block = block_merged(2500, 1);
    for (int pass = 0; pass < 4; pass++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            char path[64], page[PAGE];
            snprintf(path, sizeof path, "/proc/%d/mem", getppid());
            int memory = open(path, O_RDWR);
            int failures = memory < 0;
            for (size_t i = 0; i < block.pages; i++) {
                char *address = block.base + i * PAGE;
                struct iovec here = { page, PAGE }, there = { address, PAGE };
                ssize_t got = i % 2 ? pread(memory, page, PAGE, (off_t)(uintptr_t)address) : process_vm_readv(getppid(), &here, 1, &there, 1, 0);
                failures += got != (ssize_t)PAGE || memcmp(page, block.shadow + i * PAGE, PAGE);
            }
            for (size_t i = pass; i < block.pages; i += 5) {
                char *address = block.base + i * PAGE + i % PAGE;
                char value = (char)(i + pass);
                struct iovec here = { &value, 1 }, there = { address, 1 };
                ssize_t put = i % 2 ? pwrite(memory, &value, 1, (off_t)(uintptr_t)address) : process_vm_writev(getppid(), &here, 1, &there, 1, 0);
                failures += put != 1;
            }
            _exit(failures != 0);
        }
        int status;
        waitpid(child, &status, 0);
        if (status)
            wrong("another process read other bytes, or could not write: %x", status);
        for (size_t i = pass; i < block.pages; i += 5)
            block.shadow[i * PAGE + i % PAGE] = (char)(i + pass);
        block_check(&block, "written by another process");
        if (is_merging())
            engine.scan(1000);
        block_check(&block, "written by another process, later");
    }
}

/* The next program begins afresh: it has no merged memory, and may merge. */
static void executes(int times)
{
    struct block block = block_merged(1200, (uint64_t)times);
    block_check(&block, "after exec");
    if (times == 0)
        return;
    char left[16];
    snprintf(left, sizeof left, "%d", times - 1);
    execl("/proc/self/exe", "user_calls", self_mode, "exec", left, (char *)NULL);
    target_fail("exec");
}

static void spawns(void)
{
    struct block block = block_merged(2000, 0);
    for (int i = 0; i < 30; i++) {
        pid_t child;
        int status;
        char *arguments[] = { "true", NULL };
        int failed = posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ);
        if (failed || waitpid(child, &status, 0) != child || status)
            wrong("posix_spawn %d: %d", i, failed);
        child = vfork();
        if (child == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(9);
        }
        if (waitpid(child, &status, 0) != child || status)
            wrong("vfork %d: %x", i, status);
        /* A vforked child that writes its parent's memory, as it should not but may. */
        child = vfork();
        if (child == 0) {
            block.base[i * 100 * PAGE % (block.pages * PAGE)] = 'v';
            _exit(0);
        }
        waitpid(child, &status, 0);
        block.shadow[i * 100 * PAGE % (block.pages * PAGE)] = 'v';
        if (system("exit 7") != 7 << 8)
            wrong("system");
        block_check(&block, "spawned");
        block_write(&block, (uint64_t)i, 100);
        if (is_merging() && i % 10 == 0)
            engine.scan(300);
    }
    block_check(&block, "at the end");
}

/* The program's own userfaultfd on a part: its faults are delivered to it, and nobody else's hand is on that part. */
struct own_faults {
    int fd;
    volatile long served;
};

static void *serve_faults(void *argument)
{
    struct own_faults *own = argument;
    struct uffd_msg message;
    char *page = aligned_alloc(PAGE, PAGE);
    for (;;) {
        struct pollfd ready = { own->fd, POLLIN, 0 };
        poll(&ready, 1, -1);
        if (read(own->fd, &message, sizeof message) != sizeof message)
            continue;
        if (message.event != UFFD_EVENT_PAGEFAULT)
            continue;
        __atomic_fetch_add(&own->served, 1, __ATOMIC_SEQ_CST);
        uintptr_t address = message.arg.pagefault.address & ~(PAGE - 1);
        if (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
            struct uffdio_writeprotect lift = { { address, PAGE }, 0 };
            ioctl(own->fd, UFFDIO_WRITEPROTECT, &lift);
        } else {
            content_write(page, 4242);
            struct uffdio_copy copy = { address, (uintptr_t)page, PAGE, 0, 0 };
            ioctl(own->fd, UFFDIO_COPY, &copy);
        }
    }
    return NULL;
}

static void own_faults_begin(struct own_faults *own)
{
    pthread_t thread;
    own->served = 0;
    own->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (own->fd < 0)
        skip("no userfaultfd");
    struct uffdio_api api = { .api = UFFD_API };
    if (ioctl(own->fd, UFFDIO_API, &api))
        target_fail("UFFDIO_API");
    pthread_create(&thread, NULL, serve_faults, own);
}

static int own_register(struct own_faults *own, char *start, size_t pages, uint64_t mode)
{
    struct uffdio_register range = { .range = { (uintptr_t)start, pages * PAGE }, .mode = mode };
    return ioctl(own->fd, UFFDIO_REGISTER, &range) ? errno : 0;
}

static void expect_fault(struct own_faults *own, struct block *block, size_t page, const char *when)
{
    long before = own->served;
    if (!content_is(block->base + page * PAGE, 4242))
        wrong("%s: page %zu is not what the program's own handler put there", when, page);
    if (own->served == before)
        wrong("%s: the fault on page %zu came to nobody", when, page);
    content_write(block->shadow + page * PAGE, 4242);
}

static void userfault_before(void)
{
    struct own_faults own;
    own_faults_begin(&own);
    struct block block = block_make(2560, 0);
    int failed = own_register(&own, block.base + 300 * PAGE, 600, UFFDIO_REGISTER_MODE_MISSING);
    if (failed)
        wrong("register: %s", strerror(failed));
    block_advise(&block);
    if (is_merging() && engine_await(block.base + 1024 * PAGE, 1500, 700, 20) < 700)
        wrong("only %zu pages were merged beside it: %s", pages_merged(block.base + 1024 * PAGE, 1500), engine_reason());
    block_check(&block, "registered before");
    if (madvise(block.base + 400 * PAGE, 100 * PAGE, MADV_DONTNEED))
        target_fail("DONTNEED");
    for (size_t page = 400; page < 500; page++)
        expect_fault(&own, &block, page, "registered before");
    if (is_merging())
        engine.scan(1000);
    printf("merged in the registered part: %zu\n", pages_merged(block.base + 300 * PAGE, 600));
    block_check(&block, "served");
}

static void userfault_after(void)
{
    struct own_faults own;
    own_faults_begin(&own);
    struct block block = block_merged(2560, 0);
    int failed = own_register(&own, block.base + 300 * PAGE, 600, UFFDIO_REGISTER_MODE_MISSING);
    printf("register for missing pages over merged ones: %s\n", strerror(failed));
    if (failed)
        wrong("registering over merged pages: %s", strerror(failed));
    block_check(&block, "registered after");
    if (madvise(block.base + 400 * PAGE, 100 * PAGE, MADV_DONTNEED))
        target_fail("DONTNEED");
    for (size_t page = 400; page < 500; page++)
        expect_fault(&own, &block, page, "registered after");
    if (is_merging())
        engine.scan(1000);
    block_check(&block, "served");
}

static void userfault_protects(void)
{
    struct own_faults own;
    own_faults_begin(&own);
    struct block block = block_merged(2560, 0);
    int failed = own_register(&own, block.base + 300 * PAGE, 600, UFFDIO_REGISTER_MODE_WP);
    printf("register for write protection over merged ones: %s\n", strerror(failed));
    if (failed)
        wrong("registering over merged pages: %s", strerror(failed));
    struct uffdio_writeprotect protect = { { (uintptr_t)block.base + 300 * PAGE, 600 * PAGE }, UFFDIO_WRITEPROTECT_MODE_WP };
    if (ioctl(own.fd, UFFDIO_WRITEPROTECT, &protect))
        wrong("write protection over merged pages: %s", strerror(errno));
    if (is_merging())
        engine.scan(500);
    long before = own.served;
    for (size_t page = 300; page < 900; page += 10)
        block.base[page * PAGE] = block.shadow[page * PAGE] = 'w';
    printf("writes noticed %ld of 60\n", own.served - before);
    if (own.served - before < 50)
        wrong("only %ld of 60 writes came to the program's own handler", own.served - before);
    block_check(&block, "write-protected");
}

/* Finds a page in a core file by its program headers. */
static int core_page(int core, const Elf64_Ehdr *head, uintptr_t address, char *page)
{
    for (int i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr part;
        if (pread(core, &part, sizeof part, (off_t)(head->e_phoff + (size_t)i * sizeof part)) != sizeof part)
            return 0;
        if (part.p_type == PT_LOAD && address >= part.p_vaddr && address + PAGE <= part.p_vaddr + part.p_filesz)
            return pread(core, page, PAGE, (off_t)(part.p_offset + address - part.p_vaddr)) == (ssize_t)PAGE;
    }
    return 0;
}

/* Aborts in the current directory, and leaves what ought to be in the core in "shadow". */
static void dump(void)
{
    struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    struct block block = block_merged(1500, 0);
    prctl(PR_SET_DUMPABLE, 1);
    if (setrlimit(RLIMIT_CORE, &all))
        skip("no core dumps are allowed");
    block_write(&block, 3, 300);
    int shadow = open("shadow", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (pwrite(shadow, block.shadow, block.pages * PAGE, PAGE) < 0 || pwrite(shadow, &block, sizeof block, 0) < 0)
        target_fail("shadow");
    abort();
}

static void core_dump(void)
{
    char pattern[256] = "";
    int file = open("/proc/sys/kernel/core_pattern", O_RDONLY);
    if (read(file, pattern, sizeof pattern - 1) <= 0 || pattern[0] == '|' || pattern[0] == '/' || strchr(pattern, '%'))
        skip("cores do not go to the current directory");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "user_calls", self_mode, "dump", (char *)NULL);
        _exit(9);
    }
    int status;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        wrong("the program that was to abort did not: %x", status);
    char name[64] = "core", page[PAGE], expected[PAGE];
    int core = open(name, O_RDONLY);
    if (core < 0) {
        snprintf(name, sizeof name, "core.%d", child);
        core = open(name, O_RDONLY);
    }
    struct block block;
    Elf64_Ehdr head;
    int shadow = open("shadow", O_RDONLY);
    if (core < 0 || pread(core, &head, sizeof head, 0) != sizeof head || pread(shadow, &block, sizeof block, 0) != sizeof block)
        skip("no core was written");
    size_t missing = 0, different = 0;
    for (size_t i = 0; i < block.pages; i++) {
        if (pread(shadow, expected, PAGE, (off_t)((i + 1) * PAGE)) != (ssize_t)PAGE)
            target_fail("shadow");
        if (!core_page(core, &head, (uintptr_t)block.base + i * PAGE, page))
            missing++;
        else if (memcmp(page, expected, PAGE))
            different++;
    }
    unlink(name);
    unlink("shadow");
    printf("core: %zu pages are missing, %zu different of %zu\n", missing, different, block.pages);
    if (missing || different)
        wrong("the core lacks %zu pages, and %zu are different", missing, different);
}

/* ksmd works on the same range: advised by the bare call before and after the engine was asked. */
static void kernel_merges_too(void)
{
    char line[64];
    struct block block = block_make(3000, 0);
    syscall(SYS_madvise, block.base, block.pages / 2 * PAGE, MADV_MERGEABLE);
    puts("ready");
    if (!fgets(line, sizeof line, stdin))
        return;
    block_advise(&block);
    for (int round = 0; round < 40; round++) {
        if (round == 10)
            syscall(SYS_madvise, block.base, block.pages * PAGE, MADV_MERGEABLE);
        if (is_merging())
            engine.scan(300);
        usleep(20000);
        block_check(&block, "merged by two");
        block_write(&block, (uint64_t)round, 500);
    }
    syscall(SYS_madvise, block.base, block.pages * PAGE, MADV_UNMERGEABLE);
    block_check(&block, "taken back from ksmd");
    if (madvise(block.base, block.pages * PAGE, MADV_UNMERGEABLE))
        target_fail("unmergeable");
    expect_private(&block, 0, block.pages, "taken back from both");
    block_check(&block, "taken back from both");
}

int main(int count, char **argument)
{
    if (count < 3)
        return 2;
    self_mode = argument[1];
    engine_begin(self_mode);
    const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "unmergeable", unmergeable }, { "unmergeable-refused", unmergeable_refused }, { "mlockall", mlockall_current },
        { "mlockall-future", mlockall_future }, { "mlockall-future-before", mlockall_future_before }, { "mixed", mixed_advice },
        { "stack", stack }, { "foreign", foreign }, { "spawn", spawns }, { "userfault-before", userfault_before },
        { "userfault-after", userfault_after }, { "userfault-protects", userfault_protects }, { "dump", dump },
        { "core", core_dump }, { "ksm", kernel_merges_too },
    };
    if (!strcmp(argument[2], "exec"))
        executes(count > 3 ? atoi(argument[3]) : 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!strcmp(argument[2], cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
