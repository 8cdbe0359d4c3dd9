/* SPDX-License-Identifier: MIT */
/* fuse-info: show the kernel's FUSE features, the FUSE mounts, their servers, and which hang. */
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "fuse_info.h"
#include "list.h"
#include "metrics.h"
#include "msg.h"
#include "sys.h"
#include "trace.h"
#include "unmounted.h"

struct args {
	bool kernel, json, metrics;
	const char *watch, *inside;
	struct opt_set choose;
	struct list_choice table;
	struct trace_choice trace;
};

static const struct opt options[] = {
	OPT('l', "list", OPT_FLAG, struct args, table.list, "", "only the mounts, without searching for servers"),
	OPT('k', "kernel", OPT_FLAG, struct args, kernel, "", "only the kernel, with every flag of INIT"),
	OPT('A', "all-namespaces", OPT_FLAG, struct args, table.all, "", "the mounts of all mount namespaces"),
	OPT('N', "namespace", OPT_STRING, struct args, table.namespace, "PID", "the mounts of this process's mount namespace"),
	OPT('t', "types", OPT_STRING, struct args, table.types, "TYPES", "only these types: fuse.a,fuse.b; nofuse.a: all others"),
	OPT('T', "inside", OPT_STRING, struct args, inside, "PATH", "the mount that this path is in"),
	OPT('o', "columns", OPT_CALL, struct args, choose, "COLUMNS", "these columns, such as state,mountpoint"),
	OPT('r', "raw", OPT_FLAG, struct args, table.columns.raw, "", "one word for each column, for awk"),
	OPT('n', "no-headings", OPT_FLAG, struct args, table.no_headings, "", "no heading"),
	OPT(0, "stuck", OPT_MAYBE, struct args, table.stuck, "SECONDS", "only mounts that do not answer for so long (1)"),
	OPT(0, "watch", OPT_MAYBE, struct args, watch, "SECONDS", "repeat every SECONDS (2)"),
	OPT(0, "trace", OPT_MAYBE, struct args, trace.trace, "SECONDS", "each request to TARGET: who, what, how long (until ^C)"),
	OPT(0, "trace-ops", OPT_STRING, struct args, trace.operations, "LIST", "with --trace: only these, such as LOOKUP,READ"),
	OPT(0, "trace-pid", OPT_NUMBER, struct args, trace.pid, "PID", "with --trace: only requests of this process"),
	OPT(0, "slower", OPT_NUMBER, struct args, trace.slower, "MS", "with --trace: only those that took so long"),
	OPT(0, "top", OPT_MAYBE, struct args, trace.top, "SECONDS", "requests by operation: how many, how slow, in so long (2)"),
	OPT(0, "metrics", OPT_FLAG, struct args, metrics, "", "for Prometheus: node_exporter's textfile collector"),
	OPT(0, "json", OPT_FLAG, struct args, json, "", "print JSON"),
	OPT_END
};

/* --stuck tells a failure (2) from a finding (1). */
static int failure(const struct args *args)
{
	return args->table.stuck ? 2 : 1;
}

static int report_table_error(const struct args *args, int err)
{
	list_report_error(args->table.namespace, err);
	return failure(args);
}

static int show_table(const struct args *args, struct view *v)
{
	int shown = list_show(&args->table, v);

	return shown < 0 ? report_table_error(args, shown) : args->table.stuck && shown;
}

/* Whether to leave out the line about the kernel: scripts pass these options, and read the table. */
static bool shows_table_alone(const struct list_choice *t)
{
	return t->list || t->stuck || t->no_headings || t->columns.chosen || t->columns.raw || t->types;
}

static void show_kernel(const struct args *args, struct view *v)
{
	if (v->json)
		json_open(v->json, "kernel", '{');
	info_kernel(v, args->kernel);
	if (v->json)
		json_close(v->json, '}');
	else if (!args->kernel)
		out_char(v->out, '\n');
}

/* Add the mounts that the word means to those of the table. Returns an exit status. */
static int choose_mounts(struct list_choice *t, const char *word, bool inside)
{
	enum { ROOM = sizeof(t->ids) / sizeof(*t->ids) };
	int found;

	if (!inside && t->unmounted_count < ROOM && unmounted_is(word, t->unmounted_ids + t->unmounted_count)) {
		t->unmounted_count++;
		return 0;
	}
	found = info_find(word, inside, t->ids + t->id_count, ROOM - t->id_count);
	t->id_count += found > 0 ? found : 0;
	return found < 0;
}

/* Show the mounts that -T and the words mean as a table. */
static int show_chosen_table(struct args *args, struct view *v, char **targets)
{
	int status = 0;

	args->table.id_count = args->table.unmounted_count = 0;	/* --watch looks again */
	if (args->inside)
		status = choose_mounts(&args->table, args->inside, true);
	for (; *targets; targets++)
		status |= choose_mounts(&args->table, *targets, false);
	if (args->table.id_count || args->table.unmounted_count)
		status |= show_table(args, v);
	list_finish(v);
	return status;
}

static int show_mounts(struct args *args, struct view *v, char **targets)
{
	int status = 0;

	if ((*targets || args->inside) && !v->json && shows_table_alone(&args->table))
		return show_chosen_table(args, v, targets);
	if (v->json)
		json_open(v->json, "mounts", '[');
	if (!*targets && !args->inside)
		status = show_table(args, v);
	if (args->inside)
		status = info_target(v, args->inside, true);
	for (; *targets; targets++)
		if (!unmounted_show_target(v, *targets))
			status |= info_target(v, *targets, false);
	if (v->json)
		json_close(v->json, ']');
	list_finish(v);
	return status;
}

static int show_all(struct args *args, struct view *v, char **targets)
{
	int status = 0, err = list_check(&args->table);

	if (err)
		return report_table_error(args, err);
	if (v->json)
		json_open(v->json, NULL, '{');
	if (args->kernel || (!*targets && !args->inside && !shows_table_alone(&args->table)))
		show_kernel(args, v);
	if (!args->kernel)
		status = show_mounts(args, v, targets);
	if (v->json) {
		json_close(v->json, '}');
		out_char(v->out, '\n');
	}
	return msg_flush(v->out) ? failure(args) : status;
}

static int show_metrics(const struct args *args, struct view *v)
{
	int err = metrics_show(v->out, args->table.namespace, args->table.all);

	return err ? report_table_error(args, err) : msg_flush(v->out);
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
	bool other = a->kernel || a->table.list || a->table.stuck || a->table.namespace || a->inside || shows_table_alone(&a->table);
	const char *why = trace_contradiction(&a->trace, operands, a->table.all, a->watch, other);

	if (why)
		return why;
	if (a->metrics && (target || a->kernel || a->watch || a->json || a->trace.trace || a->trace.top || shows_table_alone(&a->table)))
		return "--metrics goes with -A and -N only";
	if (a->kernel + a->table.list + target > 1)
		return "-k, -l and TARGET exclude each other";
	if (a->table.namespace && (a->table.all || target))
		return "-N excludes -A and TARGET";
	if (a->table.types && target)
		return "-t excludes TARGET";
	if ((a->table.stuck && info_seconds(a->table.stuck, 1) < 0) || (a->watch && info_seconds(a->watch, 2) <= 0))
		return "--stuck and --watch take whole seconds, --watch at least 1";
	return a->table.stuck && (target || a->kernel) ? "--stuck excludes TARGET and -k" : NULL;
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
	struct args args = { .kernel = false };
	struct opt_rest rest;
	struct view v;
	const char *why;
	int status;

	args.choose = (struct opt_set) { choose_columns, &args.table.columns };
	if (!applet_parse(options, &args, argv, &rest))
		return failure(&args);
	why = find_contradiction(&args, rest.operands);
	if (why) {
		applet_usage(why);
		return failure(&args);
	}
	args.table.unmounted = !shows_table_alone(&args.table) && !args.table.namespace;
	if (!args.table.columns.chosen)
		columns_default(&args.table.columns, !args.table.list || args.table.stuck);
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
		sys_sleep_ms(info_seconds(args.watch, 2) * 1000);
	}
}

#define MORE "TARGET: a mountpoint, a path in one, conn:N, mnt-id:N, or the source of a mount\n\n" \
	"Examples:\n" \
	"  fuse-info                which mounts there are, and their states\n" \
	"  fuse-info --stuck=10     which servers have not answered for 10 seconds\n" \
	"Exit status: 0: shown; 1: usage or failure; with --stuck: 1: there are some; 2: failure\n"

APPLET(fuse_info, "fuse-info", "usr/bin", "[TARGET...]", "what is mounted, who serves it, what hangs", options, MORE)
