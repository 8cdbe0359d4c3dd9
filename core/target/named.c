/* SPDX-License-Identifier: MIT */
/* named: the mount that a number or a source means. */
#include <errno.h>
#include <string.h>

#include "mount/table.h"
#include "opt.h"
#include "out.h"
#include "target/find.h"

bool target_is_name(const char *word)
{
	return strncmp(word, "conn:", 5) == 0 || strncmp(word, "mnt-id:", 7) == 0;
}

struct name { const char *source; uint64_t connection, id; };

int target_connection(const char *word, uint64_t *connection)
{
	return strncmp(word, "conn:", 5) != 0 ? -ENOENT : opt_number(word + 5, UINT64_MAX, connection);
}

static int parse_name(const char *word, struct name *n)
{
	int err;

	*n = (struct name) { .source = NULL };
	err = target_connection(word, &n->connection);
	if (err != -ENOENT)
		return err;
	if (strncmp(word, "mnt-id:", 7) == 0)
		return opt_number(word + 7, UINT64_MAX, &n->id);
	n->source = word;
	return 0;
}

static bool has_name(const struct table_row *row, const struct name *n)
{
	if (!table_is_fuse(row))
		return false;
	return n->source ? strcmp(row->source, n->source) == 0
	       : n->id ? row->id == n->id : table_connection(row) == n->connection;
}

struct named { struct name name; struct target *target; int found; char path[8192]; };

static int take_if_named(const struct table_row *row, void *data)
{
	struct named *n = data;
	struct out path = OUT_TEXT(n->path);

	if (!has_name(row, &n->name))
		return 0;
	n->found++;
	find_set(n->target, row);
	out_str(&path, row->mountpoint);
	out_text(&path);
	return 0;
}

/* umount2(2) unmounts the top mount at the path, so that must be the one with the name. */
static enum target_result check_top(struct target *t, const struct name *name)
{
	struct table_row row;
	int err = table_identify(t->at.fd, &t->known);

	if (err)
		return find_failed(t, err);
	if (table_of_fd(t->at.fd, &row, true) != 0 || (row.id == t->id && has_name(&row, name)))
		return TARGET_FOUND;
	find_set_cover(t, "covered by", &row);
	return table_has(t->id, t->major, t->minor) ? TARGET_COVERED : TARGET_UNKNOWN;
}

enum target_result find_named(const char *word, struct target *t)
{
	static struct named n;
	enum target_result result;
	uint64_t id;
	int err;

	if (parse_name(word, &n.name) < 0)
		return TARGET_BAD_NUMBER;
	n.target = t;
	n.found = 0;
	err = table_each(NULL, take_if_named, &n);
	if (err)
		return find_failed(t, err);
	if (n.found != 1)
		return n.found ? TARGET_SEVERAL : TARGET_UNKNOWN;
	err = resolve_path(n.path, &t->at);
	if (err)
		return find_failed(t, err);
	if (!t->at.below)
		return check_top(t, &n.name);
	id = t->id;
	result = find_below(t);
	return result == TARGET_FOUND && t->id != id ? TARGET_COVERED : result;
}

struct each {
	struct name name;
	const char *path;	/* NULL: select by name */
	uint64_t top;		/* if the path is not absolute: the id of the mount there */
	int (*fn)(const struct table_row *row, void *data);
	void *data;
};

static int call_if_selected(const struct table_row *row, void *data)
{
	const struct each *e = data;
	bool selected = !e->path ? has_name(row, &e->name)
		     : *e->path == '/' ? strcmp(row->mountpoint, e->path) == 0 : row->id == e->top;

	return selected ? e->fn(row, e->data) : 0;
}

int target_each(const char *word, int (*fn)(const struct table_row *, void *), void *data)
{
	static struct resolved at;
	struct each e = { .path = NULL, .fn = fn, .data = data };
	struct sys_stat st;
	int err = target_is_name(word) ? -ENOENT : resolve_path(word, &at);

	if (err == -ENOENT) {
		err = parse_name(word, &e.name);
	} else if (!err) {
		e.path = at.path;
		e.top = sys_statx(at.fd, "", false, &st) == 0 ? st.mount_id : 0;
		resolve_close(&at);
	}
	return err ? err : table_each(NULL, call_if_selected, &e);
}
