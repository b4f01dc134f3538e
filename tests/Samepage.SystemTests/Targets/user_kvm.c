/*
 * A guest of our own under /dev/kvm, whose memory is merged while it runs:
 *
 *   user_kvm [--rounds N] [--seconds S] [--megabytes N] [--vcpus N] [--seed N]
 *            [--stop-at-wrong 1] [--break MODE]
 *
 * The guest has no operating system: each virtual processor starts in 64-bit user mode with flat, identical page
 * tables, and runs guest_main below for ever. In user mode, because some hypervisors (those that have no hardware help)
 * run only that on the processor itself and emulate the rest; ports are open to it (IOPL 3).
 *
 * A page's content follows from its number modulo 64 and the round in which it was rewritten last, so that at each
 * moment there are 64 contents, each in many pages; one content in 64 is rewritten in each round. The guest checks every
 * word of every page in every round and says at a port what differs. At the end of its round, while that processor
 * stands still, the host checks pages from outside too, and writes some of them anew with what they hold, as a device
 * would; others it discards and fills anew, as a balloon would, so that there are always fresh ones to merge. The last
 * pages are shared: a line in turn belongs to each processor, and all add to a counter.
 *
 * --break proves the guest's checks. overwrite: the host changes words. drop: pages are lost. stale: a page is put back
 * to what it held a moment before.
 */
#include "user.h"
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

enum {
	VCPUS_MAX = 4, STACKS = 0x3000, TABLES = 0x4000, CODE = 0x10000, RESERVED_PAGES = 512, SHARED_PAGES = 256,
	PORT_ROUND = 0x10, PORT_WRONG = 0x11, PORT_HELD = 0x12, PORT_DUE = 0x13,
};

/* What both sides reckon with; always inlined, because the guest has nothing but its own section. */
#define BOTH static inline __attribute__((always_inline, target("general-regs-only")))

BOTH int64_t version_of(int64_t page, int64_t round)
{
	return round - ((page + round) & 63);
}

BOTH uint64_t seed_of(int64_t page, int64_t version)
{
	uint64_t x = (uint64_t)(version * 64 + (page & 63)) * 0x9E3779B97F4A7C15u;
	x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9u;
	/* One content of the 64 is the zero page. */
	return (page & 63) == 5 ? 0 : x ^ (x >> 32);
}

BOTH uint64_t word_of(uint64_t seed, int64_t page, int64_t i)
{
	/* A quarter of the contents repeat one word. */
	return (page & 3) == 1 ? seed : seed * (2 * i + 1);
}

/* ------------------------------------------------------------------------------------- what the guest executes */

#define GUEST __attribute__((section("guest_code"), used, noinline, target("general-regs-only"), \
	optimize("no-tree-loop-distribute-patterns", "no-stack-protector", "no-jump-tables")))

BOTH void guest_say(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* One page, or the lines of it that are the processor's own: step says how many words to go on after eight. */
BOTH void guest_check(int64_t page, int64_t from, int64_t skip, int64_t version)
{
	volatile uint64_t *words = (volatile uint64_t *)(page * PAGE);
	uint64_t seed = seed_of(page, version);
	for (int64_t line = from; line < 512; line += skip)
		for (int64_t i = line; i < line + 8; i++) {
			uint64_t held = words[i], due = word_of(seed, page, i);
			if (held == due)
				continue;
			guest_say(PORT_WRONG, page << 9 | i);
			guest_say(PORT_HELD, held);
			guest_say(PORT_DUE, due);
			words[i] = due;
		}
}

BOTH void guest_write(int64_t page, int64_t from, int64_t skip, int64_t version)
{
	volatile uint64_t *words = (volatile uint64_t *)(page * PAGE);
	uint64_t seed = seed_of(page, version);
	for (int64_t line = from; line < 512; line += skip)
		for (int64_t i = line; i < line + 8; i++)
			words[i] = word_of(seed, page, i);
}

/* Never returns. The first and the number of the processor's own pages, the first shared page, who it is of how many. */
GUEST void guest_main(int64_t first, int64_t count, int64_t shared, int64_t me, int64_t of)
{
	int64_t round = 0;
	for (int64_t page = first; page < first + count; page++)
		guest_write(page, 0, 8, version_of(page, round));
	/* The first line of a shared page is left to the counter. */
	for (int64_t page = shared; page < shared + SHARED_PAGES; page++)
		guest_write(page, 8 + 8 * me, 8 * of, version_of(page, round));
	for (;;) {
		guest_say(PORT_ROUND, round++);
		for (int64_t page = first; page < first + count; page++) {
			guest_check(page, 0, 8, version_of(page, round - 1));
			if (version_of(page, round) == round) {
				guest_write(page, 0, 8, round);
				guest_check(page, 0, 8, round);
			}
		}
		for (int64_t page = shared; page < shared + SHARED_PAGES; page++) {
			guest_check(page, 8 + 8 * me, 8 * of, version_of(page, round - 1));
			if (version_of(page, round) == round)
				guest_write(page, 8 + 8 * me, 8 * of, round);
			/* Up and down again, so that the pages stay alike; and one that only goes up. */
			__atomic_fetch_add((uint64_t *)(page * PAGE), 1, __ATOMIC_SEQ_CST);
			__atomic_fetch_sub((uint64_t *)(page * PAGE), 1, __ATOMIC_SEQ_CST);
		}
		__atomic_fetch_add((uint64_t *)(shared * PAGE + 8), 1, __ATOMIC_SEQ_CST);
	}
}

/* ------------------------------------------------------------------------------------- the host */

extern char __start_guest_code[], __stop_guest_code[];

struct vcpu {
	pthread_t thread;
	int index, fd;
	struct kvm_run *run;
	int64_t first, count, round;
	uint64_t random, mismatches, host_mismatches, host_writes;
	uint32_t wrong, held;
};

static uint8_t *memory;
static int64_t page_count, shared_first;
static int vcpu_count, kvm, machine;
static uint64_t rounds_wanted;
static double end_time;
static bool stops_at_wrong;
static const char *broken;
static atomic_bool is_over;
static struct vcpu vcpus[VCPUS_MAX];

/* A page as the host sees it while its processor stands still. */
static void look(struct vcpu *by, int64_t page, const char *when)
{
	uint64_t *words = (uint64_t *)(memory + page * PAGE), seed = seed_of(page, version_of(page, by->round));
	for (int64_t i = 0; i < 512; i++)
		if (words[i] != word_of(seed, page, i)) {
			by->host_mismatches++;
			user_complain("%s: the host sees vcpu %d round %ld page %ld word %ld: %016lx instead of %016lx", when, by->index,
				by->round, page, i, words[i], word_of(seed, page, i));
			return;
		}
}

static void at_round(struct vcpu *by, uint32_t round)
{
	by->round = round;
	for (int i = 0; i < 128; i++)
		look(by, by->first + user_random(&by->random) % by->count, "from outside");
	for (int i = 0; i < 16; i++) {
		int64_t page = by->first + user_random(&by->random) % by->count;
		uint64_t seed = seed_of(page, version_of(page, by->round));
		volatile uint64_t *words = (volatile uint64_t *)(memory + page * PAGE);
		for (int64_t j = 0; j < 512; j += 1 + i)
			words[j] = word_of(seed, page, j);
		by->host_writes++;
	}
	for (int i = 0; i < 4; i++) {
		int64_t first = by->first + user_random(&by->random) % (by->count - 64);
		user_discard(memory + first * PAGE, 64 * PAGE);
		for (int64_t page = first; page < first + 64; page++) {
			uint64_t *words = (uint64_t *)(memory + page * PAGE), seed = seed_of(page, version_of(page, by->round));
			for (int64_t j = 0; j < 512; j++)
				words[j] = word_of(seed, page, j);
		}
	}
	if (target_seconds() >= end_time || (uint64_t)by->round >= rounds_wanted
		|| (stops_at_wrong && by->mismatches + by->host_mismatches))
		is_over = true;
}

static void on_port(struct vcpu *by)
{
	uint32_t value = *(uint32_t *)((char *)by->run + by->run->io.data_offset);
	switch (by->run->io.port) {
	case PORT_ROUND:
		at_round(by, value);
		break;
	case PORT_WRONG:
		by->wrong = value;
		break;
	case PORT_HELD:
		by->held = value;
		break;
	case PORT_DUE:
		by->mismatches++;
		user_complain("vcpu %d round %ld page %u word %u: ...%08x instead of ...%08x", by->index, by->round,
			by->wrong >> 9, by->wrong & 511, by->held, value);
		break;
	}
}

static void *run_on(void *argument)
{
	struct vcpu *by = argument;
	/* The end comes at a round's report, where the host knows what each page holds. */
	while (!(is_over && by->run->exit_reason == KVM_EXIT_IO && by->run->io.port == PORT_ROUND)) {
		if (ioctl(by->fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR)
				continue;
			target_fail("KVM_RUN");
		}
		if (by->run->exit_reason != KVM_EXIT_IO) {
			printf("failed vcpu %d: exit reason %u\n", by->index, by->run->exit_reason);
			exit(1);
		}
		on_port(by);
	}
	return NULL;
}

static void make_machine(void)
{
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		user_lacks("/dev/kvm");
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION || (machine = ioctl(kvm, KVM_CREATE_VM, 0)) < 0)
		user_lacks("KVM");
	/* Where hardware help on Intel keeps a task state of its own; nobody else minds. */
	ioctl(machine, KVM_SET_TSS_ADDR, 0xfffbd000ul);
	struct kvm_userspace_memory_region region = {
		.memory_size = page_count * PAGE, .userspace_addr = (uintptr_t)memory,
	};
	if (ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region))
		user_lacks("memory for a guest");
	memcpy(memory + CODE, __start_guest_code, __stop_guest_code - __start_guest_code);
	/* Three levels of tables over pages of 2 MiB: present, writable, user. */
	uint64_t *table = (uint64_t *)(memory + TABLES);
	table[0] = (TABLES + PAGE) | 7;
	table[512] = (TABLES + 2 * PAGE) | 7;
	for (int64_t i = 0; i < page_count / 512; i++)
		table[1024 + i] = (uint64_t)i << 21 | 0x87;
}

static void make_vcpu(struct vcpu *vcpu, int index, uint64_t seed)
{
	int64_t each = (shared_first - RESERVED_PAGES) / vcpu_count;
	*vcpu = (struct vcpu){ .index = index, .first = RESERVED_PAGES + index * each, .count = each };
	vcpu->random = user_mix(seed * 8 + index) | 1;
	vcpu->fd = ioctl(machine, KVM_CREATE_VCPU, index);
	int bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->fd < 0 || vcpu->run == MAP_FAILED)
		user_lacks("a virtual processor");
	struct kvm_segment data = { .limit = 0xffffffff, .selector = 0x2b, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1, .dpl = 3 };
	struct kvm_sregs system;
	ioctl(vcpu->fd, KVM_GET_SREGS, &system);
	system.ds = system.es = system.fs = system.gs = system.ss = system.cs = data;
	system.cs.type = 11;
	system.cs.selector = 0x33;
	system.cs.db = 0;
	system.cs.l = 1;
	system.cr3 = TABLES;
	system.cr4 = 1 << 5;           /* PAE */
	system.cr0 = 1u << 31 | 1;     /* paging, protection */
	system.efer = 1 << 10 | 1 << 8; /* long mode, active */
	struct kvm_regs general = {
		.rip = CODE + ((char *)guest_main - __start_guest_code), .rsp = STACKS + 1024 * (index + 1) - 8,
		.rflags = 3 << 12 | 2,     /* ports are open to user mode */
		.rdi = vcpu->first, .rsi = vcpu->count, .rdx = shared_first, .rcx = index, .r8 = vcpu_count,
	};
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &system) || ioctl(vcpu->fd, KVM_SET_REGS, &general))
		user_lacks("64-bit user mode in a guest");
}

static void *break_once(void *unused)
{
	uint64_t random = 5;
	(void)unused;
	while (!is_over && vcpus[0].round < 3)
		usleep(1000);
	for (int i = 0; i < 8 && !is_over; i++, usleep(20000)) {
		int64_t page;
		do
			page = vcpus[0].first + user_random(&random) % vcpus[0].count;
		while ((page & 63) == 5);
		uint8_t *at = memory + page * PAGE;
		if (!strcmp(broken, "overwrite"))
			((volatile uint64_t *)at)[user_random(&random) % 512] ^= 1 << i;
		else if (!strcmp(broken, "drop"))
			madvise(at, PAGE, MADV_DONTNEED);
		else {
			static uint8_t before[PAGE];
			memcpy(before, at, PAGE);
			while (!is_over && !memcmp(before, at, PAGE))
				usleep(10);
			memcpy(at, before, PAGE);
		}
	}
	/* The guest comes by every page once in a round; then the end. */
	for (int64_t last = vcpus[0].round; !is_over && vcpus[0].round < last + 3;)
		usleep(1000);
	is_over = true;
	return NULL;
}

int main(int count, char **argument)
{
	double seconds = user_number(count, argument, "--seconds", 20);
	user_begin(seconds);
	rounds_wanted = user_number(count, argument, "--rounds", 1e9);
	page_count = (int64_t)user_number(count, argument, "--megabytes", 64) * 256;
	vcpu_count = user_number(count, argument, "--vcpus", 2);
	stops_at_wrong = user_number(count, argument, "--stop-at-wrong", 0);
	broken = user_option(count, argument, "--break", NULL);
	if (vcpu_count < 1 || vcpu_count > VCPUS_MAX || page_count < 2048 || page_count > 512 * 512
		|| (broken && !strstr(" overwrite drop stale ", broken)))
		return EXIT_USAGE;

	memory = user_map(page_count * PAGE);
	shared_first = page_count - SHARED_PAGES;
	make_machine();
	for (int i = 0; i < vcpu_count; i++)
		make_vcpu(&vcpus[i], i, user_number(count, argument, "--seed", 1));
	user_join();
	user_advise(memory, page_count * PAGE);
	user_scan_start();
	puts("ready");
	double begin = target_seconds();
	end_time = begin + seconds;
	for (int i = 0; i < vcpu_count; i++)
		pthread_create(&vcpus[i].thread, NULL, run_on, &vcpus[i]);
	pthread_t breaker;
	if (broken)
		pthread_create(&breaker, NULL, break_once, NULL);
	uint64_t rounds = 0, mismatches = 0, from_outside = 0, host_writes = 0;
	for (int i = 0; i < vcpu_count; i++) {
		pthread_join(vcpus[i].thread, NULL);
		rounds += vcpus[i].round;
	}
	if (broken)
		pthread_join(breaker, NULL);
	user_scan_stop();
	for (int i = 0; i < vcpu_count; i++) {
		for (int64_t page = 0; page < vcpus[i].count; page++)
			look(&vcpus[i], vcpus[i].first + page, "at the end");
		mismatches += vcpus[i].mismatches;
		from_outside += vcpus[i].host_mismatches;
		host_writes += vcpus[i].host_writes;
	}
	uint64_t *counters = (uint64_t *)(memory + shared_first * PAGE), counted = counters[1];
	for (int64_t page = 0; page < SHARED_PAGES; page++)
		if (counters[page * 512]) {
			from_outside++;
			user_complain("the counter of shared page %ld stands at %ld", page, (long)counters[page * 512]);
		}
	/* Each round but the last reported has been counted, and nothing else. */
	if (counted != rounds) {
		from_outside++;
		user_complain("%lu rounds were counted, %lu told", counted, rounds);
	}
	printf("rounds=%lu mismatches=%lu seen_by_guest=%lu seen_by_host=%lu words=%lu host_writes=%lu seconds=%.1f", rounds,
		mismatches + from_outside, mismatches, from_outside, rounds / vcpu_count * (shared_first - RESERVED_PAGES) * 512,
		host_writes, target_seconds() - begin);
	user_print_engine();
	return mismatches + from_outside ? EXIT_WRONG : 0;
}
