/* SPDX-License-Identifier: MIT */
/* keep_pace: see keep_pace.h. */
#include "keep_pace.h"

#include "sys.h"

enum { FIRST_MS = 50, LONGEST_MS = 5000 };

static struct {
	uint64_t ends[KEEP_PACE_MOST_TRIES];	/* sys_clock_ns(); a ring of `tries` */
	uint32_t count;
	int pause;				/* ms */
} pace;

bool keep_pace_ends_too_often(uint32_t tries)
{
	const uint64_t minute = 60 * (uint64_t)NS_PER_S, now = sys_clock_ns();
	uint32_t this = pace.count++;

	if (!tries)
		return false;
	pace.ends[this % tries] = now;
	return pace.count >= tries && now - pace.ends[pace.count % tries] < minute;
}

int keep_pace_next(bool worked)
{
	int now = worked ? 0 : pace.pause;

	pace.pause = worked ? 0 : now ? now * 2 : FIRST_MS;
	if (pace.pause > LONGEST_MS)
		pace.pause = LONGEST_MS;
	return now;
}
