/* SPDX-License-Identifier: MIT */
/* repeat: see repeat.h. */
#include "serve/repeat.h"

#include "sys.h"

bool repeat_is_echo(void)
{
	enum { ECHO_MS = 200 };
	static uint64_t first;
	const uint64_t now = sys_clock_ns();

	if (first)
		return now - first < (uint64_t)ECHO_MS * NS_PER_MS;
	first = now;
	return false;
}
