/* SPDX-License-Identifier: MIT */
/* recover_explain: fumount -R --dry-run: what -R would do, without doing it. See recovery.h. */
#include "recovery.h"

#include "mount/table.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "sys/priv.h"

/* Only an attempt tells whether a mount is busy. */
static int explain_mount(const struct table_row *row, void *data)
{
	const struct recovery *r = data;

	if (table_is_fuse(row) && recover_is_target(r, table_connection(row)))
		report(r->to, "would", "%s at %s: would be unmounted, or detached if it is busy", row->type,
		       row->mountpoint);
	return 0;
}

static int explain_namespace(uint64_t number, int pid, void *data)
{
	const struct recovery *r = data;
	char text[12], command[16];

	if (number == proc_namespace() || !recover_count_mounts(r, read_name(pid, text)))
		return 0;
	proc_command(pid, command);
	report(r->to, "would", "in the mount namespace of %d (%s): %s", pid, command, "would be unmounted as well");
	return 0;
}

struct owned { uint64_t connection; int64_t owner; };

static int find_owner(const struct table_row *row, void *data)
{
	struct owned *o = data;

	if (!table_is_fuse(row) || table_connection(row) != o->connection)
		return 0;
	o->owner = table_owner(row);
	return 1;
}

/* What recover_abort_if_hung() does for a user that can neither write to fusectl nor unmount by force. */
static void explain_kill(const struct recovery *r, const struct conn *conn)
{
	struct owned o = { conn->connection, -1 };

	table_each(NULL, find_owner, &o);
	if (recover_kill_server(r, conn, o.owner, false) < 0)
		report(r->to, "would", "connection %llu cannot be aborted by this user; run this as root",
		       (unsigned long long)conn->connection);
}

static void explain_connection(struct recovery *r, uint64_t connection)
{
	const struct conn *conn = recover_judge(r, connection);

	recover_report_state(r, conn);
	if (!recover_abort_is_due(r, conn))
		return;
	if (conn && conn->waiting < 0 && !priv_may_mount())
		explain_kill(r, conn);
	else
		report(r->to, "would", "connection %llu: %swould be aborted%s", (unsigned long long)connection,
		       r->f->force ? "" : "what waits would be ended with ETIMEDOUT; if that does not suffice, it ",
		       recover_state(conn) == CONN_STOPPED ? ", and its server resumed by SIGCONT" : "");
}

int recover_explain(struct recovery *r)
{
	bool hidden = false;

	for (size_t i = 0; i < r->census.count; i++)
		explain_connection(r, r->census.conns[i].connection);
	table_each(NULL, explain_mount, r);
	proc_each_namespace(explain_namespace, r, &hidden);
	recover_report_hidden(r, hidden);
	return FUMOUNT_OK;
}
