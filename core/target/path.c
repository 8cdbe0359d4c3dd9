/* SPDX-License-Identifier: MIT */
/* path: the mount at a path. */
#include <errno.h>
#include <string.h>

#include "mount/table.h"
#include "out.h"
#include "proc/proc.h"
#include "target/find.h"

void find_set(struct target *t, const struct table_row *row)
{
	struct out type = OUT_TEXT(t->type);

	t->id = row->id;
	t->fuse = table_is_fuse(row);
	t->major = row->major;
	t->minor = row->minor;
	t->connection = table_connection(row);
	t->owner = table_owner(row);
	out_str(&type, row->type);
	out_text(&type);
}

void find_set_cover(struct target *t, const char *how, const struct table_row *row)
{
	struct out out = OUT_TEXT(t->cover);

	t->cover[0] = '\0';
	out_fmt(&out, "%s %s (%s)", how, row->type, row->source);
	if (table_is_fuse(row))
		out_fmt(&out, ", conn:%llu", (unsigned long long)table_connection(row));
	out_text(&out);
}

enum target_result find_failed(struct target *t, int err)
{
	t->err = err;
	return err == -ENOENT ? TARGET_UNKNOWN : err == -ETIMEDOUT ? TARGET_NO_ANSWER : TARGET_FAILED;
}

static int take_if_at_path(const struct table_row *row, void *data)
{
	struct target *t = data;

	if (strcmp(row->mountpoint, t->at.path) != 0)
		return 0;
	find_set(t, row);
	find_set_cover(t, "covered by", row);
	return 0;
}

static int take_if_on_top(const struct table_row *row, void *data)
{
	struct target *t = data;
	uint64_t before = t->id;

	if (row->parent == before)
		take_if_at_path(row, t);
	return t->id != before;
}

/* The path crosses a FUSE mount, whose server must not be asked: compare the path with the mount
   table lexically. */
enum target_result find_below(struct target *t)
{
	struct table_row row;
	int err = table_of_fd(t->at.fd, &row, false);

	t->outer = err ? 0 : table_connection(&row);
	err = table_each(NULL, take_if_at_path, t);
	/* The last row is the top mount, unless an older mount was moved onto it. */
	while (!err && t->id && table_each(NULL, take_if_on_top, t) > 0)
		;
	return err ? find_failed(t, err) : t->fuse ? TARGET_FOUND : TARGET_NOT_MOUNTED;
}

static int note_covered_fuse(const struct table_row *row, void *data)
{
	struct target *t = data;

	if (table_is_fuse(row) && strcmp(row->mountpoint, t->at.path) == 0)
		find_set_cover(t, "it covers", row);
	return 0;
}

/* Returns false if the mount was detached after resolve_path(). */
static bool find_path_once(const char *path, struct target *t, enum target_result *result)
{
	struct table_row row;
	int err = resolve_path(path, &t->at);

	*result = err ? find_failed(t, err) : t->at.below ? find_below(t) : TARGET_FOUND;
	if (err || t->at.below)
		return true;
	if (table_identify(t->at.fd, &t->known) < 0)
		t->known.mount_id = 0;
	err = table_of_fd(t->at.fd, &row, true);
	if (err == -ENOENT && proc_mounted())
		return false;
	if (err) {
		/* Neither /proc nor statmount(2) is available: assume that it is a FUSE mount. */
		t->fuse = true;
		if (proc_mounted())
			*result = find_failed(t, err);
		return true;
	}
	find_set(t, &row);
	if (t->at.path[0] == '/' && strcmp(row.mountpoint, t->at.path) != 0)
		*result = TARGET_NOT_MOUNTED;
	else if (!t->fuse)
		table_each(NULL, note_covered_fuse, t);
	return true;
}

enum target_result find_path(const char *path, struct target *t)
{
	enum { TRIES = 8 };
	enum target_result result;

	for (int i = 0; i < TRIES; i++) {
		resolve_close(&t->at);
		if (find_path_once(path, t, &result))
			return result;
	}
	return TARGET_NOT_MOUNTED;
}
