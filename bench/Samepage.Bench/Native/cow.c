// What a write costs that gets a page of its own: cow PAGES. Orders: "touch" writes to memory never touched before;
// "fork" writes to pages shared with a forked child; "offer" offers pages, each of which has a twin, for merging; "break"
// reads and then writes one of each two twins. Each answers with nanoseconds of the thread's CPU time a page.
#include "bench.h"
#include <signal.h>
#include <sys/wait.h>

static size_t pages;

static double written(uint64_t *p) {
    uint64_t begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < pages; i++) ((volatile uint64_t *)p)[i * WORDS] = i;
    return (double)(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin) / pages;
}

static double was_read(uint64_t *p) {
    uint64_t begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < pages; i++) (void)((volatile uint64_t *)p)[i * WORDS];
    return (double)(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin) / pages;
}

static double after_fork(void) {
    uint64_t *p = region(pages);
    written(p);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    double cost = written(p);
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
    munmap(p, pages * PAGE);
    return cost;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    pages = strtoul(argv[1], 0, 10);
    uint64_t *twins = region(2 * pages);
    for (size_t i = 0; i < 2 * pages; i++) fill(twins + i * WORDS, i % pages);
    say("ready");
    for (;;) {
        const char *what = order();
        if (!strcmp(what, "touch")) {
            uint64_t *fresh = region(pages);
            printf("%.1f\n", written(fresh));
            munmap(fresh, pages * PAGE);
        } else if (!strcmp(what, "fork")) {
            printf("%.1f\n", after_fork());
        } else if (!strcmp(what, "offer")) {
            offer(twins, 2 * pages);
            printf("offered\n");
        } else if (!strcmp(what, "break")) {
            double reading = was_read(twins), writing = written(twins);
            size_t wrong = 0;
            for (size_t i = 0; i < pages; i++) {
                wrong += twins[i * WORDS] != i || twins[i * WORDS + 1] != word(i, 1);
                wrong += !is_filled(twins + (pages + i) * WORDS, i);
            }
            printf("%.1f %.1f %zu\n", reading, writing, wrong);
        }
        fflush(stdout);
    }
}
