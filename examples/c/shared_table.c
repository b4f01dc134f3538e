/*
 * Two processes that build the same table, each for itself, and end up holding it once.
 *
 *   gcc -O2 shared_table.c -lsamepage -o shared_table && ./shared_table
 *
 * A process joins a domain, advises its memory, and goes on as before: reads and writes need no care. The second half
 * of the run writes to the table, to show that a write gets a page of its own.
 */
#define _GNU_SOURCE
#include <samepage.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TABLE_BYTES (32ul << 20)
#define PAGE_BYTES 4096ul
#define WORKERS 2

static void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-error));
	exit(1);
}

/* Something that takes a while to compute and is the same in every process. */
static void build(uint32_t *table)
{
	for (uint32_t i = 0; i < TABLE_BYTES / sizeof(*table); i++)
		table[i] = i * 2654435761u ^ i >> 7;
}

static uint64_t sum(const uint32_t *table)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < TABLE_BYTES / sizeof(*table); i++)
		total = total * 31 + table[i];
	return total;
}

/* The kernel's own word on how much memory is this process's alone. */
static long private_kilobytes(void)
{
	char line[256];
	long total = 0, kilobytes;
	FILE *file = fopen("/proc/self/smaps_rollup", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %ld", &kilobytes) == 1 || sscanf(line, "Private_Dirty: %ld", &kilobytes) == 1)
			total += kilobytes;
	if (file)
		fclose(file);
	return total;
}

static void work(int worker, const char *domain)
{
	struct samepage_join_options options = { .size = sizeof(options), .domain = domain };
	struct samepage_statistics statistics = { .size = sizeof(statistics) };
	uint32_t *table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t expected;
	long before;
	int error;

	if (table == MAP_FAILED)
		fail("mmap", -12);
	build(table);
	expected = sum(table);
	options.limits = (struct samepage_limits){ .size = sizeof(options.limits), .pace = SAMEPAGE_PACE_EAGER };
	before = private_kilobytes();
	if ((error = samepage_domain_join(&options)))
		fail("samepage_domain_join", error);
	if ((error = samepage_range_advise(table, TABLE_BYTES)))
		fail("samepage_range_advise", error);
	for (int i = 0; i < 600 && statistics.merged_pages < TABLE_BYTES / PAGE_BYTES * 9 / 10; i++) {
		usleep(100000);
		samepage_statistics_read(&statistics);
	}
	printf("worker %d: %ld KiB of its own before, %ld after; %lu pages merged\n", worker, before, private_kilobytes(),
	       (unsigned long)statistics.merged_pages);
	table[0] ^= 1;
	table[0] ^= 1;
	if (sum(table) != expected || statistics.merged_pages == 0)
		exit(1);
	/* Leave together, so that each has measured while the other was there. */
	sleep(3);
	if ((error = samepage_domain_leave()))
		fail("samepage_domain_leave", error);
	exit(sum(table) != expected);
}

int main(int count, char **argument)
{
	int failures = 0, status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int worker = 0; worker < WORKERS; worker++)
		if (fork() == 0)
			work(worker, count > 1 ? argument[1] : "example-c");
	while (wait(&status) > 0)
		failures += status != 0;
	puts(failures ? "something went wrong" : "all tables are intact");
	return failures != 0;
}
