/* SPDX-License-Identifier: MIT */
/* one: unmount a single target. */
#include <errno.h>

#include "fumount.h"
#include "msg.h"
#include "sys.h"
#include "target/unmount.h"
#include "wait_holders.h"

static int report_failure(const struct report *to, int err)
{
	report_error(to, "failed", err, "%s", err == -ENOENT ? "nothing is mounted there"
	       : err == -EPERM ? "Operation not permitted; it takes the owner of the mount or CAP_SYS_ADMIN"
	       : err == -ESTALE ? "covered or moved meanwhile; run fumount again"
	       : err == -EOPNOTSUPP ? "other users can change names in its directory; fumount -l detaches it" : msg_reason(err));
	return fumount_status(err);
}

static int report_holding(const struct report *to, const struct target *t)
{
	if (report_busy)
		report_busy(to, t->fuse, t->connection);
	else
		report_error(to, "busy", -EBUSY, "busy; fumount -l detaches it");
	if (wait_holders_report)
		wait_holders_report(to, t);
	return FUMOUNT_FAILED;
}

/* The server of a mount that was unmounted a moment ago holds its SOURCE until it has exited. */
static int unmount_unless_held(const struct fumount *f, const struct target *t)
{
	enum { TRIES = 15, EVERY_MS = 20 };
	int err = unmount_target(t, UMOUNT_PLAIN);

	for (int i = 1; err == -EBUSY && f->wait < 0 && i < TRIES; i++) {
		sys_sleep_ms(EVERY_MS);
		err = unmount_target(t, UMOUNT_PLAIN);
	}
	return err;
}

static int unmount_plain(const struct fumount *f, const struct report *to, const struct target *t)
{
	int err = unmount_unless_held(f, t);

	if (err == -EBUSY && wait_holders && (f->kill || f->wait > 0 || f->settling))
		err = wait_holders(to, t, f->kill ? wait_holders_signal_number(f->kill) : 0,
				   f->wait >= 0 ? f->wait : FUMOUNT_SETTLE_S);
	if (err == -EBUSY && f->read_only && fumount_read_only(to, t) == 0)
		return FUMOUNT_KEPT;
	return err == -EBUSY ? report_holding(to, t) : err;
}

static int unmount_as_told(const struct fumount *f, const struct report *to, const struct target *t)
{
	if (f->abort)
		return fumount_abort(to, t);
	if (f->force)
		return fumount_abort_and_unmount(to, t);
	return f->lazy ? unmount_target(t, UMOUNT_LAZY) : unmount_plain(f, to, t);
}

static int unmount_found(const struct fumount *f, const struct report *to, const struct target *t)
{
	int err = unmount_as_told(f, to, t);

	if (err == -ETIMEDOUT && fumount_modes_options && !f->force)
		err = fumount_await(to, t);
	if (!err && fumount_report_aftermath && f->lazy && !f->force)
		fumount_report_aftermath(to, t);
	if (err == -EINVAL && !t->id)	/* Without /proc the path was not checked: nothing is mounted there. */
		err = -ENOENT;
	if (err > 0)
		return err == FUMOUNT_KEPT ? FUMOUNT_OK : err;
	if (err)
		return report_failure(to, err);
	if ((f->verbose || to->json) && !f->abort)
		report(to, "unmounted", f->lazy ? "detached" : "unmounted");
	return FUMOUNT_OK;
}

static int check_and_unmount(const struct fumount *f, const struct report *to, const struct target *t)
{
	if (!t->fuse && !f->any) {
		report(to, "refused", "not a FUSE mount%s%s", *t->cover ? "; " : "", t->cover);
		return FUMOUNT_FAILED;
	}
	if (fumount_modes_options && fumount_refuse(f, to, t))
		return FUMOUNT_FAILED;
	return unmount_found(f, to, t);
}

int fumount_target(const struct fumount *f, const struct report *to)
{
	static struct target t;
	enum target_result result;
	int status;

	result = target_find(to->object, &t);
	if (result == TARGET_UNKNOWN && f->abort)
		return fumount_abort_detached(to, to->object);
	if (result != TARGET_FOUND) {
		report_error(to, "failed", target_errno(&t, result), "%s", target_why(&t, result));
		return FUMOUNT_FAILED;
	}
	status = check_and_unmount(f, to, &t);
	target_close(&t);
	return status;
}
