/*
 * gate.c: the C ABI of samepage.h. What a function does to memory it does itself, or asks the engine's thread for; the
 * program's threads run nothing but this C. hold.c, ranges.c, request.c and discard.c are its parts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "inner.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
/* How often the engine is asked before what it leaves is accepted. */
#define UNMERGE_TRIES 8
#define CHUNK_BYTES (512 * PAGE_SIZE)
#define FEATURE_MOVE (1ull << 16)

struct inner samepage_inner;

static pthread_mutex_t join_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t atfork_once = PTHREAD_ONCE_INIT;

static _Atomic uint32_t *state_word(void)
{
	return (_Atomic uint32_t *)&samepage_inner.gate->state;
}

static uint32_t state_now(void)
{
	return samepage_inner.gate ? atomic_load(state_word()) : SAMEPAGE_STATE_NONE;
}

int32_t samepage_abi_version(void)
{
	return SAMEPAGE_ABI_VERSION;
}

/* The engine reads a plain copy of the table, under the hold lock. */
static void mirror_ranges(void)
{
	const struct range_table *table = range_table_now(&samepage_inner.ranges);
	struct samepage_gate *gate = samepage_inner.gate;

	if (!gate)
		return;
	for (uint32_t i = 0; i < table->count; i++) {
		const struct range_entry *entry = &table->entries[i];

		gate->ranges[i] = (struct samepage_range){
			.start = entry->start,
			.end = entry->end,
			.standing = (entry->is_excluded ? SAMEPAGE_STANDING_EXCLUDED : 0) |
				    (entry->flags & RANGE_DONTFORK ? SAMEPAGE_STANDING_DONTFORK : 0) |
				    (entry->flags & RANGE_DONTDUMP ? SAMEPAGE_STANDING_DONTDUMP : 0),
			.changes = entry->changes,
		};
	}
	gate->range_count = table->count;
	memcpy(gate->edits, samepage_inner.ranges.edits, sizeof(gate->edits));
	gate->changes = atomic_load(&samepage_inner.ranges.changes);
}

int32_t ranges_edit(enum range_edit edit, uint64_t start, uint64_t end, uint32_t flags)
{
	int32_t result;

	hold_take();
	result = range_edit(&samepage_inner.ranges, edit, start, end, flags);
	if (edit == RANGE_ADD)
		spots_exclude();
	mirror_ranges();
	hold_give();
	if (samepage_inner.gate && atomic_load(&samepage_inner.is_engine_alive))
		request_bell();
	return result;
}

/* A child has no engine: what was merged stays mapped, and the gate alone keeps the meaning of the calls. */
static void fork_child(void)
{
	struct samepage_gate *gate = samepage_inner.gate;

	hold_after_fork();
	pthread_mutex_init(&join_lock, NULL);
	atomic_store(&samepage_inner.is_engine_alive, 0);
	if (!gate)
		return;
	request_after_fork();
	range_tables_mend(&samepage_inner.ranges);
	mirror_ranges();
	gate->statistics_sequence &= ~1u;
	if (atomic_load(state_word()) != SAMEPAGE_STATE_NONE)
		atomic_store(state_word(), SAMEPAGE_STATE_CHILD);
}

static void register_atfork(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* -ENOSYS where the kernel says that it has no MOVE; where it may not be asked, the keeper may be able to. */
static int probe_move(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	long descriptor = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	int result = 0;

	if (descriptor < 0)
		return errno == ENOSYS ? -ENOSYS : 0;
	if (syscall(SYS_ioctl, descriptor, UFFDIO_API, &api) < 0 || !(api.features & FEATURE_MOVE))
		result = -ENOSYS;
	syscall(SYS_close, descriptor);
	return result;
}

static int is_domain_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strspn(name, allowed);

	return length > 0 && length < sizeof(samepage_inner.gate->domain) && name[length] == 0 && name[0] != '.';
}

static uint64_t mappings_default(void)
{
	char text[32] = "";
	unsigned long long limit = 65530;
	long descriptor = syscall(SYS_openat, AT_FDCWD, "/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);

	if (descriptor >= 0) {
		if (syscall(SYS_read, descriptor, text, sizeof(text) - 1) > 0)
			sscanf(text, "%llu", &limit);
		syscall(SYS_close, descriptor);
	}
	return limit / 2;
}

/* What is not said is as by default, 0 where the engine knows better. -EINVAL for what cannot be. */
static int32_t limits_fill(struct samepage_limits *to, const struct samepage_limits *from)
{
	if (from->pace > SAMEPAGE_PACE_EAGER || from->cpu_percent_max > 100 ||
	    (from->window_pages_max && (from->window_pages_max < 16 || from->window_pages_max > 512)))
		return -EINVAL;
	to->size = sizeof(*to);
	to->pace = from->pace;
	to->cpu_percent_max = from->cpu_percent_max;
	to->window_pages_max = from->window_pages_max;
	to->mappings_max = from->mappings_max ? from->mappings_max : mappings_default();
	return 0;
}

static struct samepage_gate *gate_make(void)
{
	struct samepage_gate *gate = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (gate == MAP_FAILED)
		return NULL;
	gate->size = sizeof(*gate);
	gate->version = SAMEPAGE_GATE_VERSION;
	return gate;
}

static int32_t gate_fill(struct samepage_gate *gate, const struct samepage_join_options *options)
{
	const char *domain = options->domain ? options->domain : "default";
	struct samepage_limits limits;

	if (!is_domain_name(domain) || (options->keeper && strlen(options->keeper) >= sizeof(gate->keeper)) ||
	    limits_fill(&limits, &options->limits))
		return -EINVAL;
	strcpy(gate->domain, domain);
	gate->limits = limits;
	if (options->keeper)
		strcpy(gate->keeper, options->keeper);
	else if (!path_beside(gate->keeper, sizeof(gate->keeper), "samepage") || access(gate->keeper, X_OK))
		gate->keeper[0] = 0;
	gate->reason[0] = 0;
	samepage_inner.own_reason[0] = 0;
	return 0;
}

static int32_t join(const struct samepage_join_options *options)
{
	struct samepage_gate *gate = samepage_inner.gate;
	int32_t result;

	if (state_now() == SAMEPAGE_STATE_CHILD)
		return -ECHILD;
	if (state_now() != SAMEPAGE_STATE_NONE || atomic_load(&samepage_inner.is_engine_alive))
		return -EALREADY;
	if (is_future_locked())
		return -EPERM;
	if ((result = probe_move()))
		return result;
	if (!gate && !(gate = gate_make()))
		return -ENOMEM;
	if ((result = gate_fill(gate, options)))
		return result;
	spawn_remember_environment();
	pthread_once(&atfork_once, register_atfork);
	samepage_inner.gate = gate;
	ranges_edit(RANGE_TOUCH, 0, UINT64_MAX, 0);
	atomic_store(state_word(), SAMEPAGE_STATE_JOINING);
	if ((result = engine_start()))
		atomic_store(state_word(), SAMEPAGE_STATE_NONE);
	return result;
}

int32_t samepage_domain_join(const struct samepage_join_options *options)
{
	int32_t result;

	if (!options || options->size < sizeof(*options) || options->flags ||
	    (options->limits.size && options->limits.size < sizeof(options->limits)))
		return -EINVAL;
	pthread_mutex_lock(&join_lock);
	result = join(options);
	pthread_mutex_unlock(&join_lock);
	return result;
}

/* Without an engine: a private page behind every page of a segment. What may not be written stays as it is. */
static int32_t populate(uint64_t start, uint64_t end)
{
	struct mapping mapping;
	int32_t result = 0;
	int descriptor;

	if (!atomic_load(&samepage_inner.has_merged))
		return 0;
	if ((descriptor = mappings_open()) < 0)
		return -EAGAIN;
	while (!result && start < end && !mapping_next(descriptor, start, &mapping) && mapping.start < end) {
		uint64_t from = mapping.start > start ? mapping.start : start;
		uint64_t to = mapping.end < end ? mapping.end : end;

		if (mapping.is_segment && (mapping.protection & PROT_WRITE) &&
		    syscall(SYS_madvise, from, to - from, 23 /* MADV_POPULATE_WRITE */) < 0 && errno == ENOMEM)
			result = -EAGAIN;
		start = to;
	}
	mappings_close(descriptor);
	return result;
}

/* Whether anything in the range is mapped from a segment. Where that cannot be told, something may be. */
static int has_segment(uint64_t start, uint64_t end)
{
	struct mapping mapping;
	int descriptor, found = 0;

	if (!atomic_load(&samepage_inner.has_merged))
		return 0;
	if ((descriptor = mappings_open()) < 0)
		return 1;
	while (!found && start < end && !mapping_next(descriptor, start, &mapping) && mapping.start < end) {
		found = mapping.is_segment;
		start = mapping.end;
	}
	mappings_close(descriptor);
	return found;
}

/*
 * What was locked is locked again: the engine's memory is new, also beyond a range whose first and last run it has
 * returned as a whole. Its pages are there, so nothing has to be filled.
 */
static void lock_again(uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t to = end;
		uint32_t flags = range_flags_at(start, &to);

		if (flags & RANGE_LOCKED)
			apply_flags(start, to, RANGE_LOCKED);
		start = to;
	}
}

/*
 * Has the engine make the range anonymous, and gives 0 with the hold lock taken, so that nothing of it can be merged
 * again before the caller has changed the table. The engine may have been faster, or may not replace pages that a
 * device writes to: it is looked at what is mapped, and asked again. Where segments stay, or no engine is left, pages
 * are at least private: *is_left says so, and the range must stay known for discards to stay right. -EAGAIN, without
 * the lock, where memory does not suffice.
 */
static int32_t unmerge_and_hold(uint64_t start, uint64_t end, int *is_left)
{
	int64_t result = 0;

	*is_left = 0;
	if (hold_depth() > 0)
		return -EDEADLK;
	hold_take();
	if (!has_segment(start, end))
		return 0;
	hold_give();
	for (int i = 0; i < UNMERGE_TRIES; i++) {
		result = request_post(SAMEPAGE_REQUEST_UNMERGE, start, end - start, 0);
		if (result == -ENODEV)
			break;
		if (result < 0)
			return (int32_t)result;
		hold_take();
		settle(start, end);
		if (!has_segment(start, end)) {
			lock_again(start & ~(CHUNK_BYTES - 1), (end + CHUNK_BYTES - 1) & ~(CHUNK_BYTES - 1));
			return 0;
		}
		hold_give();
	}
	hold_take();
	settle(start, end);
	result = populate(start, end);
	if (result) {
		hold_give();
		return (int32_t)result;
	}
	*is_left = has_segment(start, end);
	return 0;
}

/* The part of a range that lies between the first and the last under advice. */
static int clip(uint64_t *start, uint64_t *end)
{
	uint64_t first = atomic_load(&samepage_inner.ranges.lowest), last = atomic_load(&samepage_inner.ranges.highest);

	*start = *start > first ? *start & ~(PAGE_SIZE - 1) : first;
	*end = *end < last ? (*end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1) : last;
	return *start < *end && range_overlaps(&samepage_inner.ranges, *start, *end);
}

/* What becomes of a range that is anonymous again. */
enum outcome { FORGOTTEN, EXCLUDED, LEAVING };

/*
 * Forgets a range, or excludes it for good, once it is anonymous again. -EBUSY where it has to stay on segments: it is
 * private and merged no more, and stays known; where the program would leave, all stays as it is.
 */
static int32_t unmerge(uint64_t start, uint64_t end, enum outcome outcome)
{
	int32_t result;
	int is_left;

	if (!clip(&start, &end))
		return 0;
	result = unmerge_and_hold(start, end, &is_left);
	if (result)
		return result;
	if (!is_left || outcome != LEAVING)
		ranges_edit(outcome == EXCLUDED || is_left ? RANGE_EXCLUDE : RANGE_REMOVE, start, end, 0);
	if (is_left && outcome == FORGOTTEN)
		ranges_edit(RANGE_SET, start, end, RANGE_LEFT);
	hold_give();
	return is_left && outcome != EXCLUDED ? -EBUSY : 0;
}

static void engine_await_end(void)
{
	uint32_t alive;

	while ((alive = atomic_load(&samepage_inner.is_engine_alive)))
		futex_wait(&samepage_inner.is_engine_alive, alive, 1000);
}

static int32_t leave(void)
{
	int64_t result;

	if (state_now() == SAMEPAGE_STATE_NONE)
		return -ENOTCONN;
	result = unmerge(0, UINT64_MAX, LEAVING);
	if (result || state_now() == SAMEPAGE_STATE_CHILD)
		return (int32_t)result;
	result = request_post(SAMEPAGE_REQUEST_LEAVE, 0, 0, 0);
	if (result < 0 && result != -ENODEV)
		return (int32_t)result;
	/* After its answer the thread is on its last steps. */
	engine_await_end();
	atomic_store(state_word(), SAMEPAGE_STATE_NONE);
	return 0;
}

int32_t samepage_domain_leave(void)
{
	int32_t result;

	pthread_mutex_lock(&join_lock);
	result = leave();
	pthread_mutex_unlock(&join_lock);
	return result;
}

/* The whole pages within. */
static int whole_pages(void *address, uint64_t length, uint64_t *start, uint64_t *end)
{
	uint64_t from = (uint64_t)(uintptr_t)address;

	if (from + length < from)
		return -EINVAL;
	*start = (from + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	*end = (from + length) & ~(PAGE_SIZE - 1);
	return 0;
}

int32_t samepage_inner_advise(uint64_t start, uint64_t end, uint32_t flags)
{
	uint32_t state = state_now();

	if (state == SAMEPAGE_STATE_CHILD)
		return -ECHILD;
	if (state == SAMEPAGE_STATE_NONE)
		return -ENOTCONN;
	return start < end ? ranges_edit(RANGE_ADD, start, end, flags) : 0;
}

static void note_flags(uint64_t start, uint64_t end, uint32_t flags)
{
	ranges_edit(RANGE_SET, start, end, flags);
	if (flags & RANGE_WIPEONFORK)
		ranges_edit(RANGE_EXCLUDE, start, end, 0);
}

int32_t samepage_range_advise(void *address, uint64_t length)
{
	uint64_t start, end;
	int32_t result = whole_pages(address, length, &start, &end);

	if (result || start >= end)
		return result;
	hold_take();
	result = samepage_inner_advise(start, end, 0);
	if (!result)
		mapping_flags(start, end, note_flags);
	hold_give();
	return result;
}

int32_t samepage_range_unadvise(void *address, uint64_t length)
{
	uint64_t start, end;
	int32_t result = whole_pages(address, length, &start, &end);

	return result ? result : unmerge(start, end, FORGOTTEN);
}

int32_t samepage_range_discard(void *address, uint64_t length)
{
	uint64_t start, end;
	int32_t result = whole_pages(address, length, &start, &end);

	return result || start >= end ? result : discard(start, end, MADV_DONTNEED);
}

void samepage_hold(void)
{
	hold_take();
}

/* Whatever the caller did, the engine looks at all mappings anew. */
void samepage_release(void)
{
	if (hold_depth() == 1)
		ranges_edit(RANGE_TOUCH, 0, UINT64_MAX, 0);
	hold_give();
}

void samepage_inner_hold(void)
{
	hold_take();
}

void samepage_inner_release(void)
{
	hold_give();
}

int64_t samepage_scan(uint32_t timeout_milliseconds)
{
	uint32_t state = state_now();

	if (state == SAMEPAGE_STATE_CHILD)
		return -ECHILD;
	if (state == SAMEPAGE_STATE_NONE)
		return -ENOTCONN;
	return request_post(SAMEPAGE_REQUEST_SCAN, 0, 0, timeout_milliseconds);
}

int32_t samepage_limits_set(const struct samepage_limits *limits)
{
	struct samepage_limits filled;
	int64_t result;

	if (!limits || limits->size < sizeof(*limits) || limits_fill(&filled, limits))
		return -EINVAL;
	if (state_now() == SAMEPAGE_STATE_NONE)
		return -ENOTCONN;
	hold_take();
	samepage_inner.gate->limits = filled;
	hold_give();
	result = request_post(SAMEPAGE_REQUEST_LIMITS, 0, 0, 0);
	return result == -ENODEV ? 0 : (int32_t)result;
}

/* Copies what the engine writes, as often as it takes to get all of one time. */
static void copy_settled(void *to, const void *from, size_t size)
{
	_Atomic uint32_t *sequence = (_Atomic uint32_t *)&samepage_inner.gate->statistics_sequence;

	for (;;) {
		uint32_t before = atomic_load(sequence);

		memcpy(to, from, size);
		atomic_thread_fence(memory_order_acquire);
		if (!(before & 1) && atomic_load(sequence) == before)
			return;
		if (before & 1)
			sched_yield();
	}
}

int32_t samepage_statistics_read(struct samepage_statistics *statistics)
{
	struct samepage_statistics copy = { 0 };
	uint32_t size;

	if (!statistics || statistics->size < 2 * sizeof(uint32_t))
		return -EINVAL;
	size = statistics->size < sizeof(copy) ? statistics->size : sizeof(copy);
	if (samepage_inner.gate)
		copy_settled(&copy, &samepage_inner.gate->statistics, sizeof(copy));
	copy.size = statistics->size;
	copy.state = state_now();
	copy.advised_bytes = 0;
	hold_take();
	copy.advised_bytes = range_table_now(&samepage_inner.ranges)->advised_bytes;
	hold_give();
	memset(statistics, 0, statistics->size);
	memcpy(statistics, &copy, size);
	return 0;
}

int32_t samepage_stalls_read(uint64_t buckets[SAMEPAGE_STALL_BUCKETS])
{
	if (!buckets)
		return -EINVAL;
	memset(buckets, 0, SAMEPAGE_STALL_BUCKETS * sizeof(buckets[0]));
	if (samepage_inner.gate)
		copy_settled(buckets, samepage_inner.gate->stalls, sizeof(samepage_inner.gate->stalls));
	return 0;
}

int32_t samepage_reason_text(char *text, uint32_t size)
{
	char reason[sizeof(samepage_inner.gate->reason)] = "";

	if (!text || !size)
		return -EINVAL;
	if (samepage_inner.gate)
		copy_settled(reason, samepage_inner.gate->reason, sizeof(reason));
	if (!reason[0])
		memcpy(reason, samepage_inner.own_reason, sizeof(reason));
	reason[sizeof(reason) - 1] = 0;
	snprintf(text, size, "%s", reason);
	return (int32_t)strlen(text);
}

int samepage_inner_overlaps(uint64_t start, uint64_t end)
{
	return range_overlaps(&samepage_inner.ranges, start, end);
}

int32_t samepage_inner_edit(int edit, uint64_t start, uint64_t end, uint32_t flags)
{
	return ranges_edit((enum range_edit)edit, start, end, flags);
}

int32_t samepage_inner_exclude(uint64_t start, uint64_t end, const char *reason)
{
	int32_t result;

	if (reason)
		snprintf(samepage_inner.own_reason, sizeof(samepage_inner.own_reason), "%s", reason);
	result = unmerge(start, end, EXCLUDED);
	if (result)
		ranges_edit(RANGE_EXCLUDE, start, end, 0);
	return result;
}

int32_t samepage_inner_unmerge_and_hold(uint64_t start, uint64_t end)
{
	int is_left = 0;

	if (clip(&start, &end))
		return unmerge_and_hold(start, end, &is_left);
	hold_take();
	return 0;
}

void samepage_inner_follow(uint64_t start, uint64_t end, uint64_t to_start, uint64_t to_end, int keeps_old)
{
	static struct range_table before; /* under the hold lock */

	hold_take();
	before = *range_table_now(&samepage_inner.ranges);
	if (!keeps_old)
		ranges_edit(RANGE_REMOVE, start, end, 0);
	ranges_edit(RANGE_REMOVE, to_start, to_end, 0);
	for (uint32_t i = 0; i < before.count; i++) {
		const struct range_entry *entry = &before.entries[i];
		uint64_t from = entry->start > start ? entry->start : start, to = entry->end < end ? entry->end : end;

		if (from >= to)
			continue;
		/* What was added at the end is as the end was. */
		from = from - start + to_start;
		to = to == end ? to_end : to - start + to_start;
		to = to < to_end ? to : to_end;
		if (from >= to)
			continue;
		ranges_edit(RANGE_ADD, from, to, entry->flags);
		if (entry->is_excluded)
			ranges_edit(RANGE_EXCLUDE, from, to, 0);
	}
	hold_give();
}

int32_t samepage_inner_discard(uint64_t start, uint64_t end, int advice)
{
	return discard(start, end, advice);
}

/*
 * mlockall fills and locks all mappings, the engine's own among them, where it would wait for itself; and locked memory
 * is not merged. So the engine goes first, which makes the memory private, as the call would do too. The ranges stay
 * known. Where the call fails a new engine takes over.
 */
int32_t samepage_inner_lock_all(int flags)
{
	int64_t result;

	pthread_mutex_lock(&join_lock);
	result = request_post(SAMEPAGE_REQUEST_LEAVE, 0, 0, 0);
	if (!result || result == -ENODEV) {
		engine_await_end();
		result = syscall(SYS_mlockall, flags) < 0 ? -errno : 0;
		if (!result) {
			atomic_store(&samepage_inner.is_all_locked, 1);
			snprintf(samepage_inner.own_reason, sizeof(samepage_inner.own_reason), "mlockall has locked all memory");
		}
		if (state_now() != SAMEPAGE_STATE_CHILD)
			atomic_store(state_word(), result && !engine_start() ? SAMEPAGE_STATE_JOINING : SAMEPAGE_STATE_STOPPED);
	}
	pthread_mutex_unlock(&join_lock);
	return (int32_t)result;
}

int32_t samepage_inner_unlock_all(void)
{
	int32_t result = syscall(SYS_munlockall) < 0 ? -errno : 0;

	pthread_mutex_lock(&join_lock);
	if (!result && atomic_exchange(&samepage_inner.is_all_locked, 0)) {
		ranges_edit(RANGE_CLEAR, 0, UINT64_MAX, RANGE_LOCKED);
		samepage_inner.own_reason[0] = 0;
		if (state_now() == SAMEPAGE_STATE_STOPPED && !engine_start())
			atomic_store(state_word(), SAMEPAGE_STATE_JOINING);
	}
	pthread_mutex_unlock(&join_lock);
	return result;
}

int samepage_inner_is_uniform(uint64_t start, uint64_t end)
{
	struct mapping mapping;
	int descriptor = mappings_open(), protection = -1, is_uniform = descriptor >= 0;

	for (; is_uniform && start < end; start = mapping.end) {
		is_uniform = !mapping_next(descriptor, start, &mapping) && mapping.start <= start && !mapping.is_shared &&
			     (!mapping.is_file || mapping.is_segment) && (protection < 0 || protection == mapping.protection);
		protection = mapping.protection;
	}
	if (descriptor >= 0)
		mappings_close(descriptor);
	return is_uniform;
}

int samepage_inner_piece(uint64_t address, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to)
{
	struct mapping mapping;
	int descriptor = mappings_open(), answer;

	if (descriptor < 0)
		return 0;
	answer = mapping_next(descriptor, address, &mapping);
	mappings_close(descriptor);
	*from = mapping.start > start ? mapping.start : start;
	*to = mapping.end < end ? mapping.end : end;
	return !answer && mapping.start <= address;
}

int samepage_inner_is_joined(void)
{
	return state_now() != SAMEPAGE_STATE_NONE;
}

int samepage_inner_is_engine(void)
{
	return is_engine_thread();
}

int samepage_inner_is_own_pidfd(int pidfd)
{
	return pidfd_pid(pidfd) == getpid();
}

int samepage_inner_is_segment(uint64_t address)
{
	struct mapping mapping;
	int descriptor = mappings_open(), answer;

	if (descriptor < 0)
		return 0;
	answer = mapping_next(descriptor, address, &mapping);
	mappings_close(descriptor);
	return !answer && mapping.start <= address && mapping.is_segment;
}
