/* SPDX-License-Identifier: MIT */
/* signals: catch the signals that end a server, and set the dispositions of others. */
#include "serve/serving.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "msg.h"
#include "serve/repeat.h"
#include "sys.h"

static void on_sigusr1(int sig)
{
	(void)sig;
	sys_exit(serving.signals > 1 || !serving.adopted);
}

/* The handler itself asks the unmounter: a flag that the loop tests before each read could be
   set just after the test. */
void signals_end(int sig)
{
	(void)sig;
	/* Not mounted yet: remember the signal and unmount once mounted. A later signal exits
	   at once. */
	if (!serving.begun) {
		if (serving.early++)
			sys_exit(1);
		return;
	}
	if (serving.session.kept)	/* The keeper unmounts, or starts the next server. */
		sys_exit(0);
	if (!serving.shown) {
		if (!getenv("FUSEBOX_WATCH"))	/* Otherwise fmount --auto-unmount unmounts. */
			msg("not unmounted, since its mountpoint is not visible to this server; fumount does it, or fmount --auto-unmount");
		sys_exit(0);
	}
	if (!serving.signals++)
		msg_plain("Unmounting \"%s\"", serving.shown);
	if (unmounter_ask(&serving.unmounter, serving.signals > 1 ? UNMOUNTER_ABORT : UNMOUNTER_UNMOUNT) < 0) {
		msg("%s: still mounted, since its unmounter process is gone; use fumount", serving.shown);
		sys_exit(1);
	}
}

static void on_end(int sig)
{
	if (!repeat_is_echo())
		signals_end(sig);
}

void signals_catch_end(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sys_catch_signal(ends[i], on_end);
}

void signals_set_others(void)
{
	sys_signal(SIGUSR1, on_sigusr1);	/* sent by the unmounter */
	sys_signal(SIGPIPE, SIG_IGN);
	sys_signal(SIGCHLD, SIG_IGN);	/* The kernel reaps children, and orphans if this is process 1. */
}
