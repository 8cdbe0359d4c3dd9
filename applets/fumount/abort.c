/* SPDX-License-Identifier: MIT */
/* abort: -f and --abort. */
#include <errno.h>

#include "fumount.h"
#include "health/fusectl.h"
#include "mount/row.h"
#include "msg.h"
#include "sys.h"
#include "target/unmount.h"

const struct opt fumount_abort_options[] = {
	OPT('f', "force", OPT_FLAG, struct fumount, force, "", "abort the connection, so that requests fail; then unmount"),
	OPT(0, "abort", OPT_FLAG, struct fumount, abort, "", "abort the connection, and keep the mount"),
};

int fumount_abort(const struct report *to, const struct target *t)
{
	struct report others = *to;
	int err = unmount_abort(t);

	if (err)
		return err;
	report(to, "aborted", "connection %llu is aborted", (unsigned long long)t->connection);
	others.mount_id = t->id;
	if (target_is_same(t))	/* Another mount may have its number by now. */
		report_dead(&others, t->major, t->minor);
	return 0;
}

/* A server may unmount its own mount once the connection is aborted: success. */
static bool is_gone(const struct target *t, int err)
{
	return t->fuse && err == -ENOENT;
}

/* The abort wakes the waiting processes: retry, so that they can close their files. */
int fumount_abort_and_unmount(const struct report *to, const struct target *t)
{
	int err = t->fuse ? fumount_abort(to, t) : 0, aborted = err;

	if (err == -ENOENT)
		return err;
	for (int i = 0; i < 5 && aborted == 0; i++) {
		err = unmount_target(t, UMOUNT_PLAIN);
		if (err != -EBUSY)
			return is_gone(t, err) ? 0 : err;
		sys_sleep_ms(10);
	}
	err = unmount_target(t, UMOUNT_ABORT);
	if (is_gone(t, err) && !aborted)
		err = 0;
	if (err == -EPERM && aborted)
		report_error(to, "failed", err, "its connection cannot be aborted by this user");
	if (!err && fumount_report_aftermath)
		fumount_report_aftermath(to, t);
	return err;
}

/* Abort a connection that is not mounted here: a process still holds it, or it is mounted in other
   mount namespaces. */
int fumount_abort_detached(const struct report *to, const char *word)
{
	uint64_t connection;
	int err;

	err = target_connection(word, &connection) < 0 ? -ENOENT : fusectl_abort(connection);
	if (err) {
		report_error(to, "failed", err, "%s", err == -ENOENT ? "no such connection" : msg_reason(err));
		return fumount_status(err);
	}
	report(to, "aborted", "connection %llu is aborted", (unsigned long long)connection);
	report_dead(to, connection_major(connection), connection_minor(connection));
	return FUMOUNT_OK;
}
