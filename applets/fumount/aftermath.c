/* SPDX-License-Identifier: MIT */
/* aftermath: reports what keeps a connection alive after its mount was detached. */
#include "fumount.h"
#include "health/fusectl.h"
#include "target/target.h"

/* After an unmount that left the connection, or may have. */
static void report_kept(const struct report *to, uint64_t connection, bool visible)
{
	int64_t waiting = fusectl_waiting(connection);

	if (!visible)
		report_unseen(to, connection, false);
	else if (waiting > 0 && !fusectl_is_over(connection))
		report(to, "kept", "connection %llu stays, and %lld of its requests still wait%s; "
		       "fumount -R conn:%llu ends that", (unsigned long long)connection, (long long)waiting,
		       waiting == 1 ? "s" : "", (unsigned long long)connection);
	else
		report(to, "kept", "connection %llu stays until no process holds it", (unsigned long long)connection);
}

void fumount_report_aftermath(const struct report *to, const struct target *t)
{
	int held;

	if (!t->fuse || to->quiet)
		return;
	if (t->identity && fusectl_identity(t->connection) != t->identity) {
		report(to, "gone", "connection %llu is gone", (unsigned long long)t->connection);
		return;
	}
	report_kept(to, t->connection, t->identity != 0);
	held = report_holders(to, t->major, t->minor);
	if (report_binds(to, t->major, t->minor) + held == 0)
		report(to, "unknown", "no process that is visible to this user holds it");
}
