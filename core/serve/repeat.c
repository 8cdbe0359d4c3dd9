/* SPDX-License-Identifier: MIT */
/* repeat: see repeat.h. */
#include "serve/repeat.h"

#include "sys.h"

bool repeat_is_echo(void)
{
	enum { ECHO_MS = 200 };
	static uint64_t first;
	const uint64_t now = sys_clock_ns();
	uint64_t before = 0;

	/* The handler of another signal may interrupt this one anywhere, and be the first. */
	if (__atomic_compare_exchange_n(&first, &before, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return false;
	return now < before || now - before < (uint64_t)ECHO_MS * NS_PER_MS;
}
