/*
 * A member that holds a block and does as it is told: user_holder MODE SEED PAGES. Its memory lies at the address that
 * it prints after "ready". Each line of input is answered by one of output:
 *
 *   await PERCENT [SECONDS]   until so much of what is duplicate is merged, 20 s at most   merged PAGES OF DUPLICATES
 *   check             compares every byte                             intact | damaged PAGE
 *   write COUNT       writes here and there                           written
 *   fill SEED         other contents everywhere                       filled
 *   pageout           asks for all of it to be swapped out            swapped PAGES
 *   unmerge           MADV_UNMERGEABLE                                unmerged ERRNO
 *   advise            MADV_MERGEABLE, again                           advised ERRNO
 *   state             what the engine says                            state NUMBER mappings NUMBER reason TEXT
 *   mappings MOST     samepage_limits.mappings_max                    limited ERRNO
 *   maps              uses up all mappings but a few                  maps COUNT
 *   unmaps            gives them back                                 unmapped
 *   descriptors       uses up all descriptors                         descriptors COUNT
 *   undescriptors     gives them back                                 closed
 *   room BYTES        limits the address space to what is used and so much more   roomed
 *   plant             changes a byte behind the model's back          planted
 *   toil              for ever, see below
 *
 * toil: checks all, writes a little, and prints "round NUMBER merged PAGES" every tenth of a second until it is killed,
 * or "damaged PAGE" once.
 */
#include "user_block.h"
#include <sys/resource.h>

static struct block block;
static char *spent;
static size_t spent_pages;
static int borrowed[65536];
static size_t borrowed_count;

static size_t merged_now(void) { return pages_merged(block.base, block.pages); }

static void report_check(void)
{
    long page = block_difference(&block);
    if (page < 0)
        puts("intact");
    else
        printf("damaged %ld\n", page);
}

static void toil(uint64_t seed)
{
    double next = 0;
    for (long round = 0;; round++) {
        long page = block_difference(&block);
        if (page >= 0) {
            printf("damaged %ld\n", page);
            exit(1);
        }
        block_write(&block, random_next(&seed), 20);
        /* Some written pages get a content again that others hold too. */
        for (int i = 0; i < 20; i++) {
            size_t at = random_next(&seed) % block.pages;
            content_write(block.base + at * PAGE, block_content(seed % 4, at));
            content_write(block.shadow + at * PAGE, block_content(seed % 4, at));
        }
        if (target_seconds() > next) {
            printf("round %ld merged %zu\n", round, merged_now());
            next = target_seconds() + 0.1;
        }
        usleep(5000);
    }
}

/* Every other page of a reservation is protected differently: each is a mapping. */
static void spend_maps(void)
{
    size_t limit = 65530, count = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    if (!file || fscanf(file, "%zu", &limit) != 1)
        target_fail("max_map_count");
    fclose(file);
    spent_pages = limit + 64;
    spent = mmap(NULL, spent_pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 1; i < spent_pages && mprotect(spent + i * PAGE, PAGE, PROT_READ) == 0; i += 2)
        count++;
    printf("maps %zu\n", count);
}

static void spend_descriptors(void)
{
    for (borrowed_count = 0; borrowed_count < 65536; borrowed_count++)
        if ((borrowed[borrowed_count] = dup(0)) < 0)
            break;
    printf("descriptors %zu\n", borrowed_count);
}

static void limit_room(unsigned long bytes)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (fscanf(file, "%lu", &pages) != 1)
        target_fail("statm");
    fclose(file);
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = bytes ? pages * PAGE + bytes : limit.rlim_max;
    setrlimit(RLIMIT_AS, &limit);
    puts("roomed");
}

static void obey(const char *line)
{
    unsigned long number = 0, seconds = 20;
    char word[32] = "";
    sscanf(line, "%31s %lu %lu", word, &number, &seconds);
    if (!strcmp(word, "await")) {
        size_t merged = engine.mode == ENGINE_PLAIN ? 0 : engine_await(block.base, block.pages, block.duplicates * number / 100, (double)seconds);
        printf("merged %zu of %zu\n", merged, block.duplicates);
    } else if (!strcmp(word, "check")) {
        report_check();
    } else if (!strcmp(word, "write")) {
        block_write(&block, number, (int)number);
        puts("written");
    } else if (!strcmp(word, "fill")) {
        block_fill(&block, number);
        puts("filled");
    } else if (!strcmp(word, "pageout")) {
        madvise(block.base, block.pages * PAGE, MADV_PAGEOUT);
        size_t swapped = 0;
        for (size_t i = 0; i < block.pages; i++)
            swapped += page_entry(block.base + i * PAGE) >> 62 & 1;
        printf("swapped %zu\n", swapped);
    } else if (!strcmp(word, "unmerge")) {
        printf("unmerged %d\n", madvise(block.base, block.pages * PAGE, MADV_UNMERGEABLE) ? errno : 0);
    } else if (!strcmp(word, "advise")) {
        printf("advised %d\n", madvise(block.base, block.pages * PAGE, MADV_MERGEABLE) ? errno : 0);
    } else if (!strcmp(word, "state") && engine.mode != ENGINE_PLAIN) {
        struct samepage_statistics now = engine_statistics();
        printf("state %u mappings %lu reason %s\n", now.state, now.mappings, engine_reason());
    } else if (!strcmp(word, "mappings") && engine.mode != ENGINE_PLAIN) {
        struct samepage_limits limits = { .size = sizeof limits, .mappings_max = number };
        printf("limited %d\n", -engine.limits(&limits));
    } else if (!strcmp(word, "maps")) {
        spend_maps();
    } else if (!strcmp(word, "unmaps")) {
        munmap(spent, spent_pages * PAGE);
        puts("unmapped");
    } else if (!strcmp(word, "descriptors")) {
        spend_descriptors();
    } else if (!strcmp(word, "undescriptors")) {
        while (borrowed_count > 0)
            close(borrowed[--borrowed_count]);
        puts("closed");
    } else if (!strcmp(word, "room")) {
        limit_room(number);
    } else if (!strcmp(word, "plant")) {
        block.base[block.pages / 2 * PAGE + 77] ^= 1;
        puts("planted");
    } else if (!strcmp(word, "toil")) {
        toil((uint64_t)getpid() * 7919);
    } else {
        puts("unknown");
    }
}

int main(int count, char **argument)
{
    if (count < 4)
        return 2;
    engine_begin(argument[1]);
    block = block_make(strtoul(argument[3], NULL, 10), strtoul(argument[2], NULL, 10));
    if (engine.mode != ENGINE_PLAIN)
        block_advise(&block);
    printf("ready %lx\n", (unsigned long)block.base);
    char line[64];
    while (fgets(line, sizeof line, stdin))
        obey(line);
    return 0;
}
