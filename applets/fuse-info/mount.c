/* SPDX-License-Identifier: MIT */
/* fuse-info: show one mount in full. */
#include "health/binds.h"
#include "health/fusectl.h"
#include "health/devices.h"
#include "fuse_info.h"
#include "health/holders.h"
#include "proc/proc.h"
#include "health/report.h"
#include "sys.h"
#include "cli/user.h"

static void show_server_json(struct view *v, int pid, const struct proc_facts *facts)
{
	const int64_t age = proc_age(pid);
	char user[32];

	json_open(v->json, "server", '{');
	json_number(v->json, "pid", pid);
	json_text(v->json, "user", user_name(facts->uid, user));
	json_text(v->json, "command", facts->command);
	json_number(v->json, "threads", facts->threads);
	json_number(v->json, "age", age);
	json_number(v->json, "started", age < 0 ? -1 : (int64_t)sys_today() - age);
	json_close(v->json, '}');
}

/* Before 6.16 the kernel does not tell which connection a descriptor belongs to: show the processes
   that have /dev/fuse open. */
static void show_openers(struct view *v, const struct census *c)
{
	char text[160] = "", command[16];
	struct out out = OUT_TEXT(text);

	for (int i = 0; i < c->opener_count && i < 4; i++) {
		proc_command(c->openers[i], command);
		out_fmt(&out, "%s%d (%s)", i ? " or " : "", c->openers[i], command);
	}
	if (c->opener_count > 4)
		out_str(&out, " or others");
	out_str(&out, c->opener_count ? ": this kernel does not tell, but no other has /dev/fuse open"
				      : "not visible to this user");
	view_text(v, "server", v->json && !c->opener_count ? NULL : out_text(&out));
}

static void show_server(struct view *v, const struct census *c, const struct conn *conn)
{
	bool hidden = !conn->pid && c->hidden && !conn->over;
	struct proc_facts facts;
	char user[32], text[24];
	int64_t age;

	if (v->json)
		json_bool(v->json, "server_hidden", hidden);
	if (hidden) {
		show_openers(v, c);
	} else if (!conn->pid || proc_facts(conn->pid, &facts) < 0) {
		view_text(v, "server", v->json ? NULL : "none");
	} else if (v->json) {
		show_server_json(v, conn->pid, &facts);
	} else {
		age = proc_age(conn->pid);
		view_label(v, "server");
		out_fmt(v->out, "%d (%s) of %s, %d thread%s%s%s%s\n", conn->pid, facts.command,
			user_name(facts.uid, user), facts.threads, out_plural((uint64_t)facts.threads),
			age < 0 ? "" : ", for ", age < 0 ? "" : info_age((uint64_t)age, text),
			census_state(conn) == CONN_STOPPED ? ", stopped" : "");
	}
}

static void show_keeper(struct view *v, const struct conn *conn)
{
	if (!conn->keeper)
		return;
	if (v->json) {
		json_open(v->json, "keeper", '{');
		json_number(v->json, "pid", conn->keeper);
		json_number(v->json, "restarts", conn->restarts);
		json_bool(v->json, "relays", conn->relays);
		json_close(v->json, '}');
	} else {
		view_label(v, "kept_by");
		out_fmt(v->out, "%d, started again %u time%s%s\n", conn->keeper, conn->restarts,
			out_plural(conn->restarts), conn->relays ? ", behind a relay" : "");
	}
}

static void show_owner(struct view *v, const struct table_row *row)
{
	int64_t uid = table_owner(row);
	char user[32];

	view_text(v, "owner", uid < 0 ? NULL : user_name(uid, user));
	if (v->json)
		view_number(v, "owner_uid", uid);
}

/* ---- Holders and other mounts ---- */

static int show_holder(const struct holder *h, void *data)
{
	struct view *v = data;

	if (!v->json) {
		view_label(v, "held_by");
		report_holder_text(v->out, h);
		out_char(v->out, '\n');
		return 0;
	}
	json_open(v->json, NULL, '{');
	report_holder_facts(v->json, h);
	json_close(v->json, '}');
	return 0;
}

struct around { struct view *view; uint64_t id; bool own; };

static int show_bind(const struct table_row *row, int pid, void *data)
{
	struct around *a = data;
	struct view *v = a->view;
	char command[16];

	if (a->own && !pid && row->id == a->id)
		return 0;
	proc_command(pid, command);
	if (v->json) {
		json_open(v->json, NULL, '{');
		json_number(v->json, "pid", pid ? pid : -1);
		json_text(v->json, "mountpoint", row->mountpoint);
		json_number(v->json, "mount_id", (int64_t)row->id);
		json_close(v->json, '}');
		return 0;
	}
	view_label(v, pid ? "also_in" : "also_at");
	out_fmt(v->out, "%s", row->mountpoint);
	if (pid)
		out_fmt(v->out, ", the mount namespace of %d (%s)", pid, command);
	out_char(v->out, '\n');
	return 0;
}

static int show_waiter(const struct waiter *w, void *data)
{
	struct view *v = data;

	if (!v->json) {
		view_label(v, "waits_for_it");
		report_waiter_text(v->out, w);
		out_char(v->out, '\n');
		return 0;
	}
	json_open(v->json, NULL, '{');
	report_waiter_facts(v->json, w);
	json_close(v->json, '}');
	return 0;
}

static void show_waiters(struct view *v, const struct table_row *row, const struct conn *conn)
{
	if (v->json)
		json_open(v->json, "waiters", '[');
	if (conn->waiting > 0)
		waiters_each(row->major, row->minor, show_waiter, v);
	if (v->json)
		json_close(v->json, ']');
}

static void show_holders(struct view *v, const struct table_row *row)
{
	if (v->json)
		json_open(v->json, "holders", '[');
	if (holders_each(row->major, row->minor, show_holder, v) < 0 && !v->json)
		view_text(v, "held_by", "not known without /proc");
	devices_each(row->major, row->minor, show_holder, v);
	if (v->json)
		json_close(v->json, ']');
}

void info_keepers(struct view *v, const struct table_row *row, const struct conn *conn)
{
	show_waiters(v, row, conn);
	show_holders(v, row);
}

void info_binds(struct view *v, const struct table_row *row, bool own)
{
	struct around a = { v, row->id, own };
	bool hidden = false;

	if (v->json)
		json_open(v->json, "also", '[');
	binds_each(row->major, row->minor, show_bind, &a, &hidden);
	if (v->json)
		json_close(v->json, ']');
	else if (hidden)
		view_text(v, "also_in", "perhaps mount namespaces that are not visible to this user");
}

void info_state(struct view *v, const struct conn *conn)
{
	const char *state = census_state_name(census_state(conn));

	if (v->json) {
		view_text(v, "state", state);
		return;
	}
	view_label(v, "state");
	view_state(v, state, 0);
	out_char(v->out, '\n');
}

/* For how long no request was answered while they were watched. */
static void show_waited(struct view *v, const struct conn *conn)
{
	if (v->json || census_waited(conn))
		view_number(v, "waited_ms", (int64_t)census_waited(conn));
}

/* Once a connection is over, the kernel raises its limits without bound. */
static void show_limit(struct view *v, const struct conn *conn, const char *file)
{
	int64_t limit = fusectl_number(conn->connection, file);

	if (limit != UINT32_MAX)
		view_number(v, file, limit);
	else if (v->json)
		view_number(v, file, -1);
	else
		view_text(v, file, "none, as the connection is over");
}

bool info_needs_recovery(const struct conn *conn)
{
	enum conn_state state = census_state(conn);

	return state != CONN_SERVING && state != CONN_UNKNOWN && (state != CONN_STARTING || census_waited(conn));
}

/* What to do about a mount that does not answer. */
static void show_next_step(struct view *v, const struct table_row *row, const struct conn *conn)
{
	if (census_state(conn) == CONN_STOPPED && conn->pid) {
		view_label(v, "to_resume");
		out_fmt(v->out, "kill -CONT %d\n", conn->pid);
	}
	if (census_state(conn) == CONN_HUNG) {
		view_label(v, "to_keep");
		out_fmt(v->out, "fumount --wake %s\n", row->mountpoint);
	}
	if (info_needs_recovery(conn)) {
		view_label(v, "to_clear");
		out_fmt(v->out, "fumount -R %s\n", row->mountpoint);
	}
}

void info_conn(struct view *v, const struct census *c, const struct conn *conn)
{
	view_number(v, "connection", (int64_t)conn->connection);
	show_server(v, c, conn);
	show_keeper(v, conn);
	if (conn->waiting < 0 && !v->json)
		view_text(v, "waiting", "not visible to this user");
	else
		view_number(v, "waiting", conn->waiting);
	show_waited(v, conn);
	show_limit(v, conn, "max_background");
	show_limit(v, conn, "congestion_threshold");
}

void info_mount(struct view *v, const struct table_row *row, const struct census *c,
		const char *pid, bool around)
{
	const struct conn *conn = census_find(c, table_connection(row));
	char device[32];
	struct out out = OUT_TEXT(device);

	out_fmt(&out, "%u:%u", row->major, row->minor);
	if (v->json)
		view_text(v, "mountpoint", row->mountpoint);
	else
		out_fmt(v->out, "%s\n", row->mountpoint);
	info_state(v, conn);
	view_text(v, "type", row->type);
	view_text(v, "source", row->source);
	view_text(v, "options", row->options);
	view_text(v, "fs_options", row->super);
	show_owner(v, row);
	view_number(v, "mount_id", (int64_t)row->id);
	view_number(v, "parent_id", (int64_t)row->parent);
	view_text(v, "propagation", *row->propagation ? row->propagation : "private");
	view_text(v, "device", out_text(&out));
	info_conn(v, c, conn);
	if (around) {
		info_keepers(v, row, conn);
		info_binds(v, row, !pid);
	}
	if (!v->json)
		show_next_step(v, row, conn);
}
