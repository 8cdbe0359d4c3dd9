/* SPDX-License-Identifier: MIT */
/* relay_end: ends the connection also while a process waits in it that is deaf to SIGKILL. See relay_state.h. */
#include <errno.h>

#include "health/fusectl.h"
#include "health/server.h"
#include "keep_queue.h"
#include "relay_state.h"
#include "sys.h"

static bool abort_by_fusectl(void)
{
	int err = relay.connection < 0 ? -EPERM : fusectl_abort_held(relay.connection);

	return !err || err == -ENOENT;
}

/* A caller whose request failed may ask again, so that the process waits again. */
void relay_end_connection(bool (*done)(void))
{
	enum { MOST_S = 2, EACH_MS = 20 };
	uint64_t end = sys_clock_ns() + (uint64_t)MOST_S * NS_PER_S;

	if (abort_by_fusectl())
		return;
	while (sys_poll_alive(relay.device, 0) != -EPIPE && sys_clock_ns() < end) {
		keep_queue_fail(relay.device);
		if (done && done())
			return;
		sys_sleep_ms(EACH_MS);
	}
}

void relay_guard(int socket)
{
	const int kept[] = { socket, relay.connection, relay.device };
	char byte;

	sys_block_signals();
	sys_name_process(SERVER_GUARD);
	sys_close_stdio(kept, 3);
	sys_close_others(kept, 3, false);
	sys_read(socket, &byte, 1);
	relay_end_connection(NULL);
	sys_exit(0);
}
