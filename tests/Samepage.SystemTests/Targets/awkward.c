/*
 * Processes that are hard to work on: awkward KIND. Prints "ready", or "ready PID" where another process is meant,
 * and answers "alive" to each line it reads, as long as its kind allows that.
 */
#include "target.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void answer(void)
{
    char line[64];
    while (fgets(line, sizeof line, stdin))
        puts("alive");
}

static void *answer_in_thread(void *unused)
{
    usleep(100000);
    puts("ready");
    answer();
    exit(0);
    return unused;
}

/* Kills the process that calls prctl or madvise. */
static void filter_calls(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        target_fail("filter");
}

static void *exec_at_line(void *self)
{
    char byte;
    while (read(0, &byte, 1) == 1 && byte != '\n')
        ;
    execl(self, "awkward", "plain", NULL);
    return NULL;
}

static void *spin(void *unused)
{
    for (;;)
        __asm__ volatile("");
    return unused;
}

int main(int count, char **argument)
{
    target_begin();
    const char *kind = argument[count - 1];
    pthread_t thread;
    if (!strcmp(kind, "plain")) {
        puts("ready");
        answer();
    } else if (!strcmp(kind, "filtered")) {
        filter_calls();
        puts("ready");
        answer();
    } else if (!strcmp(kind, "prctl-is-deadly")) {
        /* The positive control of the filter. */
        filter_calls();
        puts("ready");
        prctl(PR_GET_DUMPABLE);
    } else if (!strcmp(kind, "leaderless")) {
        pthread_create(&thread, NULL, answer_in_thread, NULL);
        pthread_exit(NULL);
    } else if (!strcmp(kind, "vfork")) {
        puts("ready");
        if (vfork() == 0) {
            sleep(1);
            _exit(0);
        }
        puts("resumed");
        answer();
    } else if (!strcmp(kind, "vfork-at-line")) {
        char byte;
        puts("ready");
        while (read(0, &byte, 1) == 1 && byte != '\n')
            ;
        if (vfork() == 0) {
            sleep(1);
            _exit(0);
        }
        puts("resumed");
        answer();
    } else if (!strcmp(kind, "vfork-threads")) {
        pthread_create(&thread, NULL, answer_in_thread, NULL);
        if (vfork() == 0) {
            sleep(30);
            _exit(0);
        }
    } else if (!strcmp(kind, "zombie")) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        usleep(50000);
        printf("ready %d\n", child);
        answer();
    } else if (!strcmp(kind, "traced")) {
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
        if (ptrace(PTRACE_SEIZE, child, 0, 0) != 0)
            target_fail("seize");
        printf("ready %d\n", child);
        answer();
    } else if (!strcmp(kind, "execs")) {
        char self[4096];
        ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
        self[length > 0 ? length : 0] = 0;
        pthread_create(&thread, NULL, exec_at_line, strdup(self));
        puts("ready");
        for (;;)
            pause();
    } else if (!strcmp(kind, "spins")) {
        for (int i = 0; i < 2; i++)
            pthread_create(&thread, NULL, spin, NULL);
        puts("ready");
        answer();
    }
    return 0;
}
