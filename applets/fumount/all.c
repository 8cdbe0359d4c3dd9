/* SPDX-License-Identifier: MIT */
/* fumount -a: unmount all FUSE mounts, in an order in which no mount blocks another.
 *
 * Of nested FUSE mounts, unmount the innermost first. If the server of an outer mount does not
 * answer, no path leads to the mounts below it: unmount the outermost such mount first, which
 * takes the mounts below it along if it is detached.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "health/fusectl.h"
#include "fumount.h"
#include "cli/map.h"
#include "cli/match.h"
#include "msg.h"
#include "out.h"
#include "sys/priv.h"
#include "sys.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "target/unmount.h"

enum { NONE = UINT32_MAX };
enum { WATCH_MS = 500, LOOKS = 32 };

struct item {
	uint64_t id, connection, identity;	/* identity: fusectl_identity() */
	uint32_t major, minor;
	uint32_t under, depth;	/* index of the nearest enclosing item, or NONE; their number */
	uint32_t path;		/* offset in `paths` */
	bool wanted, silent;	/* silent: its server does not answer, and items lie below it */
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
	char options[2048];
	struct out out = OUT_TEXT(options);

	out_fmt(&out, "%s,%s", row->options, row->super);
	return (!f->types || match_type(f->types, row->type))
	       && (!f->options || match_options(f->options, out_text(&out)))
	       && (a->owner < 0 || table_owner(row) == a->owner);
}

static int add_item(struct all *a, const struct table_row *row)
{
	size_t len = strlen(row->mountpoint) + 1;
	struct item *items = grow_pages(a->items, &a->room, a->count + 1, sizeof(*items));
	char *paths = grow_pages(a->paths, &a->paths_room, a->paths_size + len, 1);

	if (!items || !paths)
		return -ENOMEM;
	a->items = items;
	a->paths = paths;
	memcpy(paths + a->paths_size, row->mountpoint, len);
	items[a->count++] = (struct item) {
		.id = row->id, .connection = table_connection(row), .major = row->major,
		.minor = row->minor, .under = NONE, .path = (uint32_t)a->paths_size,
		.wanted = is_wanted(a, row), .identity = fusectl_identity(table_connection(row)),
	};
	a->paths_size += len;
	return 0;
}

static int add_mount(const struct table_row *row, void *data)
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

/* A moved mount can come after its children in the mount table, so do this once the whole table
   has been read. */
static void link_enclosing(struct all *a)
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

static const char *item_path(const struct all *a, const struct item *item)
{
	return a->paths + item->path;
}

/* Judge only the mounts with other FUSE mounts below them: no other server can block a path. */
static int find_silent(struct all *a)
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

/* The outermost enclosing item whose server does not answer, or NONE. */
static uint32_t find_silent_above(const struct all *a, const struct item *item)
{
	uint32_t found = NONE;

	for (uint32_t at = item->under; at != NONE; at = a->items[at].under)
		if (a->items[at].silent)
			found = at;
	return found;
}

/* ---- Unmounting, in a child process ---- */

/* The kernel soon reuses mount ids and device numbers, for any file system; it does not reuse
   what fusectl_identity() returns. */
static bool is_same_fuse(const struct item *item, int fd)
{
	struct table_row row;

	return item->identity ? fusectl_identity(item->connection) == item->identity
			      : table_of_fd(fd, &row, false) == 0 && table_is_fuse(&row);
}

/* A user may swap names on the path: keep the mountpoint's directory open, and unmount there only
   the mount that the table named. */
static int unmount_item(const struct all *a, const struct item *item, enum umount_how how)
{
	static struct target t;
	struct out path = OUT_TEXT(t.at.path);
	int err;

	t = (struct target) { .owner = a->owner, .id = item->id, .connection = item->connection,
			      .major = item->major, .minor = item->minor, .fuse = true,
			      .at.fd = -1, .at.parent = -1 };
	out_str(&path, item_path(a, item));
	out_text(&path);
	err = target_reach(&t);
	if (!err && !is_same_fuse(item, t.at.fd))
		err = -ESTALE;
	if (!err && how == UMOUNT_ABORT)
		fusectl_abort_known(item->connection, item->identity);
	if (t.at.fd >= 0)
		sys_close(t.at.fd);	/* a descriptor keeps the mount busy */
	t.at.fd = -1;
	if (!err)
		err = unmount_directly(&t, how);
	if (err == -EBUSY && a->f->read_only && unmount_read_only(&t) == 0)
		err = FUMOUNT_KEPT;
	target_close(&t);
	if (err == FUMOUNT_KEPT)
		return err;
	/* Its server or another fumount may have unmounted it meanwhile: success. */
	return err && !table_has(item->id, item->major, item->minor) ? 0 : err;
}

struct result { uint32_t at; int err; };

static void __attribute__((noreturn))
unmount_items(const struct all *a, const uint32_t *order, size_t count, int to)
{
	enum umount_how how = a->f->force ? UMOUNT_ABORT : a->f->lazy ? UMOUNT_LAZY : UMOUNT_PLAIN;

	for (size_t i = 0; i < count; i++) {
		struct result result = { order[i], unmount_item(a, a->items + order[i], how) };

		if (sys_write_all(to, &result, sizeof(result)) < 0)
			break;
	}
	sys_exit(0);
}

static void report_item_holders(const struct report *to, const struct item *item)
{
	if (report_holders(to, item->major, item->minor) == 0)
		report(to, "unknown", "no process that is visible to this user holds it");
}

static void report_result(struct all *a, const struct result *result)
{
	struct item *item = a->items + result->at;
	struct report to = *a->to;

	if (result->err == -EBUSY && a->busy) {
		a->busy[a->busy_count++] = result->at;
		return;
	}
	item->done = result->err == 0;
	to.object = item_path(a, item);
	fumount_count(&a->tally, result->err == FUMOUNT_KEPT ? FUMOUNT_OK : fumount_status(result->err));
	if (result->err == FUMOUNT_KEPT) {
		report(&to, "read-only", "busy: now read-only");
	} else if (result->err == -EBUSY) {
		/* Each search for servers or holders walks all of /proc. */
		report_busy(&to, a->looked < LOOKS, item->connection);
		if (!to.quiet && a->looked++ < LOOKS)
			report_item_holders(&to, item);
		else if (!to.quiet && a->looked == LOOKS + 1)
			report(&to, "holders", "the holders of this mount and further ones are not searched for");
	} else if (result->err == -ETIMEDOUT) {
		report(&to, "waiting", "the kernel waits for its server; fumount --abort conn:%llu ends that",
		       (unsigned long long)item->connection);
	} else if (result->err) {
		report_error(&to, "failed", result->err, "%s", msg_reason(result->err));
	} else if (a->f->verbose || to.json) {
		report(&to, "unmounted", a->f->lazy ? "detached" : "unmounted");
	}
}

/* Have a child unmount order[0 … count) and report each result. An unmount that blocks is reported
   as timed out, and the child left behind. Returns how many items are dealt with, or -errno. */
static long unmount_in_child(struct all *a, const uint32_t *order, size_t count)
{
	struct result result;
	size_t done = 0;
	int pair[2], child, status, err = sys_socketpair(pair);

	child = err ? err : sys_fork();
	if (child < 0)
		return child;
	if (child == 0) {
		sys_close(pair[0]);
		unmount_items(a, order, count, pair[1]);
	}
	sys_close(pair[1]);
	while (done < count && sys_poll_in(pair[0], 2 * UNMOUNT_LIMIT_MS) > 0
	       && sys_read_all(pair[0], &result, sizeof(result)) == sizeof(result)) {
		report_result(a, &result);
		done++;
	}
	sys_close(pair[0]);
	if (done == count) {
		sys_wait(child, &status);
		return (long)done;
	}
	result = (struct result) { order[done], -ETIMEDOUT };
	report_result(a, &result);
	return (long)done + 1;
}

static int unmount_once(struct all *a, const uint32_t *order, size_t count)
{
	for (size_t done = 0; done < count; ) {
		long n = unmount_in_child(a, order + done, count - done);

		if (n < 0)
			return (int)n;
		done += (size_t)n;
	}
	return 0;
}

/* The server of a mount that is gone keeps the mount that holds its SOURCE busy until the server
   has exited, so wait a little once something was unmounted. */
static bool can_retry(const struct all *a)
{
	int seconds = a->f->wait >= 0 ? a->f->wait : a->tally.good ? FUMOUNT_SETTLE_S : 0;

	return sys_clock_ns() - a->began < (uint64_t)seconds * 1000000000;
}

/* Busy items are collected at the start of `order`, over entries that are dealt with. */
static int unmount_in_order(struct all *a, uint32_t *order, size_t count)
{
	enum { TRY_EVERY_MS = 50 };
	int err;

	a->busy = order;
	for (;;) {
		a->busy_count = 0;
		err = unmount_once(a, order, count);
		count = a->busy_count;
		if (err || !count || !a->busy)
			return err;
		if (can_retry(a))
			sys_sleep_ms(TRY_EVERY_MS);
		else
			a->busy = NULL;
	}
}

/* ---- The order ---- */

/* An item below a silent mount goes with that mount. While the silent mount is still there, the item
   is out of reach. */
static void report_unreachable(struct all *a, const struct item *item, const struct item *outer)
{
	struct report to = *a->to;

	if (outer->done)
		return;
	to.object = item_path(a, item);
	report(&to, "refused", "lies below %s, which does not answer; unmount that first", item_path(a, outer));
	fumount_count(&a->tally, FUMOUNT_FAILED);
}

static uint32_t find_max_depth(const struct all *a)
{
	uint32_t depth = 0;

	for (size_t i = 0; i < a->count; i++)
		depth = a->items[i].depth > depth ? a->items[i].depth : depth;
	return depth;
}

static int unmount_all(struct all *a)
{
	uint32_t *order = sys_pages((a->count + 1) * sizeof(*order));
	size_t count = 0;
	int err;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].wanted && a->items[i].silent && find_silent_above(a, a->items + i) == NONE)
			order[count++] = (uint32_t)i;
	err = unmount_in_order(a, order, count);
	count = 0;
	/* The last row first: it is the top of its stack. */
	for (uint32_t depth = find_max_depth(a) + 1; !err && depth-- > 0; ) {
		for (size_t i = a->count; i-- > 0; ) {
			struct item *item = a->items + i;
			uint32_t above;

			if (!item->wanted || item->depth != depth)
				continue;
			above = find_silent_above(a, item);
			if (item->silent && above == NONE)
				continue;
			if (above != NONE)
				report_unreachable(a, item, a->items + above);
			else
				order[count++] = (uint32_t)i;
		}
	}
	return err ? err : unmount_in_order(a, order, count);
}

static int recover_all(struct all *a)
{
	struct census census = { .identify = true };

	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].wanted && census_add(&census, a->items[i].connection) < 0)
			return FUMOUNT_SYSTEM;
	return census.count ? fumount_recover_all(a->f, a->to, &census) : FUMOUNT_OK;
}

int fumount_all(const struct fumount *f, const struct report *to)
{
	struct all a = { .f = f, .to = to, .began = sys_clock_ns(),
			 .owner = priv_may_mount() ? -1 : (int64_t)sys_getuid() };
	int err = table_each(NULL, add_mount, &a);

	if (!err && f->recover)
		return recover_all(&a);
	link_enclosing(&a);
	if (!err)
		err = find_silent(&a);
	if (!err)
		err = unmount_all(&a);
	if (err) {
		report_error(to, "failed", err, "%s", msg_reason(err));
		return FUMOUNT_SYSTEM;
	}
	return fumount_total(&a.tally);
}
