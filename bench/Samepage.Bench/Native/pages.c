// Holds duplicates in a chosen order: pages COUNT SEED ORDER. Every instance holds the contents 0 to COUNT-1; SEED
// shuffles which page holds which. ORDER: "ordered" (no shuffle), "shuffled", or "mixed" (shuffled, and between every
// two pages one that nobody else has). Orders: "offer", "verify".
#include "bench.h"

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    size_t count = strtoul(argv[1], 0, 10);
    uint64_t seed = strtoull(argv[2], 0, 10);
    int is_mixed = !strcmp(argv[3], "mixed");
    size_t pages = is_mixed ? 2 * count : count;
    uint64_t *memory = region(pages);
    uint64_t *ids = malloc(pages * sizeof *ids);
    for (size_t i = 0; i < count; i++) ids[i] = i;
    if (strcmp(argv[3], "ordered"))
        for (size_t i = count; i > 1; i--) {
            size_t j = mix(seed << 32 | i) % i;
            uint64_t t = ids[i - 1];
            ids[i - 1] = ids[j];
            ids[j] = t;
        }
    if (is_mixed)
        for (size_t i = count; i-- > 0;) {
            ids[2 * i] = ids[i];
            ids[2 * i + 1] = (seed + 1) << 40 | i;
        }
    for (size_t i = 0; i < pages; i++) fill(memory + i * WORDS, ids[i]);
    say("ready");
    for (;;) {
        const char *what = order();
        if (!strcmp(what, "offer")) {
            offer(memory, pages);
            say("offered");
        } else if (!strcmp(what, "verify")) {
            size_t wrong = 0;
            for (size_t i = 0; i < pages; i++) wrong += !is_filled(memory + i * WORDS, ids[i]);
            printf("wrong %zu\n", wrong);
            fflush(stdout);
        }
    }
}
