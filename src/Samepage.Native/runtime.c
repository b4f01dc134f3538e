/*
 * runtime.c: linked into libsamepage-engine.so, and changes two habits of the runtime.
 *
 * Signals. A runtime that starts installs handlers, for faults in managed code and for stopping its threads, ignores
 * SIGPIPE, and lets the signal that stops threads through. In somebody else's process those places are taken: the
 * program may have handlers of its own, install some at this very moment, or rely on having none, and none of its
 * signals may land on our threads. The engine needs none of that (its code does not fault, and its one thread stops by
 * itself), so the calls come here (ld --wrap), and the runtime is told that all went well. Saving and restoring would
 * leave a time in between.
 *
 * Thread-local storage. That of a library loaded late is allocated with the program's own malloc, and might lie in a
 * page that the engine itself holds back. A reference in the initial-exec model makes the loader put all of this
 * library's beside the thread's stack.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

int __real_sigaction(int number, const struct sigaction *action, struct sigaction *old);
int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old);
sighandler_t __wrap_signal(int number, sighandler_t handler);
int __real_pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int __wrap_pthread_kill(pthread_t thread, int number);

static __thread int anchor __attribute__((tls_model("initial-exec"), used));

int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	(void)action;
	anchor++;
	return old ? __real_sigaction(number, NULL, old) : 0;
}

sighandler_t __wrap_signal(int number, sighandler_t handler)
{
	(void)number;
	(void)handler;
	return SIG_DFL;
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)set;
	return __real_pthread_sigmask(how, NULL, old);
}

int __wrap_pthread_kill(pthread_t thread, int number)
{
	(void)thread;
	(void)number;
	return 0;
}
