/* SPDX-License-Identifier: MIT */
/* health: see health.h. */
#include "health/health.h"

/* The shortest answer to INIT: a header of 16 bytes, and two numbers (before protocol 7.5). */
enum { INIT_ANSWER = 24 };

bool health_waited(const struct health_sample *before, const struct health_sample *after)
{
	return before->waiting > 0 && after->waiting > 0 && !after->answered && after->time > before->time;
}

static bool is_stopped(const struct health_sample *before, const struct health_sample *after)
{
	return after->servers && !after->more && before->stopped && after->stopped
	       && before->activity == after->activity;
}

/* A constant waiting count proves a hang only if the server did not run meanwhile: else these
   may be other requests each time. A mute server runs once more to read the last request. */
static bool is_quiet(const struct health_sample *before, const struct health_sample *after)
{
	return after->servers && !after->more
	       && after->ran <= before->time + (after->time - before->time) / 3;
}

/* Either no request waits, or the count fell and the server ran: an accessor that is killed takes
   its unread request with it, which is no answer. */
static bool is_answering(const struct health_sample *before, const struct health_sample *after)
{
	return !after->waiting || (after->answered && after->ran > before->time);
}

enum conn_state health_judge(const struct health_sample *before, const struct health_sample *after)
{
	bool seen = after->servers && !after->candidates;

	if (after->over)
		return seen ? CONN_ABORTED : CONN_DEAD;
	if (after->kept && !after->servers)
		return CONN_RESTARTING;
	if (is_stopped(before, after))
		return CONN_STOPPED;
	if (!after->servers || after->waiting < 0)
		return CONN_UNKNOWN;
	if (!health_waited(before, after))
		return seen && is_answering(before, after) ? CONN_SERVING : CONN_UNKNOWN;
	if (!after->more && after->written >= 0 && after->written < INIT_ANSWER)
		return CONN_STARTING;
	if (!is_quiet(before, after))
		return CONN_UNKNOWN;
	/* On a busy machine a thread is in state T for a while before the processor switches to another one. */
	return before->stopped && after->stopped ? CONN_STOPPED : CONN_HUNG;
}

bool health_answers(const struct health_sample *before, const struct health_sample *after)
{
	enum conn_state state = health_judge(before, after);

	return state == CONN_SERVING
	       || (state == CONN_UNKNOWN && (after->servers || !health_waited(before, after)));
}

bool health_blocks(const struct health_sample *before, const struct health_sample *after)
{
	switch (health_judge(before, after)) {
	case CONN_HUNG:
		return true;
	case CONN_STARTING:
		return is_quiet(before, after);
	case CONN_RESTARTING:
		return health_waited(before, after);
	case CONN_STOPPED:	/* the count is not available: the caller has found the mount busy */
		return after->waiting < 0 || health_waited(before, after);
	default:
		return false;
	}
}
