/* SPDX-License-Identifier: MIT */
/* health: the verdict on a server, from a table of two samples of its connection. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "health/health.h"

/* A case overrides what the macros below set for all of them. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define SECOND 1000000000ull
#define LOTS 4096	/* bytes that a server which has answered before has written */

/* A server that ran for the first 0.1 s between the samples, when it read the last request. */
#define AT(...) { .time = SECOND, .servers = 1, .written = LOTS, .activity = 7, .ran = SECOND, __VA_ARGS__ }
#define LATER(...) { .time = 2 * SECOND, .servers = 1, .written = LOTS, .activity = 8, \
		     .ran = SECOND + SECOND / 10, __VA_ARGS__ }
#define RUNS .ran = 2 * SECOND - SECOND / 10
#define STANDS .stopped = true, .activity = 7, .ran = SECOND

static const struct {
	const char *name;
	struct health_sample before, after;
	enum conn_state state;
	bool waited, blocks, answers;
} cases[] = {
	{ "nothing waits", AT(), LATER(), CONN_SERVING, false, false, true },
	{ "requests came since", AT(), LATER(.waiting = 3), CONN_UNKNOWN, false, false, true },
	{ "the last was answered", AT(.waiting = 1), LATER(.answered = true), CONN_SERVING, false, false, true },
	{ "one was answered, and others came", AT(.waiting = 1), LATER(.waiting = 4, .answered = true),
	  CONN_SERVING, false, false, true },
	{ "answered, although it ran seldom", AT(.waiting = 2), LATER(.waiting = 1, .answered = true),
	  CONN_SERVING, false, false, true },
	{ "the count fell, but the server never ran", AT(.waiting = 2),
	  LATER(.waiting = 1, .answered = true, .activity = 7, .ran = SECOND), CONN_UNKNOWN, false, false, true },
	{ "the last waiter was killed", AT(.waiting = 1),
	  LATER(.answered = true, .activity = 7, .ran = SECOND), CONN_SERVING, false, false, true },
	{ "one waits, and the server sleeps", AT(.waiting = 1), LATER(.waiting = 1), CONN_HUNG, true, true, false },
	{ "more and more wait", AT(.waiting = 1), LATER(.waiting = 9), CONN_HUNG, true, true, false },
	{ "one waits, and the server runs", AT(.waiting = 1), LATER(.waiting = 1, RUNS), CONN_UNKNOWN, true, false, true },
	{ "it ran at a third", AT(.waiting = 1), LATER(.waiting = 1, .ran = SECOND + SECOND / 3), CONN_HUNG, true, true, false },
	{ "and after that", AT(.waiting = 1), LATER(.waiting = 1, .ran = SECOND + SECOND / 3 + 1),
	  CONN_UNKNOWN, true, false, true },
	{ "one sample alone", AT(.waiting = 1), AT(.waiting = 1), CONN_UNKNOWN, false, false, true },
	{ "further servers were not sampled", AT(.waiting = 1), LATER(.waiting = 1, .more = true),
	  CONN_UNKNOWN, true, false, true },
	{ "further servers, none waits", AT(), LATER(.more = true), CONN_SERVING, false, false, true },

	{ "INIT is not answered", AT(.waiting = 1, .written = 0), LATER(.waiting = 1, .written = 0),
	  CONN_STARTING, true, true, false },
	{ "INIT is not answered yet, the server runs", AT(.waiting = 1, .written = 0),
	  LATER(.waiting = 1, .written = 0, RUNS), CONN_STARTING, true, false, false },
	{ "a byte less than an answer", AT(.waiting = 1), LATER(.waiting = 1, .written = 23), CONN_STARTING, true, true, false },
	{ "the shortest answer", AT(.waiting = 1), LATER(.waiting = 1, .written = 24), CONN_HUNG, true, true, false },
	{ "what it wrote is not told", AT(.waiting = 1, .written = -1), LATER(.waiting = 1, .written = -1),
	  CONN_HUNG, true, true, false },
	{ "another server may have answered INIT", AT(.waiting = 1, .written = 0),
	  LATER(.waiting = 1, .written = 0, .more = true), CONN_UNKNOWN, true, false, true },
	{ "nothing written, nothing waits", AT(.written = 0), LATER(.written = 0), CONN_SERVING, false, false, true },

	{ "stopped, nothing waits", AT(STANDS), LATER(STANDS), CONN_STOPPED, false, false, false },
	{ "stopped, one waits", AT(STANDS, .waiting = 1), LATER(STANDS, .waiting = 1), CONN_STOPPED, true, true, false },
	{ "stopped before INIT", AT(STANDS, .waiting = 1, .written = 0), LATER(STANDS, .waiting = 1, .written = 0),
	  CONN_STOPPED, true, true, false },
	{ "stopped, how many wait is not told", AT(STANDS, .waiting = -EACCES), LATER(STANDS, .waiting = -EACCES),
	  CONN_STOPPED, false, true, false },
	{ "stopped a moment ago, one waits", AT(STANDS, .waiting = 1), LATER(.stopped = true, .waiting = 1),
	  CONN_STOPPED, true, true, false },
	{ "stopped when looked at, but it runs", AT(STANDS, .waiting = 1), LATER(.stopped = true, .waiting = 1, RUNS),
	  CONN_UNKNOWN, true, false, true },
	{ "a tracer stops it now and then", AT(STANDS), LATER(.stopped = true), CONN_SERVING, false, false, true },
	{ "it goes on", AT(STANDS, .waiting = 1), LATER(.waiting = 1, RUNS), CONN_UNKNOWN, true, false, true },
	{ "it was continued at this moment", AT(STANDS), LATER(.activity = 7, .ran = SECOND), CONN_SERVING, false, false, true },
	{ "stopped, but others serve as well", AT(STANDS, .more = true), LATER(STANDS, .more = true),
	  CONN_SERVING, false, false, true },

	{ "over, no process has it", AT(), LATER(.servers = 0, .over = true), CONN_DEAD, false, false, false },
	{ "over, its server has it", AT(), LATER(.over = true), CONN_ABORTED, false, false, false },
	{ "over, its stopped server has it", AT(STANDS), LATER(STANDS, .over = true), CONN_ABORTED, false, false, false },
	{ "over, some process may have it", AT(), LATER(.over = true, .candidates = true), CONN_DEAD, false, false, false },

	{ "invisible, nothing waits", AT(.servers = 0), LATER(.servers = 0), CONN_UNKNOWN, false, false, true },
	{ "invisible, one waits", AT(.servers = 0, .waiting = 1), LATER(.servers = 0, .waiting = 1),
	  CONN_UNKNOWN, true, false, false },
	{ "invisible, nothing is told", AT(.servers = 0, .waiting = -EACCES), LATER(.servers = 0, .waiting = -EACCES),
	  CONN_UNKNOWN, false, false, true },
	{ "how many wait is not told", AT(.waiting = -ENOENT), LATER(.waiting = -ENOENT), CONN_UNKNOWN, false, false, true },

	{ "one of these serves it", AT(.candidates = true), LATER(.candidates = true), CONN_UNKNOWN, false, false, true },
	{ "none of these runs", AT(.candidates = true, .servers = 3, .waiting = 1),
	  LATER(.candidates = true, .servers = 3, .waiting = 1), CONN_HUNG, true, true, false },
	{ "one of these runs", AT(.candidates = true, .servers = 3, .waiting = 1),
	  LATER(.candidates = true, .servers = 3, .waiting = 1, RUNS), CONN_UNKNOWN, true, false, true },
	{ "all of these are stopped", AT(.candidates = true, STANDS), LATER(.candidates = true, STANDS),
	  CONN_STOPPED, false, false, false },
};

static void judges_every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct health_sample *before = &cases[i].before, *after = &cases[i].after;

		if (health_judge(before, after) != cases[i].state
		    || health_waited(before, after) != cases[i].waited
		    || health_blocks(before, after) != cases[i].blocks
		    || health_answers(before, after) != cases[i].answers)
			fail_msg("%s: state %d, waited %d, blocks %d, answers %d", cases[i].name,
				 health_judge(before, after), health_waited(before, after),
				 health_blocks(before, after), health_answers(before, after));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(judges_every_case) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
