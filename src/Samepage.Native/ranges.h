/*
 * ranges.h: which memory is under advice, as a sorted table that can be read while it is changed.
 *
 * There are two tables. An edit writes the idle one as a whole and then switches over by counting `version` up: whoever
 * reads compares the version before and after. A forked child finds either the old table or the new one, whole, however
 * the fork fell; no lock has to be held across a fork, where it could wait for an allocator that waits for it.
 */
#ifndef SAMEPAGE_RANGES_H
#define SAMEPAGE_RANGES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "gate.h"

/* What madvise and mlock have set on a range; a mapping that is put in its place must get the same. */
enum range_flag {
	RANGE_DONTFORK = 1,
	RANGE_DONTDUMP = 2,
	RANGE_NOHUGEPAGE = 4,
	RANGE_HUGEPAGE = 8,
	RANGE_LOCKED = 16,
	RANGE_WIPEONFORK = 32, /* excluded, for only anonymous memory can be wiped */
	RANGE_LEFT = 64, /* excluded only because it could not be returned: advice lifts it */
};

enum range_edit {
	RANGE_ADD,     /* all of it is advised */
	RANGE_REMOVE,  /* nothing of it is */
	RANGE_EXCLUDE, /* what is advised of it is not merged any more */
	RANGE_TOUCH,   /* something about its mappings has changed */
	RANGE_SET,     /* these flags are set */
	RANGE_CLEAR,   /* these flags are not */
};

struct range_entry {
	uint64_t start;
	uint64_t end; /* exclusive */
	uint32_t is_excluded;
	uint32_t changes;
	uint32_t flags;
	uint32_t reserved;
};

struct range_table {
	uint32_t count;
	uint32_t reserved;
	uint64_t advised_bytes; /* without what is excluded */
	struct range_entry entries[SAMEPAGE_RANGES_MAX];
};

struct range_tables {
	_Atomic uint32_t version; /* the low bit says which table is in force */
	_Atomic uint32_t changes; /* counts up with each edit */
	_Atomic uint64_t lowest;  /* no range begins before */
	_Atomic uint64_t highest; /* and none ends behind; 0 where there is none */
	struct range_table both[2];
	struct samepage_edit edits[SAMEPAGE_EDITS_MAX]; /* where the latest were, by their number */
};

/* Edits under the caller's lock. -ENOMEM where the table is full: see range_edit's text for what is done then. */
int range_edit(struct range_tables *tables, enum range_edit edit, uint64_t start, uint64_t end, uint32_t flags);

/* The table in force; only for who holds the lock of the edits, or is alone. */
const struct range_table *range_table_now(const struct range_tables *tables);

/* Whether anything advised, excluded or not, lies in [start, end). Takes no lock. */
int range_overlaps(struct range_tables *tables, uint64_t start, uint64_t end);

void range_tables_clear(struct range_tables *tables);

/* In a forked child: makes the bounds fit the table again, had the fork come between the two. */
void range_tables_mend(struct range_tables *tables);

#endif
