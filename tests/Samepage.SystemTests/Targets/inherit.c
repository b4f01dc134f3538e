/* Opts in, executes another program, and so lets its ksm_stat tell whether the opt-in came along. */
#include "target.h"

int main(void)
{
    prctl(67, 1, 0, 0, 0);
    return execl("/bin/cat", "cat", "/proc/self/ksm_stat", (char *)0);
}
