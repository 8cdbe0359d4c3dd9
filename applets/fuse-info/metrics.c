/* SPDX-License-Identifier: MIT */
/* metrics: see metrics.h. */
#include "metrics.h"

#include "fuse_info.h"
#include "health/census.h"
#include "mount/table.h"
#include "proc/proc.h"
#include "proc/read.h"

#ifndef VERSION
#define VERSION "0"
#endif

enum { INFO, STATE, WAITING, PID, AGE, RESTARTS, METRICS };

static const struct { const char *name, *help; } metrics[METRICS] = {
	[INFO] = { "fuse_mount_info", "A FUSE mount." },
	[STATE] = { "fuse_mount_state", "1 for the state that the mount is in." },
	[WAITING] = { "fuse_mount_waiting_requests", "Requests that the server has not answered." },
	[PID] = { "fuse_mount_server_pid", "The process that serves the mount." },
	[AGE] = { "fuse_mount_server_age_seconds", "For how long that process has been running." },
	[RESTARTS] = { "fuse_mount_server_restarts_total", "How often fmount --keep has started a server again." },
};

static void put_head(struct out *out, const char *name, const char *help, const char *kind)
{
	out_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void put_build(struct out *out)
{
	put_head(out, "fusebox_build_info", "The version of fusebox.", "gauge");
	out_str(out, "fusebox_build_info{version=\"" VERSION "\"} 1\n");
}

/* A label's value knows no octal escapes: write the name as the tables show it, and escape that. */
static void put_label(struct out *out, const char *name, const char *text)
{
	static char shown[32 * 1024];
	struct out escaped = OUT_TEXT(shown);

	escaped.escape = true;
	out_fmt(&escaped, "%s", text);
	out_char(out, ',');
	out_str(out, name);
	out_str(out, "=\"");
	for (const char *at = out_text(&escaped); *at; at++) {
		if (*at == '"' || *at == '\\')
			out_char(out, '\\');
		out_char(out, *at);
	}
	out_char(out, '"');
}

/* The mount's number makes a sample unique: several mounts may be on one directory. */
static void begin_sample(struct out *out, int metric, const struct table_row *row)
{
	out_str(out, metrics[metric].name);
	out_fmt(out, "{mount_id=\"%llu\"", (unsigned long long)row->id);
	put_label(out, "mountpoint", row->mountpoint);
}

static void put_sample(struct out *out, int metric, const struct table_row *row, uint64_t value)
{
	begin_sample(out, metric, row);
	out_fmt(out, "} %llu\n", (unsigned long long)value);
}

static void put_info(struct out *out, const struct table_row *row)
{
	begin_sample(out, INFO, row);
	out_fmt(out, ",connection=\"%llu\"", (unsigned long long)table_connection(row));
	put_label(out, "type", row->type);
	put_label(out, "source", row->source);
	out_str(out, "} 1\n");
}

static void put_states(struct out *out, const struct table_row *row, const struct conn *conn)
{
	enum conn_state now = census_state(conn);

	for (enum conn_state state = CONN_SERVING; state <= CONN_RESTARTING; state++) {
		begin_sample(out, STATE, row);
		put_label(out, "state", census_state_name(state));
		out_fmt(out, "} %d\n", state == now);
	}
}

static void put_metric(struct out *out, int metric, const struct table_row *row, const struct conn *conn)
{
	struct proc_facts facts;
	bool served = conn->pid && proc_facts(conn->pid, &facts) == 0;
	int64_t age = metric == AGE && served ? proc_age(conn->pid) : -1;

	if (metric == INFO)
		put_info(out, row);
	else if (metric == STATE)
		put_states(out, row, conn);
	else if (metric == WAITING && conn->waiting >= 0)
		put_sample(out, metric, row, (uint64_t)conn->waiting);
	else if (metric == PID && served)
		put_sample(out, metric, row, (uint64_t)conn->pid);
	else if (metric == RESTARTS && conn->keeper)
		put_sample(out, metric, row, conn->restarts);
	else if (age >= 0)
		put_sample(out, metric, row, (uint64_t)age);
}

/* ---- All mounts ---- */

struct show { struct out *out; struct census census; int metric; uint64_t own; int (*fn)(const struct table_row *, void *); };

static int add_row(const struct table_row *row, void *data)
{
	struct show *s = data;

	return table_is_fuse(row) ? census_add(&s->census, table_connection(row)) : 0;
}

/* A mount made since the census was taken has no entry there. */
static int show_row(const struct table_row *row, void *data)
{
	struct show *s = data;
	const struct conn *conn = table_is_fuse(row) ? census_find(&s->census, table_connection(row)) : NULL;

	if (conn)
		put_metric(s->out, s->metric, row, conn);
	return 0;
}

static int visit_namespace(uint64_t number, int pid, void *data)
{
	struct show *s = data;
	char text[12];

	if (number != s->own)
		table_each(read_name(pid, text), s->fn, s);	/* fails if the process has ended */
	return 0;
}

static int each_mount(struct show *s, const char *pid, bool all, int (*fn)(const struct table_row *, void *))
{
	bool hidden = false;
	int err = table_each(pid, fn, s);

	s->fn = fn;
	return err || !all ? err : proc_each_namespace(visit_namespace, s, &hidden);
}

/* The samples of a metric have to follow each other: walk all mounts for each metric. */
int metrics_show(struct out *out, const char *pid, bool all)
{
	struct show s = { .out = out, .own = proc_namespace() };
	int err = each_mount(&s, pid, all, add_row);

	if (err)
		return err;
	census_look(&s.census, WATCH_MS);
	put_build(out);
	for (s.metric = 0; !err && s.metric < METRICS; s.metric++) {
		put_head(out, metrics[s.metric].name, metrics[s.metric].help, s.metric == RESTARTS ? "counter" : "gauge");
		err = each_mount(&s, pid, all, show_row);
	}
	census_free(&s.census);
	return err;
}
