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
#include <fcntl.h>
#include <string.h>

#include "fuse/proto.h"
#include "cli/match.h"
#include "health/fusectl.h"
#include "msg.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/task.h"
#include "sys.h"
#include "mount/table.h"
#include "wake_pass.h"

enum { WATCH_MS = 500, EMPTY_PASSES = 5, SETTLE_MS = 20, LIMIT_MS = 1000, MOST_MS = 60000,
       BRIEF_MS = 400 };

struct waking {
	const struct fumount *f;
	const struct report *to;
	struct wake_order order;
	struct wake_job job;
	bool selects;		/* not all requests */
	uint64_t progress;	/* sys_clock_ns() when a thread was first woken */
	int empty;		/* passes in a row that ended none */
	int error;		/* the worst -errno of collecting servers */
	uint32_t ended, done, forgotten, unasked;	/* of all passes */
};

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
		return f->older >= 0 || f->pid || f->node || f->dry_run
		       ? "--older, --pid, --node and --dry-run go with --wake" : NULL;
	if (!wake_error(f->wake))
		return "--wake: no such error, or not one to answer with";
	if (f->pid && (opt_number(f->pid, INT32_MAX, &number) < 0 || !number))
		return "--pid takes the number of a process";
	if (f->node && (opt_number(f->node, UINT64_MAX, &number) < 0 || !number))
		return "--node takes the number of a node";
	return NULL;
}

static void set_order(struct waking *w)
{
	const struct fumount *f = w->f;
	uint64_t number;

	w->order = (struct wake_order) {
		.error = wake_error(f->wake), .peek = f->dry_run,
		.describe = f->dry_run || f->verbose || f->older >= 0,
		.older = f->older < 0 ? WAKE_OLDER_ALL : f->older > INT32_MAX / 1000 ? INT32_MAX : f->older * 1000,
	};
	w->selects = f->older >= 0 || f->pid || f->node;
	if (f->pid && opt_number(f->pid, INT32_MAX, &number) == 0)
		w->order.pid = (int)number;
	if (f->node && opt_number(f->node, UINT64_MAX, &number) == 0)
		w->order.node = number;
}

/* ---- The servers ---- */

static int add_server(const struct server *server, void *data)
{
	struct waking *w = data;
	struct wake_job *job = &w->job;

	if ((server->connection != job->connection && server->connection != SERVER_NOT_TOLD)
	    || server->pid == sys_getpid() || server_is_over(server))
		return 0;	/* an older connection may have had this number */
	for (int i = 0; i < job->server_count; i++)
		if (job->servers[i].pid == server->pid)
			return 0;
	if (job->server_count == WAKE_SERVERS)
		return w->error = -E2BIG, 1;
	job->servers[job->server_count++] = *server;
	return 0;
}

static int find_servers(struct waking *w, uint64_t connection)
{
	int err;

	w->job.connection = connection;
	w->job.server_count = 0;
	w->error = 0;
	err = server_each(add_server, w);
	return w->error ? w->error : w->job.server_count ? 0 : err == -EAGAIN ? -EACCES : -ESRCH;
}

/* ---- Why not ---- */

static int refuse(const struct waking *w, int status, const char *why)
{
	if (status != FUMOUNT_OK || !w->f->all || w->f->verbose)
		report(w->to, status == FUMOUNT_OK ? "nothing" : "refused", "%s", why);
	return status;
}

/* The rule by which the kernel refuses to trace the server: ptrace(2), "Ptrace access mode checking". */
static int refuse_tracing(const struct waking *w, int pid)
{
	char command[16], scope[8] = "", path[32];
	struct out out = OUT_TEXT(path);
	struct sys_stat st = { .uid = sys_geteuid() };
	int tracer = task_tracer(pid);

	out_fmt(&out, "/proc/%d", pid);
	sys_statx(AT_FDCWD, out_text(&out), true, &st);
	if (tracer) {
		proc_command(tracer, command);
		report(w->to, "refused", "its server, process %d, is traced by process %d (%s); end that first", pid,
		       tracer, command);
	} else if (sys_geteuid() != 0 && st.uid != sys_geteuid()) {
		report(w->to, "refused", "its server, process %d, is another user's; run this as root", pid);
	} else if (sys_read_file("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)) > 0 && *scope > '0') {
		report(w->to, "refused", "its server, process %d, may not be traced: kernel.yama.ptrace_scope is %c; "
		       "%s", pid, *scope, *scope == '3' ? "only a reboot changes that" : "run this as root");
	} else {
		report(w->to, "refused", "its server, process %d, may not be traced: it has more capabilities, or is "
		       "in another user namespace; run this as root there", pid);
	}
	return FUMOUNT_USAGE;
}

/* FUSE_NOTIFY_RESEND came with Linux 6.9, which can lose requests by it. */
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

static int refuse_holding(const struct waking *w, int err)
{
	int pid = w->job.servers[0].pid;

	if (err == -EACCES && !w->job.server_count)
		return refuse(w, FUMOUNT_USAGE, "its server is not visible to this user; run this as root");
	switch (err) {
	case -EPERM: case -EACCES:
		return refuse_tracing(w, pid);
	case -ENOSYS:
		return refuse(w, FUMOUNT_FAILED, "waking needs Linux 5.6; fumount --abort ends the connection");
	case -ESRCH: case -ESTALE:
		return refuse(w, FUMOUNT_FAILED, "its server ended or changed meanwhile; run this again");
	case -EBUSY:
		report(w->to, "failed", "its server, process %d, does not stand still; run this again", pid);
		return FUMOUNT_FAILED;
	}
	report(w->to, "failed", "%s", msg_reason(err));
	return FUMOUNT_FAILED;
}

/* FUMOUNT_OK with *go cleared: there is nothing to do. */
static int judge(const struct waking *w, const struct conn *conn, bool *go)
{
	*go = false;
	if (!can_resend())
		return refuse(w, FUMOUNT_FAILED, "waking needs Linux 6.10; fumount --abort ends what waits, and the "
			      "connection");
	if (conn->over)
		return refuse(w, FUMOUNT_OK, "its connection is over; nothing waits");
	if (!conn->waiting)
		return refuse(w, FUMOUNT_OK, "nothing waits");
	switch (census_state(conn)) {
	case CONN_STARTING:
		return refuse(w, FUMOUNT_FAILED, "its server has not answered INIT; only fumount --abort ends that");
	case CONN_SERVING:
		if (!w->f->force)
			return refuse(w, FUMOUNT_OK, "its server answers; nothing is woken");
		break;
	case CONN_UNKNOWN:
		if (!w->f->force && w->f->older < 0)
			return refuse(w, FUMOUNT_FAILED, "requests wait, and its server runs: it may answer yet; "
				      "--wake -f, or --older=SECONDS, wakes them");
		break;
	default:
		break;
	}
	*go = true;
	return FUMOUNT_OK;
}

/* ---- Reports ---- */

static const char *fate_text(const struct waking *w, const struct wake_request *r)
{
	return r->fate == WAKE_ENDED ? msg_errno_name(w->order.error)
	       : r->fate == WAKE_DONE ? "left to the server, which has read it" : "given back";
}

static void report_request_json(const struct waking *w, const struct wake_request *r)
{
	static const char *const fates[] = { "back", "woken", "read" };
	struct json *json = w->to->json;

	json_open(json, NULL, '{');
	json_text(json, "event", "request");
	json_text(json, "op", proto_name(r->opcode));
	json_text(json, "name", *r->name ? r->name : NULL);
	json_number(json, "node", (int64_t)r->node);
	json_number(json, "pid", r->pid ? (int64_t)r->pid : -1);
	json_text(json, "command", *r->command ? r->command : NULL);
	json_number(json, "uid", r->uid);
	json_number(json, "waited_ms", r->waited);
	json_text(json, "fate", fates[r->fate]);
	json_close(json, '}');
}

static void report_request(const struct waking *w, const struct wake_request *r)
{
	char text[256];
	struct out out = OUT_TEXT(text);

	if (w->to->quiet)
		return;
	if (w->to->json) {
		report_request_json(w, r);
		return;
	}
	out_fmt(&out, "%s", proto_name(r->opcode));
	if (*r->name)
		out_fmt(&out, " \"%s\"", r->name);
	out_fmt(&out, " of node %llu", (unsigned long long)r->node);
	if (r->pid)
		out_fmt(&out, " by %u%s%s%s", r->pid, *r->command ? " (" : "", r->command, *r->command ? ")" : "");
	else
		out_str(&out, " by the kernel");
	if (r->waited >= 0)
		out_fmt(&out, " for %d.%d s", r->waited / 1000, r->waited % 1000 / 100);
	report(w->to, "request", "%s: %s", out_text(&out), fate_text(w, r));
}

static void report_losses(const struct waking *w)
{
	if (w->forgotten)
		report(w->to, "forgotten", "the kernel forgot %u node%s without telling the server, which keeps as many "
		       "until it ends", w->forgotten, out_plural(w->forgotten));
	if (w->unasked)
		report(w->to, "lost", "the server does not get %u answer%s to FUSE_NOTIFY_RETRIEVE", w->unasked,
		       out_plural(w->unasked));
}

/* ---- Passes ---- */

static void note_woken(struct waking *w, uint32_t pid)
{
	if (map_find(&w->job.woken, pid))
		return;
	map_add(&w->job.woken, pid, 0);
	w->progress = sys_clock_ns();
}

static void add_pass(struct waking *w)
{
	const struct wake_pass *pass = w->job.pass;

	w->ended += pass->ended;
	w->done += pass->done;
	w->forgotten += pass->forgotten;
	w->unasked += pass->unasked;
	for (uint32_t i = 0; i < pass->count && w->order.describe; i++)
		report_request(w, pass->requests + i);
	for (uint32_t i = 0; i < pass->count; i++)
		if (pass->requests[i].fate == WAKE_ENDED && pass->requests[i].pid)
			note_woken(w, pass->requests[i].pid);
}

/* A process that was woken closes its file, which may wait again. */
static bool are_waiting_again(const struct waking *w)
{
	const struct wake_pass *pass = w->job.pass;

	for (uint32_t i = 0; i < pass->count && pass->own_space; i++)
		if (pass->requests[i].fate == WAKE_ENDED && callers_wait(pass->requests + i))
			return true;
	return false;
}

/* Whether more requests wait, within a moment, than the server was given back. Some come from
   processes that have waited for a lock of a directory, one after another. */
static bool are_more_waiting(const struct waking *w)
{
	for (int i = 0; i < SETTLE_MS; i++) {
		sys_sleep_ms(1);
		if (fusectl_waiting(w->job.connection) > (int64_t)w->job.pass->back)
			return true;
	}
	return false;
}

/* A request counts as waiting a little before it can be read, so a single pass that finds none shows
   nothing. */
static bool is_another_pass_due(struct waking *w)
{
	w->empty = w->job.pass->ended ? 0 : w->empty + 1;
	if (w->order.peek || w->empty == EMPTY_PASSES)
		return false;
	if (!w->selects)
		return are_more_waiting(w);
	sys_sleep_ms(SETTLE_MS);
	return !w->empty && are_waiting_again(w);
}

/* Returns 0, or -errno. A process that tries again whatever error it gets would make it run for ever:
   it ends `limit_ms` after the last thread was woken for the first time. */
static int run_passes(struct waking *w, int limit_ms, int most_ms)
{
	const uint64_t end = sys_clock_ns() + (uint64_t)most_ms * 1000000;
	struct wake_pass *pass = w->job.pass;
	uint64_t now;

	w->empty = 0;
	w->progress = sys_clock_ns();
	do {
		wake_pass_run(&w->job);
		if (!pass->held)
			add_pass(w);
		if (pass->held || pass->err)
			return pass->held ? pass->held : pass->err;
		if (!is_another_pass_due(w))
			break;
		now = sys_clock_ns();
	} while (now < end && now < w->progress + (uint64_t)limit_ms * 1000000);
	return 0;
}

static int wake_connection(struct waking *w, const struct conn *conn)
{
	uint64_t began = sys_clock_ns();
	int64_t left;
	bool go;
	int status = judge(w, conn, &go), err;

	if (!go)
		return status;
	err = find_servers(w, conn->connection);
	if (err)
		return refuse_holding(w, err);
	err = run_passes(w, LIMIT_MS, MOST_MS);
	report_losses(w);
	if (err)
		return refuse_holding(w, err);
	left = w->order.peek ? 0 : fusectl_waiting(conn->connection);
	if (!w->order.peek)
		report(w->to, "woken", "%u request%s ended with %s in %llu ms; the mount and its server stay", w->ended,
		       out_plural(w->ended), msg_errno_name(w->order.error), (unsigned long long)(sys_clock_ns() - began) / 1000000);
	if (left <= 0 || w->job.pass->count)
		return FUMOUNT_OK;
	if (!w->ended)
		return refuse(w, FUMOUNT_FAILED, "what waits is out of reach, in a ring of io_uring perhaps; "
			      "fumount --abort ends it");
	report(w->to, "left", "%lld request%s still; run this again", (long long)left, left == 1 ? " waits" : "s wait");
	return FUMOUNT_OK;
}

long fumount_wake_waiters(uint64_t connection)
{
	static const struct report silent = { .object = "", .quiet = true };
	struct waking w = { .to = &silent, .order = { .error = -ETIMEDOUT, .older = WAKE_OLDER_ALL },
			    .job.pass = wake_pass_new() };
	int err = !can_resend() ? -ENOSYS : w.job.pass ? find_servers(&w, connection) : -ENOMEM;

	w.job.order = &w.order;
	if (!err)
		err = run_passes(&w, BRIEF_MS, BRIEF_MS);
	if (w.job.pass)
		sys_free_pages(w.job.pass, sizeof(*w.job.pass));
	map_free(&w.job.woken);
	return err ? err : (long)w.ended;
}

/* ---- Targets ---- */

struct collection { struct census *census; const char *types; };

static int add_connection(const struct table_row *row, void *data)
{
	struct collection *c = data;

	if (!table_is_fuse(row) || (c->types && !match_type(c->types, row->type)))
		return 0;
	return census_add(c->census, table_connection(row));
}

/* A connection that is mounted nowhere any more can have waiters still. NULL: all that are mounted. */
static int collect(const char *word, const char *types, struct census *census)
{
	struct collection c = { census, types };
	int err = word ? target_each(word, add_connection, &c) : table_each(NULL, add_connection, &c);
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
	struct census census = { .count = 0 };
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
