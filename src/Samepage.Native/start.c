/*
 * start.c: the engine's thread. It is made at once, by a thread that may make threads, and loads the engine only when
 * there is something to do: a program that never advises a page pays for a sleeping thread and no more.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "inner.h"
#include "processor.h"

#define STACK_BYTES (512 * 1024)
/* What the runtime reserves when it starts, roughly; where so much cannot be had it would end the process. */
#define RESERVED_BYTES (512ull * 1024 * 1024)

typedef int32_t (*engine_run)(struct samepage_gate *gate, const struct samepage_gate_calls *calls);

static const struct samepage_gate_calls calls = {
	.size = sizeof(calls),
	.hold = hold_engine,
	.release = release_engine,
	.spawn_keeper = spawn_keeper,
	.fork_probe_begin = fork_probe_begin,
	.fork_probe_end = fork_probe_end,
};

static __thread int is_engine __attribute__((tls_model("initial-exec")));

int is_engine_thread(void)
{
	return is_engine;
}

static void stop(const char *reason, const char *detail)
{
	snprintf(samepage_inner.own_reason, sizeof(samepage_inner.own_reason), "%s%s", reason, detail);
	atomic_store((_Atomic uint32_t *)&samepage_inner.gate->state, SAMEPAGE_STATE_STOPPED);
}

/*
 * The file beside the one that this function is in: where an installed library is found by a link in the system's
 * directory, beside what the link leads to.
 */
int path_beside(char *path, size_t size, const char *name)
{
	Dl_info library;
	char real[PATH_MAX];
	const char *slash;

	if (!dladdr((void *)path_beside, &library) || !realpath(library.dli_fname, real) || !(slash = strrchr(real, '/')))
		return 0;
	return snprintf(path, size, "%.*s/%s", (int)(slash - real), real, name) < (int)size;
}

static int has_room(void)
{
	void *trial = mmap(NULL, RESERVED_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return trial != MAP_FAILED && munmap(trial, RESERVED_BYTES) == 0;
}

static engine_run load(void)
{
	char path[512];
	const char *feature = missing_feature();
	void *library, *run = NULL;

	if (feature) {
		stop("the engine is compiled for " SAMEPAGE_ISA_NAME ", and this processor has no ", feature);
		return NULL;
	}
	if (!has_room()) {
		stop("too little address space for the engine (ulimit -v)", "");
		return NULL;
	}
	if (!path_beside(path, sizeof(path), "libsamepage-engine.so"))
		path[0] = 0;
	load_begin();
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library)
		run = dlsym(library, "samepage_engine_run");
	if (!run) {
		const char *why = dlerror();

		stop("the engine cannot be loaded: ", why ? why : "no samepage_engine_run in it");
	}
	load_end();
	return (engine_run)run;
}

/*
 * By default a core holds no pages of files that were not written, and a merged page is one. So private mappings of
 * files are put into it too, where anonymous memory is; only they, and only while there is an engine. Gives whether
 * that has changed anything.
 */
#define FILTER_ANONYMOUS 1ul
#define FILTER_FILES 4ul

static int core_filter(int takes_files)
{
	long descriptor = syscall(SYS_openat, AT_FDCWD, "/proc/self/coredump_filter", O_RDWR | O_CLOEXEC);
	char text[32] = "";
	unsigned long before, after;
	int changes = 0;

	if (descriptor < 0)
		return 0;
	if (syscall(SYS_read, descriptor, text, sizeof(text) - 1) > 0) {
		before = strtoul(text, NULL, 16);
		after = takes_files ? before | FILTER_FILES : before & ~FILTER_FILES;
		if (after != before && (before & FILTER_ANONYMOUS)) {
			snprintf(text, sizeof(text), "0x%lx", after);
			syscall(SYS_lseek, descriptor, 0l, SEEK_SET);
			changes = syscall(SYS_write, descriptor, text, strlen(text)) > 0;
		}
	}
	syscall(SYS_close, descriptor);
	return changes;
}

/*
 * Gives this thread a table of descriptors of its own, an empty one. What the program closes or replaces (closefrom,
 * dup2) is then never the engine's, whose numbers would stand for the program's files from then on; and the engine
 * holds nothing open that the program has closed.
 *
 * The kernel copies the first 64 in any case, and they are closed again one by one, which is no more to their files than
 * what a child does before it executes. But to a message queue it would be the end of this process's mq_notify: such a
 * one is kept, and with it the thread. Only for a queue mq_getsetattr does not give EBADF, and it waits for nobody.
 */
#define COPIED_ALWAYS 64

static int leave_descriptors(int *keeps_queue)
{
	struct mq_attr attributes;

	if (syscall(SYS_close_range, (unsigned)COPIED_ALWAYS, ~0u, CLOSE_RANGE_UNSHARE) < 0) {
		stop("the engine can have no descriptors of its own: close_range failed with ", strerrorname_np(errno));
		return 0;
	}
	for (int i = 0; i < COPIED_ALWAYS; i++)
		if (syscall(SYS_mq_getsetattr, i, NULL, &attributes) < 0)
			syscall(SYS_close, i);
		else
			*keeps_queue = 1;
	/* Whatever a library may write there goes nowhere. */
	for (int i = 0; i < 3; i++)
		syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
	return 1;
}

static void *engine_thread(void *unused)
{
	struct samepage_gate *gate = samepage_inner.gate;
	_Atomic uint32_t *bell = (_Atomic uint32_t *)&gate->doorbell;
	engine_run run;
	int has_filter, keeps_queue = 0;

	(void)unused;
	is_engine = 1;
	prctl(PR_SET_NAME, "samepage");
	for (;;) {
		uint32_t rung = atomic_load(bell);

		if (gate->range_count || gate->request.kind)
			break;
		futex_wait(bell, rung, 0);
	}
	run = leave_descriptors(&keeps_queue) ? load() : NULL;
	if (run) {
		atomic_store(&samepage_inner.has_merged, 1);
		has_filter = core_filter(1);
		run(gate, &calls);
		/* An engine that failed in the middle of something must not keep the program waiting for ever. */
		while (hold_depth() > 0)
			release_engine();
		if (has_filter && gate->state != SAMEPAGE_STATE_STOPPED)
			core_filter(0);
	}
	request_engine_gone();
	while (keeps_queue)
		syscall(SYS_pause);
	return NULL;
}

/* A signal for the program must never land on the engine's thread: it starts with all of them blocked. */
int engine_start(void)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	atomic_store(&samepage_inner.is_engine_alive, 1);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, engine_thread, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error)
		atomic_store(&samepage_inner.is_engine_alive, 0);
	return -error;
}
