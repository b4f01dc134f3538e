/*
 * settle.c: makes segment mappings anonymous that nobody can write to at the moment (mprotect to PROT_READ or
 * PROT_NONE): the engine's windows hold writers back, and here there are none. What remains is a device that writes to
 * a page pinned earlier; pages that are the program's own are tested for that as the engine does it (ReturnWindow.cs),
 * and a mapping with such a page stays as it is. Under the hold lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "inner.h"

#define BATCH 512
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_FILE (1ull << 61)
#define ENTRY_EXCLUSIVE (1ull << 56)

/* Whether a page of a range is the program's own, and its entry in the page table has all of these bits. */
static int any_own(int pagemap, uint64_t start, uint64_t end, uint64_t bits)
{
	uint64_t entries[BATCH];

	while (start < end) {
		uint64_t count = (end - start) / PAGE_SIZE < BATCH ? (end - start) / PAGE_SIZE : BATCH;

		if (syscall(SYS_pread64, pagemap, entries, count * 8, start / PAGE_SIZE * 8) != (long)(count * 8))
			return 1;
		for (uint64_t i = 0; i < count; i++)
			if ((entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)) && !(entries[i] & ENTRY_FILE) &&
			    (entries[i] & bits) == bits)
				return 1;
		start += count * PAGE_SIZE;
	}
	return 0;
}

/* While a forked child lives, only pinned pages of our own still show as mapped once. */
static int may_be_pinned(int pagemap, uint64_t start, uint64_t end)
{
	unsigned long all = ~0ul, before;
	int32_t child;
	int answer = 1;

	if (!any_own(pagemap, start, end, 0))
		return 0;
	syscall(SYS_madvise, start, end - start, MADV_DOFORK);
	/* The child would take a signal for the program, with the program's handlers. */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, 8);
	child = fork_probe_begin();
	if (child > 0) {
		answer = any_own(pagemap, start, end, ENTRY_PRESENT | ENTRY_EXCLUSIVE);
		fork_probe_end(child);
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
	return answer;
}

static int copy(int memory, uint64_t to, uint64_t from, uint64_t length)
{
	while (length) {
		long got = syscall(SYS_pread64, memory, to, length, from);

		if (got <= 0)
			return 0;
		to += (uint64_t)got;
		from += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return 1;
}

static void settle_part(int memory, int pagemap, uint64_t start, uint64_t end, int protection, uint32_t flags)
{
	uint64_t length = end - start;
	long fresh;

	if (may_be_pinned(pagemap, start, end)) {
		apply_flags(start, end, flags);
		return;
	}
	fresh = syscall(SYS_mmap, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
	if (fresh == -1)
		return;
	if (copy(memory, (uint64_t)fresh, start, length) && syscall(SYS_mprotect, fresh, length, protection) == 0) {
		apply_flags((uint64_t)fresh, (uint64_t)fresh + length, flags);
		if (syscall(SYS_mremap, fresh, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, start) != -1)
			return;
	}
	syscall(SYS_munmap, fresh, length);
}

static int open_own(const char *path)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

void settle(uint64_t start, uint64_t end)
{
	int mappings = mappings_open(), memory = open_own("/proc/thread-self/mem"), pagemap = open_own("/proc/thread-self/pagemap");
	struct mapping mapping;

	while (mappings >= 0 && memory >= 0 && pagemap >= 0 && start < end && !mapping_next(mappings, start, &mapping) &&
	       mapping.start < end) {
		uint64_t from = mapping.start > start ? mapping.start : start, to = mapping.end < end ? mapping.end : end;
		uint32_t flags = range_flags_at(from, &to);

		if (mapping.is_segment && !(mapping.protection & PROT_WRITE))
			settle_part(memory, pagemap, from, to, mapping.protection, flags);
		start = to;
	}
	if (mappings >= 0)
		mappings_close(mappings);
	if (memory >= 0)
		syscall(SYS_close, memory);
	if (pagemap >= 0)
		syscall(SYS_close, pagemap);
}
