/* SPDX-License-Identifier: MIT */
/* all_list: the mounts that fumount -a finds, which of them enclose others, and whose servers answer. */
#include "all.h"

#include <errno.h>
#include <string.h>

#include "cli/match.h"
#include "health/fusectl.h"
#include "out.h"
#include "sys.h"

enum { WATCH_MS = 500 };

static void *grow_pages(void *pages, size_t *room, size_t needed, size_t each)
{
	size_t bigger = *room ? *room * 2 : 65536 / each;
	void *got;

	if (needed <= *room)
		return pages;
	while (bigger < needed)
		bigger *= 2;
	got = sys_more_pages(pages, *room * each, bigger * each);
	if (got)
		*room = bigger;
	return got;
}

static bool is_wanted(const struct all *a, const struct table_row *row)
{
	const struct fumount *f = a->f;

	return (!f->types || match_type(f->types, row->type))
	       && (!f->options || match_options(f->options, row->options, row->super))
	       && (a->owner < 0 || table_owner(row) == a->owner);
}

/* Counts the refusal as a failure. */
static bool refuse(struct all *a, uint64_t connection)
{
	bool refused = fumount_refuse_outside(a->f, a->to, connection);

	a->tally.bad += refused;
	return refused;
}

static int add_item(struct all *a, const struct table_row *row)
{
	size_t len = strlen(row->mountpoint) + 1;
	int err;
	struct item *items = grow_pages(a->items, &a->room, a->count + 1, sizeof(*items)), *item;
	char *paths = grow_pages(a->paths, &a->paths_room, a->paths_size + len, 1);

	if (!items || !paths)
		return -ENOMEM;
	a->items = items;
	a->paths = paths;
	memcpy(paths + a->paths_size, row->mountpoint, len);
	item = items + a->count++;
	*item = (struct item) {
		.id = row->id, .connection = table_connection(row), .major = row->major,
		.minor = row->minor, .under = NONE, .path = (uint32_t)a->paths_size,
		.wanted = is_wanted(a, row) && !refuse(a, table_connection(row)),
	};
	err = fusectl_identify(item->connection, &item->identity);
	item->unidentified = err && err != -ENOENT;
	a->paths_size += len;
	return 0;
}

int all_add_mount(const struct table_row *row, void *data)
{
	struct all *a = data;
	struct node *nodes = grow_pages(a->nodes, &a->node_room, a->node_count + 1, sizeof(*nodes));
	bool fuse = table_is_fuse(row);

	if (!nodes)
		return -ENOMEM;
	a->nodes = nodes;
	nodes[a->node_count] = (struct node) { row->parent, fuse ? (uint32_t)a->count : NONE };
	if (map_add(&a->mounts, row->id, (uint32_t)a->node_count++) < 0)
		return -ENOMEM;
	return fuse ? add_item(a, row) : 0;
}

int all_confirm_mount(const struct table_row *row, void *data)
{
	struct all *a = data;
	const uint32_t *at = table_is_fuse(row) ? map_find(&a->mounts, row->id) : NULL;
	struct item *item = at && a->nodes[*at].item != NONE ? a->items + a->nodes[*at].item : NULL;

	if (item && item->connection == table_connection(row))
		item->sure = is_wanted(a, row);
	return 0;
}

/* A moved mount can come after its children in the mount table, so do this once the whole table
   has been read. */
void all_link_enclosing(struct all *a)
{
	enum { LEVELS = 10000 };

	for (size_t i = 0; i < a->count; i++) {
		const uint32_t *at = map_find(&a->mounts, a->items[i].id);

		for (int level = 0; at && level < LEVELS; level++) {
			at = map_find(&a->mounts, a->nodes[*at].parent);
			if (!at || a->nodes[*at].item == NONE)
				continue;
			if (a->items[i].under == NONE)
				a->items[i].under = a->nodes[*at].item;
			a->items[i].depth++;
		}
	}
}

const char *all_path(const struct all *a, const struct item *item)
{
	return a->paths + item->path;
}

/* Judge only the mounts with other FUSE mounts below them: no other server can block a path. */
int all_find_silent(struct all *a)
{
	struct census census = { .count = 0 };

	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].under != NONE
		    && census_add(&census, a->items[a->items[i].under].connection) < 0)
			return -ENOMEM;
	if (!census.count)
		return 0;
	census_look(&census, WATCH_MS);
	for (size_t i = 0; i < a->count; i++) {
		const struct conn *conn = census_find(&census, a->items[i].connection);

		a->items[i].silent = conn && !census_answers(conn);
	}
	return 0;
}

uint32_t all_silent_above(const struct all *a, const struct item *item)
{
	uint32_t found = NONE;

	for (uint32_t at = item->under; at != NONE; at = a->items[at].under)
		if (a->items[at].silent)
			found = at;
	return found;
}
