/*
 * What no engine can see: a page that lies in a pipe.
 *
 *   user_vmsplice [--unadvise 1]
 *
 * vmsplice(2) puts the page itself into the pipe, without a pin that the kernel would tell anybody of. As long as the
 * program keeps that page, whoever reads the pipe sees what is written to the page afterwards. Merging gives the program
 * another page, and the reader the old one: of all that merging may do, only this shows. The preloaded library therefore
 * takes a spliced range out of merging; a program that joins by itself takes its advice back first (--unadvise).
 *
 * Prints "spliced_merged=0|1 others_merged=N reader=later|earlier mismatches=N".
 */
#include "user.h"
#include <sys/uio.h>

enum { PAGES = 512, SPLICED = 100 };

static uint8_t (*pages)[PAGE];

int main(int count, char **argument)
{
	user_begin(30);
	bool unadvises = user_number(count, argument, "--unadvise", 0);
	int ends[2], others = 0, mismatches = 0;
	pages = user_map(PAGES * PAGE);
	/* Not zeros: a zero page would only be given back. */
	memset(pages, 0x5A, PAGES * PAGE);
	user_join();
	user_advise(pages, PAGES * PAGE);
	if (unadvises)
		user_unadvise(pages[SPLICED], PAGE);
	if (pipe(ends) || vmsplice(ends[1], &(struct iovec){ pages[SPLICED], PAGE }, 1, 0) != PAGE)
		user_lacks("vmsplice");
	user_scan_start();
	user_await_merged(PAGES - 8, 5);
	user_scan_stop();
	for (int page = 0; page < PAGES; page++)
		others += page != SPLICED && user_is_merged(pages[page]);
	bool merged = user_is_merged(pages[SPLICED]);

	uint8_t got[PAGE];
	memset(pages[SPLICED], 0xA5, PAGE);
	if (read(ends[0], got, PAGE) != PAGE)
		target_fail("read");
	for (int page = 0; page < PAGES; page++)
		for (int i = 0; i < PAGE; i++)
			mismatches += pages[page][i] != (page == SPLICED ? 0xA5 : 0x5A);
	printf("spliced_merged=%d others_merged=%d reader=%s mismatches=%d", merged, others,
		got[0] == 0xA5 ? "later" : got[0] == 0x5A ? "earlier" : "neither", mismatches);
	user_print_engine();
	return mismatches ? EXIT_WRONG : 0;
}
