/*
 * processor.c: linked into the executable, and run before the runtime starts. A processor that lacks what the executable
 * was compiled for is told of in one line, with the exit code of a machine that lacks something.
 */
#include <stdlib.h>
#include <unistd.h>
#include "../Samepage.Native/processor.h"

#define EXIT_MISSING 3
#define SAY(text) (void)!write(STDERR_FILENO, text, sizeof(text) - 1)

__attribute__((constructor(101))) static void require_processor(void)
{
	const char *feature = missing_feature();
	size_t length = 0;

	if (!feature)
		return;
	while (feature[length])
		length++;
	SAY("samepage: compiled for " SAMEPAGE_ISA_NAME ", and this processor has no ");
	(void)!write(STDERR_FILENO, feature, length);
	SAY("; build it for less from the sources: SAMEPAGE_ISA=x86-64-v2 packaging/build-deb, or ./samepage\n");
	_exit(EXIT_MISSING);
}
