/* SPDX-License-Identifier: MIT */
/* all: what the files of fumount -a share. */
#ifndef FUSEBOX_FUMOUNT_ALL_H
#define FUSEBOX_FUMOUNT_ALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/map.h"
#include "fumount.h"
#include "mount/table.h"

enum { NONE = UINT32_MAX };

struct item {
	uint64_t id, connection, identity;	/* identity: fusectl_identity() */
	uint32_t major, minor;
	uint32_t under, depth;	/* index of the nearest enclosing item, or NONE; their number */
	uint32_t path;		/* offset in `paths` */
	bool wanted, silent;	/* silent: its server does not answer, and items lie below it */
	bool unidentified;	/* fusectl is not accessible */
	bool sure;		/* all_confirm_mount() has met it */
	bool done;
};

/* Every mount, FUSE or not, by its parent's id; item: an index, or NONE if it is not FUSE. */
struct node { uint64_t parent; uint32_t item; };

struct all {
	const struct fumount *f;
	const struct report *to;
	struct item *items;
	size_t count, room;
	char *paths;
	size_t paths_size, paths_room;
	struct node *nodes;
	size_t node_count, node_room;
	struct map mounts;	/* mount id to index in `nodes` */
	int64_t owner;		/* unmount only this user's mounts; -1: all */
	struct fumount_tally tally;
	int looked;		/* searches for holders so far */
	uint64_t began;		/* sys_clock_ns() */
	uint32_t *busy;		/* indices of busy items, to retry; NULL: do not retry */
	size_t busy_count;
};

/* Adds a row of the mount table; data: the struct all. A callback of table_each(): 0 or -ENOMEM. */
int all_add_mount(const struct table_row *row, void *data);

/* The same, for a second look at the table: confirms that the item with this id has had its connection between the
   two looks. */
int all_confirm_mount(const struct table_row *row, void *data);

/* Sets `under` and `depth` of each item, once every row has been added. */
void all_link_enclosing(struct all *all);

/* Sets `silent` of the items that have others below them, within half a second. 0 or -ENOMEM. */
int all_find_silent(struct all *all);

/* The outermost enclosing item whose server does not answer, or NONE. */
uint32_t all_silent_above(const struct all *all, const struct item *item);

/* The item's mountpoint, valid until another row is added. */
const char *all_path(const struct all *all, const struct item *item);

#endif
