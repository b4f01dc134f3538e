/*
 * gate.h: what the gate (gate.c, C) and the engine (C#) of one process share. Not installed.
 *
 * The program's threads only ever run the gate: they note ranges, post a request and wait for its answer. The engine's
 * thread only ever runs managed code, started by the gate with all signals blocked. Nothing else crosses. That is why
 * no thread of the program can be stopped by a garbage collection, and no fork can copy a runtime that is used.
 *
 * src/Samepage/Merging/User/Engine/Gate.cs mirrors these structs; a test compares sizes and offsets.
 */
#ifndef SAMEPAGE_GATE_H
#define SAMEPAGE_GATE_H

#include <stdint.h>
#include "include/samepage.h"

#define SAMEPAGE_GATE_VERSION 2
#define SAMEPAGE_RANGES_MAX 1024
#define SAMEPAGE_EDITS_MAX 128

/* What holds for all of a range. */
#define SAMEPAGE_STANDING_EXCLUDED 1  /* never merged: spliced, wiped on fork, guarded */
#define SAMEPAGE_STANDING_DONTFORK 2  /* as the program has said by madvise */
#define SAMEPAGE_STANDING_DONTDUMP 4

/* A range under advice. Written by the program's threads, read by the engine, both under the hold lock. */
struct samepage_range {
	uint64_t start;
	uint64_t end;        /* exclusive; sorted, disjoint, not touching unless their flags differ */
	uint32_t standing;    /* SAMEPAGE_STANDING_ bits */
	uint32_t changes;     /* the value of gate.changes when something about its mappings changed last */
};

/* Where one change was. */
struct samepage_edit {
	uint64_t start;
	uint64_t end;        /* exclusive */
};

enum samepage_request_kind {
	SAMEPAGE_REQUEST_NONE = 0,
	SAMEPAGE_REQUEST_UNMERGE = 1, /* make [address, address+length) anonymous again; -EAGAIN for want of memory */
	SAMEPAGE_REQUEST_SCAN = 2,    /* argument: timeout in milliseconds; result: pages merged */
	SAMEPAGE_REQUEST_LEAVE = 3,   /* unmerge all, then stop */
	SAMEPAGE_REQUEST_LIMITS = 4,  /* gate.limits were set anew */
	SAMEPAGE_REQUEST_STOP = 5,    /* merge nothing more; what was merged stays, and the thread still answers. The gate
	                                 has set the state already, which is enough for an engine that does not know this */
};

/* One request at a time; the gate's request lock queues the callers. */
struct samepage_request {
	uint32_t kind;
	uint32_t is_done;    /* futex: 0 while it is open; set to 1 and woken by the engine */
	uint64_t address;
	uint64_t length;
	int64_t argument;
	int64_t result;
};

struct samepage_gate {
	uint32_t size;       /* sizeof(struct samepage_gate) */
	uint32_t version;
	uint32_t state;      /* enum samepage_state */
	uint32_t doorbell;   /* futex: counts up with each request, range and wish to stop; the engine sleeps on it */
	uint32_t changes;    /* counts up with each change of ranges or of the mappings in them; under the hold lock */
	uint32_t range_count;
	uint32_t statistics_sequence; /* odd while the engine writes statistics, stalls or reason */
	uint32_t reserved;
	char domain[48];
	char keeper[256];    /* path of the samepage executable, or empty */
	struct samepage_limits limits;
	struct samepage_request request;
	struct samepage_statistics statistics;
	uint64_t stalls[SAMEPAGE_STALL_BUCKETS];
	char reason[256];
	struct samepage_range ranges[SAMEPAGE_RANGES_MAX];
	struct samepage_edit edits[SAMEPAGE_EDITS_MAX]; /* the latest: number n at n % SAMEPAGE_EDITS_MAX; under the hold lock */
};

/* What the gate does for the engine. Each is plain C, safe on the engine's thread, and gives 0 or a negative errno. */
struct samepage_gate_calls {
	uint32_t size;
	uint32_t reserved;
	/* The hold lock: windows open, and ranges change, only while it is held. Recursive. */
	void (*hold)(void);
	void (*release)(void);
	/* Starts gate.keeper as "samepage keeper --domain NAME", a process of its own session whose end sends the program
	   no SIGCHLD. */
	int32_t (*spawn_keeper)(void);
	/* Forks a child that does nothing, without SIGCHLD and without running atfork handlers, and gives its process
	   number. While it lives, of all anonymous pages that fork copies, only those that are pinned for I/O are still
	   marked as mapped once (pagemap bit 56). */
	int32_t (*fork_probe_begin)(void);
	/* Ends that child and reaps it. */
	void (*fork_probe_end)(int32_t child);
};

/* The engine's one export. Runs until the process has left the domain; called by the gate on the engine's thread. */
int32_t samepage_engine_run(struct samepage_gate *gate, const struct samepage_gate_calls *calls);

#endif
