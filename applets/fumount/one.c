/* SPDX-License-Identifier: MIT */
/* one: unmount or abort a single target. */
#include <errno.h>

#include "fumount.h"
#include "health/fusectl.h"
#include "cli/match.h"
#include "mount/row.h"
#include "msg.h"
#include "mount/table.h"
#include "sys.h"
#include "target/unmount.h"
#include "wait_holders.h"

static int report_failure(const struct report *to, int err)
{
	report_error(to, "failed", err, "%s", err == -ENOENT ? "nothing is mounted there"
	       : err == -EPERM ? "Operation not permitted; it takes the owner of the mount or CAP_SYS_ADMIN"
	       : err == -ESTALE ? "covered or moved meanwhile; run fumount again" : msg_reason(err));
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
	if (err == -EBUSY && f->read_only && unmount_read_only(t) == 0) {
		report(to, "read-only", "busy: now read-only");
		return FUMOUNT_KEPT;
	}
	return err == -EBUSY ? report_holding(to, t) : err;
}

/* ---- Abort and detach ---- */

/* umount2(2) is waiting for the server. On fuseblk it waits for the answer to DESTROY, and the
   mount has left the mount table: no retry can help then, so abort the connection if the
   server hangs. */
static int await_unmount(const struct report *to, const struct target *t, int err)
{
	enum { LOOKS = 30, LOOK_MS = 1000 };
	struct census census = { .count = 0 };
	bool blocks = false;

	if (!t->fuse || census_add(&census, t->connection) < 0)
		return err;
	for (int i = 0; err == -ETIMEDOUT && !blocks && i < LOOKS; i++) {
		census_look(&census, LOOK_MS);
		blocks = census_blocks(census.conns);
		err = unmount_wait(0);
	}
	if (err != -ETIMEDOUT)
		return err;
	if (t->major && blocks && !fumount_is_outside(t->connection) && fusectl_abort_known(t->connection, t->identity) == 0) {
		report(to, "aborted", "its server does not answer: connection %llu is aborted",
		       (unsigned long long)t->connection);
		return unmount_wait(UNMOUNT_LIMIT_MS);
	}
	report(to, "waiting", "the kernel waits for the server, which does not answer; "
	       "fumount --abort conn:%llu ends that", (unsigned long long)t->connection);
	return err;
}

static int detach_mount(const struct report *to, const struct target *t)
{
	int err = unmount_target(t, UMOUNT_LAZY);

	if (err == -ETIMEDOUT)
		err = await_unmount(to, t, err);
	if (!err && fumount_report_aftermath)
		fumount_report_aftermath(to, t);
	return err;
}

static int abort_connection(const struct report *to, const struct target *t)
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
static int abort_and_unmount(const struct report *to, const struct target *t)
{
	int err = t->fuse ? abort_connection(to, t) : 0, aborted = err;

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

static int unmount_found(const struct fumount *f, const struct report *to, const struct target *t)
{
	int err = f->abort ? abort_connection(to, t) : f->force ? abort_and_unmount(to, t)
		  : f->lazy ? detach_mount(to, t) : unmount_plain(f, to, t);

	if (err == -ETIMEDOUT && !f->lazy && !f->force)
		err = await_unmount(to, t, err);
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

/* A lookup of the path would ask the server of the enclosing FUSE mount. */
static bool is_outer_answering(const struct target *t)
{
	struct census census = { .count = 0 };

	if (!t->outer || census_add(&census, t->outer) < 0)
		return true;
	census_look(&census, 500);
	return census_answers(census.conns);
}

/* Abort a connection that is not mounted here: a process still holds it, or it is mounted in other
   mount namespaces. */
static int abort_detached(const struct report *to, const char *word)
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

static int check_and_unmount(const struct fumount *f, const struct report *to, const struct target *t)
{
	if (!t->fuse && !f->any) {
		report(to, "refused", "not a FUSE mount%s%s", *t->cover ? "; " : "", t->cover);
		return FUMOUNT_FAILED;
	}
	if (f->types && !match_type(f->types, t->type)) {
		report(to, "refused", "its type is %s, which -t %s leaves out", t->type, f->types);
		return FUMOUNT_FAILED;
	}
	if (!t->id && f->verbose)
		report(to, "unknown", "without /proc, what is mounted there is not known");
	if (fumount_refuse_outside(f, to, t->connection))
		return FUMOUNT_FAILED;
	if (t->at.below && !is_outer_answering(t)) {
		report(to, "refused", "it lies below another FUSE mount, conn:%llu, which does not answer; "
		       "unmount that first", (unsigned long long)t->outer);
		return FUMOUNT_FAILED;
	}
	return unmount_found(f, to, t);
}

int fumount_target(const struct fumount *f, const struct report *to)
{
	static struct target t;
	enum target_result result;
	int status;

	if (f->recover)
		return fumount_recover(f, to, to->object);
	result = target_find(to->object, &t);
	if (result == TARGET_UNKNOWN && f->abort)
		return abort_detached(to, to->object);
	if (result != TARGET_FOUND) {
		report_error(to, "failed", target_errno(&t, result), "%s", target_why(&t, result));
		return FUMOUNT_FAILED;
	}
	status = check_and_unmount(f, to, &t);
	target_close(&t);
	return status;
}
