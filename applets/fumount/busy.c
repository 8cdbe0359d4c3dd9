/* SPDX-License-Identifier: MIT */
/* busy: the advice for a busy mount, which depends on the state of its server. */
#include <errno.h>

#include "fumount.h"
#include "mount/row.h"
#include "out.h"
#include "proc/proc.h"

enum { WATCH_MS = 500 };

static void put_state(struct out *out, const struct conn *conn, enum conn_state state)
{
	char command[16];

	/* The process that has the device open may be the server of an earlier connection of this number. */
	if (state == CONN_ABORTED) {
		out_str(out, "busy: its connection is over");
		return;
	}
	out_str(out, "busy: its server ");
	if (conn->pid) {
		proc_command(conn->pid, command);
		out_fmt(out, "%d (%s) ", conn->pid, command);
	}
	out_str(out, state == CONN_STOPPED ? "is stopped" : state == CONN_DEAD ? "is dead"
		: state == CONN_UNKNOWN ? "may hang" : "does not answer");
}

static void put_waiting(struct out *out, const struct conn *conn)
{
	if (conn->waiting > 0)
		out_fmt(out, ", %lld request%s", (long long)conn->waiting, conn->waiting == 1 ? " waits" : "s wait");
}

static void put_advice(struct out *out, const struct conn *conn)
{
	enum conn_state state = census_state(conn);

	if (state == CONN_UNKNOWN && conn->waiting < 0) {
		out_str(out, "busy; if its server answers, fumount -l detaches it; if not, fumount -R -f clears it");
		return;
	}
	if (state == CONN_SERVING || (state == CONN_UNKNOWN && !conn->waiting)) {
		out_str(out, "busy; fumount -l detaches it");
		return;
	}
	put_state(out, conn, state);
	put_waiting(out, conn);
	out_str(out, "; fumount -R recovers it");
	if (state == CONN_STOPPED && conn->pid)
		out_fmt(out, " (kill -CONT %d resumes the server)", conn->pid);
}

void report_unseen(const struct report *to, uint64_t connection, bool visible)
{
	report(to, "unknown", "whether a process still holds connection %llu is not visible to this user; "
	       "if one hangs, run fumount -R %sconn:%llu%s", (unsigned long long)connection, visible ? "-f " : "",
	       (unsigned long long)connection, visible ? "" : " as root");
}

void report_busy(const struct report *to, bool look, uint64_t connection)
{
	struct census census = { .count = 0 };
	char text[200];
	bool waits = false;
	struct out out = OUT_TEXT(text);

	if (to->quiet)
		return;
	if (look && census_add(&census, connection) == 0) {
		census_look(&census, WATCH_MS);
		put_advice(&out, census.conns);
		waits = census.conns->waiting < 0 || (census.conns->waiting > 0 && !census_answers(census.conns));
		census_free(&census);
	} else {
		out_str(&out, "busy; fumount -l detaches it");
	}
	report_error(to, "busy", -EBUSY, "%s", out_text(&out));
	if (waits)
		report_waiters(to, connection_major(connection), connection_minor(connection));
}
