/*
 * mappings.c: what the kernel says of this process's mappings. No allocation, for these run inside of memory calls:
 * PROCMAP_QUERY (6.11 and later) asks for one mapping, and where it is missing the text is read through a small buffer.
 * By this thread's own files: the process's say nothing once its first thread has ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "inner.h"

#define SEGMENT_NAME "/memfd:samepage"

/* <linux/fs.h> of 6.11, spelled out because older headers lack it. */
struct query {
	uint64_t size, flags, address;
	uint64_t start, end, mapping_flags, page_size, offset, inode;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};
#define QUERY _IOWR('f', 17, struct query)
enum { QUERY_READABLE = 1, QUERY_WRITABLE = 2, QUERY_EXECUTABLE = 4, QUERY_SHARED = 8, QUERY_OR_NEXT = 16 };

int mappings_open(void)
{
	int descriptor = (int)syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC);

	return descriptor < 0 ? -errno : descriptor;
}

void mappings_close(int descriptor)
{
	syscall(SYS_close, descriptor);
}

static int is_segment_name(const char *name)
{
	size_t length = strlen(SEGMENT_NAME);

	return strncmp(name, SEGMENT_NAME, length) == 0 && (name[length] == 0 || name[length] == ' ' || name[length] == '\n');
}

static int query(int descriptor, uint64_t address, struct mapping *mapping)
{
	char name[64] = "";
	struct query query = { .size = sizeof(query), .flags = QUERY_OR_NEXT, .address = address };

	query.name = (uint64_t)(uintptr_t)name;
	query.name_size = sizeof(name);
	if (syscall(SYS_ioctl, descriptor, QUERY, &query) < 0) {
		/* A longer name is not a segment's. */
		if (errno != ENAMETOOLONG)
			return -errno;
		name[0] = 0;
		query.name_size = 0;
		query.name = 0;
		if (syscall(SYS_ioctl, descriptor, QUERY, &query) < 0)
			return -errno;
	}
	mapping->start = query.start;
	mapping->end = query.end;
	mapping->protection = (query.mapping_flags & QUERY_READABLE ? PROT_READ : 0) |
			      (query.mapping_flags & QUERY_WRITABLE ? PROT_WRITE : 0) |
			      (query.mapping_flags & QUERY_EXECUTABLE ? PROT_EXEC : 0);
	mapping->is_shared = (query.mapping_flags & QUERY_SHARED) != 0;
	mapping->is_file = query.inode != 0;
	mapping->is_segment = !mapping->is_shared && is_segment_name(name);
	return 0;
}

/* "7f00-7f01 rw-p 00000000 00:01 1234    /memfd:samepage (deleted)" */
static int parse(const char *line, struct mapping *mapping)
{
	char *at;
	const char *slash = strchr(line, '/');

	mapping->start = strtoull(line, &at, 16);
	if (*at != '-')
		return 0;
	mapping->end = strtoull(at + 1, &at, 16);
	if (*at != ' ' || strlen(at) < 6)
		return 0;
	mapping->protection = (at[1] == 'r' ? PROT_READ : 0) | (at[2] == 'w' ? PROT_WRITE : 0) | (at[3] == 'x' ? PROT_EXEC : 0);
	mapping->is_shared = at[4] == 's';
	mapping->is_file = slash != NULL;
	mapping->is_segment = !mapping->is_shared && slash && is_segment_name(slash);
	return 1;
}

/* Lines of a file of /proc, cut where they are longer than the buffer. */
struct lines {
	int descriptor;
	size_t begin, end;
	char text[4096];
};

static char *next_line(struct lines *lines)
{
	int is_rest = 0;

	for (;;) {
		char *line = lines->text + lines->begin;
		char *newline = memchr(line, '\n', lines->end - lines->begin);
		long got;

		if (newline) {
			*newline = 0;
			lines->begin = (size_t)(newline - lines->text) + 1;
			if (!is_rest)
				return line;
			is_rest = 0;
			continue;
		}
		if (lines->end - lines->begin >= sizeof(lines->text) - 1) {
			is_rest = 1;
			lines->begin = lines->end = 0;
		}
		memmove(lines->text, lines->text + lines->begin, lines->end - lines->begin);
		lines->end -= lines->begin;
		lines->begin = 0;
		got = syscall(SYS_read, lines->descriptor, lines->text + lines->end, sizeof(lines->text) - 1 - lines->end);
		if (got <= 0)
			return NULL;
		lines->end += (size_t)got;
	}
}

static int read_text(int descriptor, uint64_t address, struct mapping *mapping)
{
	struct lines lines = { .descriptor = descriptor };
	char *line;

	syscall(SYS_lseek, descriptor, 0l, SEEK_SET);
	while ((line = next_line(&lines)))
		if (parse(line, mapping) && mapping->end > address)
			return 0;
	return -ENOENT;
}

int mapping_next(int descriptor, uint64_t address, struct mapping *mapping)
{
	int answer = query(descriptor, address, mapping);

	return answer == -ENOTTY || answer == -EINVAL ? read_text(descriptor, address, mapping) : answer;
}

static uint32_t flags_of(const char *text)
{
	static const struct { const char *word; uint32_t flag; } words[] = {
		{ " dc", RANGE_DONTFORK }, { " dd", RANGE_DONTDUMP }, { " nh", RANGE_NOHUGEPAGE },
		{ " hg", RANGE_HUGEPAGE }, { " lo", RANGE_LOCKED }, { " wf", RANGE_WIPEONFORK },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i].word))
			flags |= words[i].flag;
	return flags;
}

/* Only smaps tells them. It is long, and read once for each advice: what comes later the preload library sees. */
void mapping_flags(uint64_t start, uint64_t end, void (*note)(uint64_t start, uint64_t end, uint32_t flags))
{
	struct lines lines = { .descriptor = (int)syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/smaps", O_RDONLY | O_CLOEXEC) };
	struct mapping mapping = { 0 }, next;
	char *line;

	if (lines.descriptor < 0)
		return;
	while (mapping.start < end && (line = next_line(&lines))) {
		uint64_t from = mapping.start > start ? mapping.start : start, to = mapping.end < end ? mapping.end : end;

		if (strncmp(line, "VmFlags:", 8) == 0 && from < to && flags_of(line + 8))
			note(from, to, flags_of(line + 8));
		else if (parse(line, &next))
			mapping = next;
	}
	syscall(SYS_close, lines.descriptor);
}

/* The number behind a word at the beginning of a line of a file of /proc; -1 where there is none. */
static long number_of(const char *path, const char *word)
{
	struct lines lines = { .descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) };
	long number = -1;
	char *line;

	if (lines.descriptor < 0)
		return -1;
	while (number < 0 && (line = next_line(&lines)))
		if (strncmp(line, word, strlen(word)) == 0)
			number = strtol(line + strlen(word), NULL, 10);
	syscall(SYS_close, lines.descriptor);
	return number;
}

long pidfd_pid(int pidfd)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", pidfd);
	return number_of(path, "Pid:");
}

/* mlockall(MCL_FUTURE) can be asked of nobody; it shows in that a new mapping is locked. */
int is_future_locked(void)
{
	long before = number_of("/proc/thread-self/status", "VmLck:"), after;
	void *trial = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (trial == MAP_FAILED)
		return 0;
	after = number_of("/proc/thread-self/status", "VmLck:");
	munmap(trial, PAGE_SIZE);
	return after > before;
}
