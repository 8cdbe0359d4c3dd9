/* SPDX-License-Identifier: MIT */
/* keep_relay: see keep_relay.h. */
#include "keep_relay.h"

#include <signal.h>

#include "msg.h"
#include "relay.h"
#include "sys.h"
#include "sys/keep.h"

static bool over;

int keep_relay_prepare(const struct mountpoint *at, int device)
{
	int err = relay_prepare(device, at->mounted.dev_minor);

	if (err)
		return err;
	msg("%s: what is open when the program ends gets ESTALE from then on, and its locks are lost", at->path);
	/* With orphans as its children, the keeper sees that a server has gone to the background. */
	return sys_adopt_orphans();
}

/* Helpers that the server leaves behind are of its session, and end with it. */
int keep_relay_become(int place, int device)
{
	sys_unblock_signals();
	sys_setsid();
	return place == device ? 0 : sys_dup2(place, device);
}

bool keep_relay_wait(int signals, int server, bool *works)
{
	switch (relay_run(signals)) {
	case RELAY_SIGNAL:
		return true;
	case RELAY_SERVES:
		*works = true;
		break;
	case RELAY_OVER:
		sys_kill(server, over ? SIGKILL : SIGTERM);
		sys_kill(server, SIGCONT);
		over = true;
		break;
	case RELAY_FAILS:
		sys_kill(server, SIGKILL);
		break;
	}
	return false;
}

bool keep_relay_is_over(void)
{
	return over;
}

bool keep_relay_is_in_background(void)
{
	int status;

	return relay_is_direct() && sys_wait_ended(-1, &status) == 0;
}
