/*
 * Waits in one system call and tells what came out of it: blocked KIND SECONDS.
 *
 * The call is made by a bare syscall instruction, and every register that the kernel promises to keep is compared
 * afterwards: a tracer that gives back one of them wrong is found out. Prints "ready", then
 * "result VALUE errno NUMBER registers kept|lost waited MILLISECONDS". Endless calls are ended by a child that acts
 * after SECONDS; calls with a time limit have SECONDS as their limit. VALUE is what a program may expect when it is
 * 1 for "woken as planned".
 */
#include "target.h"
#include <linux/futex.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

struct call { long nr, a, b, c, d, e, f; };
static int registers_kept = 1;

/* One call, with its arguments compared afterwards; rbx, rbp and r12 to r15 are the compiler's to notice. */
static long call(struct call k)
{
    register long rax __asm__("rax") = k.nr;
    register long rdi __asm__("rdi") = k.a;
    register long rsi __asm__("rsi") = k.b;
    register long rdx __asm__("rdx") = k.c;
    register long r10 __asm__("r10") = k.d;
    register long r8 __asm__("r8") = k.e;
    register long r9 __asm__("r9") = k.f;
    uint64_t rbx = 0x1122334455667788, r12 = 0x99aabbccddeeff00, xmm = 0x0123456789abcdef, xmm_after, rbx_after, r12_after;
    __asm__ volatile("movq %[xmm], %%xmm7\n\tmovq %[b], %%rbx\n\tmovq %[t], %%r12\n\tsyscall\n\t"
                     "movq %%rbx, %[ba]\n\tmovq %%r12, %[ta]\n\tmovq %%xmm7, %[xa]"
                     : "+a"(rax), "+r"(rdi), "+r"(rsi), "+r"(rdx), "+r"(r10), "+r"(r8), "+r"(r9),
                       [ba] "=m"(rbx_after), [ta] "=m"(r12_after), [xa] "=m"(xmm_after)
                     : [xmm] "m"(xmm), [b] "m"(rbx), [t] "m"(r12)
                     : "rcx", "r11", "memory", "rbx", "r12", "xmm7");
    if (rdi != k.a || rsi != k.b || rdx != k.c || r10 != k.d || r8 != k.e || r9 != k.f || rbx != rbx_after || r12 != r12_after || xmm != xmm_after)
        registers_kept = 0;
    return rax;
}

static pid_t parent;
static double seconds;
static void nap(void)
{
    struct timespec time = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
    while (nanosleep(&time, &time) != 0)
        ;
}

/* Forks a child that acts once the parent has waited long enough. */
#define LATER(action)                                     \
    if (fork() == 0) {                                    \
        prctl(PR_SET_PDEATHSIG, SIGKILL);                 \
        nap();                                            \
        action;                                           \
        _exit(0);                                         \
    }

static void handled(int signal) { (void)signal; }

int main(int count, char **argument)
{
    target_begin();
    if (count != 3)
        return 2;
    const char *kind = argument[1];
    seconds = atof(argument[2]);
    parent = getpid();
    struct timespec limit = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
    struct timeval socket_limit = { limit.tv_sec, limit.tv_nsec / 1000 };
    int pipe_ends[2], pair[2];
    uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pipe(pipe_ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || word == MAP_FAILED)
        target_fail("setting up");
    static struct pollfd polled;
    polled = (struct pollfd){ .fd = pipe_ends[0], .events = POLLIN };
    static struct epoll_event event;
    int epoll = epoll_create1(0);
    event.events = EPOLLIN;
    epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event);
    sigset_t signals, none;
    sigemptyset(&signals);
    sigemptyset(&none);
    sigaddset(&signals, SIGUSR2);
    static char byte[8];
    struct call k = { .nr = -1 };
    long expected = 1;
    signal(SIGCHLD, SIG_IGN);

    if (!strcmp(kind, "nanosleep")) {
        k = (struct call){ SYS_nanosleep, (long)&limit }, expected = 0;
    } else if (!strcmp(kind, "clock_nanosleep")) {
        k = (struct call){ SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&limit }, expected = 0;
    } else if (!strcmp(kind, "poll")) {
        LATER((void)!write(pipe_ends[1], "x", 1));
        k = (struct call){ SYS_poll, (long)&polled, 1, -1 };
    } else if (!strcmp(kind, "poll-limit")) {
        k = (struct call){ SYS_poll, (long)&polled, 1, (long)(seconds * 1000) }, expected = 0;
    } else if (!strcmp(kind, "ppoll")) {
        LATER((void)!write(pipe_ends[1], "x", 1));
        k = (struct call){ SYS_ppoll, (long)&polled, 1, 0, (long)&signals, 8 };
    } else if (!strcmp(kind, "select")) {
        static fd_set readable;
        FD_SET(pipe_ends[0], &readable);
        LATER((void)!write(pipe_ends[1], "x", 1));
        k = (struct call){ SYS_select, pipe_ends[0] + 1, (long)&readable };
    } else if (!strcmp(kind, "epoll_wait")) {
        LATER((void)!write(pipe_ends[1], "x", 1));
        k = (struct call){ SYS_epoll_wait, epoll, (long)&event, 1, -1 };
    } else if (!strcmp(kind, "epoll-limit")) {
        k = (struct call){ SYS_epoll_wait, epoll, (long)&event, 1, (long)(seconds * 1000) }, expected = 0;
    } else if (!strcmp(kind, "epoll_pwait")) {
        LATER((void)!write(pipe_ends[1], "x", 1));
        k = (struct call){ SYS_epoll_pwait, epoll, (long)&event, 1, -1, (long)&signals, 8 };
    } else if (!strcmp(kind, "futex")) {
        LATER(*word = 1; syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0));
        k = (struct call){ SYS_futex, (long)word, FUTEX_WAIT, 0 }, expected = 0;
    } else if (!strcmp(kind, "futex-limit")) {
        k = (struct call){ SYS_futex, (long)word, FUTEX_WAIT, 0, (long)&limit }, expected = -ETIMEDOUT;
    } else if (!strcmp(kind, "recv-limit")) {
        struct timeval long_limit = { 60, 0 };
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &long_limit, sizeof long_limit);
        LATER((void)!write(pair[1], "x", 1));
        k = (struct call){ SYS_recvfrom, pair[0], (long)byte, 1 };
    } else if (!strcmp(kind, "recv-expires")) {
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &socket_limit, sizeof socket_limit);
        k = (struct call){ SYS_recvfrom, pair[0], (long)byte, 1 }, expected = -EAGAIN;
    } else if (!strcmp(kind, "sigtimedwait")) {
        sigprocmask(SIG_BLOCK, &signals, NULL);
        static struct timespec minute = { 60, 0 };
        LATER(kill(parent, SIGUSR2));
        k = (struct call){ SYS_rt_sigtimedwait, (long)&signals, 0, (long)&minute, 8 }, expected = SIGUSR2;
    } else if (!strcmp(kind, "sigsuspend")) {
        signal(SIGUSR2, handled);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        LATER(kill(parent, SIGUSR2));
        k = (struct call){ SYS_rt_sigsuspend, (long)&none, 8 }, expected = -EINTR;
    } else if (!strcmp(kind, "read")) {
        LATER((void)!write(pipe_ends[1], "x", 1));
        k = (struct call){ SYS_read, pipe_ends[0], (long)byte, 1 };
    } else if (!strcmp(kind, "semop")) {
        int set = semget(IPC_PRIVATE, 1, 0600);
        static struct sembuf take = { 0, -1, 0 };
        static struct sembuf give = { 0, 1, 0 };
        LATER(semop(set, &give, 1));
        LATER(nap(); semctl(set, 0, IPC_RMID));
        k = (struct call){ SYS_semop, set, (long)&take, 1 }, expected = 0;
    } else if (!strcmp(kind, "wait")) {
        signal(SIGCHLD, SIG_DFL);
        LATER((void)0);
        k = (struct call){ SYS_wait4, -1, 0, 0, 0 }, expected = -1;
    } else if (!strcmp(kind, "handler")) {
        /* Here a handler does run, and EINTR is right: a repair must not swallow it. */
        struct sigaction action = { .sa_handler = handled, .sa_flags = SA_RESTART };
        sigaction(SIGUSR1, &action, NULL);
        LATER(kill(parent, SIGUSR1));
        k = (struct call){ SYS_epoll_wait, epoll, (long)&event, 1, -1 }, expected = -EINTR;
    } else if (!strcmp(kind, "user")) {
        /* No call at all: the thread computes, and must come out with the right sum. */
        puts("ready");
        double end = target_seconds() + seconds;
        uint64_t sum = 0, check = 0, rounds = 0;
        while (target_seconds() < end)
            for (uint64_t i = 0; i < 100000; i++, rounds++)
                sum += i * 2654435761u ^ sum >> 3;
        for (uint64_t i = 0; i < rounds; i++)
            check += (i % 100000) * 2654435761u ^ check >> 3;
        printf("result %d errno 0 registers %s waited %d\n", 1, sum == check ? "kept" : "lost", (int)(seconds * 1000));
        return 0;
    } else {
        return 2;
    }

    puts("ready");
    double begun = target_seconds();
    long result = call(k);
    int waited = (int)((target_seconds() - begun) * 1000);
    if (!strcmp(kind, "wait") && result > 0)
        expected = result;
    printf("result %d errno %ld registers %s waited %d\n", result == expected, result < 0 ? -result : 0, registers_kept ? "kept" : "lost", waited);
    return result != expected;
}
