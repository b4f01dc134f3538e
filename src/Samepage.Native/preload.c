/*
 * preload.c: for programs that were not written for Samepage. Wraps the calls of the C library that change memory, so
 * that they mean over merged pages what they meant before. A call that touches nothing under advice goes straight to
 * the kernel; the others keep the engine out while they work.
 *
 * The kernel is called by number and never by looking up the next function of the name: these run before constructors,
 * inside of allocators, and in threads of every kind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <pthread.h>
#include "inner.h"

#define WRAP __attribute__((visibility("default")))
#define ALL_BYTES_MIN (1024 * 1024)

/* Younger than the headers of some hosts. */
enum { ADVICE_WIPEONFORK = 18, ADVICE_DONTNEED_LOCKED = 24, ADVICE_GUARD_INSTALL = 102, ADVICE_GUARD_REMOVE = 103 };
enum { PIDFD_OF_THREAD = -10000, PIDFD_OF_PROCESS = -10001 };

static pthread_once_t join_once = PTHREAD_ONCE_INIT;
static int is_all; /* SAMEPAGE_ADVISE=all; set by the constructor */

static uint64_t address_of(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static uint64_t round_up(uint64_t value)
{
	return (value + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

/* Whether the call touches anything under advice. */
static int overlaps(const void *pointer, size_t length)
{
	uint64_t start = address_of(pointer) & ~(PAGE_SIZE - 1), end = round_up(address_of(pointer) + length);

	return samepage_inner_overlaps(start, end);
}

static long fail(long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static void join(void)
{
	const char *domain = secure_getenv("SAMEPAGE_DOMAIN"), *pace = secure_getenv("SAMEPAGE_PACE");
	struct samepage_join_options options = { .size = sizeof(options), .domain = domain };

	options.keeper = secure_getenv("SAMEPAGE_KEEPER");
	options.limits.size = sizeof(options.limits);
	if (pace && !strcmp(pace, "eager"))
		options.limits.pace = SAMEPAGE_PACE_EAGER;
	if (domain)
		samepage_domain_join(&options);
}

/* Only where whole memory is merged: a join later could come from within an allocator, and makes a thread. */
__attribute__((constructor)) static void begin(void)
{
	const char *what = secure_getenv("SAMEPAGE_ADVISE");

	if (what && !strcmp(what, "all") && secure_getenv("SAMEPAGE_DOMAIN")) {
		pthread_once(&join_once, join);
		__atomic_store_n(&is_all, 1, __ATOMIC_RELEASE);
	}
}

/* What madvise says to a range by itself: the kernel walks it in the same way for msync, which changes nothing. */
static long validate(void *address, size_t length)
{
	uint64_t start = address_of(address), end = start + round_up(length);

	if (start % PAGE_SIZE || (length && !round_up(length)) || end < start)
		return -EINVAL;
	if (start == end)
		return 0;
	return syscall(SYS_msync, address, round_up(length), MS_ASYNC) < 0 ? -errno : 0;
}

/* Never the kernel's own merging: it knows no domains. Where Samepage cannot merge, nothing does. */
static long advise_mergeable(void *address, size_t length)
{
	long result = validate(address, length);
	int saved = errno;

	if (!secure_getenv("SAMEPAGE_DOMAIN") && !samepage_inner_is_joined())
		return syscall(SYS_madvise, address, length, MADV_MERGEABLE) < 0 ? -errno : 0;
	if ((result && result != -ENOMEM) || !length)
		return result;
	pthread_once(&join_once, join);
	samepage_range_advise(address, round_up(length));
	errno = saved;
	return result;
}

static long advise_unmergeable(void *address, size_t length)
{
	long result = validate(address, length), answer;

	if (!samepage_inner_is_joined())
		return syscall(SYS_madvise, address, length, MADV_UNMERGEABLE) < 0 ? -errno : 0;
	if ((result && result != -ENOMEM) || !length)
		return result;
	/* Private is enough: what comes next of discards and moves passes through here. */
	answer = samepage_range_unadvise(address, round_up(length));
	return answer && answer != -EBUSY ? answer : result;
}

/* The flag that goes with an advice, and whether it is set by it; 0 where there is none. */
static uint32_t flag_of(int advice, int *is_set)
{
	*is_set = advice == MADV_DONTFORK || advice == MADV_DONTDUMP || advice == MADV_NOHUGEPAGE || advice == MADV_HUGEPAGE;
	switch (advice) {
	case MADV_DONTFORK:
	case MADV_DOFORK:
		return RANGE_DONTFORK;
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return RANGE_DONTDUMP;
	case MADV_NOHUGEPAGE:
		return RANGE_NOHUGEPAGE;
	case MADV_HUGEPAGE:
		return RANGE_HUGEPAGE;
	default:
		return 0;
	}
}

/* An advice that stays with the mapping: remembered, for a mapping that the engine or a discard puts there. */
static long advise_kept(void *address, size_t length, int advice)
{
	uint64_t start = address_of(address), end = start + round_up(length);
	int is_set;
	uint32_t flag = flag_of(advice, &is_set);
	long result;

	samepage_inner_hold();
	result = syscall(SYS_madvise, address, length, advice) < 0 ? -errno : 0;
	if (!result) {
		samepage_inner_edit(is_set ? RANGE_SET : RANGE_CLEAR, start, end, flag);
		if (flag & (RANGE_HUGEPAGE | RANGE_NOHUGEPAGE))
			samepage_inner_edit(RANGE_CLEAR, start, end, flag ^ (RANGE_HUGEPAGE | RANGE_NOHUGEPAGE));
	}
	samepage_inner_release();
	return result;
}

static long advise_overlapping(void *address, size_t length, int advice)
{
	uint64_t start = address_of(address), end = start + round_up(length);
	long result;
	int is_set;

	if (start % PAGE_SIZE || end < start)
		return -EINVAL;
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
	case ADVICE_DONTNEED_LOCKED:
		return samepage_inner_discard(start, end, advice);
	case MADV_REMOVE:
		/* Of anonymous memory the kernel says EINVAL, of a segment mapped privately EACCES. */
		result = syscall(SYS_madvise, address, length, advice) < 0 ? -errno : 0;
		return result == -EACCES && samepage_inner_is_segment(start) ? -EINVAL : result;
	case ADVICE_WIPEONFORK:
	case ADVICE_GUARD_INSTALL:
		if (samepage_inner_exclude(start, end, NULL) == -EAGAIN)
			return -ENOMEM;
		break;
	default:
		if (flag_of(advice, &is_set))
			return advise_kept(address, length, advice);
	}
	return syscall(SYS_madvise, address, length, advice) < 0 ? -errno : 0;
}

static long advise(void *address, size_t length, int advice)
{
	if (advice == MADV_MERGEABLE)
		return advise_mergeable(address, length);
	if (advice == MADV_UNMERGEABLE)
		return advise_unmergeable(address, length);
	if (overlaps(address, length))
		return advise_overlapping(address, length, advice);
	return syscall(SYS_madvise, address, length, advice) < 0 ? -errno : 0;
}

WRAP int madvise(void *address, size_t length, int advice)
{
	return (int)fail(advise(address, length, advice));
}

WRAP int munmap(void *address, size_t length)
{
	int result;

	if (!overlaps(address, length))
		return (int)syscall(SYS_munmap, address, length);
	samepage_inner_hold();
	result = (int)syscall(SYS_munmap, address, length);
	if (!result)
		samepage_inner_edit(RANGE_REMOVE, address_of(address), address_of(address) + round_up(length), 0);
	samepage_inner_release();
	return result;
}

/* Under SAMEPAGE_ADVISE=all: what a program that knows nothing of merging would have advised. */
static void advise_new(void *address, size_t length, int protection, int flags)
{
	const int unlike = MAP_HUGETLB | MAP_STACK | MAP_GROWSDOWN | MAP_LOCKED;

	if (__atomic_load_n(&is_all, __ATOMIC_ACQUIRE) && length >= ALL_BYTES_MIN && protection == (PROT_READ | PROT_WRITE) &&
	    (flags & (MAP_TYPE | MAP_ANONYMOUS)) == (MAP_PRIVATE | MAP_ANONYMOUS) && !(flags & unlike) &&
	    !samepage_inner_is_engine())
		samepage_inner_advise(address_of(address), address_of(address) + round_up(length), 0);
}

static void *map(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
	int is_over = (flags & MAP_FIXED) && overlaps(address, length);
	void *result;

	if (is_over)
		samepage_inner_hold();
	result = (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
	if (is_over) {
		if (result != MAP_FAILED)
			samepage_inner_edit(RANGE_REMOVE, address_of(address), address_of(address) + round_up(length), 0);
		samepage_inner_release();
	}
	if (result != MAP_FAILED) {
		int saved = errno;

		advise_new(result, length, protection, flags);
		errno = saved;
	}
	return result;
}

WRAP void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
	return map(address, length, protection, flags, descriptor, offset);
}

WRAP void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset)
{
	return map(address, length, protection, flags, descriptor, offset);
}

/*
 * The kernel resizes one mapping; merging may have left many, also once they are anonymous again. Then it is done piece
 * by piece. Who moves memory has no other thread in it, so nobody can see it half done.
 */
static void *remap_pieces(uint64_t start, uint64_t end, uint64_t length, int flags, void *target)
{
	uint64_t there, from, to;
	long result;

	if (start + length <= end && !(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))) {
		if (start + length < end && syscall(SYS_munmap, start + length, end - start - length) < 0)
			return MAP_FAILED;
		return (void *)(uintptr_t)start;
	}
	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && samepage_inner_piece(end - PAGE_SIZE, start, end, &from, &to) &&
	    syscall(SYS_mremap, from, to - from, to - from + start + length - end, 0) >= 0)
		return (void *)(uintptr_t)start;
	if (!(flags & MREMAP_MAYMOVE)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	/* A place for all of it, first as what the new end will be. */
	result = syscall(SYS_mmap, target, length, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (flags & MREMAP_FIXED ? MAP_FIXED : 0), -1, 0l);
	if (result == -1)
		return MAP_FAILED;
	there = (uint64_t)result;
	for (uint64_t at = start; at < end && at - start < length && samepage_inner_piece(at, start, end, &from, &to); at = to) {
		to = to - start < length ? to : start + length;
		if (syscall(SYS_mremap, from, to - from, to - from, flags | MREMAP_FIXED, there + (from - start)) < 0)
			return MAP_FAILED;
	}
	if (!(flags & MREMAP_DONTUNMAP) && end - start > length)
		syscall(SYS_munmap, start + length, end - start - length);
	return (void *)(uintptr_t)there;
}

/* Made anonymous, moved, and advised anew. */
static void *remap_overlapping(void *old, size_t old_length, size_t length, int flags, void *target)
{
	uint64_t start = address_of(old), end = start + round_up(old_length);
	void *result;

	if (samepage_inner_unmerge_and_hold(start, end)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	result = (void *)syscall(SYS_mremap, old, old_length, length, flags, target);
	if (result == MAP_FAILED && errno == EFAULT && old_length && length && samepage_inner_is_uniform(start, end))
		result = remap_pieces(start, end, round_up(length), flags, target);
	if (result != MAP_FAILED) {
		uint64_t there = address_of(result);

		samepage_inner_follow(start, end, there, there + round_up(length), (flags & MREMAP_DONTUNMAP) != 0);
	}
	samepage_inner_release();
	return result;
}

WRAP void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
	void *target = NULL;

	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_list rest;

		va_start(rest, flags);
		target = va_arg(rest, void *);
		va_end(rest);
	}
	if (overlaps(old, old_length) || ((flags & MREMAP_FIXED) && overlaps(target, length)))
		return remap_overlapping(old, old_length, length, flags, target);
	return (void *)syscall(SYS_mremap, old, old_length, length, flags, target);
}

/* A call that changes mappings but neither their place nor their content. */
static int change(const void *address, size_t length, int edit, uint32_t flags, long number, long third, long fourth)
{
	uint64_t start = address_of(address) & ~(PAGE_SIZE - 1), end = round_up(address_of(address) + length);
	int result;

	if (!samepage_inner_overlaps(start, end))
		return (int)syscall(number, address, length, third, fourth);
	samepage_inner_hold();
	result = (int)syscall(number, address, length, third, fourth);
	samepage_inner_edit(result ? RANGE_TOUCH : edit, start, end, flags);
	samepage_inner_release();
	return result;
}

WRAP int mprotect(void *address, size_t length, int protection)
{
	return change(address, length, RANGE_TOUCH, 0, SYS_mprotect, protection, 0);
}

WRAP int pkey_mprotect(void *address, size_t length, int protection, int key)
{
	return change(address, length, RANGE_TOUCH, 0, SYS_pkey_mprotect, protection, key);
}

WRAP int mlock(const void *address, size_t length)
{
	return change(address, length, RANGE_SET, RANGE_LOCKED, SYS_mlock, 0, 0);
}

WRAP int mlock2(const void *address, size_t length, unsigned int flags)
{
	return change(address, length, RANGE_SET, RANGE_LOCKED, SYS_mlock2, flags, 0);
}

WRAP int munlock(const void *address, size_t length)
{
	return change(address, length, RANGE_CLEAR, RANGE_LOCKED, SYS_munlock, 0, 0);
}

WRAP int mlockall(int flags)
{
	return samepage_inner_is_joined() ? (int)fail(samepage_inner_lock_all(flags)) : (int)syscall(SYS_mlockall, flags);
}

WRAP int munlockall(void)
{
	return samepage_inner_is_joined() ? (int)fail(samepage_inner_unlock_all()) : (int)syscall(SYS_munlockall);
}

/* A pipe takes references that no kernel interface shows: what it may hold is never merged again. */
WRAP ssize_t vmsplice(int descriptor, const struct iovec *parts, size_t count, unsigned int flags)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i].iov_len && overlaps(parts[i].iov_base, parts[i].iov_len)) {
			uint64_t start = address_of(parts[i].iov_base) & ~(PAGE_SIZE - 1);
			uint64_t end = round_up(address_of(parts[i].iov_base) + parts[i].iov_len);

			samepage_inner_exclude(start, end, "memory given to a pipe by vmsplice is not merged");
		}
	return syscall(SYS_vmsplice, descriptor, parts, count, flags);
}

static int is_self(int pidfd)
{
	return pidfd == PIDFD_OF_THREAD || pidfd == PIDFD_OF_PROCESS || samepage_inner_is_own_pidfd(pidfd);
}

WRAP ssize_t process_madvise(int pidfd, const struct iovec *parts, size_t count, int advice, unsigned int flags)
{
	int is_ours = 0;
	ssize_t done = 0;

	for (size_t i = 0; i < count && !is_ours; i++)
		is_ours = overlaps(parts[i].iov_base, parts[i].iov_len);
	if (!is_ours || flags || !is_self(pidfd))
		return syscall(SYS_process_madvise, pidfd, parts, count, advice, flags);
	for (size_t i = 0; i < count; i++) {
		long result = advise(parts[i].iov_base, parts[i].iov_len, advice);

		if (result)
			return done ? done : fail(result);
		done += (ssize_t)parts[i].iov_len;
	}
	return done;
}
