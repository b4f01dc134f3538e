/*
 * inner.h: what the C files of the gate, and the preload library, have in common. Not installed, not stable.
 */
#ifndef SAMEPAGE_INNER_H
#define SAMEPAGE_INNER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "gate.h"
#include "ranges.h"

#define PAGE_SIZE 4096ull

/* Everything of this process that is not shared with the engine. Bound at load time, never allocated. */
struct inner {
	struct samepage_gate *gate; /* a mapping of its own, made at the first join and kept; NULL before */
	struct range_tables ranges;
	_Atomic uint32_t is_engine_alive;  /* the thread runs; futex */
	_Atomic uint32_t is_engine_inside; /* it is in a window, or loading; futex: a fork waits for 0 */
	_Atomic uint32_t forks;            /* under way; futex: the engine waits for 0 before it opens a window */
	_Atomic uint32_t is_child;
	_Atomic uint32_t has_merged;       /* the engine has been at work: from now on a mapping may be one of its own */
	_Atomic uint32_t is_all_locked;    /* mlockall */
	char own_reason[256];              /* of the gate itself; shown where the engine has none */
};

extern struct inner samepage_inner;

/* hold.c: the lock, and how a fork and the engine keep out of each other's way. */
void hold_take(void);
void hold_give(void);
void hold_engine(void);
void release_engine(void);
int hold_depth(void);
void fork_prepare(void);
void fork_parent(void);
void hold_after_fork(void);
void load_begin(void);
void load_end(void);

/* Also in hold.c: a timeout of 0 is none. */
void futex_wait(_Atomic uint32_t *word, uint32_t value, uint32_t timeout_milliseconds);
void futex_wake(_Atomic uint32_t *word);

/* request.c */
int64_t request_post(uint32_t kind, uint64_t address, uint64_t length, int64_t argument);
void request_bell(void);
void request_engine_gone(void);
void request_after_fork(void);

/* start.c: the engine's thread. */
int engine_start(void);
int is_engine_thread(void);
int path_beside(char *path, size_t size, const char *name);

/* spawn.c */
int32_t spawn_keeper(void);
int32_t fork_probe_begin(void);
void fork_probe_end(int32_t child);
void spawn_remember_environment(void);

/* mappings.c: one mapping of this process. */
struct mapping {
	uint64_t start;
	uint64_t end;
	int protection;
	int is_shared;
	int is_file;
	int is_segment; /* of a segment: a private mapping of a memory file named "samepage" */
};

int mappings_open(void);
void mappings_close(int descriptor);
/* The mapping at the address, or the next one behind it. -ENOENT where there is none. */
int mapping_next(int descriptor, uint64_t address, struct mapping *mapping);
/* Tells what madvise and mlock have set, for each mapping in the range that has any of it. */
void mapping_flags(uint64_t start, uint64_t end, void (*note)(uint64_t start, uint64_t end, uint32_t flags));
int is_future_locked(void);
long pidfd_pid(int pidfd);

/* discard.c */
int32_t discard(uint64_t start, uint64_t end, int advice);
void apply_flags(uint64_t start, uint64_t end, uint32_t flags);
uint32_t range_flags_at(uint64_t address, uint64_t *end);

/* settle.c: makes segment mappings anonymous that cannot be written to. */
void settle(uint64_t start, uint64_t end);

/* edit.c: edits of the table, mirrored into the gate. Under the hold lock. */
int32_t ranges_edit(enum range_edit edit, uint64_t start, uint64_t end, uint32_t flags);

void spots_exclude(void);

/* What libsamepage-preload.so needs beyond samepage.h. */
/* As samepage_hold and _release, for a caller that says itself what it has changed. */
SAMEPAGE_PUBLIC void samepage_inner_hold(void);
SAMEPAGE_PUBLIC void samepage_inner_release(void);
SAMEPAGE_PUBLIC int samepage_inner_overlaps(uint64_t start, uint64_t end);
SAMEPAGE_PUBLIC int32_t samepage_inner_edit(int edit, uint64_t start, uint64_t end, uint32_t flags);
SAMEPAGE_PUBLIC int32_t samepage_inner_advise(uint64_t start, uint64_t end, uint32_t flags);
/* Makes the range anonymous, and it is never merged again; where memory does not suffice (-EAGAIN), only the latter. */
SAMEPAGE_PUBLIC int32_t samepage_inner_exclude(uint64_t start, uint64_t end, const char *reason);
/* Makes it anonymous and gives 0 with the hold lock taken; or gives -EAGAIN, without it. */
SAMEPAGE_PUBLIC int32_t samepage_inner_unmerge_and_hold(uint64_t start, uint64_t end);
/* After a move, still under that lock: the new place is as the old one was, which is forgotten unless it is kept. */
SAMEPAGE_PUBLIC void samepage_inner_follow(uint64_t start, uint64_t end, uint64_t to_start, uint64_t to_end, int keeps_old);
SAMEPAGE_PUBLIC int32_t samepage_inner_discard(uint64_t start, uint64_t end, int advice);
SAMEPAGE_PUBLIC int32_t samepage_inner_lock_all(int flags);
SAMEPAGE_PUBLIC int32_t samepage_inner_unlock_all(void);
/* Whether the range is private memory of one protection, without a hole. Then: the part of the mapping at an address that lies in a range; gives whether there is one. */
SAMEPAGE_PUBLIC int samepage_inner_is_uniform(uint64_t start, uint64_t end);
SAMEPAGE_PUBLIC int samepage_inner_piece(uint64_t address, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to);
SAMEPAGE_PUBLIC int samepage_inner_is_joined(void);
SAMEPAGE_PUBLIC int samepage_inner_is_engine(void);
SAMEPAGE_PUBLIC int samepage_inner_is_segment(uint64_t address);
SAMEPAGE_PUBLIC int samepage_inner_is_own_pidfd(int pidfd);

#endif
