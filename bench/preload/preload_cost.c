/* What a wrapped call costs on memory that is not under advice: bench/preload/preload_cost.sh runs it both ways. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define CALLS 200000
#define ROUNDS 7

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* The cheapest calls there are: each fails at once, or changes nothing. The best round counts. */
static double measure(int kind, char *memory)
{
	double best = 1;

	for (int round = 0; round < ROUNDS; round++) {
		double begin = seconds();

		for (int i = 0; i < CALLS; i++) {
			if (kind == 0)
				madvise(memory + 4096, 0, MADV_DONTNEED);
			else if (kind == 1)
				mprotect(memory, 4096, PROT_READ | PROT_WRITE);
			else
				munmap(memory + 1, 4096);
		}
		begin = (seconds() - begin) / CALLS;
		best = begin < best ? begin : best;
	}
	return best * 1e9;
}

int main(void)
{
	static const char *const names[] = { "madvise", "mprotect", "munmap" };
	char *memory = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Ranges on both sides, so that the bounds alone do not decide. */
	madvise(memory + (32 << 20), 4 << 20, 12 /* MADV_MERGEABLE */);
	madvise(memory, 4 << 20, 12);
	memory += 16 << 20;
	for (int kind = 0; kind < 3; kind++)
		printf("%s %.1f\n", names[kind], measure(kind, memory));
	return 0;
}
