/* SPDX-License-Identifier: MIT */
/* recover_plan: judge connections, and decide which of them to abort. See recovery.h. */
#include "recovery.h"

#include "mount/table.h"

enum { WATCH_MS = 900 };

bool recover_is_target(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);

	return conn && census_is_same(conn);
}

static const struct conn *judge_other(struct census *others, uint64_t connection)
{
	const struct conn *conn = census_find(others, connection);

	if (conn && census_is_same(conn))
		return conn;
	if (conn)
		census_free(others);
	if (census_add(others, connection) < 0)
		return NULL;
	census_look(others, WATCH_MS);
	return census_find(others, connection);
}

/* Sample all connections to recover at once, so that five hung layers take no longer than one. */
const struct conn *recover_judge(struct recovery *r, uint64_t connection)
{
	if (!recover_is_target(r, connection))
		return judge_other(&r->others, connection);
	if (!r->judged)
		census_look(&r->census, WATCH_MS);
	r->judged = true;
	return census_find(&r->census, connection);
}

enum conn_state recover_state(const struct conn *conn)
{
	return conn ? census_state(conn) : CONN_UNKNOWN;
}

bool recover_answers(struct recovery *r, uint64_t connection)
{
	const struct conn *conn = recover_judge(r, connection);

	return !conn || census_answers(conn);
}

/* Without -f, abort a connection only if its server is shown to keep requests waiting; with -f,
   every connection that is not over yet. */
bool recover_abort_is_due(const struct recovery *r, const struct conn *conn)
{
	enum conn_state state = recover_state(conn);

	if (conn && !recover_is_target(r, conn->connection) && fumount_is_outside(conn->connection))
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
