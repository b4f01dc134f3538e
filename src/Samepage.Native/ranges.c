/* ranges.c: see ranges.h. Plain arithmetic, no system calls: tests/Samepage.SystemTests/Targets runs it against a model. */
#include <errno.h>
#include <string.h>
#include "ranges.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

const struct range_table *range_table_now(const struct range_tables *tables)
{
	return &tables->both[atomic_load_explicit(&tables->version, memory_order_acquire) & 1];
}

/* Appends a piece, as part of the one before where they touch and are alike. Gives whether there was room. */
static int append(struct range_table *table, struct range_entry piece)
{
	struct range_entry *last = table->count ? &table->entries[table->count - 1] : NULL;

	if (piece.start >= piece.end)
		return 1;
	if (last && last->end == piece.start && last->is_excluded == piece.is_excluded && last->flags == piece.flags) {
		last->end = piece.end;
		/* The younger change; the difference is what says so, for the counter comes round. */
		if ((int32_t)(piece.changes - last->changes) > 0)
			last->changes = piece.changes;
		return 1;
	}
	if (table->count == SAMEPAGE_RANGES_MAX)
		return 0;
	table->entries[table->count++] = piece;
	return 1;
}

/* What becomes of the part of an entry that lies in the range of the edit. Gives 0 where nothing stays. */
static int change(struct range_entry *piece, enum range_edit edit, uint32_t flags, uint32_t changes)
{
	switch (edit) {
	case RANGE_REMOVE:
		return 0;
	case RANGE_EXCLUDE:
		piece->is_excluded = 1;
		break;
	case RANGE_SET:
		piece->flags |= flags;
		break;
	case RANGE_CLEAR:
		piece->flags &= ~flags;
		break;
	case RANGE_ADD: /* advised before: stays as it is, for an exclusion has its reason */
		if (piece->flags & RANGE_LEFT) {
			piece->flags &= ~(uint32_t)RANGE_LEFT;
			piece->is_excluded = 0;
		}
		break;
	case RANGE_TOUCH:
		break;
	}
	piece->changes = changes;
	return 1;
}

/* Writes `to` from `from`, cutting entries at both ends of the edit. Gives whether all of it had room. */
static int rewrite(struct range_table *to, const struct range_table *from, enum range_edit edit, uint64_t start,
		   uint64_t end, uint32_t flags, uint32_t changes)
{
	uint64_t covered = start; /* up to here, [start, end) is dealt with */
	int fits = 1;

	for (uint32_t i = 0; i < from->count; i++) {
		const struct range_entry *entry = &from->entries[i];
		struct range_entry before = *entry, inside = *entry, behind = *entry;

		before.end = sooner(entry->end, start);
		inside.start = later(entry->start, start);
		inside.end = sooner(entry->end, end);
		behind.start = later(entry->start, end);
		fits &= append(to, before);
		if (edit == RANGE_ADD && covered < sooner(entry->start, end) && entry->end > start) {
			fits &= append(to, (struct range_entry){ covered, sooner(entry->start, end), 0, changes, flags, 0 });
			covered = sooner(entry->start, end);
		}
		if (inside.start < inside.end) {
			covered = inside.end;
			if (change(&inside, edit, flags, changes))
				fits &= append(to, inside);
		}
		if (edit == RANGE_ADD && behind.start < behind.end && covered < end) {
			fits &= append(to, (struct range_entry){ covered, end, 0, changes, flags, 0 });
			covered = end;
		}
		fits &= append(to, behind);
	}
	if (edit == RANGE_ADD && covered < end)
		fits &= append(to, (struct range_entry){ covered, end, 0, changes, flags, 0 });
	return fits;
}

/* Where there is no room to cut an entry, the whole of it is merged no more, and stays known: nothing can go wrong. */
static void exclude_whole(struct range_table *to, const struct range_table *from, uint64_t start, uint64_t end,
			  uint32_t changes)
{
	to->count = 0;
	for (uint32_t i = 0; i < from->count; i++) {
		struct range_entry entry = from->entries[i];

		if (entry.start < end && entry.end > start) {
			entry.is_excluded = 1;
			entry.changes = changes;
		}
		append(to, entry);
	}
}

/* What can be said without the table: nothing lies outside. */
static void sum_up(struct range_tables *tables, struct range_table *table)
{
	table->advised_bytes = 0;
	for (uint32_t i = 0; i < table->count; i++)
		if (!table->entries[i].is_excluded)
			table->advised_bytes += table->entries[i].end - table->entries[i].start;
	atomic_store(&tables->lowest, table->count ? table->entries[0].start : 0);
	atomic_store(&tables->highest, table->count ? table->entries[table->count - 1].end : 0);
}

/*
 * A full table: an addition is refused, what was there before stays; of a cut, the entries concerned are excluded as a
 * whole and stay in the table. Both give -ENOMEM.
 */
int range_edit(struct range_tables *tables, enum range_edit edit, uint64_t start, uint64_t end, uint32_t flags)
{
	uint32_t version = atomic_load_explicit(&tables->version, memory_order_relaxed);
	uint32_t changes = atomic_load_explicit(&tables->changes, memory_order_relaxed) + 1;
	const struct range_table *from = &tables->both[version & 1];
	struct range_table *to = &tables->both[(version + 1) & 1];
	int result = 0;

	if (start >= end)
		return 0;
	to->count = 0;
	/* The table before this one becomes the one being written: whoever still reads it must see the version move on. */
	atomic_thread_fence(memory_order_release);
	if (!rewrite(to, from, edit, start, end, flags, changes)) {
		result = -ENOMEM;
		if (edit == RANGE_ADD)
			return result;
		exclude_whole(to, from, start, end, changes);
		start = 0;
		end = UINT64_MAX;
	}
	tables->edits[changes % SAMEPAGE_EDITS_MAX] = (struct samepage_edit){ start, end };
	sum_up(tables, to);
	atomic_store_explicit(&tables->changes, changes, memory_order_relaxed);
	atomic_store_explicit(&tables->version, version + 1, memory_order_seq_cst);
	return result;
}

/* Binary search for the first entry that ends behind start. */
static int search(const struct range_table *table, uint64_t start, uint64_t end)
{
	uint32_t low = 0, high = table->count;

	if (high > SAMEPAGE_RANGES_MAX)
		return 0;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (table->entries[middle].end > start)
			high = middle;
		else
			low = middle + 1;
	}
	return low < table->count && low < SAMEPAGE_RANGES_MAX && table->entries[low].start < end;
}

int range_overlaps(struct range_tables *tables, uint64_t start, uint64_t end)
{
	if (start >= atomic_load_explicit(&tables->highest, memory_order_relaxed) ||
	    end <= atomic_load_explicit(&tables->lowest, memory_order_relaxed))
		return 0;
	for (;;) {
		uint32_t version = atomic_load_explicit(&tables->version, memory_order_acquire);
		int answer = search(&tables->both[version & 1], start, end);

		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&tables->version, memory_order_relaxed) == version)
			return answer;
	}
}

void range_tables_clear(struct range_tables *tables)
{
	range_edit(tables, RANGE_REMOVE, 0, UINT64_MAX, 0);
}

void range_tables_mend(struct range_tables *tables)
{
	sum_up(tables, &tables->both[atomic_load(&tables->version) & 1]);
}
