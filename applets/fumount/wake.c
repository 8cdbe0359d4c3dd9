/* SPDX-License-Identifier: MIT */
/* fumount --wake: processes that wait for a server that does not answer get an error and go on. The
 * mount, its open files and the server stay.
 *
 * The server is held still for some milliseconds, the kernel sends again what the server has not
 * answered (FUSE_NOTIFY_RESEND, Linux 6.10), and this process answers it in the server's place. The
 * kernel refuses the server's own, later answers with ENOENT, as it does for interrupted requests.
 */
#include "wake.h"

#include <errno.h>
#include <string.h>

#include "health/fusectl.h"
#include "msg.h"
#include "opt.h"
#include "out.h"
#include "sys.h"
#include "waking.h"

const struct opt fumount_wake_options[] = {
	OPT(0, "wake", OPT_MAYBE, struct fumount, wake, "ERRNO", "end what waits with an error; mount and server stay"),
	OPT(0, "older", OPT_NUMBER, struct fumount, older, "SECONDS", "--wake: only what has waited for so long"),
	OPT(0, "pid", OPT_STRING, struct fumount, pid, "PID", "--wake: only this process"),
	OPT(0, "node", OPT_STRING, struct fumount, node, "N", "--wake: only requests for this node"),
	OPT(0, "dry-run", OPT_FLAG, struct fumount, dry_run, "", "--wake, -R: tell what would be done; do nothing"),
};

enum { WATCH_MS = 500, LIMIT_MS = 1000, MOST_MS = 20000, WALK_MS = 180000, BRIEF_MS = 400 };

/* ---- The options ---- */

static int wake_error(const char *name)
{
	int err = !*name ? -ETIMEDOUT : msg_errno_of(name);

	return err == -ENOSYS ? 0 : err;	/* the kernel would never send such a request again */
}

const char *fumount_wake_contradiction(const struct fumount *f)
{
	uint64_t number;

	if (!f->wake)
		return f->older >= 0 || f->pid || f->node ? "--older, --pid and --node go with --wake" : NULL;
	if (!wake_error(f->wake))
		return "--wake: no such error, or not one to answer with";
	if (f->pid && (opt_number(f->pid, INT32_MAX, &number) < 0 || !number))
		return "--pid takes the number of a process";
	if (f->node && (opt_number(f->node, UINT64_MAX, &number) < 0 || !number))
		return "--node takes the number of a node";
	return NULL;
}

/* FUSE_NOTIFY_RESEND came with Linux 6.9, where it can lose requests: require 6.10. */
static bool can_resend(void)
{
	enum { MAJOR = 6, MINOR = 10 };
	char release[32];
	uint64_t major, minor;
	char *point, *end;

	if (sys_read_file("/proc/sys/kernel/osrelease", release, sizeof(release)) <= 0 || !(point = strchr(release, '.')))
		return false;
	*point = '\0';
	end = point + 1 + strspn(point + 1, "0123456789");
	*end = '\0';
	return opt_number(release, 1000, &major) == 0 && opt_number(point + 1, 1000, &minor) == 0
	       && (major > MAJOR || (major == MAJOR && minor >= MINOR));
}

static void set_order(struct waking *w)
{
	const struct fumount *f = w->f;
	uint64_t number;

	w->order = (struct wake_order) {
		.error = wake_error(f->wake), .peek = f->dry_run,
		.walk = !can_resend(),
		.describe = f->dry_run || f->verbose || f->older >= 0,
		.older = f->older < 0 ? WAKE_OLDER_ALL : f->older > INT32_MAX / 1000 ? INT32_MAX : f->older * 1000,
	};
	w->selects = f->older >= 0 || f->pid || f->node;
	if (f->pid && opt_number(f->pid, INT32_MAX, &number) == 0)
		w->order.pid = (int)number;
	if (f->node && opt_number(f->node, UINT64_MAX, &number) == 0)
		w->order.node = number;
}

/* ---- Whether to wake ---- */

/* A walk (wake_walk.h) ends requests without knowing which they are: allow it only with -f and a named
   error, without --dry-run, and if all requests are meant. */
static bool may_walk(const struct waking *w)
{
	return *w->f->wake && w->f->force && !w->selects && !w->order.peek;
}

/* FUMOUNT_OK with *go cleared: there is nothing to do. */
static int judge(const struct waking *w, const struct conn *conn, bool *go)
{
	*go = false;
	if (w->order.walk && !may_walk(w))
		return waking_refuse(w, FUMOUNT_FAILED, w->selects || w->order.peek
				     ? "telling requests apart needs Linux 6.10; --wake=ERRNO -f ends all of them"
				     : "Linux before 6.10 does not show what waits; --wake=ERRNO -f ends all of it unseen, "
				       "fumount --abort the connection");
	if (conn->over)
		return waking_refuse(w, FUMOUNT_OK, "its connection is over, so nothing waits; fumount -R clears it");
	if (!conn->waiting)
		return waking_refuse(w, FUMOUNT_OK, "nothing waits");
	switch (census_state(conn)) {
	case CONN_STARTING:
		return waking_refuse(w, FUMOUNT_FAILED, "its server has not answered INIT; only fumount --abort ends that");
	case CONN_SERVING:
		if (!w->f->force)
			return waking_refuse(w, FUMOUNT_OK, "its server answers; nothing is woken");
		break;
	case CONN_UNKNOWN:
		if (!w->f->force && w->f->older < 0)
			return waking_refuse(w, FUMOUNT_FAILED, conn->waiting < 0
				      ? "whether requests wait is not visible to this user; run this as root, "
					"or end what waits with --wake -f"
				      : "requests wait, but its server may still answer; "
					"--wake -f, or --older=SECONDS, wakes them");
		break;
	default:
		break;
	}
	*go = true;
	return FUMOUNT_OK;
}

/* ---- Waking ---- */

/* How many requests wait that were meant, but which the last pass has not met. */
static int64_t count_left(const struct waking *w)
{
	const struct wake_pass *pass = w->job.pass;

	if (w->order.peek || (w->selects && pass->count))
		return 0;
	return fusectl_waiting(w->job.connection) - (int64_t)pass->back;
}

/* Runs passes, and again if requests are left: on a busy machine, a thread that was woken can take long to
   send its next request. A user whose processes come again and again does not hold this one for longer than MOST_MS. */
static int run_passes(struct waking *w, int64_t *left)
{
	enum { RUNS = 3 };
	const uint64_t end = sys_clock_ns() + (uint64_t)(w->order.walk ? WALK_MS : MOST_MS) * NS_PER_MS;
	int err = 0;

	*left = 1;
	for (int i = 0; i < RUNS && !err && *left > 0 && sys_clock_ns() < end; i++) {
		err = waking_run_passes(w, LIMIT_MS, end);
		*left = count_left(w);
		if (!w->ended)
			break;
	}
	return err;
}

/* The kernel names the callers as that PID namespace does, and those outside of it not at all. */
static bool is_untold(const struct waking *w)
{
	return (w->f->older >= 0 || w->f->pid) && w->job.pass->back && !w->job.pass->own_space;
}

static int wake_connection(struct waking *w, const struct conn *conn)
{
	uint64_t began = sys_clock_ns();
	int64_t left;
	bool go;
	int status = judge(w, conn, &go), err;

	if (!go)
		return status;
	if (fumount_refuse_outside(w->f, w->to, conn->connection))
		return FUMOUNT_FAILED;
	w->ended = w->done = w->forgotten = w->unasked = w->unreleased = 0;
	w->job.pass->walked = (struct wake_walked) { .top = 0 };
	err = waking_find_servers(w, conn);
	if (err)
		return waking_refuse_holding(w, err);
	err = run_passes(w, &left);
	waking_report_losses(w);
	if (err)
		return waking_refuse_holding(w, err);
	if (!w->ended && !w->order.peek && is_untold(w))
		return waking_refuse(w, FUMOUNT_FAILED, "it is of another PID namespace, from which --older and --pid cannot "
				     "tell who waits; run this there, or without them");
	if (!w->order.peek)
		report(w->to, "woken", "%u request%s ended with %s in %llu ms; the mount and its server stay", w->ended,
		       out_plural(w->ended), msg_errno_name(w->order.error), (unsigned long long)(sys_clock_ns() - began) / NS_PER_MS);
	if (left <= 0)
		return FUMOUNT_OK;
	if (!w->ended)
		return waking_refuse(w, FUMOUNT_FAILED, "what waits is out of reach, in a ring of io_uring perhaps; "
			      "fumount --abort ends it");
	report(w->to, "left", "%lld request%s; run this again", (long long)left, left == 1 ? " still waits" : "s still wait");
	return FUMOUNT_OK;
}

long fumount_wake_waiters(const struct conn *conn)
{
	static const struct report silent = { .object = "", .quiet = true };
	struct waking w = { .to = &silent, .order = { .error = -ETIMEDOUT, .older = WAKE_OLDER_ALL },
			    .job.pass = wake_pass_new() };
	int err = !can_resend() ? -ENOSYS : w.job.pass ? waking_find_servers(&w, conn) : -ENOMEM;

	w.job.order = &w.order;
	if (!err)
		err = waking_run_passes(&w, BRIEF_MS, sys_clock_ns() + (uint64_t)BRIEF_MS * NS_PER_MS);
	if (w.job.pass)
		sys_free_pages(w.job.pass, sizeof(*w.job.pass));
	map_free(&w.job.woken);
	return err ? err : (long)w.ended;
}

/* ---- Targets ---- */

/* A connection that is mounted nowhere any more can have waiters still. NULL: all that are mounted. */
static int collect(const char *word, const char *types, struct census *census)
{
	int err = fumount_collect(word, types, census);
	uint64_t connection;

	if (err || census->count || !word)
		return err;
	if (target_connection(word, &connection) < 0 || fusectl_waiting(connection) < 0)
		return -ENOENT;
	return census_add(census, connection);
}

static int wake_one(struct waking *w, const struct conn *conn, bool all)
{
	const struct report *to = w->to;
	struct report own = *to;
	char name[32];
	struct out out = OUT_TEXT(name);
	int status;

	out_fmt(&out, "conn:%llu", (unsigned long long)conn->connection);
	if (all)
		own.object = out_text(&out);
	w->to = &own;
	status = wake_connection(w, conn);
	w->to = to;
	map_free(&w->job.woken);
	return status;
}

static int wake_each(struct waking *w, const struct census *census, bool all)
{
	int status = FUMOUNT_OK, one;

	for (size_t i = 0; i < census->count; i++) {
		one = wake_one(w, census->conns + i, all);
		status = one > status ? one : status;
	}
	return status;
}

int fumount_wake(const struct fumount *f, const struct report *to, const char *word)
{
	struct waking w = { .f = f, .to = to, .job.pass = wake_pass_new() };
	struct census census = { .identify = true };
	int err = w.job.pass ? collect(word, f->types, &census) : -ENOMEM, status;

	if (err) {
		report(to, "failed", "%s", err == -ENOENT ? "no FUSE mount is there" : msg_reason(err));
		return fumount_status(err);
	}
	set_order(&w);
	w.job.order = &w.order;
	census_look(&census, f->force ? 0 : WATCH_MS);
	status = wake_each(&w, &census, !word);
	sys_free_pages(w.job.pass, sizeof(*w.job.pass));
	return status;
}
