/* SPDX-License-Identifier: MIT */
/* recover_report: the words of fumount -R. See recovery.h. */
#include "recovery.h"

#include <errno.h>
#include <string.h>

#include "health/fusectl.h"
#include "mount/row.h"
#include "msg.h"
#include "out.h"
#include "proc/proc.h"

static const char *const verdicts[] = {
	[CONN_STARTING] = "its server has not answered INIT",
	[CONN_DEAD] = "its server is dead",
	[CONN_ABORTED] = "its connection is over",
	[CONN_STOPPED] = "its server is stopped",
	[CONN_HUNG] = "its server does not answer",
	[CONN_RESTARTING] = "its server has ended, and its keeper is about to start another one",
	[CONN_UNKNOWN] = "whether its server answers is not known",
};

void recover_report_state(const struct recovery *r, const struct conn *conn)
{
	enum conn_state state = recover_state(conn);
	char text[160], command[16];
	struct out out = OUT_TEXT(text);

	if (state == CONN_SERVING) {
		report(r->to, "state", "its server answers");
		return;
	}
	out_str(&out, verdicts[state]);
	if (conn && conn->pid) {
		proc_command(conn->pid, command);
		out_fmt(&out, ": process %d (%s)", conn->pid, command);
	} else if (state == CONN_UNKNOWN) {
		out_str(&out, ": no server is visible to this user");
	}
	if (conn && conn->waiting > 0)
		out_fmt(&out, ", %llu waiting", (unsigned long long)conn->waiting);
	if (conn && census_waited(conn))
		out_fmt(&out, ", watched %llu ms", (unsigned long long)census_waited(conn));
	if (state == CONN_UNKNOWN && !r->f->force)
		out_str(&out, "; -R -f aborts it");
	report(r->to, "state", "%s", out_text(&out));
	if (conn && conn->waiting > 0)
		report_waiters(r->to, connection_major(conn->connection), connection_minor(conn->connection));
}

int recover_report_leftover(const struct recovery *r, const struct conn *conn)
{
	uint64_t connection = conn->connection;
	int64_t waiting = fusectl_waiting(connection);
	uint32_t major = connection_major(connection), minor = connection_minor(connection);

	if (waiting == -ENOENT || !recover_is_target(r, connection)) {
		report(r->to, "gone", "connection %llu is gone", (unsigned long long)connection);
		return FUMOUNT_OK;
	}
	if (waiting < 0 && !r->f->force)	/* fusectl is out of reach. */
		report_unseen(r->to, connection, conn->pid > 0);
	else if (waiting >= 0)
		report(r->to, "kept", "connection %llu is mounted nowhere, and stays until no process holds it",
		       (unsigned long long)connection);
	report_holders(r->to, major, minor);
	return waiting < 0 && r->unsure ? FUMOUNT_USAGE : FUMOUNT_OK;
}

void recover_report_hidden(const struct recovery *r, bool hidden)
{
	if (hidden)
		report(r->to, "unknown", "some mount namespaces are not visible to this user");
}

/* The mount table has no such mount: success, unless the path does not exist, something else
   than FUSE is mounted there, or the word is malformed. */
int recover_report_no_mount(const struct report *to, const char *word, int err)
{
	static struct target t;
	enum target_result result = TARGET_NOT_MOUNTED;

	if (!target_is_name(word))
		result = target_find(word, &t);
	else if (err)
		result = TARGET_BAD_NUMBER;
	/* Not a path but the source of a mount that has gone. */
	if (result == TARGET_UNKNOWN && strchr(word, ':'))
		result = TARGET_NOT_MOUNTED;
	if (result == TARGET_NOT_MOUNTED) {
		report(to, "nothing", "nothing is mounted there");
		return FUMOUNT_OK;
	}
	if (result == TARGET_BAD_NUMBER) {
		report(to, "failed", "not a number");
	} else if (result != TARGET_FOUND) {
		report_error(to, "failed", target_errno(&t, result), "%s", target_why(&t, result));
	} else if (!t.fuse) {
		report(to, "refused", "not a FUSE mount");
	} else {	/* it is mounted after all */
		err = err ? err : -EAGAIN;
		report_error(to, "failed", err, "%s", msg_reason(err));
	}
	if (result == TARGET_FOUND)
		target_close(&t);
	return FUMOUNT_FAILED;
}
