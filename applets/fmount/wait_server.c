/* SPDX-License-Identifier: MIT */
/* wait_server: see wait_server.h. */
#include "wait_server.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/env.h"
#include "clones.h"
#include "command.h"
#include "health/fusectl.h"
#include "launch/mount_or_report.h"
#include "mount/mount.h"
#include "mount/table.h"
#include "msg.h"
#include "out.h"
#include "sys.h"

/* A mount that is attached nowhere ends by itself. */
static int detach_mount(const struct mountpoint *at, const struct beneath *beneath)
{
	return beneath->mount >= 0 ? 0 : commfd_umount_known(at, UMOUNT_LAZY);
}

int wait_server_undo(const struct mountpoint *at, const struct beneath *beneath)
{
	detach_mount(at, beneath);
	return 1;
}

/* 1 if the mount is in the mount table, at its mountpoint or moved elsewhere; 0; or -errno. */
static int look_for_mount(const struct mountpoint *at)
{
	return table_has(0, at->mounted.dev_major, at->mounted.dev_minor);
}

/* launch_wait_connection() also returns when the connection ends, shortly before its server exits. A server
   whose mount another process has unmounted exits with status 0. Returns whether the child still serves;
   else *status has its exit status. */
static bool does_serve(const struct mountpoint *at, int child, int *status)
{
	enum { TRIES = 50, PAUSE_MS = 2 };
	bool over = fusectl_is_over(at->mounted.dev_minor);
	int pid = sys_wait_ended(child, status);

	for (int i = 0; over && i < TRIES && pid != child; i++) {
		sys_sleep_ms(PAUSE_MS);
		pid = sys_wait_ended(child, status);
	}
	*status = pid == child ? launch_exit_status(*status) : 0;
	return !over && *status == 0;
}

/* A child that has ended leaves its number, and that of its group, to other processes. */
static int place_beneath(struct mountpoint *at, int child, struct beneath *beneath)
{
	int status, err = beneath_place(beneath, at);

	if (err && sys_wait_ended(child, &status) == 0)
		sys_kill(-child, SIGKILL);
	beneath_close(beneath);
	return err ? 1 : 0;
}

static int give_up_waiting(const struct mountpoint *at, int child, const char *program, int seconds, const struct beneath *beneath)
{
	int status;
	bool killed = sys_wait_ended(child, &status) == 0 && sys_kill(-child, SIGKILL) == 0;
	int err = detach_mount(at, beneath);
	const char *where = look_for_mount(at) <= 0 ? "unmounted" : !err ? "still mounted elsewhere"
			    : err == -ESTALE ? "still mounted, since it was covered or moved meanwhile" : NULL;

	msg(where ? "%s: no answer within %d second%s; %s%s" : "%s: no answer within %d second%s; %sstill mounted: %s", program,
	    seconds, out_plural((uint64_t)seconds), killed ? "killed and " : "", where ? where : msg_reason(err));
	return 1;
}

/* The servers of the box unmount at SIGTERM, but find nothing in the mount table yet. */
static void tell_place(const struct mountpoint *at)
{
	static char variable[sizeof(at->path) + 32];

	text_fmt(variable, sizeof(variable), "FUSEBOX_LATER=%u:%s", at->mounted.dev_minor, at->path);
	env_set(variable);
}

int wait_server_run(const struct fmount *f, struct mountpoint *at, int device, char **argv, struct beneath *beneath)
{
	bool pending = beneath->mount >= 0, mounted;
	int child = sys_fork(), status = child;

	if (child == 0) {
		sys_setsid();
		if (pending)
			tell_place(at);
		beneath_close(beneath);	/* a keeper would keep the mount busy */
		sys_exit(command_serve(f, at, device, argv));
	}
	/* A copy of the descriptor here would keep the connection alive after its server. */
	sys_close(device);
	clones_close();
	if (child > 0)	/* Not by path: another user may have it lead elsewhere, or to a server that does not answer. */
		status = launch_wait_connection(child, at->mounted.dev_minor, f->timeout ? f->timeout * 1000 : -1);
	mounted = pending || look_for_mount(at) != 0;
	if (status == 0 && mounted && does_serve(at, child, &status)) {
		int err = pending ? place_beneath(at, child, beneath) : 0;

		/* A server that has ended before its mount was attached could not unmount it. */
		if (err || !pending || does_serve(at, child, &status))
			return err;
	}
	if (status == -ETIMEDOUT)
		return give_up_waiting(at, child, argv[0], f->timeout, beneath);
	if (status < 0 && status != LAUNCH_UNMOUNTED) {
		msg_errno(1, argv[0], status);
	} else if (!mounted) {
		msg("%s: unmounted meanwhile by another process", at->path);
	} else {
		wait_server_undo(at, beneath);
		return command_report_end(argv[0], status);
	}
	return wait_server_undo(at, beneath);
}
