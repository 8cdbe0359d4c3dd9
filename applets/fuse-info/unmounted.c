/* SPDX-License-Identifier: MIT */
/* unmounted: see unmounted.h. */
#include "unmounted.h"

#include "cli/map.h"
#include "fuse_info.h"
#include "health/fusectl.h"
#include "health/holders.h"
#include "health/waiters.h"
#include "mount/row.h"
#include "mount/table.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "sys.h"
#include "target/target.h"

/* ---- Finding ---- */

struct search { struct census *candidates; const struct census *mounted; };

/* The control files of another user's connection are not readable: nothing is known of it. */
static int add_candidate(uint64_t connection, void *data)
{
	struct search *s = data;

	return census_find(s->mounted, connection) || fusectl_waiting(connection) < 0 ? 0 : census_add(s->candidates, connection);
}

static int note_mounted(const struct table_row *row, void *data)
{
	return table_is_fuse(row) ? map_add(data, table_connection(row), 0) : 0;
}

static int visit_namespace(uint64_t number, int pid, void *data)
{
	char text[12];

	(void)number;
	table_each(read_name(pid, text), note_mounted, data);
	return 0;
}

/* The connections of all mount tables. *hidden: there may be further tables. */
static void list_mounted(struct map *mounted, bool *hidden)
{
	table_each(NULL, note_mounted, mounted);
	if (proc_each_namespace(visit_namespace, mounted, hidden) < 0 || !proc_is_outermost())
		*hidden = true;
}

/* Before it is attached, or while it is unmounted, a connection is in no mount table for a moment: its
   number was listed before the tables are read. */
void unmounted_find(struct unmounted *u, struct census *census)
{
	struct census candidates = { .identify = true };
	struct search search = { &candidates, census };
	struct map mounted = { .count = 0 };

	u->found.identify = true;
	fusectl_each(add_candidate, &search);
	if (candidates.count)
		list_mounted(&mounted, &u->hidden);
	for (size_t i = 0; i < candidates.count; i++) {
		uint64_t connection = candidates.conns[i].connection;

		if (!map_find(&mounted, connection) && census_add(&u->found, connection) == 0)
			census_add(census, connection);
	}
	map_free(&mounted);
	census_free(&candidates);
}

void unmounted_free(struct unmounted *u)
{
	census_free(&u->found);
}

/* ---- Showing ---- */

static void put_heading(struct view *v, uint64_t connection, const char *text)
{
	if (v->json)
		view_text(v, "mountpoint", NULL);
	else
		out_fmt(v->out, "conn:%llu %s\n", (unsigned long long)connection, text);
}

static const char *nowhere(bool hidden)
{
	return hidden ? "is in no visible mount namespace" : "is mounted nowhere";
}

struct table_row unmounted_row(uint64_t connection)
{
	return (struct table_row) { .major = connection_major(connection), .minor = connection_minor(connection) };
}

static void show_abort(struct view *v, const struct conn *conn)
{
	if (v->json || conn->over)
		return;
	view_label(v, "to_end");
	out_fmt(v->out, "fumount --abort conn:%llu\n", (unsigned long long)conn->connection);
}

static void show_facts(struct view *v, const struct census *census, const struct conn *conn)
{
	info_state(v, conn);
	info_conn(v, census, conn);
}

static int stop_at_first_waiter(const struct waiter *waiter, void *data)
{
	(void)waiter, (void)data;
	return 1;
}

/* Whether a visible process serves the connection, waits for it or holds it. Where mount namespaces
   are hidden, as in a container, any other connection is presumably mounted in one of those. */
static bool has_process(const struct conn *conn)
{
	const struct table_row row = unmounted_row(conn->connection);

	return conn->pid || (conn->waiting > 0 && waiters_each(row.major, row.minor, stop_at_first_waiter, NULL) > 0)
	       || holders_any(row.major, row.minor) > 0;
}

static bool is_nowhere(const struct unmounted *u, const struct conn *found, const struct conn *conn,
		       const struct map *mounted)
{
	return found->identity && !map_find(mounted, found->connection)
	       && fusectl_identity(found->connection) == found->identity && (!u->hidden || has_process(conn));
}

static void show_one(const struct unmounted *u, struct view *v, const struct census *census,
		     const struct conn *conn, bool keepers)
{
	const struct table_row row = unmounted_row(conn->connection);

	if (v->json)
		json_open(v->json, NULL, '{');
	else
		out_char(v->out, '\n');
	put_heading(v, conn->connection, nowhere(u->hidden));
	show_facts(v, census, conn);
	if (keepers)
		info_keepers(v, &row, conn);
	show_abort(v, conn);
	if (v->json)
		json_close(v->json, '}');
}

void unmounted_show(struct unmounted *u, struct view *v, const struct census *census)
{
	enum { ATTACH_MS = 50, MOST = 16 };	/* each search for holders reads all of /proc */
	struct map mounted = { .count = 0 };
	int shown = 0;

	if (u->found.count) {
		sys_sleep_ms(ATTACH_MS);
		list_mounted(&mounted, &u->hidden);
	}
	if (v->json)
		json_open(v->json, "unmounted", '[');
	for (size_t i = 0; i < u->found.count; i++) {
		const struct conn *conn = census_find(census, u->found.conns[i].connection);

		if (conn && is_nowhere(u, u->found.conns + i, conn, &mounted))
			show_one(u, v, census, conn, shown++ < MOST);
	}
	if (v->json)
		json_close(v->json, ']');
	map_free(&mounted);
}

static void show_target(struct view *v, uint64_t connection, const struct map *mounted, bool hidden)
{
	bool elsewhere = map_find(mounted, connection);
	struct census census = { .count = 0 };
	struct table_row row;

	if (census_add(&census, connection) < 0)
		return;
	census_look(&census, WATCH_MS);
	row = unmounted_row(connection);
	if (v->json)
		json_open(v->json, NULL, '{');
	put_heading(v, connection, elsewhere ? "is mounted in other mount namespaces only" : nowhere(hidden));
	show_facts(v, &census, census.conns);
	info_keepers(v, &row, census.conns);
	info_binds(v, &row, false);
	if (!elsewhere)
		show_abort(v, census.conns);
	if (v->json)
		json_close(v->json, '}');
	census_free(&census);
}

static int is_of(const struct table_row *row, void *data)
{
	const uint64_t *connection = data;

	return table_is_fuse(row) && table_connection(row) == *connection;
}

bool unmounted_is(const char *word, uint64_t *connection)
{
	return target_connection(word, connection) == 0 && fusectl_waiting(*connection) >= 0
	       && !table_each(NULL, is_of, connection);
}

bool unmounted_show_target(struct view *v, const char *word)
{
	struct map mounted = { .count = 0 };
	bool hidden = false;
	uint64_t connection;

	if (!unmounted_is(word, &connection))
		return false;
	list_mounted(&mounted, &hidden);
	show_target(v, connection, &mounted, hidden);
	map_free(&mounted);
	return true;
}
