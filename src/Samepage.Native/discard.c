/*
 * discard.c: MADV_DONTNEED and its kin (MADV_FREE, MADV_DONTNEED_LOCKED) where pages may have been merged. Anonymous memory is left to the kernel. A mapping of a
 * segment would show the segment's page again, so fresh anonymous memory takes its place, in one step. Needs no engine:
 * a forked child can do it too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "inner.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static int advise(uint64_t start, uint64_t end, int advice)
{
	return syscall(SYS_madvise, start, end - start, advice) < 0 ? -errno : 0;
}

/* What was set on the memory is set on its successor. A failure leaves it forked, dumped, or in small pages. */
void apply_flags(uint64_t start, uint64_t end, uint32_t flags)
{
	if (flags & RANGE_DONTFORK)
		advise(start, end, MADV_DONTFORK);
	if (flags & RANGE_DONTDUMP)
		advise(start, end, MADV_DONTDUMP);
	if (flags & RANGE_NOHUGEPAGE)
		advise(start, end, MADV_NOHUGEPAGE);
	if (flags & RANGE_HUGEPAGE)
		advise(start, end, MADV_HUGEPAGE);
	if (flags & RANGE_LOCKED)
		syscall(SYS_mlock2, start, end - start, 1 /* MLOCK_ONFAULT */);
}

/* [start, end) lies in one entry of the table, or in none (flags 0), and in one mapping. */
static int32_t discard_part(uint64_t start, uint64_t end, const struct mapping *mapping, uint32_t flags, int advice)
{
	int is_locked = (flags & RANGE_LOCKED) || atomic_load(&samepage_inner.is_all_locked);
	long result;

	if (!mapping->is_segment)
		return advise(start, end, advice);
	if (is_locked && advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	result = syscall(SYS_mmap, start, end - start, mapping->protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0l);
	if (result < 0)
		return -EAGAIN;
	apply_flags(start, end, flags);
	return 0;
}

/* The flags at an address, and how far they go. */
uint32_t range_flags_at(uint64_t address, uint64_t *end)
{
	const struct range_table *table = range_table_now(&samepage_inner.ranges);

	for (uint32_t i = 0; i < table->count; i++) {
		const struct range_entry *entry = &table->entries[i];

		if (entry->start > address) {
			if (entry->start < *end)
				*end = entry->start;
			return 0;
		}
		if (entry->end > address) {
			if (entry->end < *end)
				*end = entry->end;
			return entry->flags;
		}
	}
	return 0;
}

/* As the kernel does it: memory that is not mapped is passed over and gives -ENOMEM at the end. */
static int32_t discard_mappings(int descriptor, uint64_t start, uint64_t end, int advice)
{
	struct mapping mapping;
	int32_t result = 0;

	while (start < end) {
		int answer = mapping_next(descriptor, start, &mapping);
		uint64_t part_end;
		uint32_t flags;

		if (answer == -ENOENT || (!answer && mapping.start >= end))
			return -ENOMEM;
		if (answer)
			return -EAGAIN;
		if (mapping.start > start) {
			result = -ENOMEM;
			start = mapping.start;
		}
		part_end = mapping.end < end ? mapping.end : end;
		/* Without segments the rest of the mapping is one piece, whatever the table says of it. */
		flags = mapping.is_segment ? range_flags_at(start, &part_end) : 0;
		answer = discard_part(start, part_end, &mapping, flags, advice);
		if (answer)
			return answer;
		start = part_end;
	}
	return result;
}

int32_t discard(uint64_t start, uint64_t end, int advice)
{
	int32_t result;
	int descriptor;

	hold_take();
	if (!atomic_load(&samepage_inner.has_merged)) {
		result = advise(start, end, advice);
	} else {
		descriptor = mappings_open();
		result = descriptor < 0 ? -EAGAIN : discard_mappings(descriptor, start, end, advice);
		if (descriptor >= 0)
			mappings_close(descriptor);
		if (!result)
			ranges_edit(RANGE_TOUCH, start, end, 0);
	}
	hold_give();
	return result;
}
