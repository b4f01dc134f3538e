/*
 * The calls of samepage.h by themselves: user_abi abi DOMAIN. Prints "done", or "wrong ..." at the first answer that
 * is not what the header says. SAMEPAGE_TEST_KEEPER names the executable that starts keepers.
 */
#include "user_block.h"
#include <sys/resource.h>
#include <sys/wait.h>

#define EXPECT(call, expected) do { long got_ = (long)(call), expected_ = (expected); \
    if (got_ != expected_) wrong("%s gave %ld (%s), not %ld", #call, got_, strerror((int)-got_), expected_); } while (0)

static struct samepage_join_options options_for(const char *domain)
{
    return (struct samepage_join_options){ .size = sizeof(struct samepage_join_options), .domain = domain,
        .keeper = getenv("SAMEPAGE_TEST_KEEPER"), .limits = { .size = sizeof(struct samepage_limits), .pace = SAMEPAGE_PACE_EAGER } };
}

static void before_joining(void)
{
    __typeof__(&samepage_abi_version) version = engine_symbol("samepage_abi_version");
    char text[256], *memory = map_anonymous(16);
    EXPECT(version(), SAMEPAGE_ABI_VERSION);
    struct samepage_statistics statistics = { .size = sizeof statistics };
    EXPECT(engine.statistics(&statistics), 0);
    EXPECT(statistics.state, SAMEPAGE_STATE_NONE);
    if (engine.advise(memory, 16 * PAGE) >= 0)
        wrong("advice before joining is taken");
    engine.leave();
    if (engine.scan(10) > 0)
        wrong("scanning before joining merges");
    EXPECT(engine.reason(text, sizeof text), (long)strlen(text));
}

static void join_wrongly(void)
{
    struct samepage_join_options options = options_for("sm-abi");
    EXPECT(engine.join(NULL), -EINVAL);
    options.size = 4;
    EXPECT(engine.join(&options), -EINVAL);
    const char *names[] = { "", "a/b", "..", "with space", "0123456789012345678901234567890123456789012345678", "é" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        options = options_for(names[i]);
        EXPECT(engine.join(&options), -EINVAL);
    }
    options = options_for("sm-abi");
    options.flags = 64;
    EXPECT(engine.join(&options), -EINVAL);
    options = options_for("sm-abi");
    options.limits.window_pages_max = 4;
    EXPECT(engine.join(&options), -EINVAL);
    options = options_for("sm-abi");
    options.limits.pace = 99;
    EXPECT(engine.join(&options), -EINVAL);
}

static void advise_wrongly(void)
{
    char *memory = map_anonymous(16);
    EXPECT(engine.advise(NULL, 0), 0);
    EXPECT(engine.advise((void *)-PAGE, 4 * PAGE), -EINVAL);
    EXPECT(engine.unadvise(memory, 16 * PAGE), 0);
    EXPECT(engine.unadvise((void *)-PAGE, 4 * PAGE), -EINVAL);
    EXPECT(engine.discard((void *)-PAGE, 4 * PAGE), -EINVAL);
    /* To whole pages within the range. */
    struct samepage_statistics before = engine_statistics();
    EXPECT(engine.advise(memory + 1, 3 * PAGE), 0);
    struct samepage_statistics after = engine_statistics();
    double end = target_seconds() + 2;
    while ((after = engine_statistics()).advised_bytes == before.advised_bytes && target_seconds() < end)
        engine.scan(100);
    EXPECT(after.advised_bytes - before.advised_bytes, 2 * PAGE);
    EXPECT(engine.unadvise(memory, 16 * PAGE), 0);
    struct samepage_limits limits = { .size = 3 };
    EXPECT(engine.limits(&limits), -EINVAL);
    EXPECT(engine.limits(NULL), -EINVAL);
    limits = (struct samepage_limits){ .size = sizeof limits, .window_pages_max = 100000 };
    EXPECT(engine.limits(&limits), -EINVAL);
    struct samepage_statistics statistics = { .size = 2 };
    EXPECT(engine.statistics(&statistics), -EINVAL);
    EXPECT(engine.statistics(NULL), -EINVAL);
    EXPECT(engine.reason(NULL, 0), -EINVAL);
    char small[4] = "abc";
    engine.reason(small, sizeof small);
    if (memchr(small, 0, sizeof small) == NULL)
        wrong("a reason that is cut off has no end");
    /* An older program's smaller struct is filled as far as it goes. */
    struct samepage_statistics older;
    memset(&older, 0x55, sizeof older);
    older.size = 64;
    int result = engine.statistics(&older);
    if (result == 0 && ((unsigned char *)&older)[64] != 0x55)
        wrong("more was written than the struct holds");
}

static void in_a_child(struct block *block)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct samepage_join_options options = options_for("sm-abi");
        struct samepage_statistics statistics = { .size = sizeof statistics };
        if (engine.join(&options) != -ECHILD)
            _exit(3);
        if (engine.statistics(&statistics) || statistics.state != SAMEPAGE_STATE_CHILD)
            _exit(4);
        if (engine.advise(block->base, block->pages * PAGE) >= 0)
            _exit(5);
        if (engine.scan(100) > 0)
            _exit(6);
        if (block_difference(block) >= 0)
            _exit(7);
        block_write(block, 5, 1000);
        if (block_difference(block) >= 0)
            _exit(8);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status)
        wrong("in a forked child: %d", WEXITSTATUS(status));
    block_check(block, "after a child");
}

int main(int count, char **argument)
{
    if (count < 3)
        return 2;
    engine_begin(argument[1]);
    before_joining();
    join_wrongly();
    struct samepage_join_options options = options_for(argument[2]);
    EXPECT(engine.join(&options), 0);
    EXPECT(engine.join(&options), -EALREADY);
    struct block block = block_merged(2000, 0);
    EXPECT(engine_statistics().state, SAMEPAGE_STATE_MERGING);
    advise_wrongly();
    in_a_child(&block);
    EXPECT(engine.advise(block.base + 100 * PAGE, 500 * PAGE), 0);
    EXPECT(engine.discard(block.base + 300 * PAGE, 200 * PAGE), 0);
    memset(block.shadow + 300 * PAGE, 0, 200 * PAGE);
    block_check(&block, "discarded");
    /* Within a hold the program may do with its mappings as it likes; what needs the engine is refused there. */
    engine.hold();
    engine.hold();
    EXPECT(engine.unadvise(block.base + 600 * PAGE, 100 * PAGE), -EDEADLK);
    mmap(block.base + 600 * PAGE, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    engine.release();
    engine.release();
    memset(block.shadow + 600 * PAGE, 0, 100 * PAGE);
    engine.scan(1000);
    block_check(&block, "mapped over within a hold");
    EXPECT(engine.unadvise(block.base, block.pages * PAGE), 0);
    EXPECT(pages_merged(block.base, block.pages), 0);
    block_check(&block, "taken back");
    block_fill(&block, 2);
    block_advise(&block);
    block_await(&block, "again");
    uint64_t stalls[SAMEPAGE_STALL_BUCKETS], windows = 0;
    EXPECT(engine.stalls(stalls), 0);
    for (int i = 0; i < SAMEPAGE_STALL_BUCKETS; i++)
        windows += stalls[i];
    if (windows == 0)
        wrong("no window was counted");
    EXPECT(engine.leave(), 0);
    EXPECT(pages_merged(block.base, block.pages), 0);
    block_check(&block, "left");
    if (engine_statistics().state == SAMEPAGE_STATE_MERGING)
        wrong("still merging after leaving");
    puts("done");
    return 0;
}
