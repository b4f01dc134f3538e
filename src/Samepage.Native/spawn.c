/*
 * spawn.c: processes that the program must not notice. Children made by clone without an end signal send no SIGCHLD
 * and are seen by no wait of the program; both calls here reap theirs with __WCLONE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "inner.h"

#define STACK_BYTES (64 * 1024)
#define VARIABLE_BYTES 1024

/* What a keeper may inherit of the environment: nothing that would make it a member, and nothing of the program's. */
static const char *const kept_names[] = { "PATH", "HOME", "LANG", "XDG_RUNTIME_DIR", "DOTNET_ROOT" };
#define KEPT_COUNT (sizeof(kept_names) / sizeof(kept_names[0]))
static char kept[KEPT_COUNT][VARIABLE_BYTES];

struct order {
	char *const *arguments;
	char *const *environment;
	char *second_stack;
	int error;
};

/* On the caller's thread, at the join: the engine's must not read an environment that others may change. */
void spawn_remember_environment(void)
{
	for (size_t i = 0; i < KEPT_COUNT; i++) {
		const char *value = getenv(kept_names[i]);
		size_t name_length = strlen(kept_names[i]);

		kept[i][0] = 0;
		if (value && name_length + strlen(value) + 2 <= VARIABLE_BYTES) {
			memcpy(kept[i], kept_names[i], name_length);
			kept[i][name_length] = '=';
			strcpy(kept[i] + name_length + 1, value);
		}
	}
}

/* Every handler is the program's, and would run in its memory: gone before any signal is let through. */
static void reset_signals(void)
{
	struct { void *handler; unsigned long flags, restorer, mask; } plain = { 0 };
	unsigned long none = 0;

	for (int number = 1; number <= 64; number++)
		syscall(SYS_rt_sigaction, number, &plain, NULL, 8);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

/* Shares the memory of the program, whose thread waits in clone: raw calls only, nothing written but the order. */
static int become_keeper(void *argument)
{
	struct order *order = argument;
	long nowhere = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);

	for (int descriptor = 0; nowhere >= 0 && descriptor < 3; descriptor++)
		if (nowhere != descriptor)
			syscall(SYS_dup2, nowhere, descriptor);
	syscall(SYS_close_range, 3u, ~0u, 0u);
	syscall(SYS_chdir, "/");
	reset_signals();
	syscall(SYS_execve, order->arguments[0], order->arguments, order->environment);
	order->error = errno;
	syscall(SYS_exit, 127);
	return 127;
}

/* The process between, which ends at once: the keeper belongs to a session of its own, and to init. */
static int step_aside(void *argument)
{
	struct order *order = argument;

	syscall(SYS_setsid);
	if (clone(become_keeper, order->second_stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, order) < 0)
		order->error = errno;
	syscall(SYS_exit, 0);
	return 0;
}

static int reap(int child)
{
	int status;

	while (syscall(SYS_wait4, child, &status, __WCLONE, NULL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int32_t spawn_keeper(void)
{
	struct samepage_gate *gate = samepage_inner.gate;
	char *arguments[] = { gate->keeper, "keeper", "--domain", gate->domain, "--detach", NULL };
	char *environment[KEPT_COUNT + 1];
	struct order order = { .arguments = arguments, .environment = environment };
	char *stacks;
	size_t count = 0;
	int child;

	if (!gate->keeper[0])
		return -ENOENT;
	for (size_t i = 0; i < KEPT_COUNT; i++)
		if (kept[i][0])
			environment[count++] = kept[i];
	environment[count] = NULL;
	stacks = mmap(NULL, 2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stacks == MAP_FAILED)
		return -errno;
	order.second_stack = stacks + STACK_BYTES;
	child = clone(step_aside, stacks + STACK_BYTES, CLONE_VM | CLONE_VFORK, &order);
	if (child < 0)
		order.error = errno;
	else
		reap(child);
	munmap(stacks, 2 * STACK_BYTES);
	return -order.error;
}

/*
 * The child shares the table of descriptors, so that it keeps nothing open that the program closes. All signals are
 * blocked here as in the engine's thread; what ends the child is SIGKILL, ours or at the parent's end.
 */
int32_t fork_probe_begin(void)
{
	long parent = syscall(SYS_getpid), child = syscall(SYS_clone, CLONE_FILES | CLONE_FS, NULL, NULL, NULL, 0);

	if (child == 0) {
		syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		while (syscall(SYS_getppid) == parent)
			syscall(SYS_pause);
		syscall(SYS_exit_group, 0);
	}
	return child < 0 ? -errno : (int32_t)child;
}

void fork_probe_end(int32_t child)
{
	syscall(SYS_kill, child, SIGKILL);
	reap(child);
}
