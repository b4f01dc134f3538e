/*
 * The first and only program of a desktop-like guest. The kernel hands it its orders as environment, from its command
 * line:
 *
 *   SAMEPAGE_NUMBER=N       which guest this is: its own data follow from that
 *   SAMEPAGE_COMMON=BYTES   so many bytes of the disk are files that all guests hold
 *   SAMEPAGE_OWN_MB=N       and so much it holds alone
 *   SAMEPAGE_CHECK_KB=N     so much of all that it checks in a second
 *
 * It takes all memory that the kernel has left and touches it, so that it is zeroed, as a desktop system does when it
 * boots. Into the front of it the disk's files are read past the page cache; then come its own data, made from real
 * data and its number; then a few pages that it rewrites for ever, in turn with data of the files and with data of its
 * own; the rest stays zero. All of it is checked for ever, a piece a second, so that an idle guest is idle.
 *
 * On the serial line it says "samepage-up OWN" and answers "verify K" with "samepage-verified K COMMON OWN" after
 * checking everything: COMMON is the sum over the files as they lie in memory, which the host knows from the files; OWN is
 * the sum over its own data and the number of pages or blocks that were ever found wrong, so that it stays the same for
 * as long as nothing was. "corrupt K shared|unique OFFSET" is the positive control: it turns a byte over behind the
 * checker's back.
 *
 * A sum is of 64-bit words: the words added up, and those partial sums added up (Fletcher), modulo 2^64. It depends on
 * each word and on their order, and costs an emulated processor two additions a word.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, BLOCK = 1 << 16, BLOCK_WORDS = BLOCK / 8, PAGE_WORDS = PAGE / 8, HUGE = 2 << 20 };
/* Pages that are rewritten, and how many of them in a second. */
enum { CHURN = 1024, CHURN_STEP = 8 };
/* What the kernel keeps for itself, and a part of the whole besides. */
enum { SLACK = 20 << 20, SLACK_PART = 64 };

struct sum { uint64_t words, sums; };

static uint64_t *memory;
static size_t common, own, churn, total;	/* where each part ends, in bytes; in this order */
static struct sum *of_block;			/* of the common and own blocks */
static struct sum of_churn[CHURN];
static uint64_t number, wrong;

static void give_up(const char *what)
{
	printf("samepage-failed %s: %s\n", what, strerror(errno));
	fflush(stdout);
	sleep(1);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static struct sum sum(const uint64_t *data, size_t words)
{
	uint64_t a = 0, b = 0;
	for (size_t i = 0; i < words; i += 8) {
		const uint64_t *w = data + i;
		a += w[0]; b += a;
		a += w[1]; b += a;
		a += w[2]; b += a;
		a += w[3]; b += a;
		a += w[4]; b += a;
		a += w[5]; b += a;
		a += w[6]; b += a;
		a += w[7]; b += a;
	}
	return (struct sum) { a, b };
}

static int differ(struct sum one, struct sum other)
{
	return one.words != other.words || one.sums != other.sums;
}

/* The sum over blocks one after the other, from the sums of each. */
static struct sum join(const struct sum *blocks, size_t count)
{
	struct sum all = { 0, 0 };
	for (size_t i = 0; i < count; i++) {
		all.sums += blocks[i].sums + all.words * BLOCK_WORDS;
		all.words += blocks[i].words;
	}
	return all;
}

static uint64_t *at(size_t offset)
{
	return memory + offset / 8;
}

/* Data like the files', but this guest's alone: no page of it is one of another guest's or another place's. */
static void make_own(uint64_t *to, size_t words, uint64_t salt)
{
	uint64_t key = (number << 40 ^ salt) * 0x9E3779B97F4A7C15u | 1;
	const uint64_t *from = memory;
	size_t room = common / 8, start = room > words ? salt * 0x2545F491 % (room - words) : 0;
	for (size_t i = 0; i < words; i++)
		to[i] = (room > words ? from[start + i] : 0) + key * (i + 1);
}

/* A page of the files in one turn, data of its own in the next. */
static void rewrite(size_t page, uint64_t turn)
{
	uint64_t *to = at(own + page * PAGE);
	if (turn % 2 && common > PAGE)
		memcpy(to, at((page * 131 + turn) % (common / PAGE) * PAGE), PAGE);
	else
		make_own(to, PAGE_WORDS, turn << 16 | page);
	of_churn[page] = sum(to, PAGE_WORDS);
}

static int is_zero(const uint64_t *data, size_t words)
{
	uint64_t any = 0;
	for (size_t i = 0; i < words; i += 8)
		any |= data[i] | data[i + 1] | data[i + 2] | data[i + 3] | data[i + 4] | data[i + 5] | data[i + 6] | data[i + 7];
	return !any;
}

/* A block wherever it lies. A wrong one is counted once for each time that it was found. */
static void check(size_t offset)
{
	if (offset < own)
		wrong += differ(sum(at(offset), BLOCK_WORDS), of_block[offset / BLOCK]);
	else if (offset < churn)
		for (size_t page = (offset - own) / PAGE; page < (offset - own + BLOCK) / PAGE; page++)
			wrong += differ(sum(at(own + page * PAGE), PAGE_WORDS), of_churn[page]);
	else
		wrong += !is_zero(at(offset), BLOCK_WORDS);
}

static size_t order(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : 0;
}

static size_t available(void)
{
	char line[128];
	size_t kilobytes = 0, all = 0;
	FILE *file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof line, file)) {
		sscanf(line, "MemTotal: %zu", &all);
		sscanf(line, "MemAvailable: %zu", &kilobytes);
	}
	if (file)
		fclose(file);
	size_t slack = SLACK + all * 1024 / SLACK_PART;
	return kilobytes * 1024 > slack ? (kilobytes * 1024 - slack) / BLOCK * BLOCK : 0;
}

static void take_memory(void)
{
	total = available();
	common = (order("SAMEPAGE_COMMON") + BLOCK - 1) / BLOCK * BLOCK;
	own = common + order("SAMEPAGE_OWN_MB") * (1 << 20);
	churn = own + CHURN * PAGE;
	char *base = mmap(NULL, total + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	of_block = calloc(own / BLOCK, sizeof *of_block);
	if (churn > total || base == MAP_FAILED || !of_block)
		give_up("memory");
	memory = (uint64_t *)(((uintptr_t)base + HUGE - 1) / HUGE * HUGE);
	madvise(memory, total, MADV_HUGEPAGE);
	for (size_t offset = 0; offset < total; offset += PAGE)
		*(volatile uint64_t *)at(offset) = 0;
}

static void load(void)
{
	int disk = open("/dev/nvme0n1", O_RDONLY | O_DIRECT);
	if (disk < 0)
		give_up("/dev/nvme0n1");
	for (size_t done = 0; done < common;) {
		ssize_t got = pread(disk, (char *)memory + done, common - done < 8 << 20 ? common - done : 8 << 20, done);
		if (got <= 0)
			give_up("the disk");
		done += got;
	}
	close(disk);
}

static void set_up(void)
{
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	int line = open("/dev/ttyS0", O_RDWR);
	struct termios raw;
	if (!tcgetattr(line, &raw)) {
		cfmakeraw(&raw);
		raw.c_lflag |= ICANON;
		tcsetattr(line, TCSANOW, &raw);
	}
	dup2(line, 0);
	dup2(line, 1);
	number = order("SAMEPAGE_NUMBER");
}

static void tell_own(void)
{
	struct sum all = join(of_block + common / BLOCK, (own - common) / BLOCK);
	printf("%016lx%016lx-%lu\n", all.words, all.sums, wrong);
	fflush(stdout);
}

static void answer(char *line)
{
	unsigned long asked, offset;
	char part[8];
	if (sscanf(line, "verify %lu", &asked) == 1) {
		for (size_t block = 0; block < own / BLOCK; block++) {
			struct sum now = sum(at(block * BLOCK), BLOCK_WORDS);
			wrong += block >= common / BLOCK && differ(now, of_block[block]);
			if (block < common / BLOCK)
				of_block[block] = now;
		}
		for (size_t offset = own; offset < total; offset += BLOCK)
			check(offset);
		struct sum all = join(of_block, common / BLOCK);
		printf("samepage-verified %lu %016lx%016lx ", asked, all.words, all.sums);
		tell_own();
	} else if (sscanf(line, "corrupt %lu %7s %lu", &asked, part, &offset) == 3) {
		((volatile uint8_t *)at(strcmp(part, "shared") ? common : 0))[offset] ^= 0xff;
		printf("samepage-corrupted %lu done\n", asked);
		fflush(stdout);
	}
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
	double begin = seconds();
	take_memory();
	double taken = seconds();
	load();
	double loaded = seconds();
	for (size_t offset = common; offset < own; offset += BLOCK)
		make_own(at(offset), BLOCK_WORDS, offset);
	for (size_t block = 0; block < own / BLOCK; block++)
		of_block[block] = sum(at(block * BLOCK), BLOCK_WORDS);
	for (size_t page = 0; page < CHURN; page++)
		rewrite(page, page);
	printf("samepage-took %.2f %.2f %.2f %.2f\n", begin, taken - begin, loaded - taken, seconds() - loaded);
	printf("samepage-up ");
	tell_own();

	size_t step = order("SAMEPAGE_CHECK_KB") * 1024 / BLOCK, next = 0;
	char line[128];
	for (uint64_t turn = 1;; turn++) {
		struct pollfd serial = { .fd = 0, .events = POLLIN };
		while (poll(&serial, 1, 1000) > 0 && fgets(line, sizeof line, stdin))
			answer(line);
		for (size_t i = 0; i < step; i++, next = next + BLOCK < total ? next + BLOCK : 0)
			check(next);
		for (size_t i = 0; i < CHURN_STEP; i++) {
			size_t page = (turn * CHURN_STEP + i) % CHURN;
			wrong += differ(sum(at(own + page * PAGE), PAGE_WORDS), of_churn[page]);
			rewrite(page, turn);
		}
	}
}
