/* SPDX-License-Identifier: MIT */
/* keep_relay: servers that know nothing of the keeper, behind a relay: see relay.h and keep_mode.h. */
#include <signal.h>
#include <stddef.h>

#include "keep_mode.h"
#include "msg.h"
#include "relay.h"
#include "relay_notify.h"
#include "sys.h"
#include "sys/keep.h"

static struct {
	const struct mountpoint *at;
	int device, place;
	int server;		/* its pid, which is that of its process group, too; 0: none */
	bool serves;		/* it has answered INIT */
	uint64_t since;		/* when that was seen, in ns */
	bool told;		/* the connection is over, and the server has had SIGTERM */
} behind;

static int take_over(const struct mountpoint *at, int device, uint32_t *last)
{
	(void)last;
	behind.at = at;
	behind.device = device;
	return 0;
}

static int prepare(void)
{
	int err = relay_prepare(behind.device, &behind.at->mounted);

	if (err)
		return err;
	msg("%s: what is open when the program ends gets ESTALE, and its locks are lost", behind.at->path);
	/* With orphans as its children, the keeper sees that a server has gone to the background. */
	return sys_adopt_orphans();
}

static int begin(uint32_t life)
{
	(void)life;
	behind.serves = false;
	behind.place = relay_start_life();
	return behind.place < 0 ? behind.place : 0;
}

/* Helpers that the server leaves behind are of its process group, and end with it. */
static int become(void)
{
	sys_setsid();
	return behind.place == behind.device ? 0 : sys_dup2(behind.place, behind.device);
}

static void begun(int server)
{
	behind.server = server;
}

/* Kills what the server has left in its process group, but not one that has gone to the background: see refuse(). */
static void child_ended(int pid, bool succeeded)
{
	relay_notify_ended(pid);
	if (pid != behind.server)
		return;
	if (behind.serves || !succeeded)
		sys_kill(-pid, SIGKILL);
	behind.server = 0;
}

static void end_server(int server)
{
	sys_kill(server, behind.told ? SIGKILL : SIGTERM);
	sys_kill(server, SIGCONT);
	behind.told = true;
}

static bool wait(int signals, int server, bool *works)
{
	switch (relay_run(signals)) {
	case RELAY_SERVES:
		*works = behind.serves = true;
		behind.since = sys_clock_ns();
		return false;
	case RELAY_OVER:
		end_server(server);
		return false;
	case RELAY_FAILS:
		msg("%s: the server is killed: %s", behind.at->path, relay_failure());
		*works = false;
		sys_kill(server, SIGKILL);
		return false;
	default:
		return true;
	}
}

/* A program that goes to the background ends with success when it begins to serve. The child that it leaves has the
   device, and would read the next server's requests. */
static const char *refuse(const struct fmount *f, int status, bool (*has_children)(void))
{
	enum { BEGINS_S = 5 };
	bool has_served = behind.serves && sys_clock_ns() - behind.since > (uint64_t)BEGINS_S * NS_PER_S;

	if (status || f->auto_unmount || has_served || relay_is_used() || !has_children())
		return NULL;
	return "it has gone to the background; run it in the foreground (-f)";
}

static void end(bool over, int *status)
{
	if (!over)
		relay_end_life();
	else if (behind.told)
		*status = 0;	/* It ended because the keeper told it to. */
}

const struct keep_mode keep_relay = {
	.relays = relay_is_used, .take_over = take_over, .prepare = prepare, .begin = begin, .become = become, .begun = begun,
	.child_ended = child_ended, .wait = wait, .refuse = refuse, .end = end, .close = relay_abort, .leave = relay_notify_leave,
	.no_room = "--keep=relay: a socket holds too little; run it as root, or raise net.core.wmem_max to 1200000",
};
