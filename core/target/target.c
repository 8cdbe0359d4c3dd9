/* SPDX-License-Identifier: MIT */
/* target: see target.h. */
#include "target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "health/fusectl.h"
#include "msg.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "mount/table.h"

void target_close(struct target *t)
{
	resolve_close(&t->at);
}

bool target_is_name(const char *word)
{
	return strncmp(word, "conn:", 5) == 0 || strncmp(word, "mnt-id:", 7) == 0;
}

static void set_from_row(struct target *t, const struct table_row *row)
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

static void set_cover(struct target *t, const char *how, const struct table_row *row)
{
	struct out out = OUT_TEXT(t->cover);

	t->cover[0] = '\0';
	out_fmt(&out, "%s %s (%s)", how, row->type, row->source);
	if (table_is_fuse(row))
		out_fmt(&out, ", conn:%llu", (unsigned long long)table_connection(row));
	out_text(&out);
}

static enum target_result fail_with_errno(struct target *t, int err)
{
	t->err = err;
	return err == -ENOENT ? TARGET_UNKNOWN : err == -ETIMEDOUT ? TARGET_NO_ANSWER : TARGET_FAILED;
}

/* ---- By path ---- */

static int take_if_at_path(const struct table_row *row, void *data)
{
	struct target *t = data;

	if (strcmp(row->mountpoint, t->at.path) != 0)
		return 0;
	set_from_row(t, row);
	set_cover(t, "covered by", row);
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
static enum target_result find_below(struct target *t)
{
	struct table_row row;
	int err = table_of_fd(t->at.fd, &row, false);

	t->outer = err ? 0 : table_connection(&row);
	err = table_each(NULL, take_if_at_path, t);
	/* The last row is the top mount, unless an older mount was moved onto it. */
	while (!err && t->id && table_each(NULL, take_if_on_top, t) > 0)
		;
	return err ? fail_with_errno(t, err) : t->fuse ? TARGET_FOUND : TARGET_NOT_MOUNTED;
}

static int note_covered_fuse(const struct table_row *row, void *data)
{
	struct target *t = data;

	if (table_is_fuse(row) && strcmp(row->mountpoint, t->at.path) == 0)
		set_cover(t, "it covers", row);
	return 0;
}

/* Returns false if the mount was detached after resolve_path(). */
static bool find_path_once(const char *path, struct target *t, enum target_result *result)
{
	struct table_row row;
	int err = resolve_path(path, &t->at);

	*result = err ? fail_with_errno(t, err) : t->at.below ? find_below(t) : TARGET_FOUND;
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
			*result = fail_with_errno(t, err);
		return true;
	}
	set_from_row(t, &row);
	if (t->at.path[0] == '/' && strcmp(row.mountpoint, t->at.path) != 0)
		*result = TARGET_NOT_MOUNTED;
	else if (!t->fuse)
		table_each(NULL, note_covered_fuse, t);
	return true;
}

static enum target_result find_path(const char *path, struct target *t)
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

/* ---- By name ---- */

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
	set_from_row(n->target, row);
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
		return fail_with_errno(t, err);
	if (table_of_fd(t->at.fd, &row, true) != 0 || (row.id == t->id && has_name(&row, name)))
		return TARGET_FOUND;
	set_cover(t, "covered by", &row);
	return table_has(t->id, t->major, t->minor) ? TARGET_COVERED : TARGET_UNKNOWN;
}

static enum target_result find_named(const char *word, struct target *t)
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
		return fail_with_errno(t, err);
	if (n.found != 1)
		return n.found ? TARGET_SEVERAL : TARGET_UNKNOWN;
	err = resolve_path(n.path, &t->at);
	if (err)
		return fail_with_errno(t, err);
	if (!t->at.below)
		return check_top(t, &n.name);
	id = t->id;
	result = find_below(t);
	return result == TARGET_FOUND && t->id != id ? TARGET_COVERED : result;
}

/* ---- Its connection ---- */

static int is_still_there(const struct table_row *row, void *data)
{
	const struct target *t = data;

	return row->id == t->id && row->major == t->major && row->minor == t->minor
	       && strcmp(row->mountpoint, t->at.path) == 0;
}

/* t->at.fd keeps the mount, and with it the number of its connection. Below another FUSE mount t->at.fd
   is that one's, so look at the mount table again. */
static enum target_result take_identity(struct target *t)
{
	t->identity = t->fuse && t->id ? fusectl_identity(t->connection) : 0;
	return t->identity && t->at.below && table_each(NULL, is_still_there, t) == 0 ? TARGET_NOT_MOUNTED : TARGET_FOUND;
}

bool target_is_same(const struct target *t)
{
	return t->identity ? fusectl_identity(t->connection) == t->identity
			   : !t->id || table_has(t->id, t->major, t->minor);
}

enum target_result target_find(const char *word, struct target *t)
{
	enum target_result result;

	memset(t, 0, sizeof(*t));
	t->at.fd = t->at.parent = -1;
	t->owner = -1;
	t->named = target_is_name(word);
	result = t->named ? TARGET_UNKNOWN : find_path(word, t);
	if (result == TARGET_UNKNOWN)
		result = find_named(word, t);
	if (result == TARGET_FOUND)
		result = take_identity(t);
	if (t->at.fd >= 0)
		sys_close(t->at.fd);	/* An open descriptor keeps the mount busy. */
	t->at.fd = -1;
	if (result != TARGET_FOUND)
		target_close(t);
	return result;
}

/* ---- Reopening a known mount ---- */

/* Paths in the mount table have no symbolic links: a link means that the path has changed. */
static int open_without_links(const char *path)
{
	int fd = sys_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, RESOLVE_NO_LINKS);

	if (fd == -ENOSYS || fd == -EPERM)
		fd = sys_open(path, O_PATH | O_DIRECTORY, 0);
	return fd == -ELOOP || fd == -ENOTDIR ? -ESTALE : fd;
}

/* Opens the parent directory of at->path, then the last component in it. Returns at->fd, or
   -errno. */
static int open_again(struct resolved *at)
{
	static char path[sizeof(at->path)];
	char *name = strrchr(at->path, '/');

	if (!name || !name[1])
		return at->fd = sys_open("/", O_PATH | O_DIRECTORY, 0);
	*name = '\0';
	at->parent = open_without_links(name == at->path ? "/" : at->path);
	*name = '/';
	if (at->parent == -ENAMETOOLONG) {	/* resolve_path() walks component by component. */
		memcpy(path, at->path, sizeof(path));
		resolve_path(path, at);
		return at->below ? -ENAMETOOLONG : at->fd;
	}
	return at->fd = at->parent < 0 ? at->parent : sys_openat(at->parent, name + 1, O_PATH | O_NOFOLLOW, 0);
}

int target_reach(struct target *t)
{
	struct sys_stat now;
	int err;

	t->at.fd = t->at.parent = -1;
	t->at.below = false;
	err = open_again(&t->at);
	err = err < 0 ? err : sys_statx(t->at.fd, "", false, &now);
	if (!err)
		err = table_identify(t->at.fd, &t->known);
	if (!err && (now.mount_id != t->id || now.dev_major != t->major || now.dev_minor != t->minor))
		err = -ESTALE;
	return err;
}

const char *target_why(const struct target *t, enum target_result result)
{
	switch (result) {
	case TARGET_NOT_MOUNTED: return "nothing is mounted there";
	case TARGET_BAD_NUMBER:	return "not a number";
	case TARGET_COVERED:	return t->cover;
	case TARGET_NO_ANSWER:	return "a file system on its path does not answer; fuse-info shows which";
	case TARGET_SEVERAL:	return "several mounts have this; name one by its mountpoint, or mnt-id:N";
	default:		break;
	}
	if (result == TARGET_UNKNOWN && t->named)
		return "no FUSE mount has this number";
	return msg_reason(target_errno(t, result));
}

int target_errno(const struct target *t, enum target_result result)
{
	switch (result) {
	case TARGET_FOUND:	return 0;
	case TARGET_UNKNOWN:	return -ENOENT;
	case TARGET_COVERED:	return -EBUSY;
	case TARGET_NO_ANSWER:	return -ETIMEDOUT;
	case TARGET_FAILED:	return t->err;
	default:		return -EINVAL;
	}
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
