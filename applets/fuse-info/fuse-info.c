/* SPDX-License-Identifier: MIT */
/* fuse-info: show the kernel's FUSE features, the FUSE mounts, their servers, and which hang. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "health/fusectl.h"
#include "columns.h"
#include "cli/match.h"
#include "fuse_info.h"
#include "metrics.h"
#include "msg.h"
#include "proc/proc.h"
#include "sys.h"
#include "trace.h"
#include "unmounted.h"

struct args {
	bool list, kernel, json, all, no_headings, metrics;
	const char *stuck, *watch, *namespace, *types, *inside;
	struct opt_set choose;
	struct columns columns;
	struct trace_choice trace;
};

static const struct opt options[] = {
	OPT('l', "list", OPT_FLAG, struct args, list, NULL, "only the mounts, without searching for servers"),
	OPT('k', "kernel", OPT_FLAG, struct args, kernel, NULL, "only the kernel, with every flag of INIT"),
	OPT('A', "all-namespaces", OPT_FLAG, struct args, all, NULL, "the mounts of all mount namespaces"),
	OPT('N', "namespace", OPT_STRING, struct args, namespace, "PID", "the mounts of this process's mount namespace"),
	OPT('t', "types", OPT_STRING, struct args, types, "TYPES", "only these types: fuse.a,fuse.b; nofuse.a: all others"),
	OPT('T', "inside", OPT_STRING, struct args, inside, "PATH", "the mount that this path is in"),
	OPT('o', "columns", OPT_CALL, struct args, choose, "COLUMNS", "these columns, such as state,mountpoint"),
	OPT('r', "raw", OPT_FLAG, struct args, columns.raw, NULL, "one word for each column, for awk"),
	OPT('n', "no-headings", OPT_FLAG, struct args, no_headings, NULL, "no heading"),
	OPT(0, "stuck", OPT_MAYBE, struct args, stuck, "SECONDS", "only mounts that do not answer for so long (1)"),
	OPT(0, "watch", OPT_MAYBE, struct args, watch, "SECONDS", "repeat every SECONDS (2)"),
	OPT(0, "trace", OPT_MAYBE, struct args, trace.trace, "SECONDS", "each request to TARGET: who, what, how long (until ^C)"),
	OPT(0, "trace-ops", OPT_STRING, struct args, trace.operations, "LIST", "with --trace: only these, such as LOOKUP,READ"),
	OPT(0, "trace-pid", OPT_NUMBER, struct args, trace.pid, "PID", "with --trace: only requests of this process"),
	OPT(0, "slower", OPT_NUMBER, struct args, trace.slower, "MS", "with --trace: only those that took so long"),
	OPT(0, "top", OPT_MAYBE, struct args, trace.top, "SECONDS", "requests by operation: how many, how slow, in so long (2)"),
	OPT(0, "metrics", OPT_FLAG, struct args, metrics, NULL, "for Prometheus: node_exporter's textfile collector"),
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
	struct columns columns;
	struct unmounted unmounted;
	bool looked;		/* for unmounted connections */
	int shown, mounts;
	unsigned int bad;	/* states that were shown and need a step, by bit */
};

static bool is_wanted(const struct info *i, const struct table_row *row)
{
	return table_is_fuse(row) && (!i->args->types || match_type(i->args->types, row->type));
}

static int take_census(const struct table_row *row, void *data)
{
	struct info *i = data;

	if (!is_wanted(i, row))
		return 0;
	i->mounts++;
	return i->quick ? 0 : census_add(&i->census, table_connection(row));
}

static const char *guess_state(const struct table_row *row, int64_t waiting)
{
	return waiting < 0 ? "unknown" : waiting ? "waiting"
	       : fusectl_is_over(table_connection(row)) ? "dead" : "idle";
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

	return !*text ? otherwise : opt_number(text, 2000000, &n) == 0 ? (int)n : -1;
}

/* --stuck selects a server that is known not to answer; with 0 seconds, any waiting request. */
static bool is_stuck(const struct info *i, const struct conn *conn)
{
	enum conn_state state = census_state(conn);

	return parse_seconds(i->args->stuck, 1) == 0 ? conn->waiting > 0
	       : census_waited(conn) && state != CONN_UNKNOWN && state != CONN_SERVING;
}

/* Fills the line of a mount. Returns whether it is to be shown. */
static bool take_line(const struct info *i, const struct table_row *row, struct line *line)
{
	const struct conn *conn = i->quick ? NULL : census_find(&i->census, table_connection(row));

	/* A mount made since the census was taken has no entry there. */
	if (!is_wanted(i, row) || (!i->quick && !conn) || (i->args->stuck && !(conn && is_stuck(i, conn))))
		return false;
	line->row = row;
	line->conn = conn;
	line->waiting = conn ? conn->waiting : fusectl_waiting(table_connection(row));
	line->state = conn ? census_state_name(census_state(conn)) : guess_state(row, line->waiting);
	line->hidden = conn && i->census.hidden && !conn->pid && !conn->over;
	return true;
}

static int measure_row(const struct table_row *row, void *data)
{
	struct info *i = data;
	struct line line;

	if (take_line(i, row, &line))
		columns_measure(&i->columns, &line);
	return 0;
}

static int show_row(const struct table_row *row, void *data)
{
	struct info *i = data;
	struct line line;

	if (!take_line(i, row, &line))
		return 0;
	i->shown++;
	if (line.conn && info_needs_recovery(line.conn))
		i->bad |= 1u << census_state(line.conn);
	if (!i->view->json) {
		columns_show(&i->columns, i->view, &line);
		return 0;
	}
	json_open(i->view->json, NULL, '{');
	if (i->pid)
		json_text(i->view->json, "namespace_of", i->pid);
	if (line.conn)
		info_mount(i->view, row, &i->census, i->pid, false);
	else
		show_quick_json(i->view->json, row, line.waiting);
	json_close(i->view->json, '}');
	return 0;
}

static void report_table_error(const struct info *i, int err)
{
	char path[48];
	struct out out = OUT_TEXT(path);

	out_fmt(&out, "/proc/%s/mountinfo", i->pid ? i->pid : "self");
	if (i->pid && err == -ENOENT && proc_mounted())
		msg_errno(1, i->pid, -ESRCH);
	else
		msg_errno(1, out_text(&out), err);
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
			msg("some mount namespaces are not visible to this user");
	}
	return err;
}

/* ---- Output ---- */

static void show_next_steps(const struct info *i)
{
	struct out *out = i->view->out;

	if (i->bad)
		out_char(out, '\n');
	if (i->bad & 1u << CONN_STOPPED)
		out_str(out, "stopped: kill -CONT PID resumes the server\n");
	if (i->bad)
		out_str(out, "fumount -R MOUNTPOINT clears a mount that does not answer\n");
}

/* --stuck tells a failure (2) from a finding (1). */
static int failure(const struct args *args)
{
	return args->stuck ? 2 : 1;
}

static void show_progress(int milliseconds)
{
	char text[64];
	struct out out = OUT_FD(text, 2);

	out_fmt(&out, "\rfuse-info: %d s\033[K\r", milliseconds / 1000);
	out_flush(&out);
}

static void look(struct info *i)
{
	int milliseconds = i->args->stuck ? parse_seconds(i->args->stuck, 1) * 1000 : WATCH_MS;

	if (milliseconds > WATCH_MS && sys_terminal_width(2))
		i->census.progress = show_progress;
	census_look(&i->census, milliseconds);
	if (i->census.progress)
		sys_write_all(2, "\033[K", 3);
}

/* What programs read has no line about the kernel before it. */
static bool shows_table_alone(const struct args *args)
{
	return args->list || args->stuck || args->no_headings || args->columns.chosen || args->columns.raw || args->types;
}

/* Connections that are mounted nowhere are in no mount namespace of a process, either. */
static bool shows_unmounted(const struct args *args)
{
	return !shows_table_alone(args) && !args->namespace;
}

static int show_table(struct info *i)
{
	int err = each_mount(i, take_census);

	i->looked = !err && shows_unmounted(i->args);
	if (i->looked)
		unmounted_find(&i->unmounted, &i->census);
	if (!err && !i->quick)
		look(i);
	if (!err && !i->view->json)
		err = each_mount(i, measure_row);
	columns_fit(&i->columns, i->view->width);
	if (!err) {
		if (!i->view->json && i->mounts && !i->args->no_headings)
			columns_show_heading(&i->columns, i->view);
		err = each_mount(i, show_row);
	}
	if (!err && !i->view->json && !i->mounts && !i->args->no_headings)
		out_str(i->view->out, i->args->types ? "no mount has such a type\n" : "no FUSE file system is mounted\n");
	if (!err && !i->view->json && !i->args->no_headings && !i->args->columns.chosen && !i->args->columns.raw)
		show_next_steps(i);
	if (err)
		report_table_error(i, err);
	return err ? failure(i->args) : i->args->stuck && i->shown;
}

static int show_all(const struct args *args, struct view *v, char **targets)
{
	struct info info = { .args = args, .view = v, .quick = args->list && !args->stuck, .pid = args->namespace,
			     .columns = args->columns };
	int status = info.pid ? table_each(info.pid, has_fuse, NULL) : 0;

	if (status < 0) {
		report_table_error(&info, status);
		return failure(args);
	}
	status = 0;
	if (v->json)
		json_open(v->json, NULL, '{');
	if (args->kernel || (!*targets && !args->inside && !shows_table_alone(args))) {
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
	if (!args->kernel && !*targets && !args->inside)
		status = show_table(&info);
	if (args->inside)
		status = info_target(v, args->inside, true);
	for (; *targets; targets++)
		if (!unmounted_show_target(v, *targets))
			status |= info_target(v, *targets, false);
	if (v->json && !args->kernel)
		json_close(v->json, ']');
	if (info.looked)
		unmounted_show(&info.unmounted, v, &info.census);
	unmounted_free(&info.unmounted);
	census_free(&info.census);
	if (v->json) {
		json_close(v->json, '}');
		out_char(v->out, '\n');
	}
	return msg_flush(v->out) ? failure(args) : status;
}

static int show_metrics(const struct args *args, struct view *v)
{
	int err = metrics_show(v->out, args->namespace, args->all);

	if (!err)
		return msg_flush(v->out);
	report_table_error(&(struct info) { .pid = args->namespace }, err);
	return 1;
}

/* Use colours on a terminal unless NO_COLOR is set: https://no-color.org. */
static bool wants_colour(int width)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return width && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static const char *find_contradiction(const struct args *a, char **operands)
{
	bool target = *operands || a->inside;
	bool other = a->kernel || a->list || a->stuck || a->namespace || a->inside || shows_table_alone(a);
	const char *why = trace_contradiction(&a->trace, operands, a->all, a->watch, other);

	if (why)
		return why;
	if (a->metrics && (target || a->kernel || a->watch || a->json || a->trace.trace || a->trace.top || shows_table_alone(a)))
		return "--metrics goes with -A and -N only";
	if (a->kernel + a->list + target > 1)
		return "-k, -l and TARGET exclude each other";
	if (a->namespace && (a->all || target))
		return "-N excludes -A and TARGET";
	if ((a->stuck && parse_seconds(a->stuck, 1) < 0) || (a->watch && parse_seconds(a->watch, 2) <= 0))
		return "not a whole number of seconds";
	return a->stuck && (target || a->kernel) ? "--stuck excludes TARGET and -k" : NULL;
}

/* Separates the rounds of --watch in a file or pipe: "---- 2026-11-28 10:30:00 UTC". */
static void put_time(struct out *out)
{
	uint64_t now = (uint64_t)sys_today(), seconds = now % 86400;
	/* Years begin in March here, so that a leap day is the last of its year. */
	uint64_t day = now / 86400 + 719468, of_era = day % 146097;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	unsigned int number = (unsigned int)(month < 10 ? month + 3 : month - 9);

	out_fmt(out, "---- %u-%02u-%02u %02u:%02u:%02u UTC\n",
		(unsigned int)(year + day / 146097 * 400) + (number < 3), number,
		(unsigned int)(of_year - (153 * month + 2) / 5 + 1), (unsigned int)(seconds / 3600),
		(unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60));
}

static const char *choose_columns(void *columns, char *value, const char **bad)
{
	return columns_choose(columns, value, bad);
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

	args.choose = (struct opt_set) { choose_columns, &args.columns };
	if (!applet_parse(options, &args, argv, &rest))
		return failure(&args);
	why = find_contradiction(&args, rest.operands);
	if (why) {
		applet_usage(why);
		return failure(&args);
	}
	if (!args.columns.chosen)
		columns_default(&args.columns, !args.list || args.stuck);
	out.escape = !args.json;
	for (;;) {
		json = (struct json) { .out = &out };
		v = (struct view) { .out = &out, .json = args.json ? &json : NULL, .width = sys_terminal_width(1) };
		if (args.trace.trace || args.trace.top)
			return trace_chosen(&args.trace, &v, rest.operands[0], args.watch);
		if (args.metrics)
			return show_metrics(&args, &v);
		v.colour = !args.json && wants_colour(v.width);
		if (args.watch && v.width)
			out_str(&out, "\033[H\033[2J");
		else if (args.watch && !args.json)
			put_time(&out);
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
