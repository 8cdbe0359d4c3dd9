/* SPDX-License-Identifier: MIT */
/* recover_sweep: every mount of the connections, in every mount namespace. See recovery.h. */
#include "recovery.h"

#include <errno.h>

#include "mount/table.h"
#include "msg.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "sys.h"
#include "sys/child.h"
#include "target/unmount.h"

enum { ROUNDS = 512 };

static void note_status(struct recovery *r, int status)
{
	if (status > r->status)
		r->status = status;
}

/* ---- This mount namespace ---- */

struct next { struct recovery *r; uint64_t connection, id; uint32_t major, minor; char path[8192]; };

static int match_next(const struct table_row *row, void *data)
{
	struct next *n = data;
	struct out path = OUT_TEXT(n->path);

	if (!table_is_fuse(row) || !recover_is_target(n->r, table_connection(row)))
		return 0;
	n->connection = table_connection(row);
	n->id = row->id;
	n->major = row->major;
	n->minor = row->minor;
	out_str(&path, row->mountpoint);
	out_text(&path);
	return 1;
}

struct climb { uint64_t id, parent; };

static int note_parent(const struct table_row *row, void *data)
{
	struct climb *climb = data;

	climb->parent = row->parent;
	return row->id == climb->id;
}

/* Whether the mount `top` is the mount `id` or is stacked on it. A user may have swapped names on
   the path, so that it leads to an unrelated mount. */
static bool is_stacked_on(uint64_t top, uint64_t id)
{
	enum { LAYERS = 64 };
	struct climb climb = { .id = top };

	for (int i = 0; i < LAYERS && climb.id != id; i++) {
		if (table_each(NULL, note_parent, &climb) <= 0)
			return false;
		climb.id = climb.parent;
	}
	return climb.id == id;
}

/* Reports why the mount on top at n's path cannot be unmounted, and returns -EBUSY; 0: it can. */
static int refuse_top(struct recovery *r, const struct next *n, const struct target *top, bool stacked, uint64_t before)
{
	if (!top->fuse)
		report(r->to, "failed", "%s is covered by %s; unmount that first", n->path, top->type);
	else if (!stacked)
		report(r->to, "failed", "%s: another mount is there now", n->path);
	else if (top->id == before)
		report(r->to, "failed", "%s is still mounted", n->path);
	else if (top->at.below && !recover_answers(r, top->outer))
		report(r->to, "failed", "%s lies below conn:%llu, which does not answer; run fumount -R conn:%llu first",
		       n->path, (unsigned long long)top->outer, (unsigned long long)top->outer);
	else
		return 0;
	return -EBUSY;
}

/* Whether the mount that was found in the table, or the one on top of it, has gone since. err: none was found on top. */
static bool is_gone(const struct next *n, const struct target *top, int err)
{
	return !table_has(n->id, n->major, n->minor) || (!err && top->id && !table_has(top->id, top->major, top->minor));
}

/* Find the next mount to recover and unmount the top of its stack: that mount, or a mount that
   covers it. 1: unmounted, and more may be left; 0: none is left; or -errno. `before` is the id
   of the mount that the last call unmounted, to notice when it is still there. */
static int unmount_next(struct recovery *r, uint64_t *before)
{
	static struct next n;
	static struct target top;
	enum target_result found;
	bool stacked;
	int err;

	n.r = r;
	err = table_each(NULL, match_next, &n);
	if (err < 0)
		report_error(r->to, "failed", err, "the mount table: %s", msg_reason(err));
	if (err <= 0)
		return err;
	found = target_find(n.path, &top);
	err = target_errno(&top, found);
	stacked = !err && (!top.id || is_stacked_on(top.id, n.id));
	if (!recover_is_target(r, n.connection) || ((!stacked || !top.fuse) && is_gone(&n, &top, err))) {
		if (!err)
			target_close(&top);
		return 1;
	}
	if (err) {
		report_error(r->to, "failed", err, "%s: %s", n.path, target_why(&top, found));
		return err;
	}
	err = refuse_top(r, &n, &top, stacked, *before);
	if (!err) {
		*before = top.id;
		err = recover_unmount(r, &top);
	}
	target_close(&top);
	return err && err != -ESTALE ? err : 1;
}

/* Allow two rounds for each mount, since another mount may cover it. The limit ends a race with
   a process that keeps mounting. */
int recover_namespace(struct recovery *r)
{
	size_t rounds = ROUNDS + 2 * recover_count_mounts(r, NULL);
	uint64_t before = 0;
	int more = 1;

	while (rounds-- && more > 0)
		more = unmount_next(r, &before);
	return more;
}

/* ---- Other mount namespaces ---- */

struct elsewhere { struct recovery *r; uint64_t own; bool again; };

static int match_target(const struct table_row *row, void *data)
{
	return table_is_fuse(row) && recover_is_target(data, table_connection(row));
}

struct sweeping { struct recovery *r; const char *pid; };

/* Run in a child process; the parent reports the result. */
static int enter_and_sweep(void *data)
{
	static const struct report silent = { .object = "", .quiet = true };
	struct sweeping *s = data;
	int err = fumount_enter(s->r->f, s->pid);

	s->r->to = &silent;
	return err ? err : recover_namespace(s->r);
}

static int sweep_in_child(struct recovery *r, const char *pid)
{
	struct sweeping s = { r, pid };
	struct child child;
	size_t left = SIZE_MAX, before;
	int err = child_start(&child, enter_and_sweep, &s);

	if (err)
		return err;
	/* Thousands of mounts take long: keep waiting as long as their number falls. */
	do {
		before = left;
		err = child_wait(&child, 3 * UNMOUNT_LIMIT_MS);
		left = err == -ETIMEDOUT ? recover_count_mounts(r, pid) : 0;
	} while (left && left < before);
	if (err == -ETIMEDOUT)
		child_leave(&child);
	return err;
}

static int sweep_other_namespace(uint64_t number, int pid, void *data)
{
	struct elsewhere *e = data;
	char text[12], command[16];
	int err, left;

	if (number == e->own || table_each(read_name(pid, text), match_target, e->r) <= 0)
		return 0;
	err = sweep_in_child(e->r, text);
	left = err ? table_each(text, match_target, e->r) : 0;
	if (left < 0) {	/* the process has ended: find another one of this namespace */
		e->again = true;
		return 0;
	}
	err = left ? err : 0;
	proc_command(pid, command);
	report(e->r->to, err ? "failed" : "unmounted", "in the mount namespace of %d (%s): %s", pid, command,
	       err ? msg_reason(err) : "unmounted");
	note_status(e->r, fumount_status(err));
	return 0;
}

int recover_everywhere(struct recovery *r)
{
	enum { TRIES = 8 };
	struct elsewhere e = { r, proc_namespace(), true };
	bool hidden = false;
	int err = recover_namespace(r);

	note_status(r, fumount_status(err));
	sys_keep_places();
	for (int i = 0; e.own && e.again && i < TRIES; i++) {
		e.again = false;
		proc_each_namespace(sweep_other_namespace, &e, &hidden);
	}
	recover_report_hidden(r, hidden);
	for (size_t i = r->status == FUMOUNT_OK ? 0 : r->census.count; i < r->census.count; i++)
		note_status(r, recover_report_leftover(r, r->census.conns + i));
	return r->status;
}
