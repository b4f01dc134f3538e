/*
 * hold.c: who may change the memory, and when a fork may fall.
 *
 * The hold lock is between the program's calls and the engine's windows. A fork does not take it: at a fork an
 * allocator holds its own locks, and one of its threads may wait for the hold lock with such a lock in hand. Instead a
 * fork waits until the engine is outside of any window, and the engine opens none while a fork is under way. The table
 * of ranges looks after itself (ranges.h).
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "inner.h"

/* What the engine is inside of. A load calls the allocator, whose locks a forking thread may have: no endless wait. */
enum { INSIDE_NOTHING, INSIDE_WINDOW, INSIDE_LOAD };
#define LOAD_WAIT_MILLISECONDS 500
/* How long a fork lets an engine go first that has waited for forks. */
#define ENGINE_WAIT_MILLISECONDS 10

static _Atomic uint32_t engine_waits;
static pthread_mutex_t hold_lock;
static pthread_once_t hold_once = PTHREAD_ONCE_INIT;
static __thread int hold_count __attribute__((tls_model("initial-exec")));

void futex_wait(_Atomic uint32_t *word, uint32_t value, uint32_t timeout_milliseconds)
{
	struct timespec timeout = { timeout_milliseconds / 1000, timeout_milliseconds % 1000 * 1000000l };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout_milliseconds ? &timeout : NULL, NULL, 0);
}

void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* Recursive, for a caller that holds may call what holds; inheriting priority, for the engine may run at real time. */
static void hold_initialise(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&hold_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

void hold_take(void)
{
	pthread_once(&hold_once, hold_initialise);
	pthread_mutex_lock(&hold_lock);
	hold_count++;
}

void hold_give(void)
{
	if (hold_count > 0) {
		hold_count--;
		pthread_mutex_unlock(&hold_lock);
	}
}

int hold_depth(void)
{
	return hold_count;
}

/*
 * What the engine's thread reads at every step must not lie in memory that it holds back. Its stack and its own
 * thread-local storage are mappings of the C library; the vector that leads to the latter (the word behind the thread
 * pointer, in the ABI of x86-64) was allocated with the program's malloc, and may move when libraries are loaded.
 */
static _Atomic uint64_t spot_start, spot_end;
static __thread volatile int anchor __attribute__((tls_model("global-dynamic")));

void spots_exclude(void)
{
	uint64_t start = atomic_load(&spot_start), end = atomic_load(&spot_end);

	if (range_overlaps(&samepage_inner.ranges, start, end))
		ranges_edit(RANGE_EXCLUDE, start, end, 0);
}

static void spots_look(void)
{
	uintptr_t *vector;
	uint64_t start, end;

	/* Brings the vector up to date now, and not in the middle of a window. */
	anchor = 1;
	__asm__ volatile("mov %%fs:8, %0" : "=r"(vector));
	start = (uint64_t)(uintptr_t)(vector - 2) & ~(PAGE_SIZE - 1);
	end = ((uint64_t)(uintptr_t)(vector + 2 * (vector[-2] + 2)) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	if (start == atomic_load(&spot_start) && end == atomic_load(&spot_end))
		return;
	atomic_store(&spot_start, start);
	atomic_store(&spot_end, end);
	spots_exclude();
}

/* For the engine: not before every fork is over. Of the two that announce themselves at once, at least one sees it. */
void hold_engine(void)
{
	for (;;) {
		uint32_t forks;

		hold_take();
		if (hold_count > 1)
			return;
		atomic_store(&samepage_inner.is_engine_inside, INSIDE_WINDOW);
		if (atomic_load(&samepage_inner.forks) == 0) {
			if (atomic_exchange(&engine_waits, 0))
				futex_wake(&engine_waits);
			spots_look();
			return;
		}
		release_engine();
		/* A program that forks without a pause lets the engine in now and then. */
		atomic_store(&engine_waits, 1);
		while ((forks = atomic_load(&samepage_inner.forks)) != 0)
			futex_wait(&samepage_inner.forks, forks, 0);
	}
}

void release_engine(void)
{
	if (hold_count == 1) {
		atomic_store(&samepage_inner.is_engine_inside, INSIDE_NOTHING);
		if (atomic_load(&samepage_inner.forks) != 0)
			futex_wake(&samepage_inner.is_engine_inside);
	}
	hold_give();
}

/* A child that is copied in the middle of a dlopen could never use the loader again. */
void load_begin(void)
{
	for (;;) {
		uint32_t forks;

		atomic_store(&samepage_inner.is_engine_inside, INSIDE_LOAD);
		if (atomic_load(&samepage_inner.forks) == 0)
			return;
		load_end();
		while ((forks = atomic_load(&samepage_inner.forks)) != 0)
			futex_wait(&samepage_inner.forks, forks, 0);
	}
}

void load_end(void)
{
	atomic_store(&samepage_inner.is_engine_inside, INSIDE_NOTHING);
	futex_wake(&samepage_inner.is_engine_inside);
}

void fork_prepare(void)
{
	uint32_t inside;

	if (atomic_load(&engine_waits) && hold_count == 0)
		futex_wait(&engine_waits, 1, ENGINE_WAIT_MILLISECONDS);
	atomic_fetch_add(&samepage_inner.forks, 1);
	while ((inside = atomic_load(&samepage_inner.is_engine_inside)) != INSIDE_NOTHING) {
		futex_wait(&samepage_inner.is_engine_inside, inside, inside == INSIDE_LOAD ? LOAD_WAIT_MILLISECONDS : 0);
		if (inside == INSIDE_LOAD)
			break;
	}
}

void fork_parent(void)
{
	if (atomic_fetch_sub(&samepage_inner.forks, 1) == 1)
		futex_wake(&samepage_inner.forks);
}

/* The only thread left takes over what it held itself; what others held is free. */
void hold_after_fork(void)
{
	int depth = hold_count;

	atomic_store(&samepage_inner.forks, 0);
	atomic_store(&engine_waits, 0);
	atomic_store(&samepage_inner.is_engine_inside, INSIDE_NOTHING);
	hold_initialise();
	for (int i = 0; i < depth; i++)
		pthread_mutex_lock(&hold_lock);
}
