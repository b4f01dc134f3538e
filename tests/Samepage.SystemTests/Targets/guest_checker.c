/*
 * The first and only program of a guest that checks itself for ever. The kernel hands it its orders as environment, from
 * its command line:
 *
 *   CHECK_MB=N        hold N MB of patterned memory: a few contents in many pages, a tenth rewritten in each round
 *   CHECK_DISK=1      read the disk with O_DIRECT, eight reads at a time, into pages that hold such contents
 *   CHECK_SEED=N      which guest this is
 *
 * In each round it checks every word that it holds, the files of its initramfs (against sums that the host wrote into
 * /sums), and what the disk gave. It says "up", "page-at" with the guest-physical address of a word that it never
 * rewrites, and then about once a second
 *
 *   checked K rounds mismatches M words W files F reads R
 *
 * The negative control: a "c" on the serial line has it change one word behind the checker's back.
 *
 * Block N of the disk holds numbers that follow from N; the test writes the same into the file behind it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>

enum { PAGE = 4096, WORDS = PAGE / 8, CONTENTS = 32, READERS = 8, READ_PAGES = 16, POOL = 256 };

static uint64_t (*pages)[WORDS];
static uint16_t *content_of;
static size_t page_count;
static uint64_t seed, random_state;
static _Atomic uint64_t mismatches, reads_total, files_total;
static uint64_t words_total;
static pthread_mutex_t speech = PTHREAD_MUTEX_INITIALIZER;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	pthread_mutex_lock(&speech);
	va_list list;
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
	fflush(stdout);
	pthread_mutex_unlock(&speech);
}

__attribute__((format(printf, 1, 2))) static void wrong(const char *format, ...)
{
	if (atomic_fetch_add(&mismatches, 1) >= 20)
		return;
	char line[256];
	va_list list;
	va_start(list, format);
	vsnprintf(line, sizeof line, format, list);
	va_end(list);
	say("wrong %s", line);
}

static void give_up(const char *what)
{
	say("failed %s: %s", what, strerror(errno));
	sleep(1);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static uint64_t mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Content 0 is zeros, the next eight repeat a word, the last eight are this guest's own. */
static uint64_t word(unsigned content, size_t i)
{
	if (content < 9)
		return content * 0x0101010101010101u;
	return (mix(content + (content >= CONTENTS - 8 ? seed << 32 : 0)) | 1) * (2 * i + 1);
}

static void fill(uint64_t *page, unsigned content)
{
	for (size_t i = 0; i < WORDS; i++)
		page[i] = word(content, i);
}

static void check(const uint64_t *page, unsigned content, const char *what, size_t number)
{
	for (size_t i = 0; i < WORDS; i++)
		if (page[i] != word(content, i)) {
			wrong("%s page %zu word %zu: %016lx instead of %016lx", what, number, i, page[i], word(content, i));
			break;
		}
	words_total += WORDS;
}

/* The guest-physical address of the page that is never rewritten, so that the host can find it. */
static void tell_page(void)
{
	uint64_t entry = 0;
	int map = open("/proc/self/pagemap", O_RDONLY);
	if (pread(map, &entry, 8, (uintptr_t)pages[1] / PAGE * 8) != 8 || !(entry >> 63))
		give_up("pagemap");
	close(map);
	say("page-at %lx", (entry & ((1ul << 55) - 1)) * PAGE);
}

/* Sums of whole files, eight bytes at a time; the test computes the same. */
static uint64_t sum_of(const char *name)
{
	static uint64_t buffer[1 << 13];
	uint64_t sum = 0;
	int file = open(name, O_RDONLY);
	if (file < 0)
		give_up(name);
	for (;;) {
		memset(buffer, 0, sizeof buffer);
		size_t have = 0;
		ssize_t got;
		while (have < sizeof buffer && (got = read(file, (char *)buffer + have, sizeof buffer - have)) > 0)
			have += got;
		for (size_t i = 0; i < (have + 7) / 8; i++)
			sum = (sum ^ buffer[i]) * 0x9E3779B97F4A7C15u + 1;
		if (have < sizeof buffer)
			break;
	}
	close(file);
	return sum;
}

static void check_files(void)
{
	char name[256];
	uint64_t due;
	FILE *list = fopen("/sums", "r");
	if (!list)
		give_up("/sums");
	while (fscanf(list, "%255s %lx", name, &due) == 2) {
		uint64_t held = sum_of(name);
		if (held != due)
			wrong("file %s: %016lx instead of %016lx", name, held, due);
		files_total++;
	}
	fclose(list);
}

static uint64_t disk_word(uint64_t block, size_t i)
{
	return i ? mix(block * WORDS + i) | 1 : block;
}

/* Reads with O_DIRECT into pages of the common contents, and puts those back afterwards. */
static void *read_on(void *argument)
{
	uint64_t state = mix((uintptr_t)argument + 77) | 1, blocks = 0;
	int disk = open("/dev/nvme0n1", O_RDONLY | O_DIRECT);
	if (disk < 0 || ioctl(disk, BLKGETSIZE64, &blocks))
		give_up("/dev/nvme0n1");
	blocks /= PAGE;
	uint64_t (*pool)[WORDS] = mmap(NULL, POOL * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static _Thread_local uint8_t held[POOL];
	for (size_t page = 0; page < POOL; page++)
		fill(pool[page], held[page] = next(&state) % 16);
	for (;;) {
		size_t at = next(&state) % (POOL - READ_PAGES), length = 1 + next(&state) % READ_PAGES;
		uint64_t block = next(&state) % (blocks - READ_PAGES);
		if (pread(disk, pool[at], length * PAGE, block * PAGE) != (ssize_t)(length * PAGE))
			give_up("read of the disk");
		for (size_t page = 0; page < length; page++)
			for (size_t i = 0; i < WORDS; i++)
				if (pool[at + page][i] != disk_word(block + page, i)) {
					wrong("disk block %lu word %zu: %016lx%s", block + page, i, pool[at + page][i],
						pool[at + page][i] == word(held[at + page], i) ? " as before the read" : "");
					break;
				}
		for (size_t page = at; page < at + length; page++)
			fill(pool[page], held[page] = next(&state) % 16);
		reads_total++;
		/* The pages rest for a while, as pages do that are worth merging. */
		usleep(2000);
	}
	return NULL;
}

static uint64_t order(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : 0;
}

static void set_up(void)
{
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	int line = open("/dev/ttyS0", O_RDWR | O_NONBLOCK);
	struct termios raw;
	if (!tcgetattr(line, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(line, TCSANOW, &raw);
	}
	dup2(line, 0);
	/* Only reading must not wait: a second description of the line for what is said. */
	dup2(open("/dev/ttyS0", O_WRONLY), 1);
	seed = order("CHECK_SEED");
	random_state = mix(seed) | 1;
	page_count = order("CHECK_MB") * 256;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(void)
{
	set_up();
	pages = mmap(NULL, page_count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	content_of = calloc(page_count, sizeof *content_of);
	if (page_count < 256 || pages == MAP_FAILED || !content_of)
		give_up("memory");
	for (size_t page = 0; page < page_count; page++)
		fill(pages[page], content_of[page] = page == 1 ? 20 : next(&random_state) % CONTENTS);
	say("up %lu", seed);
	tell_page();
	if (order("CHECK_DISK"))
		for (uintptr_t i = 0; i < READERS; i++) {
			pthread_t reader;
			pthread_create(&reader, NULL, read_on, (void *)(i + 1 + seed * READERS));
		}
	double told = 0;
	for (uint64_t round = 1;; round++) {
		char asked;
		if (read(0, &asked, 1) == 1 && asked == 'c')
			((volatile uint64_t *)pages[page_count / 2])[300] ^= 1ul << 17;
		for (size_t page = 0; page < page_count; page++) {
			check(pages[page], content_of[page], "memory", page);
			if (page > 1 && next(&random_state) % 10 == 0) {
				fill(pages[page], content_of[page] = next(&random_state) % CONTENTS);
				check(pages[page], content_of[page], "new memory", page);
			}
		}
		if (round % 8 == 1)
			check_files();
		if (seconds() - told >= 1) {
			say("checked %lu rounds mismatches %lu words %lu files %lu reads %lu", round, mismatches, words_total,
				files_total, reads_total);
			told = seconds();
		}
		usleep(100000);
	}
}
