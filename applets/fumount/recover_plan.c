/* SPDX-License-Identifier: MIT */
/* recover_plan: judge connections, and decide which of them to abort. See recovery.h. */
#include "recovery.h"

#include <errno.h>

#include "health/fusectl.h"
#include "mount/table.h"

enum { WATCH_MS = 900 };

const struct conn *recover_find_conn(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);

	return conn ? conn : census_find(&r->others, connection);
}

/* The kernel reuses connection numbers, so compare the identity as well. */
bool recover_is_same(const struct conn *conn)
{
	return conn && conn->identity == fusectl_identity(conn->connection);
}

/* Whether -R unmounts the mounts of this connection. An identity that could not be read, now
   or earlier, counts as unchanged while the connection exists. */
bool recover_is_target(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);
	uint64_t now = fusectl_identity(connection);

	return conn && (now ? !conn->identity || conn->identity == now : fusectl_waiting(connection) != -ENOENT);
}

/* Sample all connections to recover at once, so that five hung layers take no longer than one. */
enum conn_state recover_judge(struct recovery *r, uint64_t connection)
{
	if (census_find(&r->census, connection)) {
		if (!r->judged)
			census_look(&r->census, WATCH_MS);
		r->judged = true;
		return census_state(recover_find_conn(r, connection));
	}
	if (!census_find(&r->others, connection)) {
		if (census_add(&r->others, connection) < 0)
			return CONN_UNKNOWN;
		census_look(&r->others, WATCH_MS);
	}
	return census_state(recover_find_conn(r, connection));
}

bool recover_answers(struct recovery *r, uint64_t connection)
{
	const struct conn *conn;

	recover_judge(r, connection);
	conn = recover_find_conn(r, connection);
	return !conn || census_answers(conn);
}

/* Without -f, abort a connection only if its server is shown to keep requests waiting; with -f,
   every connection that is not over yet. */
bool recover_abort_is_due(const struct recovery *r, enum conn_state state, const struct conn *conn)
{
	if (conn && !census_find(&r->census, conn->connection) && fumount_is_outside(conn->connection))
		return false;
	return r->f->force ? state != CONN_DEAD && state != CONN_ABORTED : conn && census_blocks(conn);
}

struct count { const struct recovery *r; size_t count; };

static int count_mount(const struct table_row *row, void *data)
{
	struct count *c = data;

	c->count += table_is_fuse(row) && recover_is_target(c->r, table_connection(row));
	return 0;
}

/* Count the mounts in the mount namespace of process pid (NULL: this process); 0 if its table
   cannot be read. */
size_t recover_count_mounts(const struct recovery *r, const char *pid)
{
	struct count c = { r, 0 };

	return table_each(pid, count_mount, &c) < 0 ? 0 : c.count;
}
