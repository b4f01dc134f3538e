// Keeps one processor busy until standard input is closed.
#include "bench.h"

int main(void) {
    watch_input();
    say("ready");
    for (volatile uint64_t n = 0;; n++) {}
}
