/* SPDX-License-Identifier: MIT */
/* list: see list.h. */
#include "list.h"

#include <errno.h>

#include "cli/match.h"
#include "fuse_info.h"
#include "health/fusectl.h"
#include "msg.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "sys.h"
#include "unmounted.h"

struct list {
	const struct list_choice *choice;
	struct view *view;
	struct census census;
	const char *pid;	/* a process of the mount namespace to show; NULL: this process */
	bool quick;		/* -l: do not look for servers */
	struct columns columns;
	struct unmounted unmounted;
	bool looked;		/* for unmounted connections */
	int shown, mounts;
	bool hidden;		/* fusectl did not show this user how many requests wait */
	unsigned int bad;	/* states that were shown and need a step, by bit */
};

/* The texts in the row of a connection that is not mounted here. */
static const char no_text[] = "-";

static bool is_wanted(const struct list *i, const struct table_row *row)
{
	bool chosen = !i->choice->id_count && !i->choice->unmounted_count;

	if (row->mountpoint == no_text)
		return true;
	for (int n = 0; n < i->choice->id_count; n++)
		chosen |= i->choice->ids[n] == row->id;
	return chosen && table_is_fuse(row) && (!i->choice->types || match_type(i->choice->types, row->type));
}

static int take_census(const struct table_row *row, void *data)
{
	struct list *i = data;

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

/* --stuck selects a server that is known not to answer; with 0 seconds, any waiting request. */
static bool is_stuck(const struct list *i, const struct conn *conn)
{
	enum conn_state state = census_state(conn);

	return info_seconds(i->choice->stuck, 1) == 0 ? conn->waiting > 0
	       : census_waited(conn) && state != CONN_UNKNOWN && state != CONN_SERVING;
}

/* Fills in *line for a mount. Returns whether the table shows that mount. */
static bool take_line(const struct list *i, const struct table_row *row, struct line *line)
{
	const struct conn *conn = i->quick ? NULL : census_find(&i->census, table_connection(row));

	/* A mount made since the census was taken has no entry there. */
	if (!is_wanted(i, row) || (!i->quick && !conn) || (i->choice->stuck && !(conn && is_stuck(i, conn))))
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
	struct list *i = data;
	struct line line;

	if (take_line(i, row, &line))
		columns_measure(&i->columns, &line);
	return 0;
}

static int show_row(const struct table_row *row, void *data)
{
	struct list *i = data;
	struct line line;

	if (!take_line(i, row, &line))
		return 0;
	i->shown++;
	i->hidden |= line.conn && line.conn->waiting < 0;
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

void list_report_error(const char *pid, int err)
{
	char path[48];

	text_fmt(path, sizeof(path), "/proc/%s/mountinfo", pid ? pid : "self");
	if (pid && err == -ENOENT && proc_mounted())
		msg_errno(1, pid, -ESRCH);
	else if (err == -ENODATA)
		msg("--stuck: how many requests wait is not visible to this user; run it as root");
	else
		msg_errno(1, path, err);
}

/* ---- Mount namespaces ---- */

struct spaces { struct list *list; int (*fn)(const struct table_row *, void *); uint64_t own; };

static int has_fuse(const struct table_row *row, void *data)
{
	(void)data;
	return table_is_fuse(row);
}

static int visit_namespace(uint64_t number, int pid, void *data)
{
	struct spaces *s = data;
	struct view *v = s->list->view;
	char text[12], command[16];

	if (number == s->own || table_each(read_name(pid, text), has_fuse, NULL) <= 0)
		return 0;
	if (s->fn == show_row && !v->json && !s->list->choice->no_headings && !s->list->columns.raw) {
		proc_command(pid, command);
		out_fmt(v->out, "in the mount namespace %llu, of %d (%s):\n", (unsigned long long)number,
			pid, command);
	}
	s->list->pid = text;
	table_each(text, s->fn, s->list);
	s->list->pid = NULL;
	return 0;
}

static int each_unmounted(struct list *i, int (*fn)(const struct table_row *, void *))
{
	int err = 0;

	for (int n = 0; n < i->choice->unmounted_count && !err; n++) {
		static struct table_row row;

		row = unmounted_row(i->choice->unmounted_ids[n]);
		row.mountpoint = row.type = row.source = no_text;
		err = fn(&row, i);
	}
	return err;
}

/* Call fn for each mount of the selected mount namespaces, and for each connection that is not mounted. */
static int each_mount(struct list *i, int (*fn)(const struct table_row *, void *))
{
	struct spaces s = { i, fn, proc_namespace() };
	bool hidden = false;
	int err = table_each(i->pid, fn, i);

	if (!err)
		err = each_unmounted(i, fn);
	if (!err && i->choice->all) {
		err = proc_each_namespace(visit_namespace, &s, &hidden);
		if (hidden && fn == show_row && !i->view->json)
			msg("some mount namespaces are not visible to this user");
	}
	return err;
}

/* ---- Output ---- */

static void show_next_steps(const struct list *i)
{
	struct out *out = i->view->out;

	if (i->bad || i->hidden)
		out_char(out, '\n');
	if (i->hidden)
		out_str(out, "WAIT ?: not visible to this user; run fuse-info as root\n");
	if (i->bad & 1u << CONN_STOPPED)
		out_str(out, "stopped: kill -CONT PID resumes the server\n");
	if (i->bad)
		out_str(out, "fumount -R MOUNTPOINT clears a mount that does not answer\n");
}

static void show_progress(int milliseconds)
{
	char text[64];
	struct out out = OUT_FD(text, 2);

	out_fmt(&out, "\rfuse-info: %d s\033[K\r", milliseconds / 1000);
	out_flush(&out);
}

static void look(struct list *i)
{
	int milliseconds = i->choice->stuck ? info_seconds(i->choice->stuck, 1) * 1000 : WATCH_MS;

	if (milliseconds > WATCH_MS && sys_terminal_width(2))
		i->census.progress = show_progress;
	census_look(&i->census, milliseconds);
	if (i->census.progress)
		sys_write_all(2, "\033[K", 3);
}

/* Whether --stuck has found nothing where it may only not have seen it. */
static bool is_blind(const struct list *i)
{
	for (size_t n = 0; i->choice->stuck && !i->shown && n < i->census.count; n++)
		if (i->census.conns[n].waiting < 0)
			return true;
	return false;
}

static int show_table(struct list *i)
{
	const struct list_choice *choice = i->choice;
	int err = each_mount(i, take_census);

	i->looked = !err && choice->unmounted;
	if (i->looked)
		unmounted_find(&i->unmounted, &i->census);
	if (!err && !i->quick)
		look(i);
	if (!err && !i->view->json)
		err = each_mount(i, measure_row);
	columns_fit(&i->columns, i->view->width);
	if (!err) {
		if (!i->view->json && i->mounts && !choice->no_headings)
			columns_show_heading(&i->columns, i->view);
		err = each_mount(i, show_row);
	}
	if (!err && !i->view->json && !i->mounts && !choice->no_headings)
		out_str(i->view->out, choice->types ? "no mount has such a type\n" : "no FUSE file system is mounted\n");
	if (!err && !i->view->json && !choice->no_headings && !choice->columns.chosen && !choice->columns.raw)
		show_next_steps(i);
	return err ? err : is_blind(i) ? -ENODATA : i->shown;
}

static struct list list;	/* list_finish() goes on with it */

int list_show(const struct list_choice *choice, struct view *view)
{
	list = (struct list) { .choice = choice, .view = view, .quick = choice->list && !choice->stuck,
			       .pid = choice->namespace, .columns = choice->columns };
	return show_table(&list);
}

void list_finish(struct view *view)
{
	if (list.looked)
		unmounted_show(&list.unmounted, view, &list.census);
	unmounted_free(&list.unmounted);
	census_free(&list.census);
	list.looked = false;
}

int list_check(const struct list_choice *choice)
{
	int result = choice->namespace ? table_each(choice->namespace, has_fuse, NULL) : 0;

	return result < 0 ? result : 0;
}
