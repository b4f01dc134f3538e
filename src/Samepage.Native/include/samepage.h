/*
 * samepage.h: same-page merging for memory that asks for it.
 *
 * A process joins one domain. Pages of the ranges that it advises are compared with those of every other member of
 * that domain, and equal ones are kept once, copy-on-write. Other domains never share. Merging shows in nothing but
 * memory and time: reads give what was written last, and a write gives the writer a page of its own.
 *
 * Conventions. A function gives 0 (or a count) when it did what it says, and a negative errno when it did not. Every
 * struct begins with its size, filled in by the caller, so that older and newer sides understand each other. Addresses
 * and lengths are in bytes; a range is taken to whole pages within it. All functions may be called from any thread at
 * any time, but not from a signal handler. None of them runs managed code on the caller's thread, keeps a pointer that
 * it was given, or changes signal handlers.
 *
 * What the program owes: a range that is advised is unmapped, moved or remapped only through the C library's functions
 * with libsamepage-preload.so loaded, or after samepage_range_unadvise, or between samepage_hold and samepage_release.
 * The same goes for madvise(MADV_DONTNEED): use samepage_range_discard. mprotect, fork, mlock and reading or writing
 * need nothing. docs/internals/user-engine.md says why.
 *
 * Link with -lsamepage.
 */
#ifndef SAMEPAGE_H
#define SAMEPAGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. The library answers every version up to its own. */
#define SAMEPAGE_ABI_VERSION 1

#if defined(__GNUC__)
#define SAMEPAGE_PUBLIC __attribute__((visibility("default")))
#else
#define SAMEPAGE_PUBLIC
#endif

/* The version that the library was built with. */
SAMEPAGE_PUBLIC int32_t samepage_abi_version(void);

/* How eagerly to merge: the two ends of one scale. */
enum samepage_pace {
	SAMEPAGE_PACE_NORMAL = 0, /* within the CPU limit, quiet memory first */
	SAMEPAGE_PACE_EAGER = 1,  /* without pause; for tests and short jobs */
};

/* What the engine may use. 0 leaves a limit as it is by default. */
struct samepage_limits {
	uint32_t size;             /* sizeof(struct samepage_limits) */
	uint32_t pace;             /* enum samepage_pace */
	uint32_t cpu_percent_max;  /* of one core, in pieces of a few milliseconds; default 1, or 3 where the processors are idle, or 10 where memory is short */
	uint32_t window_pages_max; /* pages held back at once, 16 to 512; default 512, or 64 without real-time priority */
	uint64_t mappings_max;     /* mappings the engine may add; default half of vm.max_map_count */
};

struct samepage_join_options {
	uint32_t size;         /* sizeof(struct samepage_join_options) */
	uint32_t flags;        /* 0 */
	const char *domain;    /* up to 47 of [A-Za-z0-9._-]; NULL: "default" */
	const char *keeper;    /* the samepage executable that can start a keeper; NULL: looked for beside the library */
	struct samepage_limits limits;
};

/*
 * Starts the engine. It connects to the domain's keeper in the background, and starts one where none runs: until then,
 * and whenever the keeper is gone, ranges are only noted. -EALREADY where the process has joined; -EINVAL for a bad
 * name or size; -EPERM under mlockall(MCL_FUTURE); -ENOSYS where the kernel lacks userfaultfd's MOVE; -ECHILD in a
 * forked child of a member (what was merged stays merged there, nothing new is; exec begins afresh).
 */
SAMEPAGE_PUBLIC int32_t samepage_domain_join(const struct samepage_join_options *options);

/*
 * Makes every page private again and stops merging. Refused, and still a member as before, with -EAGAIN for want of
 * memory, and with -EBUSY where pages have to stay on a segment, as with samepage_range_unadvise.
 */
SAMEPAGE_PUBLIC int32_t samepage_domain_leave(void);

/* Offers private anonymous readable and writable memory for merging; other mappings in the range are passed over. */
SAMEPAGE_PUBLIC int32_t samepage_range_advise(void *address, uint64_t length);

/*
 * Takes it back: every page is private and anonymous on return. -EAGAIN, and unchanged, where memory would not do;
 * -EBUSY where pages have to stay on a segment for now, as they are in use for I/O, or may be (samepage_reason_text says
 * it), or no mapping is left (vm.max_map_count), or in a forked child: they are private and merged no more, but must
 * still be discarded by samepage_range_discard; ask again later. -EDEADLK between samepage_hold and samepage_release, as
 * for everything that waits for the engine.
 */
SAMEPAGE_PUBLIC int32_t samepage_range_unadvise(void *address, uint64_t length);

/* As madvise(MADV_DONTNEED): the range reads as zeros afterwards; it stays advised. */
SAMEPAGE_PUBLIC int32_t samepage_range_discard(void *address, uint64_t length);

/* Looks at everything advised, at once and at full speed; gives the pages merged by it, or -ETIMEDOUT. */
SAMEPAGE_PUBLIC int64_t samepage_scan(uint32_t timeout_milliseconds);

/* Keeps the engine from replacing pages while the caller changes mappings; nests within a thread. Release soon. */
SAMEPAGE_PUBLIC void samepage_hold(void);
SAMEPAGE_PUBLIC void samepage_release(void);

SAMEPAGE_PUBLIC int32_t samepage_limits_set(const struct samepage_limits *limits);

enum samepage_state {
	SAMEPAGE_STATE_NONE = 0,    /* not joined */
	SAMEPAGE_STATE_JOINING = 1, /* no keeper yet, or again */
	SAMEPAGE_STATE_MERGING = 2,
	SAMEPAGE_STATE_STOPPED = 3, /* merges nothing more, and samepage_reason_text says why; what was merged stays */
	SAMEPAGE_STATE_CHILD = 4,   /* a forked child of a member */
};

/* Counters of this process. Totals only grow; the others are as of now. Pages are of 4096 bytes. */
struct samepage_statistics {
	uint32_t size;                      /* sizeof(struct samepage_statistics) */
	uint32_t state;                     /* enum samepage_state */
	uint64_t advised_bytes;
	uint64_t merged_pages;              /* mapped from a segment and not written since, at the last look */
	uint64_t broken_pages;              /* mapped from a segment, and written since */
	uint64_t zero_pages_total;          /* zero pages given back */
	uint64_t scanned_pages_total;       /* fingerprints taken */
	uint64_t merged_pages_total;
	uint64_t promoted_pages_total;      /* written into segments by this process */
	uint64_t differed_pages_total;      /* moved back: the bytes had changed since the fingerprint */
	uint64_t pinned_pages_total;        /* refused by the kernel: pinned for I/O, or shared with a forked child */
	uint64_t cow_breaks_total;          /* merged pages found written */
	uint64_t returned_pages_total;      /* broken pages made anonymous again, to be merged anew */
	uint64_t segments;                  /* held open */
	uint64_t mappings;                  /* runs: mappings added by merging */
	uint64_t windows_total;             /* times that a part of the memory was held back */
	uint64_t window_nanoseconds_max;    /* longest; no access waited longer than its window */
	uint64_t window_nanoseconds_total;
	uint64_t cpu_nanoseconds_total;     /* of the engine's thread */
	uint64_t metadata_bytes;            /* resident, for this process's pages */
	uint64_t passes_total;              /* times that everything advised was looked at */
};

SAMEPAGE_PUBLIC int32_t samepage_statistics_read(struct samepage_statistics *statistics);

/* buckets[i] counts windows that lasted less than 2^i microseconds (and at least half of that); the last, longer. */
#define SAMEPAGE_STALL_BUCKETS 24
SAMEPAGE_PUBLIC int32_t samepage_stalls_read(uint64_t buckets[SAMEPAGE_STALL_BUCKETS]);

/* Why merging stopped or waits, one line without a newline; empty where nothing is wrong. Gives its length. */
SAMEPAGE_PUBLIC int32_t samepage_reason_text(char *text, uint32_t size);

#ifdef __cplusplus
}
#endif

#endif
