/*
 * processor.h: whether this processor has what the code was compiled for. Compiled code of .NET ends the process where
 * something is missing, with an abort and few words; who asks first can say it better, and live.
 *
 * SAMEPAGE_ISA_LEVEL is 2, 3 or 4, for x86-64-v2, v3 or v4; without it nothing is asked. Of each level those features are
 * looked at that no processor has without the others (with what the operating system must save for them).
 */
#ifndef SAMEPAGE_PROCESSOR_H
#define SAMEPAGE_PROCESSOR_H

#include <stddef.h>

#ifndef SAMEPAGE_ISA_LEVEL
#define SAMEPAGE_ISA_LEVEL 0
#endif

#define SAMEPAGE_TEXT_OF(number) #number
#define SAMEPAGE_TEXT(macro) SAMEPAGE_TEXT_OF(macro)
#define SAMEPAGE_ISA_NAME "x86-64-v" SAMEPAGE_TEXT(SAMEPAGE_ISA_LEVEL)

/* The first feature that is missing, as /proc/cpuinfo calls it; NULL: none. */
static inline const char *missing_feature(void)
{
	__builtin_cpu_init();
#define NEED(level, feature, name)                                                     \
	if (SAMEPAGE_ISA_LEVEL >= (level) && !__builtin_cpu_supports(feature))         \
		return name
	NEED(2, "ssse3", "ssse3");
	NEED(2, "sse4.2", "sse4_2");
	NEED(2, "popcnt", "popcnt");
	NEED(3, "avx2", "avx2");
	NEED(3, "bmi", "bmi1");
	NEED(3, "bmi2", "bmi2");
	NEED(3, "fma", "fma");
	NEED(4, "avx512f", "avx512f");
	NEED(4, "avx512bw", "avx512bw");
	NEED(4, "avx512cd", "avx512cd");
	NEED(4, "avx512dq", "avx512dq");
	NEED(4, "avx512vl", "avx512vl");
#undef NEED
	return NULL;
}

#endif
