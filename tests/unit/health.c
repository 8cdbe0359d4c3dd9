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
#define LOTS 4096	/* bytes written by a server that has answered before */

/* A server that ran 0.1 s into the second between the samples, as it read the last request. */
#define AT(...) { .time = SECOND, .servers = 1, .written = LOTS, .switches = 7, .ran = SECOND, __VA_ARGS__ }
#define LATER(...) { .time = 2 * SECOND, .servers = 1, .written = LOTS, .switches = 8, \
		     .ran = SECOND + SECOND / 10, __VA_ARGS__ }
#define RUNS .ran = 2 * SECOND - SECOND / 10
#define STANDS .stopped = true, .switches = 7, .ran = SECOND

static const struct {
	const char *name;
	struct health_sample before, after;
	enum conn_state state;
	bool waited, blocks;
} cases[] = {
	{ "nothing waits", AT(), LATER(), CONN_SERVING, false, false },
	{ "requests came since", AT(), LATER(.waiting = 3), CONN_SERVING, false, false },
	{ "the last was answered", AT(.waiting = 1), LATER(.answered = true), CONN_SERVING, false, false },
	{ "one was answered, and others came", AT(.waiting = 1), LATER(.waiting = 4, .answered = true),
	  CONN_SERVING, false, false },
	{ "answered, although it ran seldom", AT(.waiting = 2), LATER(.waiting = 1, .answered = true),
	  CONN_SERVING, false, false },
	{ "one waits, and the server sleeps", AT(.waiting = 1), LATER(.waiting = 1), CONN_HUNG, true, true },
	{ "more and more wait", AT(.waiting = 1), LATER(.waiting = 9), CONN_HUNG, true, true },
	{ "one waits, and the server runs", AT(.waiting = 1), LATER(.waiting = 1, RUNS), CONN_UNKNOWN, true, false },
	{ "it ran at a third", AT(.waiting = 1), LATER(.waiting = 1, .ran = SECOND + SECOND / 3), CONN_HUNG, true, true },
	{ "and after that", AT(.waiting = 1), LATER(.waiting = 1, .ran = SECOND + SECOND / 3 + 1),
	  CONN_UNKNOWN, true, false },
	{ "one sample alone", AT(.waiting = 1), AT(.waiting = 1), CONN_SERVING, false, false },
	{ "further servers were not sampled", AT(.waiting = 1), LATER(.waiting = 1, .more = true),
	  CONN_UNKNOWN, true, false },
	{ "further servers, none waits", AT(), LATER(.more = true), CONN_SERVING, false, false },

	{ "INIT is not answered", AT(.waiting = 1, .written = 0), LATER(.waiting = 1, .written = 0),
	  CONN_STARTING, true, true },
	{ "INIT is not answered yet, the server runs", AT(.waiting = 1, .written = 0),
	  LATER(.waiting = 1, .written = 0, RUNS), CONN_STARTING, true, false },
	{ "a byte less than an answer", AT(.waiting = 1), LATER(.waiting = 1, .written = 23), CONN_STARTING, true, true },
	{ "the shortest answer", AT(.waiting = 1), LATER(.waiting = 1, .written = 24), CONN_HUNG, true, true },
	{ "what it wrote is not told", AT(.waiting = 1, .written = -1), LATER(.waiting = 1, .written = -1),
	  CONN_HUNG, true, true },
	{ "another server may have answered INIT", AT(.waiting = 1, .written = 0),
	  LATER(.waiting = 1, .written = 0, .more = true), CONN_UNKNOWN, true, false },
	{ "nothing written, nothing waits", AT(.written = 0), LATER(.written = 0), CONN_SERVING, false, false },

	{ "stopped, nothing waits", AT(STANDS), LATER(STANDS), CONN_STOPPED, false, false },
	{ "stopped, one waits", AT(STANDS, .waiting = 1), LATER(STANDS, .waiting = 1), CONN_STOPPED, true, true },
	{ "stopped before INIT", AT(STANDS, .waiting = 1, .written = 0), LATER(STANDS, .waiting = 1, .written = 0),
	  CONN_STOPPED, true, true },
	{ "stopped, how many wait is not told", AT(STANDS, .waiting = -EACCES), LATER(STANDS, .waiting = -EACCES),
	  CONN_STOPPED, false, true },
	{ "a tracer stops it now and then", AT(STANDS), LATER(.stopped = true), CONN_SERVING, false, false },
	{ "it goes on", AT(STANDS, .waiting = 1), LATER(.waiting = 1, RUNS), CONN_UNKNOWN, true, false },
	{ "stopped, but others serve as well", AT(STANDS, .more = true), LATER(STANDS, .more = true),
	  CONN_SERVING, false, false },

	{ "over, no process has it", AT(), LATER(.servers = 0, .over = true), CONN_DEAD, false, false },
	{ "over, its server has it", AT(), LATER(.over = true), CONN_ABORTED, false, false },
	{ "over, its stopped server has it", AT(STANDS), LATER(STANDS, .over = true), CONN_ABORTED, false, false },
	{ "over, some process may have it", AT(), LATER(.over = true, .candidates = true), CONN_DEAD, false, false },

	{ "invisible, nothing waits", AT(.servers = 0), LATER(.servers = 0), CONN_UNKNOWN, false, false },
	{ "invisible, one waits", AT(.servers = 0, .waiting = 1), LATER(.servers = 0, .waiting = 1),
	  CONN_UNKNOWN, true, false },
	{ "invisible, nothing is told", AT(.servers = 0, .waiting = -EACCES), LATER(.servers = 0, .waiting = -EACCES),
	  CONN_UNKNOWN, false, false },
	{ "how many wait is not told", AT(.waiting = -ENOENT), LATER(.waiting = -ENOENT), CONN_UNKNOWN, false, false },

	{ "one of these serves it", AT(.candidates = true), LATER(.candidates = true), CONN_UNKNOWN, false, false },
	{ "none of these runs", AT(.candidates = true, .servers = 3, .waiting = 1),
	  LATER(.candidates = true, .servers = 3, .waiting = 1), CONN_HUNG, true, true },
	{ "one of these runs", AT(.candidates = true, .servers = 3, .waiting = 1),
	  LATER(.candidates = true, .servers = 3, .waiting = 1, RUNS), CONN_UNKNOWN, true, false },
	{ "all of these are stopped", AT(.candidates = true, STANDS), LATER(.candidates = true, STANDS),
	  CONN_STOPPED, false, false },
};

static void judges_every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct health_sample *before = &cases[i].before, *after = &cases[i].after;

		if (health_judge(before, after) != cases[i].state
		    || health_waited(before, after) != cases[i].waited
		    || health_blocks(before, after) != cases[i].blocks)
			fail_msg("%s: state %d, waited %d, blocks %d", cases[i].name, health_judge(before, after),
				 health_waited(before, after), health_blocks(before, after));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(judges_every_case) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
