/*
 * What the integrity programs of the user engine share: how they reach the engine, how long they may live, and how they
 * say what they saw.
 *
 * The same program runs with and without merging. SAMEPAGE_LIBRARY names libsamepage.so: the program joins
 * SAMEPAGE_DOMAIN through the C ABI. Without it, but with SAMEPAGE_DOMAIN set, it calls madvise(MADV_MERGEABLE), which
 * the preloaded library takes up. With neither nothing is merged: a checker has to pass there too, or it proves nothing.
 *
 * Every program ends with one line of "name=value" words, and with 0 where nothing was wrong, 1 where a check failed,
 * 2 for wrong arguments, 3 where the machine lacks what the program is about, and 4 where it hung.
 */
#ifndef USER_H
#define USER_H

#include "target.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <samepage.h>

enum { PAGE = 4096, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_LACKING = 3, EXIT_HUNG = 4 };

/* The engine as this program reaches it; all null where there is none. */
static struct {
	int32_t (*join)(const struct samepage_join_options *);
	int32_t (*advise)(void *, uint64_t);
	int32_t (*unadvise)(void *, uint64_t);
	int32_t (*discard)(void *, uint64_t);
	int64_t (*scan)(uint32_t);
	int32_t (*statistics)(struct samepage_statistics *);
	int32_t (*reason)(char *, uint32_t);
	bool is_preloaded;
	pthread_t scanner;
	atomic_bool is_over;
	_Atomic uint64_t scans, scans_failed, merged_most;
} user;

static atomic_int user_complaints;

/* One line for each of the first twenty things that were wrong; all are counted by whoever calls. */
__attribute__((format(printf, 1, 2))) static inline void user_complain(const char *format, ...)
{
	if (atomic_fetch_add(&user_complaints, 1) >= 20)
		return;
	char line[512];
	va_list list;
	va_start(list, format);
	vsnprintf(line, sizeof line, format, list);
	va_end(list);
	printf("wrong %s\n", line);
}

__attribute__((noreturn)) static inline void user_lacks(const char *what)
{
	printf("lacking %s: %s\n", what, strerror(errno));
	exit(EXIT_LACKING);
}

static inline void user_on_alarm(int signal)
{
	static const char line[] = "hung: the program did not end in its time\n";
	(void)signal;
	if (write(1, line, sizeof line - 1)) { }
	_exit(EXIT_HUNG);
}

/* A program that was to take so many seconds is given up for hung after twice that and a minute. */
static inline void user_begin(double seconds)
{
	target_begin();
	signal(SIGALRM, user_on_alarm);
	alarm((unsigned)(2 * seconds) + 60);
}

/* A number that follows from a seed: splitmix64. */
static inline uint64_t user_mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

static inline uint64_t user_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline void *user_map(size_t bytes)
{
	/* On a boundary of 2 MiB, as big allocations are. */
	size_t step = 2u << 20;
	char *got = mmap(NULL, bytes + step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (got == MAP_FAILED)
		target_fail("mmap");
	char *start = (char *)(((uintptr_t)got + step - 1) & ~(uintptr_t)(step - 1));
	if (start > got)
		munmap(got, start - got);
	munmap(start + bytes, got + step - start);
	return start;
}

/* Joins the domain, by whichever way the environment names. */
static inline void user_join(void)
{
	const char *path = getenv("SAMEPAGE_LIBRARY"), *domain = getenv("SAMEPAGE_DOMAIN");
	user.is_preloaded = !path && domain;
	void *library = path ? dlopen(path, RTLD_NOW) : domain ? dlopen("libsamepage.so.1", RTLD_NOW | RTLD_NOLOAD) : NULL;
	if (path && !library) {
		printf("lacking %s\n", dlerror());
		exit(EXIT_LACKING);
	}
	if (library) {
		*(void **)&user.advise = dlsym(library, "samepage_range_advise");
		*(void **)&user.unadvise = dlsym(library, "samepage_range_unadvise");
		*(void **)&user.discard = dlsym(library, "samepage_range_discard");
		*(void **)&user.scan = dlsym(library, "samepage_scan");
		*(void **)&user.statistics = dlsym(library, "samepage_statistics_read");
		*(void **)&user.reason = dlsym(library, "samepage_reason_text");
		*(void **)&user.join = dlsym(library, "samepage_domain_join");
	}
	if (!path)
		return;
	struct samepage_join_options options = {
		.size = sizeof options, .domain = domain, .keeper = getenv("SAMEPAGE_KEEPER"),
		.limits = { .size = sizeof options.limits, .pace = SAMEPAGE_PACE_EAGER },
	};
	int got = user.join(&options);
	if (got) {
		errno = -got;
		user_lacks("join");
	}
}

static inline void user_advise(void *start, size_t bytes)
{
	int got = 0;
	if (user.is_preloaded)
		got = madvise(start, bytes, MADV_MERGEABLE) ? -errno : 0;
	else if (user.advise)
		got = user.advise(start, bytes);
	if (got) {
		errno = -got;
		target_fail("advise");
	}
}

/* Takes the advice back: every page is private again. */
static inline void user_unadvise(void *start, size_t bytes)
{
	int got = 0;
	if (user.is_preloaded)
		got = madvise(start, bytes, MADV_UNMERGEABLE) ? -errno : 0;
	else if (user.unadvise)
		got = user.unadvise(start, bytes);
	if (got) {
		errno = -got;
		target_fail("unadvise");
	}
}

/* Has the range read as zeros, the way a program does under the engine. */
static inline void user_discard(void *start, size_t bytes)
{
	int got = user.join && !user.is_preloaded ? user.discard(start, bytes) : madvise(start, bytes, MADV_DONTNEED);
	if (got) {
		errno = got < 0 && user.join && !user.is_preloaded ? -got : errno;
		target_fail("discard");
	}
}

static inline struct samepage_statistics user_statistics(void)
{
	struct samepage_statistics now = { .size = sizeof now };
	if (user.statistics && user.statistics(&now))
		memset(&now, 0, sizeof now);
	return now;
}

/*
 * Whether a page is mapped from a file, which a stable page is and an anonymous one is not: bit 61 of pagemap. A page that
 * was merged and not touched since is in no page table, so it is touched first.
 */
static inline bool user_is_merged(const void *page)
{
	uint64_t entry = 0;
	(void)*(const volatile uint8_t *)page;
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(map, &entry, 8, (uintptr_t)page / PAGE * 8) != 8)
		target_fail("pagemap");
	close(map);
	return entry >> 63 && (entry >> 61 & 1);
}

static inline void *user_scan_on(void *unused)
{
	(void)unused;
	while (!user.is_over) {
		int64_t got = user.scan(2000);
		user.scans++;
		user.scans_failed += got < 0;
		struct samepage_statistics now = user_statistics();
		if (now.merged_pages > user.merged_most)
			user.merged_most = now.merged_pages;
		usleep(got < 0 ? 20000 : 500);
	}
	return NULL;
}

/* Has a thread of its own ask for one scan after the other. */
static inline void user_scan_start(void)
{
	if (user.scan)
		pthread_create(&user.scanner, NULL, user_scan_on, NULL);
}

static inline void user_scan_stop(void)
{
	user.is_over = true;
	if (user.scan)
		pthread_join(user.scanner, NULL);
}

/* Waits until so many pages are merged, or for so long; gives how many are. */
static inline uint64_t user_await_merged(uint64_t pages, double seconds)
{
	uint64_t merged = 0;
	for (double end = target_seconds() + seconds; user.statistics && target_seconds() < end; usleep(5000)) {
		merged = user_statistics().merged_pages;
		if (merged > user.merged_most)
			user.merged_most = merged;
		if (merged >= pages)
			break;
	}
	return merged;
}

/* The end of the summary line: what the engine says that it did. */
static inline void user_print_engine(void)
{
	struct samepage_statistics now = user_statistics();
	char reason[256] = "";
	if (user.reason)
		user.reason(reason, sizeof reason);
	printf(" engine=%s state=%u scans=%lu scans_failed=%lu merged_most=%lu merged=%lu merged_total=%lu zero_total=%lu "
		"promoted=%lu differed=%lu pinned=%lu cow_breaks=%lu returned=%lu segments=%lu mappings=%lu windows=%lu "
		"window_us_max=%lu cpu_ms=%lu passes=%lu%s%s\n",
		user.join ? user.is_preloaded ? "preload" : "library" : "none", now.state, user.scans, user.scans_failed,
		user.merged_most, now.merged_pages, now.merged_pages_total, now.zero_pages_total, now.promoted_pages_total,
		now.differed_pages_total, now.pinned_pages_total, now.cow_breaks_total, now.returned_pages_total, now.segments,
		now.mappings, now.windows_total, now.window_nanoseconds_max / 1000, now.cpu_nanoseconds_total / 1000000,
		now.passes_total, *reason ? " reason=" : "", reason);
}

/* "--name value" pairs; a number may be written as 1e9. */
static inline const char *user_option(int count, char **argument, const char *name, const char *otherwise)
{
	for (int i = 1; i + 1 < count; i++)
		if (!strcmp(argument[i], name))
			return argument[i + 1];
	return otherwise;
}

static inline double user_number(int count, char **argument, const char *name, double otherwise)
{
	const char *text = user_option(count, argument, name, NULL);
	return text ? strtod(text, NULL) : otherwise;
}

#endif
