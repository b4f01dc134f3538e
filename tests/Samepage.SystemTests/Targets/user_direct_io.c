/*
 * Reads that the disk writes into memory by itself, while that memory is merged as eagerly as can be:
 *
 *   user_direct_io [--reads N] [--pins N] [--seconds S] [--megabytes N] [--depth N] [--directory D] [--ways LETTERS]
 *                  [--discards 0] [--stop-at-wrong 1] [--break MODE]
 *
 * It ends when so many reads are done and the engine has met so many pinned pages, or after so many seconds.
 *
 * All pages of the pool hold one of a few contents, so that the engine wants each of them. Four threads read blocks of a
 * file with O_DIRECT into pages of their own quarter, several at a time, look whether each page then holds its block,
 * and give the page its resting content back. From the submission to its completion the kernel holds such a page
 * pinned, and the device writes to the frame, whatever the page table says by then: an engine that replaces the page
 * meanwhile loses the block, and the page still holds the resting content (counted as lost).
 *
 *   p  threads with pread          u  io_uring, plain buffers
 *   e  io_uring, buffers registered before their memory was advised
 *   l  io_uring, buffers registered once their memory had been merged
 *
 * In p and u pages are discarded now and then, so that there are fresh ones to merge; with --discards 0 all that is
 * written again must find its way back by the engine's test for pins. In e and l every page stays pinned for long, and
 * is to be left alone for as long.
 *
 * --break proves the checks. replace: pages with reads in flight are replaced by copies of themselves, as a merge does
 * that takes no notice of pins. overwrite: a word of a block is changed before it is checked. drop: pages are lost.
 */
#include "user.h"
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/statfs.h>
#include <sys/uio.h>

enum { CLASSES = 16, WAYS = 4, RUN_MAX = 4, REGISTERED_BYTES = 1 << 20, PREADERS = 4 };

static uint8_t rest[CLASSES][PAGE];
static int file = -1, depth;
static size_t block_count, part_pages;
static uint64_t reads_wanted, pins_wanted;
static bool stops_at_wrong, discards;
static double end_time;
static const char *broken;
static atomic_bool is_over;
static _Atomic uint64_t reads_total, mismatches, lost, stale_rest, blocks_total;

struct ring {
	int fd;
	unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

struct flight { size_t page, pages, block; bool is_open; };

struct part {
	pthread_t thread;
	uint8_t (*pages)[PAGE];
	uint16_t *class_of;
	char way;
	size_t count;                /* pages */
	uint64_t random, reads;
	struct flight *flights;      /* looked at by the breaker without a lock: a stale look breaks something else */
	struct ring ring;
};

static struct part parts[WAYS + PREADERS];
static int part_count;

/* What block number N of the file holds at a place; the first word is the number itself. */
static uint64_t word_of(size_t block, size_t i)
{
	return i ? user_mix(block * 512 + i) | 1 : block;
}

static void fill_block(uint64_t *page, size_t block)
{
	for (size_t i = 0; i < PAGE / 8; i++)
		page[i] = word_of(block, i);
}

static void make_file(const char *directory)
{
	struct statfs system;
	if (statfs(directory, &system))
		user_lacks(directory);
	file = open(directory, O_TMPFILE | O_RDWR | O_DIRECT, 0600);
	if (file < 0) {
		char name[4096];
		snprintf(name, sizeof name, "%s/samepage-direct-XXXXXX", directory);
		file = mkostemp(name, O_DIRECT);
		if (file < 0)
			user_lacks("a file for O_DIRECT");
		unlink(name);
	}
	if (system.f_type == 0x01021994)
		puts("note: the file lies in tmpfs, which copies and pins nothing");
	uint64_t *buffer = aligned_alloc(PAGE, 1 << 20);
	for (size_t block = 0; block < block_count; block += 256) {
		for (size_t i = 0; i < 256; i++)
			fill_block(buffer + i * 512, block + i);
		if (pwrite(file, buffer, 1 << 20, block * PAGE) != 1 << 20)
			user_lacks("O_DIRECT");
	}
	free(buffer);
	fsync(file);
}

static void check_rest(struct part *by, size_t page)
{
	const uint8_t *due = rest[by->class_of[page]];
	if (!memcmp(by->pages[page], due, PAGE))
		return;
	mismatches++;
	stale_rest++;
	user_complain("way %c page %zu (%p): not its resting content %u but %016lx %016lx", by->way, page,
		(void *)by->pages[page], by->class_of[page], *(uint64_t *)by->pages[page], *((uint64_t *)by->pages[page] + 1));
}

static void put_rest(struct part *by, size_t page)
{
	by->class_of[page] = user_random(&by->random) % CLASSES;
	memcpy(by->pages[page], rest[by->class_of[page]], PAGE);
}

static void check_block(struct part *by, size_t page, size_t block)
{
	blocks_total++;
	uint64_t *held = (uint64_t *)by->pages[page];
	for (size_t i = 0; i < PAGE / 8; i++) {
		if (held[i] == word_of(block, i))
			continue;
		bool is_lost = !memcmp(held, rest[by->class_of[page]], PAGE);
		mismatches++;
		lost += is_lost;
		user_complain("way %c page %zu (%p) block %zu word %zu: %016lx%s", by->way, page, (void *)held, block, i, held[i],
			is_lost ? ": the read is lost, the page holds what it held before" : "");
		break;
	}
}

/* Chooses where the next read goes: pages that no other read of this thread uses. */
static void plan(struct part *by, struct flight *next)
{
	for (;;) {
		next->pages = 1 + user_random(&by->random) % RUN_MAX;
		next->page = user_random(&by->random) % (by->count - next->pages);
		next->block = user_random(&by->random) % (block_count - next->pages);
		bool is_free = true;
		for (int i = 0; i < depth; i++)
			if (by->flights[i].is_open && &by->flights[i] != next && by->flights[i].page < next->page + next->pages
				&& next->page < by->flights[i].page + by->flights[i].pages)
				is_free = false;
		/* A registered buffer is one piece of memory; a read goes into one of them. */
		if (by->way != 'p' && by->way != 'u'
			&& next->page * PAGE / REGISTERED_BYTES != ((next->page + next->pages) * PAGE - 1) / REGISTERED_BYTES)
			is_free = false;
		if (is_free)
			break;
	}
	for (size_t i = 0; i < next->pages; i++)
		check_rest(by, next->page + i);
	next->is_open = true;
}

static void finish(struct part *by, struct flight *done, long got)
{
	if (got != (long)(done->pages * PAGE)) {
		errno = got < 0 ? -got : EIO;
		target_fail("read");
	}
	if (broken && !strcmp(broken, "overwrite") && by->reads % 500 == 499)
		by->pages[done->page][2000] ^= 1;
	for (size_t i = 0; i < done->pages; i++)
		check_block(by, done->page + i, done->block + i);
	done->is_open = false;
	if (discards && (by->way == 'p' || by->way == 'u') && user_random(&by->random) % 2)
		user_discard(by->pages[done->page], done->pages * PAGE);
	for (size_t i = 0; i < done->pages; i++)
		put_rest(by, done->page + i);
	by->reads++;
	if (++reads_total >= reads_wanted && user_statistics().pinned_pages_total >= pins_wanted)
		is_over = true;
	if (target_seconds() >= end_time || (stops_at_wrong && mismatches))
		is_over = true;
}

static void *pread_on(void *argument)
{
	struct part *by = argument;
	struct flight *flight = &by->flights[0];
	while (!is_over) {
		plan(by, flight);
		finish(by, flight, pread(file, by->pages[flight->page], flight->pages * PAGE, flight->block * PAGE));
	}
	return NULL;
}

/* The least of io_uring: the queues are mapped, entries written, and one call submits and waits. */
static void ring_open(struct ring *ring)
{
	struct io_uring_params with = { 0 };
	ring->fd = syscall(SYS_io_uring_setup, 2 * depth, &with);
	if (ring->fd < 0)
		user_lacks("io_uring");
	size_t sq = with.sq_off.array + with.sq_entries * sizeof(unsigned);
	size_t cq = with.cq_off.cqes + with.cq_entries * sizeof(struct io_uring_cqe);
	char *s = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	char *c = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, with.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	if (s == MAP_FAILED || c == MAP_FAILED || ring->sqes == MAP_FAILED)
		target_fail("io_uring queues");
	ring->sq_tail = (unsigned *)(s + with.sq_off.tail);
	ring->sq_mask = (unsigned *)(s + with.sq_off.ring_mask);
	ring->sq_array = (unsigned *)(s + with.sq_off.array);
	ring->cq_head = (unsigned *)(c + with.cq_off.head);
	ring->cq_tail = (unsigned *)(c + with.cq_off.tail);
	ring->cq_mask = (unsigned *)(c + with.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(c + with.cq_off.cqes);
}

static void ring_register(struct part *by)
{
	size_t each = REGISTERED_BYTES, pieces = by->count * PAGE / each;
	struct iovec *vectors = calloc(pieces, sizeof *vectors);
	for (size_t i = 0; i < pieces; i++)
		vectors[i] = (struct iovec){ (char *)by->pages + i * each, each };
	if (syscall(SYS_io_uring_register, by->ring.fd, IORING_REGISTER_BUFFERS, vectors, pieces))
		user_lacks("registered buffers (RLIMIT_MEMLOCK?)");
	free(vectors);
}

static void ring_submit(struct part *by, int slot)
{
	struct ring *ring = &by->ring;
	struct flight *flight = &by->flights[slot];
	plan(by, flight);
	unsigned tail = *ring->sq_tail, at = tail & *ring->sq_mask;
	struct io_uring_sqe *entry = &ring->sqes[at];
	*entry = (struct io_uring_sqe){
		.opcode = by->way == 'u' ? IORING_OP_READ : IORING_OP_READ_FIXED, .fd = file, .user_data = slot,
		.addr = (uintptr_t)by->pages[flight->page], .len = flight->pages * PAGE, .off = flight->block * PAGE,
		.buf_index = by->way == 'u' ? 0 : flight->page * PAGE / REGISTERED_BYTES,
	};
	ring->sq_array[at] = at;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
}

static void *ring_on(void *argument)
{
	struct part *by = argument;
	struct ring *ring = &by->ring;
	int fresh = 0, open = 0;
	for (int slot = 0; slot < depth; slot++, fresh++)
		ring_submit(by, slot);
	for (open = fresh; open;) {
		if (syscall(SYS_io_uring_enter, ring->fd, fresh, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			target_fail("io_uring_enter");
		fresh = 0;
		unsigned head = *ring->cq_head;
		while (head != __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE)) {
			struct io_uring_cqe done = ring->cqes[head & *ring->cq_mask];
			__atomic_store_n(ring->cq_head, ++head, __ATOMIC_RELEASE);
			finish(by, &by->flights[done.user_data], done.res);
			if (is_over)
				open--;
			else {
				ring_submit(by, done.user_data);
				fresh++;
			}
		}
	}
	return NULL;
}

/* The negative controls on pages that are being read into. */
static void *break_on(void *unused)
{
	uint64_t random = 99;
	(void)unused;
	uint8_t *aside = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int left = 200; left && !is_over; usleep(1000)) {
		struct part *in = &parts[user_random(&random) % part_count];
		struct flight flight = in->flights[user_random(&random) % (in->way == 'p' ? 1 : depth)];
		if (!flight.is_open)
			continue;
		left--;
		if (!strcmp(broken, "replace")) {
			memcpy(aside, in->pages[flight.page], PAGE);
			mremap(aside, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, in->pages[flight.page]);
			aside = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		} else if (!strcmp(broken, "drop"))
			madvise(in->pages[flight.page], PAGE, MADV_DONTNEED);
	}
	if (strcmp(broken, "overwrite"))
		is_over = true;
	return NULL;
}

static void add_part(char way, uint8_t (*pages)[PAGE], size_t count)
{
	struct part *part = &parts[part_count];
	*part = (struct part){ .way = way, .pages = pages, .count = count, .random = user_mix(++part_count) | 1 };
	part->class_of = calloc(count, sizeof *part->class_of);
	part->flights = calloc(depth, sizeof *part->flights);
	for (size_t page = 0; page < count; page++)
		put_rest(part, page);
	if (way != 'p')
		ring_open(&part->ring);
}

int main(int count, char **argument)
{
	double seconds = user_number(count, argument, "--seconds", 60);
	user_begin(seconds);
	reads_wanted = user_number(count, argument, "--reads", 1e18);
	pins_wanted = getenv("SAMEPAGE_LIBRARY") || getenv("SAMEPAGE_DOMAIN") ? user_number(count, argument, "--pins", 0) : 0;
	stops_at_wrong = user_number(count, argument, "--stop-at-wrong", 0);
	discards = user_number(count, argument, "--discards", 1);
	depth = user_number(count, argument, "--depth", 32);
	part_pages = (size_t)user_number(count, argument, "--megabytes", 64) * 256 / WAYS;
	block_count = (size_t)user_number(count, argument, "--file-megabytes", 64) * 256;
	const char *ways = user_option(count, argument, "--ways", "puel");
	broken = user_option(count, argument, "--break", NULL);
	if (depth < 1 || part_pages < 512 || strspn(ways, "puel") != strlen(ways) || strlen(ways) > WAYS
		|| (broken && !strstr(" replace overwrite drop ", broken)))
		return EXIT_USAGE;

	for (int class = 1; class < CLASSES; class++)
		for (int i = 0; i < PAGE; i += 8)
			*(uint64_t *)&rest[class][i] = class < 8 ? 0x1111111111111111u * class : user_mix(class << 16 | i);
	make_file(user_option(count, argument, "--directory", "/var/tmp"));
	uint8_t (*pages)[PAGE] = user_map(strlen(ways) * part_pages * PAGE);
	for (size_t i = 0; i < strlen(ways); i++)
		for (int j = 0; j < (ways[i] == 'p' ? PREADERS : 1); j++) {
			size_t each = ways[i] == 'p' ? part_pages / PREADERS : part_pages;
			add_part(ways[i], pages + i * part_pages + j * each, each);
		}

	for (int i = 0; i < part_count; i++)
		if (parts[i].way == 'e')
			ring_register(&parts[i]);
	user_join();
	user_advise(pages, strlen(ways) * part_pages * PAGE);
	user_scan_start();
	uint64_t merged = user_await_merged(part_pages, 10);
	for (int i = 0; i < part_count; i++)
		if (parts[i].way == 'l')
			ring_register(&parts[i]);
	printf("ready merged=%lu\n", merged);

	double begin = target_seconds();
	end_time = begin + seconds;
	pthread_t breaker;
	for (int i = 0; i < part_count; i++)
		pthread_create(&parts[i].thread, NULL, parts[i].way == 'p' ? pread_on : ring_on, &parts[i]);
	if (broken)
		pthread_create(&breaker, NULL, break_on, NULL);
	for (int i = 0; i < part_count; i++)
		pthread_join(parts[i].thread, NULL);
	if (broken)
		pthread_join(breaker, NULL);
	double took = target_seconds() - begin;
	user_scan_stop();
	uint64_t by_way[128] = { 0 };
	for (int i = 0; i < part_count; i++) {
		by_way[(int)parts[i].way] += parts[i].reads;
		for (size_t page = 0; page < parts[i].count; page++)
			check_rest(&parts[i], page);
	}
	printf("reads=%lu blocks=%lu mismatches=%lu lost=%lu rest_wrong=%lu reads_pread=%lu reads_ring=%lu reads_early=%lu "
		"reads_late=%lu seconds=%.1f", reads_total, blocks_total, mismatches, lost, stale_rest, by_way['p'], by_way['u'],
		by_way['e'], by_way['l'], took);
	user_print_engine();
	return mismatches ? EXIT_WRONG : 0;
}
