/* SPDX-License-Identifier: MIT */
/* fumount -a: unmount all FUSE mounts, in an order in which no mount blocks another.
 *
 * Of nested FUSE mounts, unmount the innermost first. If the server of an outer mount does not
 * answer, no path leads to the mounts below it: unmount the outermost such mount first, which
 * takes the mounts below it along if it is detached.
 */
#include "all.h"

#include <errno.h>

#include "health/fusectl.h"
#include "msg.h"
#include "out.h"
#include "sys/priv.h"
#include "sys.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "target/unmount.h"

const struct opt fumount_all_options[] = {
	OPT('a', "all", OPT_FLAG, struct fumount, all, "", "all FUSE mounts"),
	OPT('t', "types", OPT_STRING, struct fumount, types, "TYPES", "only these types: fuse.a,fuse.b; nofuse.a: all others"),
	OPT('O', "test-opts", OPT_STRING, struct fumount, options, "OPTS", "with -a: only mounts with these options"),
};

enum { LOOKS = 32 };

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
	out_str(&path, all_path(a, item));
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
	to.object = all_path(a, item);
	fumount_count(&a->tally, result->err == FUMOUNT_KEPT ? FUMOUNT_OK : fumount_status(result->err));
	if (result->err == FUMOUNT_KEPT) {
		report(&to, "read-only", "busy: now read-only");
	} else if (result->err == -EBUSY) {
		/* Each search for servers or holders walks all of /proc. */
		report_busy(&to, a->looked < LOOKS, item->connection);
		if (!to.quiet && a->looked++ < LOOKS)
			report_item_holders(&to, item);
		else if (!to.quiet && a->looked == LOOKS + 1)
			report(&to, "holders", "holders are no longer looked for; fuse-info shows them");
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

	return sys_clock_ns() - a->began < (uint64_t)seconds * NS_PER_S;
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
	to.object = all_path(a, item);
	report(&to, "refused", "lies below %s, which does not answer; unmount that first", all_path(a, outer));
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
		if (a->items[i].wanted && a->items[i].silent && all_silent_above(a, a->items + i) == NONE)
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
			above = all_silent_above(a, item);
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

static int add_item(struct census *census, const struct item *item)
{
	int err = census_add(census, item->connection);
	struct conn *conn = census_find(census, item->connection);

	if (conn) {
		conn->identity = item->identity;
		conn->unidentified = item->unidentified;
	}
	return err;
}

static int recover_all(struct all *a)
{
	struct census census = { .count = 0 };

	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].wanted && add_item(&census, a->items + i) < 0)
			return FUMOUNT_SYSTEM;
	if (census.count)
		fumount_count(&a->tally, fumount_recover_all(a->f, a->to, &census));
	return fumount_total(&a->tally);
}

int fumount_all(const struct fumount *f, const struct report *to)
{
	struct all a = { .f = f, .to = to, .began = sys_clock_ns(),
			 .owner = priv_may_mount() ? -1 : (int64_t)sys_getuid() };
	int err = table_each(NULL, all_add_mount, &a);

	if (!err && a.count)
		err = table_each(NULL, all_confirm_mount, &a);
	for (size_t i = 0; i < a.count; i++)
		a.items[i].wanted &= a.items[i].sure;
	if (!err && f->recover)
		return recover_all(&a);
	all_link_enclosing(&a);
	if (!err)
		err = all_find_silent(&a);
	if (!err)
		err = unmount_all(&a);
	if (err) {
		report_error(to, "failed", err, "%s", msg_reason(err));
		return FUMOUNT_SYSTEM;
	}
	return fumount_total(&a.tally);
}
