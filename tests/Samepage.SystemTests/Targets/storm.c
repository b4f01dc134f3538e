/*
 * Is struck by signals as fast as a timer gives them: storm MICROSECONDS. Its thread alternates between waiting and
 * computing. Each handler checks that no call of the program answered anything but what it should. Prints "ready", and
 * at the end of its input "handled NUMBER wrong NUMBER blocked NUMBER".
 */
#include "target.h"
#include <poll.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;
static void on_signal(int signal) { (void)signal; handled++; }

int main(int count, char **argument)
{
    target_begin();
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = { { 0, atoi(argument[count - 1]) }, { 0, atoi(argument[count - 1]) } };
    setitimer(ITIMER_REAL, &often, NULL);
    puts("ready");
    long wrong = 0;
    struct pollfd input = { .fd = 0, .events = POLLIN };
    for (;;) {
        int before = handled, got = poll(&input, 1, -1);
        if (got > 0)
            break;
        /* EINTR is right if a handler ran; nothing else is. */
        if (got == 0 || errno != EINTR || handled == before)
            wrong++;
        for (volatile int i = 0; i < 10000; i++)
            ;
    }
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    int masked = 0;
    for (int i = 1; i < 32; i++)
        masked += sigismember(&blocked, i);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
    printf("handled %d wrong %ld blocked %d\n", (int)handled, wrong, masked);
    return 0;
}
