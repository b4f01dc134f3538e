/*
 * A member of a domain through samepage.h that looks at what the gate does to its process: gate_member TASK DOMAIN
 * KEEPER. Every task prints lines and ends with "ok".
 */
#include "target.h"
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "include/samepage.h"

#define PAGE 4096ul
#define PAGES 4096ul
#define CHECK(what) do { if (!(what)) { printf("failed %s (line %d): %s\n", #what, __LINE__, strerror(errno)); exit(1); } } while (0)

static unsigned char *memory;
static volatile int signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static long number_of(const char *path, const char *word)
{
    char line[512];
    long number = -1;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, word, strlen(word)))
            number = strtol(line + strlen(word), NULL, 10);
    if (file)
        fclose(file);
    return number;
}

/* Page by page one of a few contents, the same for every caller; each page of its own where `contents` is 0. */
static void fill(unsigned char *at, size_t pages, unsigned contents)
{
    for (size_t page = 0; page < pages; page++) {
        uint64_t x = (contents ? page % contents : page + 1000000) * 0x9E3779B97F4A7C15u + 77;
        for (size_t word = 0; word < PAGE / 8; word++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            ((uint64_t *)(at + page * PAGE))[word] = x;
        }
    }
}

static int is_filled(const unsigned char *at, size_t pages, unsigned contents)
{
    static unsigned char expected[PAGE * 64];
    CHECK(contents == 64);
    fill(expected, 64, contents);
    for (size_t page = 0; page < pages; page++)
        if (memcmp(at + page * PAGE, expected + page % contents * PAGE, PAGE))
            return 0;
    return 1;
}

static int is_zero(const unsigned char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (at[i])
            return 0;
    return 1;
}

/* Bytes of the memory that are mapped from segments. */
static size_t segment_bytes(const unsigned char *at, size_t bytes)
{
    char line[512];
    size_t found = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, file)) {
        size_t start, end;
        if (sscanf(line, "%zx-%zx", &start, &end) == 2 && strstr(line, "/memfd:samepage (deleted)")
            && start >= (size_t)at && end <= (size_t)at + bytes)
            found += end - start;
    }
    fclose(file);
    return found;
}

static void join(char **argument)
{
    struct samepage_join_options options = { .size = sizeof options, .domain = argument[2], .keeper = argument[3] };
    options.limits.size = sizeof options.limits;
    options.limits.pace = SAMEPAGE_PACE_EAGER;
    int result = samepage_domain_join(&options);
    if (result)
        printf("failed join: %s\n", strerror(-result)), exit(1);
    CHECK(samepage_domain_join(&options) == -EALREADY);
}

static void allocate(unsigned contents)
{
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
    fill(memory, PAGES, contents);
    CHECK(samepage_range_advise(memory, PAGES * PAGE) == 0);
}

static struct samepage_statistics statistics(void)
{
    struct samepage_statistics now = { .size = sizeof now };
    CHECK(samepage_statistics_read(&now) == 0);
    return now;
}

static void wait_merged(size_t pages)
{
    char reason[256];
    for (int i = 0; i < 300; i++) {
        if (segment_bytes(memory, PAGES * PAGE) >= pages * PAGE)
            return;
        usleep(100000);
    }
    samepage_reason_text(reason, sizeof reason);
    struct samepage_statistics now = statistics();
    printf("failed: state %u, %lu pages merged, reason '%s'\n", now.state, now.merged_pages_total, reason);
    exit(1);
}

/* Signal dispositions, masks and waits are the program's, before, while and after the engine and a keeper start. */
static void task_signals(char **argument)
{
    unsigned char before[65][32] = { 0 }, after[65][32] = { 0 };
    sigset_t mask, now;
    signal(SIGCHLD, on_signal);
    signal(SIGUSR1, on_signal);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGRTMIN, on_signal);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int i = 1; i < 65; i++)
        syscall(SYS_rt_sigaction, i, NULL, before[i], 8);
    join(argument);
    allocate(64);
    wait_merged(PAGES / 2);
    for (int i = 1; i < 65; i++) {
        syscall(SYS_rt_sigaction, i, NULL, after[i], 8);
        /* 32 and 33 are the C library's own, which it sets up with the first thread. */
        if (i != 32 && i != 33 && memcmp(before[i], after[i], 32))
            printf("failed: disposition of signal %d has changed\n", i), exit(1);
    }
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(!memcmp(&mask, &now, 8));
    CHECK(signals == 0);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    DIR *tasks = opendir("/proc/self/task");
    int others = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        char path[300], line[256];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid())
            continue;
        FILE *file = fopen(path, "r");
        unsigned long blocked = 0;
        while (fgets(line, sizeof line, file))
            sscanf(line, "SigBlk: %lx", &blocked);
        fclose(file);
        /* All but SIGKILL and SIGSTOP, and the two of the C library. */
        printf("thread blocks %lx\n", blocked);
        CHECK(blocked == 0xfffffffe7ffbfefful);
        others++;
    }
    closedir(tasks);
    CHECK(others >= 1);
    kill(getpid(), SIGUSR1);
    CHECK(signals == 1);
}

/* A child keeps contents and the meaning of calls, has no engine and no descriptor of one, and parts ways on writes. */
static void child(void)
{
    struct samepage_join_options options = { .size = sizeof options };
    char path[64], target[256];
    CHECK(statistics().state == SAMEPAGE_STATE_CHILD);
    CHECK(samepage_domain_join(&options) == -ECHILD);
    CHECK(samepage_range_advise(memory, PAGE) == -ECHILD);
    CHECK(samepage_scan(10) == -ECHILD);
    for (int i = 3; i < 1100; i++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length > 0 && !(target[length] = 0) && (strstr(target, "samepage") || strstr(target, "userfaultfd") || strstr(target, "socket")))
            printf("failed: descriptor %d is %s in the child\n", i, target), exit(1);
    }
    CHECK(is_filled(memory, PAGES, 64));
    memset(memory, 9, PAGE);
    size_t half = PAGES / 2 * PAGE;
    CHECK(segment_bytes(memory, half) > 0);
    CHECK(samepage_range_discard(memory, half) == 0);
    CHECK(is_zero(memory, half) && segment_bytes(memory, half) == 0);
    CHECK(is_filled(memory + half, PAGES / 2, 64));
    /* Nobody here can make it anonymous; it is private, and known. */
    CHECK(samepage_range_unadvise(memory + half, half) == -EBUSY);
    CHECK(is_filled(memory + half, PAGES / 2, 64));
    memset(memory + half, 5, half);
    CHECK(samepage_range_discard(memory + half, half) == 0);
    CHECK(is_zero(memory + half, half));
    exit(0);
}

static void task_fork(char **argument)
{
    int status;
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child();
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK(is_filled(memory, PAGES, 64));
    }
    CHECK(statistics().state == SAMEPAGE_STATE_MERGING);
}

/* Discarded memory reads as zeros, memory taken back is anonymous, and leaving leaves nothing of a segment. */
static void task_calls(char **argument)
{
    size_t quarter = PAGES / 4 * PAGE;
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    CHECK(is_filled(memory, PAGES, 64));
    CHECK(samepage_range_discard(memory, quarter) == 0);
    CHECK(is_zero(memory, quarter) && is_filled(memory + quarter, PAGES * 3 / 4, 64));
    CHECK(samepage_range_unadvise(memory + quarter, quarter) == 0);
    CHECK(segment_bytes(memory + quarter, quarter) == 0);
    CHECK(is_filled(memory + quarter, PAGES / 4, 64));
    CHECK(statistics().advised_bytes == 3 * quarter);
    samepage_hold();
    CHECK(samepage_range_unadvise(memory + 2 * quarter, quarter) == -EDEADLK);
    CHECK(munmap(memory + 2 * quarter, PAGE) == 0);
    samepage_release();
    CHECK(samepage_domain_leave() == 0);
    CHECK(segment_bytes(memory, PAGES * PAGE) == 0);
    CHECK(is_filled(memory + 3 * quarter, PAGES / 4, 64));
    CHECK(statistics().state == SAMEPAGE_STATE_NONE && statistics().advised_bytes == 0);
    CHECK(samepage_range_advise(memory, PAGE) == -ENOTCONN);
    join(argument);
    fill(memory, PAGES / 2, 64);
    CHECK(samepage_range_advise(memory, quarter) == 0);
    wait_merged(PAGES / 8);
    CHECK(samepage_domain_leave() == 0);
}

/* What an engine costs a member with nothing to merge: each page has a content of its own. */
static void task_footprint(char **argument)
{
    const char *status = "/proc/self/status";
    size_t pages = PAGES;
    memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fill(memory, pages, 0);
    long rss = number_of(status, "VmRSS:"), size = number_of(status, "VmSize:"), begin;
    join(argument);
    CHECK(samepage_range_advise(memory, pages * PAGE) == 0);
    begin = (long)(target_seconds() * 1e6);
    for (int i = 0; i < 300 && statistics().scanned_pages_total < pages; i++)
        usleep(10000);
    begin = (long)(target_seconds() * 1e6) - begin;
    sleep(1);
    CHECK(statistics().scanned_pages_total >= pages);
    printf("rss_kilobytes %ld\n", number_of(status, "VmRSS:") - rss);
    printf("address_space_kilobytes %ld\n", number_of(status, "VmSize:") - size);
    printf("first_pass_microseconds %ld\n", begin);
}

/* The keeper of this test is a script that notes what it was given; the member only has to be left alone. */
static void task_spawn(char **argument)
{
    struct stat found;
    signal(SIGCHLD, on_signal);
    /* Left open over an exec, which the keeper must not inherit. */
    CHECK(open("/proc/version", O_RDONLY) >= 0);
    setenv("SAMEPAGE_DOMAIN", "never", 1);
    setenv("GATE_MEMBER_SECRET", "1", 1);
    join(argument);
    allocate(64);
    for (int i = 0; i < 100 && stat(argument[4], &found); i++)
        usleep(100000);
    CHECK(stat(argument[4], &found) == 0);
    usleep(300000);
    CHECK(signals == 0);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    printf("session %d\n", getsid(0));
}

/* What the program closes and opens is the program's, whatever numbers the engine may have for its own. */
static void task_closefrom(char **argument)
{
    enum { FILES = 200, BYTES = 512 };
    char text[BYTES];
    int files[FILES];
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    CHECK(syscall(SYS_close_range, 3u, ~0u, 0) == 0);
    for (int i = 0; i < FILES; i++) {
        CHECK((files[i] = open("/tmp", O_TMPFILE | O_RDWR, 0600)) >= 0);
        memset(text, 'a' + i % 26, BYTES);
        CHECK(write(files[i], text, BYTES) == BYTES);
    }
    /* A pipe whose only writer is closed is at its end: nobody else may hold it open. */
    int ends[2];
    CHECK(pipe(ends) == 0 && close(ends[1]) == 0 && read(ends[0], text, 1) == 0);
    uint64_t windows = statistics().windows_total;
    for (int round = 0; round < 20; round++) {
        /* Unmerged by being written, and merged again; every other page with what was in the one before. */
        fill(memory, PAGES, 64);
        usleep(100000);
        CHECK(is_filled(memory, PAGES, 64));
    }
    CHECK(statistics().state == SAMEPAGE_STATE_MERGING);
    CHECK(statistics().windows_total > windows);
    for (int i = 0; i < FILES; i++) {
        struct stat found;
        CHECK(fstat(files[i], &found) == 0 && found.st_size == BYTES);
        CHECK(pread(files[i], text, BYTES, 0) == BYTES);
        for (int at = 0; at < BYTES; at++)
            CHECK(text[at] == 'a' + i % 26);
    }
    CHECK(samepage_range_unadvise(memory, PAGES * PAGE) == 0);
    CHECK(is_filled(memory, PAGES, 64) && segment_bytes(memory, PAGES * PAGE) == 0);
}

static size_t bytes_with(const char *rights, const unsigned char *from, size_t bytes)
{
    char line[512], found[8];
    size_t start, end, sum = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%zx-%zx %7s", &start, &end, found) == 3 && !strcmp(found, rights) && start < (size_t)from + bytes && end > (size_t)from)
            sum += (end < (size_t)from + bytes ? end : (size_t)from + bytes) - (start > (size_t)from ? start : (size_t)from);
    fclose(file);
    return sum;
}

/* mprotect past the library is seen by nobody, and holds all the same: what is given back has the rights it had. */
static void task_protect(char **argument)
{
    size_t half = PAGES / 2 * PAGE;
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    CHECK(syscall(SYS_mprotect, memory, half, PROT_READ) == 0);
    CHECK(samepage_range_unadvise(memory, PAGES * PAGE) == 0);
    CHECK(segment_bytes(memory, PAGES * PAGE) == 0);
    CHECK(bytes_with("r--p", memory, half) == half && bytes_with("rw-p", memory + half, half) == half);
    CHECK(is_filled(memory, PAGES, 64));
}

/* No descriptor can be had while a range with marks of two kinds is given back: that may fail, and must not hang. */
static void task_starved(char **argument)
{
    struct rlimit none, before;
    join(argument);
    allocate(64);
    CHECK(madvise(memory, PAGES / 4 * PAGE + 64 * PAGE, MADV_DONTFORK) == 0);
    wait_merged(PAGES * 3 / 4);
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = (struct rlimit){ 3, before.rlim_max };
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    int result = samepage_range_unadvise(memory, PAGES * PAGE);
    printf("unadvise without descriptors: %d\n", result);
    /* A fork waits for an open window too. */
    pid_t pid = fork();
    if (pid == 0)
        _exit(is_filled(memory + PAGES / 2 * PAGE, PAGES / 2, 64) ? 0 : 1);
    int status;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(samepage_range_unadvise(memory, PAGES * PAGE) == 0);
    CHECK(segment_bytes(memory, PAGES * PAGE) == 0 && is_filled(memory, PAGES, 64));
}

/* A file system of one file, of which nothing is ever read; it serves until it is unmounted. */
static int fuse_device;

static void fuse_answer(uint64_t unique, int error, const void *body, size_t bytes)
{
    struct fuse_out_header head = { .len = sizeof head + bytes, .error = error, .unique = unique };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)body, bytes } };
    (void)!writev(fuse_device, parts, bytes ? 2 : 1);
}

static _Noreturn void fuse_serve(void)
{
    static char question[1 << 17];
    const struct fuse_attr file = { .ino = 2, .size = 1 << 20, .mode = S_IFREG | 0600, .nlink = 1, .blksize = 4096 };
    const struct fuse_attr directory = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2, .blksize = 4096 };
    while (read(fuse_device, question, sizeof question) > 0) {
        struct fuse_in_header *head = (void *)question;
        if (head->opcode == FUSE_INIT)
            fuse_answer(head->unique, 0, &(struct fuse_init_out){ .major = 7, .minor = 31, .max_write = 4096 }, sizeof(struct fuse_init_out));
        else if (head->opcode == FUSE_LOOKUP)
            fuse_answer(head->unique, 0, &(struct fuse_entry_out){ .nodeid = 2, .attr = file }, sizeof(struct fuse_entry_out));
        else if (head->opcode == FUSE_GETATTR)
            fuse_answer(head->unique, 0, &(struct fuse_attr_out){ .attr = head->nodeid == 1 ? directory : file }, sizeof(struct fuse_attr_out));
        else if (head->opcode == FUSE_OPEN)
            fuse_answer(head->unique, 0, &(struct fuse_open_out){ 0 }, sizeof(struct fuse_open_out));
        else if (head->opcode == FUSE_RELEASE || head->opcode == FUSE_FLUSH)
            fuse_answer(head->unique, 0, NULL, 0);
        else if (head->opcode != FUSE_FORGET && head->opcode != FUSE_BATCH_FORGET)
            fuse_answer(head->unique, -ENOSYS, NULL, 0);
    }
    _exit(0);
}

static uint64_t windows_while_rewriting(int seconds)
{
    uint64_t before = statistics().windows_total;
    for (double end = target_seconds() + seconds; target_seconds() < end; usleep(50000)) {
        fill(memory, PAGES, 64);
        CHECK(is_filled(memory, PAGES, 64));
    }
    return statistics().windows_total - before;
}

/* The engine, which is a thread of this process, lets go of descriptors that it never wanted: a message queue takes a
   close by its process for the end of the wish to be told of messages. */
static void task_queue(char **argument)
{
    char name[64];
    struct mq_attr attributes = { .mq_maxmsg = 1, .mq_msgsize = 8 };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    snprintf(name, sizeof name, "/samepage-test-%d", getpid());
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    CHECK(queue >= 0 && mq_unlink(name) == 0);
    signal(SIGUSR1, on_signal);
    CHECK(mq_notify(queue, &event) == 0);
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    CHECK(signals == 0);
    CHECK(mq_send(queue, "x", 1, 0) == 0);
    for (int tries = 0; tries < 100 && signals == 0; tries++)
        usleep(10000);
    CHECK(signals == 1);
    /* Nor when the engine ends. */
    char text[8];
    CHECK(mq_receive(queue, text, sizeof text, NULL) == 1);
    CHECK(mq_notify(queue, &event) == 0);
    CHECK(samepage_domain_leave() == 0);
    CHECK(mq_send(queue, "x", 1, 0) == 0);
    for (int tries = 0; tries < 100 && signals == 1; tries++)
        usleep(10000);
    CHECK(signals == 2);
}

static pthread_t first;

/* The first thread has ended, and with it what the kernel says of the process as a whole. */
static void *live_on(void *unused)
{
    char text[512] = "", reason[256];
    CHECK(pthread_join(first, NULL) == 0);
    for (int tries = 0; tries < 100 && !strstr(text, ") Z "); tries++) {
        FILE *file = fopen("/proc/self/stat", "r");
        CHECK(file && fgets(text, sizeof text, file));
        fclose(file);
        usleep(10000);
    }
    CHECK(strstr(text, ") Z "));
    windows_while_rewriting(3);
    CHECK(windows_while_rewriting(3) == 0);
    samepage_reason_text(reason, sizeof reason);
    printf("reason: %s\n", reason);
    CHECK(strstr(reason, "main thread"));
    CHECK(samepage_range_discard(memory, PAGE) == 0 && memory[0] == 0 && memory[PAGE - 1] == 0);
    int result = samepage_range_unadvise(memory, PAGES * PAGE);
    printf("unadvise: %d\n", result);
    CHECK(result == -EBUSY);
    CHECK(samepage_range_discard(memory, PAGES * PAGE) == 0);
    for (size_t page = 0; page < PAGES; page++)
        CHECK(memory[page * PAGE] == 0);
    puts("ok");
    exit(0);
    return unused;
}

static void task_headless(char **argument)
{
    pthread_t second;
    first = pthread_self();
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    CHECK(windows_while_rewriting(3) > 0);
    CHECK(pthread_create(&second, NULL, live_on, NULL) == 0);
    pthread_exit(NULL);
}

/* A file is open for direct I/O on a file system of which it is not known that its reads can be seen: nothing is merged
   and nothing replaced until it is closed. */
static void task_direct(char **argument)
{
    char options[128], path[300], reason[256];
    CHECK((fuse_device = open("/dev/fuse", O_RDWR | O_CLOEXEC)) >= 0);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse_device);
    CHECK(mount("samepage-test", argument[4], "fuse", 0, options) == 0);
    /* A process of its own: one that serves itself cannot end. */
    if (fork() == 0)
        fuse_serve();
    close(fuse_device);
    snprintf(path, sizeof path, "%s/file", argument[4]);
    int file = open(path, O_RDWR | O_DIRECT);
    /* Gone from the tree at once, whatever happens; it lives on as long as the file is open. */
    CHECK(umount2(argument[4], MNT_DETACH) == 0);
    CHECK(file >= 0);
    CHECK(fcntl(file, F_SETFL, 0) == 0);
    join(argument);
    allocate(64);
    wait_merged(PAGES * 3 / 4);
    CHECK(windows_while_rewriting(3) > 0);
    CHECK(fcntl(file, F_SETFL, O_DIRECT) == 0);
    windows_while_rewriting(3);
    CHECK(windows_while_rewriting(3) == 0);
    samepage_reason_text(reason, sizeof reason);
    printf("reason: %s\n", reason);
    CHECK(strstr(reason, "direct I/O"));
    /* Private, but still mapped from segments, which the program must know: its own discards would be wrong. */
    CHECK(samepage_range_unadvise(memory, PAGES / 4 * PAGE) == -EBUSY);
    CHECK(is_filled(memory, PAGES, 64));
    CHECK(samepage_range_discard(memory, PAGE) == 0);
    CHECK(memory[0] == 0 && memory[PAGE - 1] == 0);
    CHECK(samepage_range_advise(memory, PAGES / 4 * PAGE) == 0);
    CHECK(close(file) == 0);
    CHECK(windows_while_rewriting(5) > 0);
    samepage_reason_text(reason, sizeof reason);
    CHECK(!strstr(reason, "direct I/O"));
}

int main(int count, char **argument)
{
    static const struct { const char *name; void (*run)(char **); } tasks[] = {
        { "signals", task_signals }, { "fork", task_fork }, { "calls", task_calls },
        { "footprint", task_footprint }, { "spawn", task_spawn }, { "closefrom", task_closefrom },
        { "protect", task_protect }, { "starved", task_starved }, { "direct", task_direct },
        { "queue", task_queue }, { "headless", task_headless },
    };
    target_begin();
    for (size_t i = 0; count >= 4 && i < sizeof tasks / sizeof tasks[0]; i++)
        if (!strcmp(argument[1], tasks[i].name)) {
            tasks[i].run(argument);
            puts("ok");
            return 0;
        }
    return 2;
}
