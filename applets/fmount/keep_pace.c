/* SPDX-License-Identifier: MIT */
/* keep_pace: see keep_pace.h. */
#include "keep_pace.h"

#include "sys.h"

enum { FIRST_PAUSE_MS = 50, LONGEST_PAUSE_MS = 5000, MINUTE_MS = 60 * 1000 };

static struct {
	uint64_t deaths[KEEP_PACE_MOST_TRIES];	/* a ring of the times when the last servers ended */
	uint32_t count;
	int pause;
} pace;

bool keep_pace_dies_too_often(uint32_t tries, uint64_t now)
{
	if (!tries)
		return false;
	pace.deaths[pace.count++ % tries] = now;
	return pace.count >= tries && now - pace.deaths[pace.count % tries] < MINUTE_MS;
}

static int next_pause(bool worked)
{
	int now = worked ? 0 : pace.pause;

	pace.pause = worked ? 0 : !now ? FIRST_PAUSE_MS : now * 2;
	if (pace.pause > LONGEST_PAUSE_MS)
		pace.pause = LONGEST_PAUSE_MS;
	return now;
}

void keep_pace_wait(int device, int signals, bool worked)
{
	enum { SLICE_MS = 50 };

	for (int left = next_pause(worked); left > 0 && sys_poll_alive(device, 0) >= 0; left -= SLICE_MS)
		if (sys_poll_in(signals, left < SLICE_MS ? left : SLICE_MS) > 0)
			return;
}
