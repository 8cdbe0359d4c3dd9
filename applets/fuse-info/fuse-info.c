/* fuse-info: show the kernel's FUSE features, the FUSE mounts, their servers, and which hang. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "health/fusectl.h"
#include "fuse_info.h"
#include "msg.h"
#include "proc/proc.h"
#include "sys.h"

struct args {
	bool list, kernel, json, all;
	const char *stuck, *watch, *namespace;
};

static const struct opt options[] = {
	OPT('l', "list", OPT_FLAG, struct args, list, NULL, "only the mounts, without searching for servers"),
	OPT('k', "kernel", OPT_FLAG, struct args, kernel, NULL, "only the kernel, with every flag of INIT"),
	OPT('A', "all-namespaces", OPT_FLAG, struct args, all, NULL, "the mounts of all mount namespaces"),
	OPT('N', "namespace", OPT_STRING, struct args, namespace, "PID", "the mounts of this process's mount namespace"),
	OPT(0, "stuck", OPT_MAYBE, struct args, stuck, "SECONDS", "only where requests wait that long (1); status 1 if there is one"),
	OPT(0, "watch", OPT_MAYBE, struct args, watch, "SECONDS", "repeat every SECONDS (2)"),
	OPT(0, "json", OPT_FLAG, struct args, json, NULL, "print JSON"),
	OPT_END
};

/* ---- The table ---- */

struct info {
	const struct args *args;
	struct view *view;
	struct census census;
	const char *pid;	/* a process of the mount namespace to show; NULL: this process */
	bool quick;		/* -l: do not look for servers */
	int type, source, server;	/* widths of these columns */
	int shown, mounts;
};

static void widen(int *width, const char *text)
{
	char cell[VIEW_CELL];
	int n = view_columns(view_fitted(text, 0, false, cell));

	if (n > *width)
		*width = n;
}

static int measure_row(const struct table_row *row, void *data)
{
	struct info *i = data;

	if (!table_is_fuse(row))
		return 0;
	i->mounts++;
	widen(&i->type, row->type);
	widen(&i->source, row->source);
	return i->quick ? 0 : census_add(&i->census, table_connection(row));
}

static const char *guess_state(const struct table_row *row, int64_t waiting)
{
	return waiting < 0 ? "unknown" : waiting ? "waiting"
	       : fusectl_is_over(table_connection(row)) ? "dead" : "idle";
}

static const char *number_text(int64_t number, char text[24])
{
	struct out out = { .buf = text, .size = 24, .fd = -1 };

	if (number < 0)
		out_char(&out, '?');
	else
		out_fmt(&out, "%llu", (unsigned long long)number);
	return out_text(&out);
}

/* Whether the terminal is too narrow for all columns. */
static bool is_narrow(const struct view *v)
{
	return v->width && v->width < 110;
}

static void show_server(struct info *i, const struct conn *conn)
{
	struct proc_facts facts;
	char text[32], age[24], cell[VIEW_CELL];
	struct out out = OUT_TEXT(text);

	if (!conn->pid || proc_facts(conn->pid, &facts) < 0) {
		out_char(&out, i->census.hidden && !conn->pid && !conn->over ? '?' : '-');
		age[0] = '\0';
	} else {
		out_fmt(&out, "%d %s", conn->pid, facts.command);
		info_age(facts.age, age);
	}
	view_put(i->view->out, view_fitted(out_text(&out), i->server, false, cell), i->server);
	if (!is_narrow(i->view))
		view_put(i->view->out, age, 11);
}

static void show_line(struct info *i, const struct table_row *row, const struct conn *conn, int64_t waiting)
{
	struct out *out = i->view->out;
	int used = 9 + 5 + 6 + (i->quick ? 8 : i->server + 1 + (is_narrow(i->view) ? 0 : 12)), left;
	char text[24], cell[VIEW_CELL];

	view_state(i->view, conn ? census_state_name(census_state(conn)) : guess_state(row, waiting), 9);
	view_put(out, number_text(waiting, text), 4);
	view_put(out, number_text((int64_t)table_connection(row), text), 5);
	if (conn)
		show_server(i, conn);
	else
		view_put(out, number_text((int64_t)row->id, text), 7);
	view_put(out, view_fitted(row->type, i->type, false, cell), i->type);
	view_put(out, view_fitted(row->source, i->source, false, cell), i->source);
	left = i->view->width - used - i->type - i->source - 2;
	if (left > 8) {
		view_put(out, view_fitted(row->mountpoint, left, true, cell), 0);
		out->len--;	/* the blank that view_put() adds */
		out_char(out, '\n');
	} else {	/* not a terminal, or too narrow to shorten the path */
		out_fmt(out, "%s\n", row->mountpoint);
	}
}

static void show_quick_json(struct json *json, const struct table_row *row, int64_t waiting)
{
	json_text(json, "mountpoint", row->mountpoint);
	json_text(json, "state", guess_state(row, waiting));
	json_number(json, "waiting", waiting);
	json_number(json, "connection", (int64_t)table_connection(row));
	json_number(json, "mount_id", (int64_t)row->id);
	json_text(json, "type", row->type);
	json_text(json, "source", row->source);
}

static int parse_seconds(const char *text, int otherwise)
{
	uint64_t n = 0;

	return !*text ? otherwise : opt_number(text, 1000000, &n) == 0 ? (int)n : -1;
}

/* --stuck selects a server that is known not to answer; with 0 seconds, any waiting request. */
static bool is_stuck(const struct info *i, const struct conn *conn)
{
	enum conn_state state = census_state(conn);

	return parse_seconds(i->args->stuck, 1) == 0 ? conn->waiting > 0
	       : census_waited(conn) && state != CONN_UNKNOWN && state != CONN_SERVING;
}

static int show_row(const struct table_row *row, void *data)
{
	struct info *i = data;
	const struct conn *conn = i->quick ? NULL : census_find(&i->census, table_connection(row));
	int64_t waiting;

	/* A mount made since the census was taken has no entry there. */
	if (!table_is_fuse(row) || (!i->quick && !conn) || (i->args->stuck && !(conn && is_stuck(i, conn))))
		return 0;
	i->shown++;
	waiting = conn ? conn->waiting : fusectl_waiting(table_connection(row));
	if (!i->view->json) {
		show_line(i, row, conn, waiting);
		return 0;
	}
	json_open(i->view->json, NULL, '{');
	if (i->pid)
		json_text(i->view->json, "namespace_of", i->pid);
	if (conn)
		info_mount(i->view, row, &i->census, i->pid, false);
	else
		show_quick_json(i->view->json, row, waiting);
	json_close(i->view->json, '}');
	return 0;
}

static void show_heading(struct info *i)
{
	struct out *out = i->view->out;

	int most = i->view->width / 6;	/* leave room for the mountpoint */

	if (most) {
		i->type = i->type < most ? i->type : most;
		i->source = i->source < most ? i->source : most;
	}
	i->type = i->type > 4 ? i->type : 4;
	i->source = i->source > 6 ? i->source : 6;
	i->server = is_narrow(i->view) ? 14 : 22;
	if (i->view->json || !i->mounts)
		return;
	out_fmt(out, "%-9s%-5s%-6s", "STATE", "WAIT", "CONN");
	if (i->quick)
		out_fmt(out, "%-8s", "MOUNT");
	else
		out_fmt(out, "%-*s ", i->server, "SERVER");
	if (!i->quick && !is_narrow(i->view))
		out_fmt(out, "%-12s", "AGE");
	out_fmt(out, "%-*s %-*s %s\n", i->type, "TYPE", i->source, "SOURCE", "MOUNTPOINT");
}

static int report_table_error(const struct info *i, int err)
{
	char path[48];
	struct out out = OUT_TEXT(path);

	if (i->pid && err == -ENOENT && proc_mounted())
		return msg_errno(1, i->pid, -ESRCH);
	out_fmt(&out, "/proc/%s/mountinfo", i->pid ? i->pid : "self");
	return msg_errno(1, out_text(&out), err);
}

/* ---- Mount namespaces ---- */

struct spaces { struct info *info; int (*fn)(const struct table_row *, void *); uint64_t own; };

static int has_fuse(const struct table_row *row, void *data)
{
	(void)data;
	return table_is_fuse(row);
}

static int visit_namespace(uint64_t number, int pid, void *data)
{
	struct spaces *s = data;
	struct view *v = s->info->view;
	char text[12], command[16];
	struct out out = OUT_TEXT(text);

	out_fmt(&out, "%d", pid);
	if (number == s->own || table_each(out_text(&out), has_fuse, NULL) <= 0)
		return 0;
	if (s->fn == show_row && !v->json) {
		proc_command(pid, command);
		out_fmt(v->out, "in the mount namespace %llu, of %d (%s):\n", (unsigned long long)number,
			pid, command);
	}
	s->info->pid = text;
	table_each(text, s->fn, s->info);
	s->info->pid = NULL;
	return 0;
}

/* Call fn for each mount of the selected mount namespaces. */
static int each_mount(struct info *i, int (*fn)(const struct table_row *, void *))
{
	struct spaces s = { i, fn, proc_namespace() };
	bool hidden = false;
	int err = table_each(i->pid, fn, i);

	if (!err && i->args->all) {
		err = proc_each_namespace(visit_namespace, &s, &hidden);
		if (hidden && fn == show_row && !i->view->json)
			msg("other mount namespaces cannot all be seen by this user");
	}
	return err;
}

/* ---- Output ---- */

static int show_table(struct info *i)
{
	int err = each_mount(i, measure_row);

	if (!err && !i->quick)
		census_look(&i->census, i->args->stuck ? parse_seconds(i->args->stuck, 1) * 1000 : WATCH_MS);
	if (!err) {
		show_heading(i);
		err = each_mount(i, show_row);
	}
	if (!err && !i->view->json && !i->mounts)
		out_str(i->view->out, "no FUSE file system is mounted\n");
	census_free(&i->census);
	return err ? report_table_error(i, err) : i->args->stuck && i->shown;
}

static int show_all(const struct args *args, struct view *v, char **targets)
{
	struct info info = { .args = args, .view = v, .quick = args->list && !args->stuck, .pid = args->namespace };
	int status = info.pid ? table_each(info.pid, has_fuse, NULL) : 0;

	if (status < 0)
		return report_table_error(&info, status);
	status = 0;
	if (v->json)
		json_open(v->json, NULL, '{');
	if (args->kernel || (!*targets && !args->list && !args->stuck)) {
		if (v->json)
			json_open(v->json, "kernel", '{');
		info_kernel(v, args->kernel);
		if (v->json)
			json_close(v->json, '}');
		else if (!args->kernel)
			out_char(v->out, '\n');
	}
	if (v->json && !args->kernel)
		json_open(v->json, "mounts", '[');
	if (!args->kernel && !*targets)
		status = show_table(&info);
	for (; *targets; targets++)
		status |= info_target(v, *targets);
	if (v->json && !args->kernel)
		json_close(v->json, ']');
	if (v->json) {
		json_close(v->json, '}');
		out_char(v->out, '\n');
	}
	return msg_flush(v->out) ? 1 : status;
}

/* Use colours on a terminal unless NO_COLOR is set: https://no-color.org. */
static bool wants_colour(int width)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return width && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static const char *find_contradiction(const struct args *a, char **operands)
{
	if (a->kernel + a->list + (*operands != NULL) > 1)
		return "one of -k, -l and TARGET";
	if (a->namespace && (a->all || *operands))
		return "-N goes without -A and TARGET";
	if ((a->stuck && parse_seconds(a->stuck, 1) < 0) || (a->watch && parse_seconds(a->watch, 2) < 0))
		return "not a number of seconds";
	return a->stuck && (*operands || a->kernel) ? "--stuck goes without TARGET and -k" : NULL;
}

static int fuse_info_main(char **argv)
{
	static char text[16 * 1024];
	struct out out = OUT_FD(text, 1);
	struct json json;
	struct args args = { .list = false };
	struct opt_rest rest;
	struct view v;
	const char *why;
	int status;

	if (!applet_parse(options, &args, argv, &rest))
		return 1;
	why = find_contradiction(&args, rest.operands);
	if (why)
		return applet_usage(why);
	out.escape = !args.json;
	for (;;) {
		json = (struct json) { .out = &out };
		v = (struct view) { .out = &out, .json = args.json ? &json : NULL, .width = sys_terminal_width(1) };
		v.colour = !args.json && wants_colour(v.width);
		if (args.watch && v.width)
			out_str(&out, "\033[H\033[2J");
		status = show_all(&args, &v, rest.operands);
		if (!args.watch || out.error)
			return status;
		sys_sleep_ms(parse_seconds(args.watch, 2) * 1000);
	}
}

#define MORE "TARGET: a mountpoint, a path in one, conn:N, mnt-id:N, or the source of a mount\n\n" \
	"Examples:\n" \
	"  fuse-info                which mounts there are, and their states\n" \
	"  fuse-info --stuck=10     which servers have not answered for 10 seconds\n" \
	"Exit status: 0: shown; 1: usage or failure; with --stuck: 1: there are some; 2: failure\n"

APPLET(fuse_info, "fuse-info", "usr/bin", "[TARGET...]", "what is mounted, who serves it, what hangs", options, MORE)
