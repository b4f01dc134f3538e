/*
 * Targets for the injection benchmark: sleepers COUNT makes so many children, which wait in mixed kinds of calls, with
 * one thread or three and a few touched megabytes each. Prints "ready" and stays until its input ends.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *wait_in_futex(void *unused)
{
    static int word;
    for (;;)
        syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
    return unused;
}

static void child(int kind)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    size_t size = 4 << 20;
    memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), kind + 1, size);
    if (kind % 3 == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_in_futex, NULL);
        pthread_create(&thread, NULL, wait_in_futex, NULL);
    }
    int ends[2], pair[2];
    char byte;
    struct timespec hour = { 3600, 0 };
    struct timeval limit = { 3600, 0 };
    struct epoll_event event = { .events = EPOLLIN };
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    if (pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        exit(1);
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct pollfd polled = { .fd = ends[0], .events = POLLIN };
    long answer = 0;
    switch (kind % 7) {
    case 0: answer = nanosleep(&hour, NULL); break;
    case 1: answer = poll(&polled, 1, -1); break;
    case 2: answer = epoll_wait(epoll, &event, 1, -1); break;
    case 3: wait_in_futex(NULL); break;
    case 4: answer = recv(pair[0], &byte, 1, 0); break;
    case 5: answer = sigtimedwait(&signals, NULL, &hour); break;
    case 6: answer = read(ends[0], &byte, 1); break;
    }
    printf("disturbed: kind %d came back with %ld\n", kind % 7, answer);
    exit(1);
}

int main(int count, char **argument)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < (count > 1 ? atoi(argument[1]) : 300); i++)
        if (fork() == 0)
            child(i);
    sleep(1);
    puts("ready");
    while (getchar() != EOF)
        ;
    return 0;
}
