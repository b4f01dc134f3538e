/*
 * Threads that write and check as fast as they can, in memory that is all duplicates:
 *
 *   user_writers [--writes N] [--breaks N] [--seconds S] [--threads N] [--megabytes N] [--seed N]
 *                [--unadvise N] [--stop-at-wrong 1] [--break MODE]
 *
 * It ends when so many words were written and so many merged pages broken by it, or after so many seconds.
 *
 * At rest a page holds one of a few hundred contents (the zero page and pages of one repeated byte among them), so that
 * an eager engine merges it again and again. There are two kinds of pages.
 *
 * Odd pages are shared by all threads. Lines of 64 bytes belong to one thread each; lines 2 to 7 are divided byte by
 * byte; line 1 holds counters that all threads add to; the last bytes of a page and the first of the next belong to one
 * thread, which writes words across the boundary. A thread puts numbers of its own into what it owns, each made from a
 * sequence number that never comes twice, reads them back at once and again some visits later, and then puts the page's
 * resting content back. A word that holds the resting content instead was lost, one that holds parts of both was torn.
 *
 * Even pages belong to one thread each, which gives them another resting content as a whole: by its own stores, by
 * read(2) into the page, or by discarding it, and checks them as a whole, also by write(2) from the page.
 *
 * A page that was merged and then written stays in its mapping of a segment until the engine takes it back. So that
 * fresh pages are merged under the writers' hands all the time, one more thread renews stretches of 2 MiB: it waits until
 * nobody has anything to put back there, checks all of it, has it discarded and fills it again; or, one time in N (by default 8, 0: never), takes its advice back,
 * which must leave no stable page there, and advises it anew.
 *
 * --break proves the checks. overwrite: a word is written behind their back. torn: half a word. drop: a page is lost.
 * swap: two pages change places. counter: an addition is lost. stale: a page is put back to what it held before.
 */
#include "user.h"
#include <immintrin.h>

enum { LINE = 64, LINES = PAGE / LINE, CLASSES = 300, PENDING = 48, THREADS_MAX = 16, COUNTERS = 8, STRETCH = 512,
	STRETCHES_MAX = 1024 };

static uint8_t (*pages)[PAGE];
static size_t page_count;
static uint8_t base[CLASSES][PAGE];
static uint16_t *class_of;          /* the resting content of each page; of even pages changed by their owner */
static int thread_count, base_file;
static uint64_t seed, writes_wanted, breaks_wanted;
static double end_time;
static bool stops_at_wrong;
static int unadvise_every;
static const char *broken;
static atomic_bool is_over;
static _Atomic uint64_t writes_total, mismatches, visits_total, additions_total, transfers_total, discards_total;

/* How many visits are open in a stretch, and whether it takes new ones. */
static struct { atomic_int visits; atomic_bool is_closed; char apart[56]; } stretches[STRETCHES_MAX];
static _Atomic uint64_t renewals_total;

struct pending { size_t page; uint64_t sequence; };

struct writer {
	pthread_t thread;
	int index, scratch;
	uint64_t random, sequence, writes, visits, additions, transfers, discards;
	uint8_t *is_dirty;
	struct pending pending[PENDING];
	uint64_t next;
};

static void wrong(const struct writer *by, const char *what, size_t page, size_t offset, uint64_t held, uint64_t due)
{
	mismatches++;
	if (stops_at_wrong)
		is_over = true;
	user_complain("%s thread %d page %zu (%p) offset %zu: %016lx instead of %016lx, resting content %016lx class %u",
		what, by->index, page, (void *)pages[page], offset, held, due,
		offset <= PAGE - 8 ? *(uint64_t *)&base[class_of[page]][offset] : 0, class_of[page]);
}

/* The number that a thread writes at an offset on a visit; what it has of lower bytes goes into narrower words. */
static inline uint64_t value_of(const struct writer *by, uint64_t sequence, size_t offset)
{
	return user_mix(sequence << 20 ^ (uint64_t)by->index << 12 ^ offset);
}

static inline void store(uint8_t *at, uint64_t value, int width)
{
	switch (width) {
	case 1: *(volatile uint8_t *)at = value; break;
	case 2: *(volatile uint16_t *)at = value; break;
	case 4: *(volatile uint32_t *)at = value; break;
	default: *(volatile uint64_t *)at = value; break;
	}
}

static inline uint64_t load(const uint8_t *at, int width)
{
	switch (width) {
	case 1: return *(volatile const uint8_t *)at;
	case 2: return *(volatile const uint16_t *)at;
	case 4: return *(volatile const uint32_t *)at;
	default: return *(volatile const uint64_t *)at;
	}
}

static inline uint64_t cut(uint64_t value, int width)
{
	return width == 8 ? value : value & ((1ul << 8 * width) - 1);
}

/* A line in 64 bytes at once where the processor can, otherwise in four parts. */
static inline void store_line(uint8_t *at, uint64_t value)
{
#ifdef __AVX512F__
	_mm512_storeu_si512(at, _mm512_set1_epi64(value));
#else
	for (int part = 0; part < LINE; part += 16)
		_mm_storeu_si128((__m128i *)(at + part), _mm_set1_epi64x(value));
#endif
	__asm__ volatile("" ::: "memory");
}

/* 1, 2, 4, 8, 64 bytes, or 8 bytes askew within the line; as the sequence number and the line say. */
static inline int width_of(uint64_t sequence, int line)
{
	static const int widths[] = { 8, 4, 64, 2, 8, 1, 9, 64 };
	return widths[(sequence + line) & 7];
}

enum act { WRITE, CHECK, RESTORE, REST };

/* One line that the thread owns: writes it, or checks that it holds what was written, or the resting content. */
static inline void on_line(struct writer *by, size_t page, int line, uint64_t sequence, enum act act)
{
	size_t from = (size_t)line * LINE;
	uint8_t *at = pages[page] + from;
	const uint8_t *rest = base[class_of[page]] + from;
	int kind = width_of(sequence, line), width = kind == 64 ? 64 : kind == 9 ? 8 : kind;
	int skew = kind == 9 ? 3 : 0, step = width == 64 ? 8 : width;
	if (act == WRITE && width == 64) {
		store_line(at, value_of(by, sequence, from));
		by->writes++;
		return;
	}
	if (act == RESTORE && width == 64) {
		memcpy(at, rest, LINE);
		__asm__ volatile("" ::: "memory");
		by->writes++;
		return;
	}
	/* Narrow words are written sparsely, so that a visit costs the same for all widths. */
	int stride = step < 4 ? 8 : step;
	for (int i = skew; i + step <= LINE; i += stride) {
		uint64_t resting;
		memcpy(&resting, rest + i, step);
		resting = cut(resting, step);
		uint64_t due = width == 64 ? value_of(by, sequence, from) : cut(value_of(by, sequence, from + i), step);
		switch (act) {
		case WRITE:
			store(at + i, due, step);
			by->writes++;
			break;
		case RESTORE:
			store(at + i, resting, step);
			by->writes++;
			break;
		case CHECK:
		case REST:
			if (act == REST)
				due = resting;
			if (load(at + i, step) != due)
				wrong(by, act == REST ? "rest" : "written", page, from + i, load(at + i, step), due);
			break;
		}
	}
}

/* The bytes of lines 2 to 7 that are the thread's: one in so many. */
static inline void on_bytes(struct writer *by, size_t page, uint64_t sequence, enum act act)
{
	for (size_t i = 2 * LINE + by->index; i < 8 * LINE; i += 4 * thread_count) {
		uint8_t rest = base[class_of[page]][i], due = value_of(by, sequence, i);
		if (act == WRITE || act == RESTORE) {
			store(pages[page] + i, act == WRITE ? due : rest, 1);
			by->writes++;
		} else if (load(pages[page] + i, 1) != (act == REST ? rest : due)) {
			wrong(by, act == REST ? "rest byte" : "byte", page, i, load(pages[page] + i, 1), act == REST ? rest : due);
		}
	}
}

/* A word of 8 bytes over the boundary behind an odd page; the next, even, page begins with a line of the same owner. */
static inline void on_boundary(struct writer *by, size_t page, uint64_t sequence, enum act act)
{
	if (page + 1 >= page_count || (int)(page / 2 % thread_count) != by->index)
		return;
	int before = 1 + sequence % 7;
	uint8_t *at = pages[page + 1] - before;
	uint8_t resting[8];
	memcpy(resting, base[class_of[page]] + PAGE - before, before);
	memcpy(resting + before, base[class_of[page + 1]], 8 - before);
	uint64_t rest, due = value_of(by, sequence, PAGE - before);
	memcpy(&rest, resting, 8);
	if (act == WRITE || act == RESTORE) {
		store(at, act == WRITE ? due : rest, 8);
		by->writes++;
	} else if (load(at, 8) != (act == REST ? rest : due)) {
		wrong(by, act == REST ? "rest across" : "across", page, PAGE - before, load(at, 8), act == REST ? rest : due);
	}
}

static inline void on_counters(struct writer *by, size_t page, uint64_t sequence, int64_t step)
{
	uint64_t *counter = (uint64_t *)(pages[page] + LINE) + sequence % COUNTERS;
	__atomic_fetch_add(counter, step, __ATOMIC_SEQ_CST);
	by->additions++;
	by->writes++;
}

static void visit(struct writer *by, size_t page, uint64_t sequence, enum act act)
{
	for (int line = 8; line < LINES - 1; line++)
		if (line % thread_count == by->index)
			on_line(by, page, line, sequence, act);
	on_bytes(by, page, sequence, act);
	on_boundary(by, page, sequence, act);
}

/* A visit to a page, and to the one behind it whose first bytes go with it; false: the page is being renewed. */
static bool enter(size_t page)
{
	for (size_t at = page; at <= page + 1 && at < page_count; at++) {
		if (at > page && at % STRETCH)
			break;
		stretches[at / STRETCH].visits++;
		if (!stretches[at / STRETCH].is_closed)
			continue;
		stretches[at / STRETCH].visits--;
		if (at > page)
			stretches[page / STRETCH].visits--;
		return false;
	}
	return true;
}

/* Waits until nobody has anything to put back in a stretch, and lets nobody in. */
static void close_stretch(size_t stretch)
{
	while (atomic_exchange(&stretches[stretch].is_closed, true))
		usleep(50);
	while (stretches[stretch].visits)
		usleep(50);
}

static void leave(size_t page)
{
	stretches[page / STRETCH].visits--;
	if ((page + 1) % STRETCH == 0 && page + 1 < page_count)
		stretches[(page + 1) / STRETCH].visits--;
}

/* Back to rest, with a check before and one after. */
static void settle(struct writer *by, struct pending *due)
{
	visit(by, due->page, due->sequence, CHECK);
	visit(by, due->page, due->sequence, RESTORE);
	on_counters(by, due->page, due->sequence, -1);
	visit(by, due->page, due->sequence, REST);
	leave(due->page);
	by->is_dirty[due->page] = 0;
	if (due->page + 1 < page_count)
		by->is_dirty[due->page + 1] = 0;
}

static void visit_shared(struct writer *by, size_t page)
{
	struct pending *slot = &by->pending[by->next++ % PENDING];
	if (slot->sequence)
		settle(by, slot);
	slot->sequence = 0;
	if (by->is_dirty[page] || !enter(page))
		return;
	uint64_t sequence = ++by->sequence;
	visit(by, page, sequence, REST);
	visit(by, page, sequence, WRITE);
	on_counters(by, page, sequence, 1);
	visit(by, page, sequence, CHECK);
	*slot = (struct pending){ page, sequence };
	by->is_dirty[page] = 1;
	/* The word over the boundary lies in the next page too, which must not be given another content meanwhile. */
	if (page + 1 < page_count)
		by->is_dirty[page + 1] = 1;
}

static void check_whole(struct writer *by, size_t page, const char *what)
{
	const uint8_t *due = base[class_of[page]];
	if (!memcmp(pages[page], due, PAGE))
		return;
	size_t at = 0;
	while (at < PAGE - 8 && pages[page][at] == due[at])
		at++;
	at &= ~7ul;
	wrong(by, what, page, at, *(uint64_t *)(pages[page] + at), *(uint64_t *)(due + at));
}

/* Another resting content for a page that is the thread's own. */
static void visit_own(struct writer *by, size_t page)
{
	if (by->is_dirty[page] || !enter(page))
		return;
	check_whole(by, page, "page");
	uint64_t random = user_random(&by->random);
	int class = random % CLASSES, way = random >> 32 & 15;
	switch (way) {
	case 0: /* the kernel writes the page, in two parts that meet at an odd place */
	case 1: {
		size_t part = 1 + (random >> 40) % (PAGE - 1);
		if (pread(base_file, pages[page], part, (off_t)class * PAGE) != (ssize_t)part
			|| pread(base_file, pages[page] + part, PAGE - part, (off_t)class * PAGE + part) != (ssize_t)(PAGE - part))
			target_fail("pread");
		by->transfers++;
		by->writes += 2;
		break;
	}
	case 2:
		user_discard(pages[page], PAGE);
		by->discards++;
		class = 0;
		break;
	case 3: /* the kernel reads the page */
	{
		uint8_t copy[PAGE];
		if (pwrite(by->scratch, pages[page], PAGE, 0) != PAGE || pread(by->scratch, copy, PAGE, 0) != PAGE)
			target_fail("pwrite");
		if (memcmp(copy, base[class_of[page]], PAGE))
			wrong(by, "read by the kernel", page, 0, *(uint64_t *)copy, *(uint64_t *)base[class_of[page]]);
		by->transfers++;
		class = class_of[page];
		break;
	}
	default:
		for (int i = 0; i < PAGE; i += 8)
			store(pages[page] + i, *(uint64_t *)&base[class][i], 8);
		by->writes += PAGE / 8;
		break;
	}
	class_of[page] = class;
	check_whole(by, page, "page after change");
	leave(page);
}

static void *renew_on(void *argument)
{
	struct writer *by = argument;
	while (!is_over) {
		size_t stretch = user_random(&by->random) % (page_count / STRETCH), first = stretch * STRETCH;
		close_stretch(stretch);
		for (size_t page = first; page < first + STRETCH; page++)
			check_whole(by, page, "before it is renewed");
		if (!unadvise_every || user_random(&by->random) % unadvise_every) {
			user_discard(pages[first], STRETCH * PAGE);
			for (size_t page = first; page < first + STRETCH; page++) {
				if (user_random(&by->random) % 16 == 0 && memcmp(pages[page], base[0], PAGE))
					wrong(by, "discarded", page, 0, *(uint64_t *)pages[page], 0);
				if (class_of[page])
					memcpy(pages[page], base[class_of[page]], PAGE);
			}
		} else {
			user_unadvise(pages[first], STRETCH * PAGE);
			for (size_t page = first; page < first + STRETCH; page++)
				check_whole(by, page, "unadvised");
			for (size_t page = first; page < first + STRETCH; page += 37)
				if (user_is_merged(pages[page]))
					wrong(by, "unadvised, and yet a stable page:", page, 0, 1, 0);
			user_advise(pages[first], STRETCH * PAGE);
		}
		renewals_total++;
		stretches[stretch].is_closed = false;
		usleep(2000);
	}
	return NULL;
}

static int owner_of_even(size_t page)
{
	/* The boundary before it belongs to the owner of the odd page before, which must know its content. */
	return page ? (page - 1) / 2 % thread_count : 0;
}

static void *write_on(void *argument)
{
	struct writer *by = argument;
	uint64_t told = 0;
	while (!is_over) {
		for (int i = 0; i < 64; i++) {
			size_t page = user_random(&by->random) % page_count;
			if (page & 1)
				visit_shared(by, page);
			else if (owner_of_even(page) == by->index && user_random(&by->random) % 4 == 0)
				visit_own(by, page);
		}
		by->visits += 64;
		uint64_t total = atomic_fetch_add(&writes_total, by->writes - told) + by->writes - told;
		told = by->writes;
		if ((total >= writes_wanted && user_statistics().cow_breaks_total >= breaks_wanted) || target_seconds() >= end_time)
			is_over = true;
	}
	for (int i = 0; i < PENDING; i++)
		if (by->pending[i].sequence)
			settle(by, &by->pending[i]);
	visits_total += by->visits;
	additions_total += by->additions;
	transfers_total += by->transfers;
	discards_total += by->discards;
	return NULL;
}

/* Two pages change places. Where they lie there is nothing for a moment, which nobody must touch. */
static void swap_pages(size_t page, size_t other)
{
	size_t low = (page < other ? page : other) / STRETCH, high = (page < other ? other : page) / STRETCH;
	close_stretch(low);
	if (high != low)
		close_stretch(high);
	uint8_t *aside = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mremap(pages[page], PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, aside);
	mremap(pages[other], PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages[page]);
	mremap(aside, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages[other]);
	stretches[low].is_closed = stretches[high].is_closed = false;
}

/* The negative controls: eight times, so that one that is made good again by chance hides nothing. */
static void *break_once(void *unused)
{
	(void)unused;
	uint64_t random = seed | 1;
	usleep(100000);
	for (size_t i = 0; i < 8 && !is_over; i++, usleep(10000)) {
		size_t page, other;
		do {
			page = user_random(&random) % page_count;
			other = user_random(&random) % page_count;
		} while (page % 2 != i % 2 || class_of[page] < 2 || class_of[other] < 2 || class_of[page] == class_of[other]);
		uint8_t *word = pages[page] + 8 * LINE + (user_random(&random) % 50) * LINE;
		if (!strcmp(broken, "overwrite"))
			*(volatile uint64_t *)word ^= 0x0100;
		else if (!strcmp(broken, "torn"))
			*(volatile uint32_t *)(word + 4) = (uint32_t)user_random(&random);
		else if (!strcmp(broken, "drop"))
			madvise(pages[page], PAGE, MADV_DONTNEED);
		else if (!strcmp(broken, "counter"))
			__atomic_fetch_sub((uint64_t *)(pages[page | 1] + LINE), 1, __ATOMIC_SEQ_CST);
		else if (!strcmp(broken, "swap"))
			swap_pages(page, other);
		else if (!strcmp(broken, "stale")) {
			/* As a merge without comparing would: what the page held a moment ago, in place of what it holds now. */
			static uint8_t before[PAGE];
			memcpy(before, pages[page], PAGE);
			while (!is_over && !memcmp(before, pages[page], PAGE))
				usleep(10);
			memcpy(pages[page], before, PAGE);
		}
	}
	/* Nothing more is to come: long enough for the writers to see it, then the end. */
	usleep(200000);
	is_over = true;
	return NULL;
}

static void make_contents(void)
{
	for (int class = 1; class < CLASSES; class++)
		for (size_t i = 0; i < PAGE; i += 8) {
			/* Class 0 is zeros, the next 20 repeat one byte, and some differ in one word only. */
			uint64_t value = class <= 20 ? 0x0101010101010101u * class : user_mix(class * 8191u + i);
			if (class > 280)
				value = i == 2048 ? class : 0;
			memcpy(&base[class][i], &value, 8);
		}
	base_file = memfd_create("contents", 0);
	if (pwrite(base_file, base, sizeof base, 0) != sizeof base)
		target_fail("contents");
	for (size_t page = 0; page < page_count; page++) {
		/* Also runs of pages that are in the same order elsewhere, as files in memory are. */
		class_of[page] = page / 512 % 2 ? page % 512 % CLASSES : user_mix(seed + page) % CLASSES;
		if (class_of[page])
			memcpy(pages[page], base[class_of[page]], PAGE);
	}
}

int main(int count, char **argument)
{
	static struct writer writers[THREADS_MAX];
	double seconds = user_number(count, argument, "--seconds", 60);
	user_begin(seconds);
	writes_wanted = user_number(count, argument, "--writes", 1e18);
	breaks_wanted = user_number(count, argument, "--breaks", 0);
	thread_count = user_number(count, argument, "--threads", 2 * sysconf(_SC_NPROCESSORS_ONLN));
	page_count = (size_t)user_number(count, argument, "--megabytes", 64) << 8;
	seed = user_number(count, argument, "--seed", 1);
	unadvise_every = user_number(count, argument, "--unadvise", 8);
	stops_at_wrong = user_number(count, argument, "--stop-at-wrong", 0);
	broken = user_option(count, argument, "--break", NULL);
	if (!getenv("SAMEPAGE_LIBRARY") && !getenv("SAMEPAGE_DOMAIN"))
		breaks_wanted = 0;
	if (thread_count < 1 || thread_count > THREADS_MAX || page_count < 512
		|| page_count > (size_t)STRETCHES_MAX * STRETCH)
		return EXIT_USAGE;
	if (broken && !strstr(" overwrite torn drop swap counter stale ", broken))
		return EXIT_USAGE;

	pages = user_map(page_count * PAGE);
	class_of = calloc(page_count, sizeof *class_of);
	make_contents();
	user_join();
	user_advise(pages, page_count * PAGE);
	user_scan_start();
	puts("ready");

	double begin = target_seconds();
	end_time = begin + seconds;
	for (int i = 0; i < thread_count; i++) {
		writers[i] = (struct writer){ .index = i, .random = user_mix(seed * 64 + i) | 1 };
		writers[i].is_dirty = calloc(page_count + 1, 1);
		writers[i].scratch = memfd_create("scratch", 0);
		pthread_create(&writers[i].thread, NULL, write_on, &writers[i]);
	}
	struct writer renewer = { .index = -1, .random = user_mix(seed) | 1 };
	pthread_create(&renewer.thread, NULL, renew_on, &renewer);
	pthread_t breaker;
	if (broken)
		pthread_create(&breaker, NULL, break_once, NULL);
	for (int i = 0; i < thread_count; i++)
		pthread_join(writers[i].thread, NULL);
	if (broken)
		pthread_join(breaker, NULL);
	pthread_join(renewer.thread, NULL);
	double took = target_seconds() - begin;

	/* All is at rest: counters came back to where they were, and every page holds its content to the last byte. */
	for (size_t page = 0; page < page_count; page++)
		check_whole(&writers[0], page, "at the end");
	user_scan_stop();
	for (size_t page = 0; page < page_count; page++)
		check_whole(&writers[0], page, "after the end");
	printf("writes=%lu mismatches=%lu visits=%lu additions=%lu transfers=%lu discards=%lu renewals=%lu seconds=%.1f",
		writes_total, mismatches, visits_total, additions_total, transfers_total, discards_total,
		renewals_total, took);
	user_print_engine();
	return mismatches ? EXIT_WRONG : 0;
}
