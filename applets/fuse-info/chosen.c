/* SPDX-License-Identifier: MIT */
/* chosen: show the mounts that a word on fuse-info's command line means. */
#include <errno.h>
#include <string.h>

#include "fuse_info.h"
#include "health/fusectl.h"
#include "msg.h"
#include "target/target.h"

enum { MOST_CHOSEN = 16 };

struct chosen {
	struct census census;
	struct table_row rows[MOST_CHOSEN];
	char text[MOST_CHOSEN][20 * 1024];
	int count;
	bool more;	/* further mounts match the word */
	uint64_t id;
};

static int add_row(const struct table_row *row, void *data)
{
	struct chosen *c = data;

	if (!table_is_fuse(row) || (c->id && row->id != c->id))
		return 0;
	c->more = c->count == MOST_CHOSEN;
	if (c->more)
		return 1;
	table_copy(c->rows + c->count, row, c->text[c->count], sizeof(c->text[0]));
	if (census_add(&c->census, table_connection(row)) < 0)
		return -ENOMEM;
	c->count++;
	return 0;
}

struct enclosing { const char *path; uint64_t connection, id; size_t len; };

/* Of the mounts of a connection, the one with the longest mountpoint above the path is nearest. */
static int note_enclosing(const struct table_row *row, void *data)
{
	struct enclosing *e = data;
	size_t len = strlen(row->mountpoint);

	if (table_is_fuse(row) && table_connection(row) == e->connection && len >= e->len
	    && strncmp(row->mountpoint, e->path, len) == 0 && (!e->path[len] || e->path[len] == '/')) {
		e->len = len;
		e->id = row->id;
	}
	return 0;
}

/* A path that crosses a FUSE mount: choose that mount. Returns whether there is one. */
static bool find_enclosing(struct chosen *c, const struct target *t)
{
	struct enclosing e = { .path = t->at.path, .connection = t->outer };

	if (t->outer)
		table_each(NULL, note_enclosing, &e);
	c->id = e.id;
	return e.id && table_each(NULL, add_row, c) >= 0;
}

/* Returns 1 if the path is in a FUSE mount, which it adds; 0 if the mounts on the path are to be added, of
   which c->id is the one on top; or -errno once it has printed the error. */
static int find_path(struct chosen *c, const char *path)
{
	static struct target t;
	enum target_result result = target_find(path, &t);

	if (result == TARGET_NOT_MOUNTED && find_enclosing(c, &t))
		return 1;
	c->id = result == TARGET_FOUND ? t.id : 0;
	if (result == TARGET_SEVERAL || result == TARGET_COVERED)
		return 0;
	if (result != TARGET_FOUND) {
		msg("%s: %s", path, target_why(&t, result));
		return target_errno(&t, result);
	}
	target_close(&t);
	if (t.fuse)
		return 0;
	msg("%s: not a FUSE mount%s%s", path, *t.cover ? "; " : "", t.cover);
	return -EINVAL;
}

/* A path means the mount on top there, or else the one that it is in; any other word means all mounts
   that match it. */
static int find_rows(struct chosen *c, const char *word)
{
	int err;

	c->count = 0;
	c->more = false;
	c->id = 0;
	err = target_is_name(word) ? 0 : find_path(c, word);
	if (err)
		return err < 0 ? err : 0;
	err = target_each(word, add_row, c);
	if (err < 0 || !c->count) {
		msg("%s: %s", word, err == -EINVAL ? "not a number" : err < 0 ? msg_reason(err)
		    : "no FUSE mount has this number");
		return err < 0 ? err : -ENOENT;
	}
	return 0;
}

/* As find_rows(). With `inside`, the word has to be a path. */
static int find_chosen(struct chosen *c, const char *word, bool inside)
{
	if (inside && target_is_name(word)) {
		msg("%s: not a path", word);
		return -EINVAL;
	}
	return find_rows(c, word);
}

static void report_more(const struct chosen *c, const char *word)
{
	if (c->more)
		msg("%s: only the first %d mounts are shown; fuse-info -l lists all", word, MOST_CHOSEN);
}

static struct chosen chosen;

int info_find(const char *word, bool inside, uint64_t *ids, int room)
{
	int n, err = find_chosen(&chosen, word, inside);

	if (err < 0)
		return err;
	for (n = 0; n < chosen.count && n < room; n++)
		ids[n] = chosen.rows[n].id;
	chosen.more |= n < chosen.count;
	report_more(&chosen, word);
	census_free(&chosen.census);
	return n;
}

int info_target(struct view *v, const char *word, bool inside)
{
	struct chosen *c = &chosen;

	if (find_chosen(c, word, inside) < 0)
		return 1;
	census_look(&c->census, WATCH_MS);
	for (int n = 0; n < c->count; n++) {
		if (v->json)
			json_open(v->json, NULL, '{');
		info_mount(v, c->rows + n, &c->census, NULL, true);
		if (v->json)
			json_close(v->json, '}');
	}
	report_more(c, word);
	census_free(&c->census);	/* --watch: the next census must be a new one */
	return 0;
}

int info_connection(const char *word, uint64_t *connection)
{
	int err;

	if (target_connection(word, connection) == 0 && fusectl_identity(*connection))
		return 0;
	err = find_rows(&chosen, word);
	if (err < 0)
		return err;
	err = chosen.census.count == 1 ? 0 : -ENOTUNIQ;
	*connection = chosen.census.conns[0].connection;
	census_free(&chosen.census);
	if (err)
		msg("%s: several file systems have this; name one by its mountpoint or conn:N", word);
	return err;
}
