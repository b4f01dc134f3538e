// A store that offers its heap through the C ABI: heap MIB WRITES DOMAIN KEEPER. DOMAIN "-" offers nothing. All
// instances hold the same records; WRITES of a thousand operations rewrite a record, in the hot twentieth of the heap,
// the others read one and check it. Orders: "run SECONDS" answers with operations, wrong records and CPU nanoseconds of
// the working thread; "statistics" with what the engine says of this process.
#include "bench.h"
#include "samepage.h"

#define RECORD 32ul // words

static uint64_t *heap;
static size_t records;
static uint64_t writes;

static void join(const char *domain, const char *keeper) {
    struct samepage_join_options options = {.size = sizeof options, .domain = domain, .keeper = keeper,
                                            .limits = {.size = sizeof options.limits}};
    int error = samepage_domain_join(&options);
    if (!error) error = samepage_range_advise(heap, records * RECORD * 8);
    if (error) {
        fprintf(stderr, "samepage: %s\n", strerror(-error));
        exit(1);
    }
}

// A record holds its version and words that follow from its number and version.
static void write_record(size_t at, uint64_t version) {
    uint64_t *record = heap + at * RECORD;
    record[0] = version;
    for (size_t k = 1; k < RECORD; k++) record[k] = at * RECORD + k + version * 0x9E3779B97F4A7C15ull;
}

static int is_right(size_t at) {
    uint64_t *record = heap + at * RECORD, version = record[0];
    for (size_t k = 1; k < RECORD; k++)
        if (record[k] != at * RECORD + k + version * 0x9E3779B97F4A7C15ull) return 0;
    return 1;
}

static void run(unsigned seconds) {
    static uint64_t state;
    uint64_t operations = 0, wrong = 0, end = nanoseconds(CLOCK_MONOTONIC) + seconds * 1000000000ull;
    uint64_t begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    while (nanoseconds(CLOCK_MONOTONIC) < end)
        for (int i = 0; i < 256; i++, operations++) {
            uint64_t random = state = mix(state);
            if ((random >> 50) % 1000 < writes) write_record(random % (records / 20), heap[random % (records / 20) * RECORD] + 1);
            else wrong += !is_right(random % records);
        }
    printf("%llu %llu %llu\n", (unsigned long long)operations, (unsigned long long)wrong,
           (unsigned long long)(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin));
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    size_t pages = strtoul(argv[1], 0, 10) * 256;
    writes = strtoull(argv[2], 0, 10);
    heap = region(pages);
    records = pages * WORDS / RECORD;
    for (size_t i = 0; i < records; i++) write_record(i, 0);
    if (strcmp(argv[3], "-")) join(argv[3], argv[4]);
    say("ready");
    for (;;) {
        unsigned seconds;
        const char *what = order();
        if (sscanf(what, "run %u", &seconds) == 1) run(seconds);
        else if (!strcmp(what, "statistics")) {
            struct samepage_statistics now = {.size = sizeof now};
            int error = samepage_statistics_read(&now);
            printf("%d %llu %llu %llu\n", error, (unsigned long long)now.merged_pages,
                   (unsigned long long)now.cpu_nanoseconds_total, (unsigned long long)now.window_nanoseconds_max);
        }
        fflush(stdout);
    }
}
