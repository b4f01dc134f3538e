/*
 * Starts a program as a grandchild of the test and takes over its exit status: launch PROGRAM [ARGUMENT...].
 *
 * A tracer in the test's own process could not work on a direct child: the .NET runtime waits for its children, and
 * takes a traced stop for their end. The first line printed is "pid NUMBER"; the rest is the program's own.
 */
#include "target.h"
#include <sys/wait.h>

int main(int count, char **argument)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (count < 2)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        printf("pid %d\n", getpid());
        fflush(stdout);
        execvp(argument[1], argument + 1);
        _exit(127);
    }
    close(0);
    close(1);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
