/*
 * Holds many equal pages: duplicates MEBIBYTES [advise]. Waits for a line, then fills anonymous memory with 16 contents
 * over and over (and advises it itself where told to), prints "filled", and answers each further line with
 * "intact" or "damaged".
 */
#include "target.h"
#include <stdint.h>
#include <sys/mman.h>

#define CONTENTS 16
#define WORDS (4096 / sizeof(uint64_t))

static uint64_t word(size_t page, size_t index) { return (page % CONTENTS + 1) * 0x9e3779b97f4a7c15u + index; }

int main(int count, char **argument)
{
    target_begin();
    size_t size = (size_t)atol(argument[1]) << 20;
    char line[64];
    puts("ready");
    if (!fgets(line, sizeof line, stdin))
        return 0;
    uint64_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        target_fail("mmap");
    madvise(memory, size, MADV_NOHUGEPAGE);
    if (count > 2 && madvise(memory, size, MADV_MERGEABLE) != 0)
        target_fail("madvise");
    for (size_t i = 0; i < size / sizeof *memory; i++)
        memory[i] = word(i / WORDS, i % WORDS);
    puts("filled");
    while (fgets(line, sizeof line, stdin)) {
        int intact = 1;
        for (size_t i = 0; i < size / sizeof *memory; i++)
            intact &= memory[i] == word(i / WORDS, i % WORDS);
        puts(intact ? "intact" : "damaged");
    }
    return 0;
}
