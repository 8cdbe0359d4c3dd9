/* SPDX-License-Identifier: MIT */
/* columns: see columns.h. */
#include "columns.h"

#include <string.h>

#include "fuse_info.h"
#include "opt.h"
#include "proc/proc.h"

static const char names[] = "STATE|WAIT|CONN|MOUNT|SERVER|PID|COMMAND|AGE|TYPE|SOURCE|MOUNTPOINT";

static const char *name_of(int column, char text[16])
{
	const char *at = names;

	while (column--)
		at += strcspn(at, "|") + 1;
	return text_fmt(text, 16, "%.*s", (int)strcspn(at, "|"), at);
}

static void add(struct columns *c, int column)
{
	c->order[c->count++] = (uint8_t)column;
}

/* The first name of the list, in capitals. */
static const char *first_name(const char *list, char text[16])
{
	struct out out = out_in(text, 16);

	for (; *list && *list != ','; list++)
		out_char(&out, (char)(*list >= 'a' && *list <= 'z' ? *list - 'a' + 'A' : *list));
	return out_text(&out);
}

const char *columns_choose(struct columns *c, const char *list, const char **bad)
{
	char text[16];

	c->chosen = true;
	for (; *list; list = text_next_word(list)) {
		int column = opt_word(names, first_name(list, text));

		*bad = list;
		for (int i = 0; i < c->count; i++)
			column = c->order[i] == column ? -1 : column;
		if (column < 0)
			return "wanted, each once: state,wait,conn,mount,server,pid,command,age,type,source,mountpoint";
		add(c, column);
	}
	return NULL;
}

void columns_default(struct columns *c, bool servers)
{
	add(c, COLUMN_STATE);
	add(c, COLUMN_WAIT);
	add(c, COLUMN_CONN);
	if (!servers)
		add(c, COLUMN_MOUNT);
	else if (!c->raw)
		add(c, COLUMN_SERVER);
	if (servers && c->raw) {
		add(c, COLUMN_PID);
		add(c, COLUMN_COMMAND);
	}
	if (servers)
		add(c, COLUMN_AGE);
	add(c, COLUMN_TYPE);
	add(c, COLUMN_SOURCE);
	add(c, COLUMN_MOUNTPOINT);
}

/* ---- Cells ---- */

static const struct conn *known_of;	/* whose facts are known; columns_fit() forgets them */

/* The facts of a server, or NULL. They are read once for all cells of a line. */
static const struct proc_facts *facts_of(const struct conn *conn)
{
	static struct proc_facts facts;
	static bool known;

	if (conn != known_of)
		known = conn && conn->pid && proc_facts(conn->pid, &facts) == 0;
	known_of = conn;
	return known ? &facts : NULL;
}

static void put_number(struct out *out, int64_t number)
{
	if (number < 0)
		out_char(out, '?');
	else
		out_fmt(out, "%llu", (unsigned long long)number);
}

static void put_server(struct out *out, const struct line *line, int column)
{
	const struct proc_facts *facts = facts_of(line->conn);

	if (!facts)
		out_char(out, line->hidden ? '?' : '-');
	else if (column == COLUMN_PID)
		out_fmt(out, "%d", line->conn->pid);
	else if (column == COLUMN_COMMAND)
		out_str(out, facts->command);
	else
		out_fmt(out, "%d %s", line->conn->pid, facts->command);
}

static void put_age(struct out *out, const struct line *line, bool raw)
{
	const struct proc_facts *facts = facts_of(line->conn);
	int64_t age = facts ? proc_age(line->conn->pid) : -1;
	char text[24];

	if (!facts)
		out_char(out, '-');
	else if (raw || age < 0)
		put_number(out, age);
	else
		out_str(out, info_age((uint64_t)age, text));
}

/* The cell, not yet cut nor escaped. */
static const char *cell_text(const struct columns *c, const struct line *line, int column, char text[64])
{
	struct out out = out_in(text, 64);

	if (column == COLUMN_MOUNT && !line->row->id)	/* a connection that is not mounted */
		return line->row->mountpoint;
	switch (column) {
	case COLUMN_STATE:	return line->state;
	case COLUMN_TYPE:	return line->row->type;
	case COLUMN_SOURCE:	return line->row->source;
	case COLUMN_MOUNTPOINT:	return line->row->mountpoint;
	case COLUMN_WAIT:	put_number(&out, line->waiting); break;
	case COLUMN_CONN:	put_number(&out, (int64_t)table_connection(line->row)); break;
	case COLUMN_MOUNT:	put_number(&out, (int64_t)line->row->id); break;
	case COLUMN_AGE:	put_age(&out, line, c->raw); break;
	default:		put_server(&out, line, column);
	}
	return out_text(&out);
}

/* ---- Widths ---- */

void columns_measure(struct columns *c, const struct line *line)
{
	char text[64], cell[VIEW_CELL];

	for (int i = 0; i < c->count && !c->raw; i++) {
		int column = c->order[i], *width = c->width + column;
		int n = view_columns(view_fitted(cell_text(c, line, column, text), 0, false, cell));

		*width = n > *width ? n : *width;
	}
}

static int total(const struct columns *c)
{
	int sum = 0;

	for (int i = 0; i < c->count; i++)
		sum += c->width[c->order[i]] + (i > 0);
	return sum;
}

static void leave_out(struct columns *c, int column)
{
	int kept = 0;

	for (int i = 0; i < c->count; i++)
		if (c->order[i] != column)
			c->order[kept++] = c->order[i];
	c->count = kept;
}

/* How far a name may be cut before a whole column is left out. */
static void cut_columns(struct columns *c, int window)
{
	static const struct { uint8_t column, least; } steps[] = {
		{ COLUMN_SOURCE, 12 }, { COLUMN_TYPE, 12 }, { COLUMN_SERVER, 14 }, { COLUMN_MOUNTPOINT, 32 },
	};

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int *width = c->width + steps[i].column, over = total(c) - window;

		if (over > 0 && *width > steps[i].least)
			*width = *width - over > steps[i].least ? *width - over : steps[i].least;
	}
}

void columns_fit(struct columns *c, int window)
{
	static const uint8_t least_first[] = { COLUMN_AGE, COLUMN_SOURCE, COLUMN_TYPE, COLUMN_MOUNT, COLUMN_WAIT,
					       COLUMN_SERVER, COLUMN_CONN };
	char text[16];
	int wanted[COLUMN_KINDS];

	known_of = NULL;
	for (int i = 0; i < c->count; i++) {
		int *width = c->width + c->order[i], n = view_columns(name_of(c->order[i], text));

		*width = n > *width ? n : *width;
	}
	if (!window || c->raw)
		return;
	memcpy(wanted, c->width, sizeof(wanted));
	cut_columns(c, window);
	for (unsigned int i = 0; !c->chosen && i < sizeof(least_first) && total(c) > window; i++) {
		memcpy(c->width, wanted, sizeof(wanted));
		leave_out(c, least_first[i]);
		cut_columns(c, window);
	}
	if (total(c) > window && c->width[COLUMN_MOUNTPOINT] > total(c) - window + 3)
		c->width[COLUMN_MOUNTPOINT] -= total(c) - window;
}

/* ---- Output ---- */

/* A raw cell has no blank: awk(1) and read take it as one word. */
static void put_raw(struct out *out, const char *text)
{
	if (!*text)
		out_char(out, '-');
	out->escape = true;
	while (*text) {
		size_t len = strcspn(text, " ");

		out_fmt(out, "%.*s", (int)len, text);
		text += len;
		if (*text) {
			out_str(out, "\\040");
			text++;
		}
	}
	out->escape = false;
}

static void put_cell(const struct columns *c, struct view *v, const char *text, int column, bool last)
{
	char cell[VIEW_CELL];

	if (c->raw) {
		put_raw(v->out, text);
	} else if (column == COLUMN_STATE) {
		view_state(v, text, last ? 0 : c->width[column]);
	} else if (last && !v->width) {	/* a file or a pipe: the last cell may be of any length */
		v->out->escape = true;
		out_fmt(v->out, "%s", text);
		v->out->escape = false;
	} else {
		view_put(v->out, view_fitted(text, c->width[column], column == COLUMN_MOUNTPOINT, cell),
			 last ? 0 : c->width[column]);
	}
	out_char(v->out, last ? '\n' : ' ');
}

void columns_show_heading(const struct columns *c, struct view *v)
{
	bool colour = v->colour, escape = v->out->escape;
	char text[16];

	v->colour = v->out->escape = false;
	for (int i = 0; i < c->count; i++)
		put_cell(c, v, name_of(c->order[i], text), c->order[i], i + 1 == c->count);
	v->colour = colour;
	v->out->escape = escape;
}

void columns_show(const struct columns *c, struct view *v, const struct line *line)
{
	bool escape = v->out->escape;
	char text[64];

	v->out->escape = false;
	for (int i = 0; i < c->count; i++)
		put_cell(c, v, cell_text(c, line, c->order[i], text), c->order[i], i + 1 == c->count);
	v->out->escape = escape;
}
