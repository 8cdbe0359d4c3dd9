/* fumount -R: recover from FUSE mounts that a plain unmount does not remove.
 *
 * Try a plain unmount first. If the mount is busy, abort a connection whose server is shown to
 * hang, and detach a mount whose server is healthy. Do so for every layer of a stack and every
 * bind mount of the connection, in every mount namespace that this process can enter, and report
 * each step. A second run finds nothing to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "sys/child.h"
#include "health/fusectl.h"
#include "fumount.h"
#include "msg.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "health/server.h"
#include "sys.h"
#include "mount/table.h"
#include "target/unmount.h"

enum { WATCH_MS = 900, LIMIT_MS = 300, ROUNDS = 512 };

struct recovery {
	const struct fumount *f;
	const struct report *to;
	struct census census;	/* the connections to recover, wherever they are mounted */
	struct census others;	/* connections of further mounts that are in the way */
	bool judged;		/* census_look() has sampled `census` */
	int status;		/* the worst exit status so far */
};

static void note_status(struct recovery *r, int err)
{
	int status = fumount_status(err);

	if (status > r->status)
		r->status = status;
}

static const struct conn *find_conn(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);

	return conn ? conn : census_find(&r->others, connection);
}

/* The kernel reuses connection numbers, so compare the identity as well. */
static bool is_same_connection(const struct conn *conn)
{
	return conn && conn->identity == fusectl_identity(conn->connection);
}

/* Whether mounts of this connection are to be unmounted. An identity that could not be read, now
   or earlier, counts as unchanged while the connection exists. */
static bool is_recovery_target(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);
	uint64_t now = fusectl_identity(connection);

	return conn && (now ? !conn->identity || conn->identity == now : fusectl_waiting(connection) != -ENOENT);
}

/* ---- The state of a connection ---- */

static const char *const verdicts[] = {
	[CONN_STARTING] = "its server has not answered INIT",
	[CONN_DEAD] = "its server is dead",
	[CONN_ABORTED] = "it is aborted",
	[CONN_STOPPED] = "its server is stopped",
	[CONN_HUNG] = "its server does not answer",
	[CONN_UNKNOWN] = "whether its server answers is not known",
};

/* Sample all connections to recover at once, so that five hung layers take no longer than one. */
static enum conn_state judge_connection(struct recovery *r, uint64_t connection)
{
	if (census_find(&r->census, connection)) {
		if (!r->judged)
			census_look(&r->census, WATCH_MS);
		r->judged = true;
		return census_state(find_conn(r, connection));
	}
	if (!census_find(&r->others, connection)) {
		if (census_add(&r->others, connection) < 0)
			return CONN_UNKNOWN;
		census_look(&r->others, WATCH_MS);
	}
	return census_state(find_conn(r, connection));
}

static bool is_answering(struct recovery *r, uint64_t connection)
{
	const struct conn *conn;

	judge_connection(r, connection);
	conn = find_conn(r, connection);
	return !conn || census_answers(conn);
}

static void report_state(const struct recovery *r, enum conn_state state, const struct conn *conn)
{
	char text[160], command[16];
	struct out out = OUT_TEXT(text);

	if (state == CONN_SERVING) {
		report(r->to, "state", "its server is well");
		return;
	}
	out_str(&out, verdicts[state]);
	if (conn && conn->pid) {
		proc_command(conn->pid, command);
		out_fmt(&out, ": process %d (%s)", conn->pid, command);
	} else if (state == CONN_UNKNOWN) {
		out_str(&out, ": it is not visible to this user");
	}
	if (conn && conn->waiting >= 0)
		out_fmt(&out, ", %llu waiting", (unsigned long long)conn->waiting);
	if (conn && census_waited(conn))
		out_fmt(&out, " for %llu ms", (unsigned long long)census_waited(conn));
	if (state == CONN_UNKNOWN && !r->f->force)
		out_str(&out, "; -R -f aborts it");
	report(r->to, "state", "%s", out_text(&out));
}

/* Without -f, abort a connection only if its server is shown to keep requests waiting; with -f,
   every connection that is not over yet. */
static bool is_abort_due(const struct recovery *r, enum conn_state state, const struct conn *conn)
{
	return r->f->force ? state != CONN_DEAD && state != CONN_ABORTED : conn && census_blocks(conn);
}

struct duty { uint64_t connection; bool aborted, serves, another; };

static int check_duty(const struct server *server, void *data)
{
	struct duty *duty = data;

	if (server->connection != duty->connection)
		duty->another = true;
	else
		duty->serves |= duty->aborted || !server_is_over(server);
	return 0;
}

static bool is_owned_by(int pid, int64_t uid)
{
	struct proc_facts facts;

	return proc_facts(pid, &facts) == 0 && facts.uid == uid;
}

/* Signal the process that serves t's connection. Hold the process while checking it again, since
   the kernel reuses pids. /proc shows any process with the descriptor as a server, so SIGKILL is
   refused if a second process has it or this process serves another connection; and root kills
   only a process of the mount's owner. */
static int signal_server(const struct recovery *r, const struct target *t, int sig)
{
	const struct conn *conn = find_conn(r, t->connection);
	struct duty duty = { .connection = t->connection, .aborted = sig == SIGCONT };
	struct proc_held held;
	int err = conn && conn->pid ? proc_hold(&held, conn->pid) : -ESRCH;

	if (err)
		return err;
	server_of(held.pid, check_duty, &duty);
	if (sig == SIGKILL && (conn->others[0] || duty.another
			       || (sys_geteuid() == 0 && !is_owned_by(held.pid, t->owner))))
		err = -EPERM;
	else
		err = duty.serves ? proc_signal(&held, sig) : -ESRCH;
	proc_release(&held);
	return err;
}

/* The connection is over once its server exits, so users who may not abort it in fusectl can
   still kill their own server. */
static int kill_server(const struct recovery *r, const struct target *t)
{
	int err = signal_server(r, t, SIGKILL);

	if (!err)
		report(r->to, "killed", "connection %llu cannot be aborted by this user: its server, process %d "
		       "is killed", (unsigned long long)t->connection, find_conn(r, t->connection)->pid);
	return err;
}

/* unmounting: umount2(2) is waiting for the server; the mount may have left the mount table. */
static void abort_if_hung(struct recovery *r, const struct target *t, bool unmounting)
{
	enum conn_state state = judge_connection(r, t->connection);
	int err;

	report_state(r, state, find_conn(r, t->connection));
	if (!is_abort_due(r, state, find_conn(r, t->connection))
	    || (unmounting && !is_same_connection(find_conn(r, t->connection))))
		return;
	err = unmounting ? -ENOENT : unmount_abort(t);
	if (err == -ENOENT && is_same_connection(find_conn(r, t->connection)))
		err = fusectl_abort_known(t->connection, find_conn(r, t->connection)->identity);
	/* Only the server's own threads can return requests that are under way to its io_uring
	   ring: let a stopped server run. */
	if (!err)
		signal_server(r, t, SIGCONT);
	if (!err)
		report(r->to, "aborted", "connection %llu is aborted: who waited is woken",
		       (unsigned long long)t->connection);
	else if (err != -ENOENT && kill_server(r, t) < 0)
		report(r->to, "failed", "cannot abort connection %llu: %s",
		       (unsigned long long)t->connection, msg_reason(err));
}

/* ---- One mount ---- */

/* The abort wakes the waiting processes, which then need a moment to close their files. */
static int retry_plain(const struct target *t)
{
	int err = -EBUSY;

	for (int i = 0; i < 10 && err == -EBUSY; i++) {
		sys_sleep_ms(i);
		err = unmount_target(t, UMOUNT_PLAIN);
	}
	return err;
}

static int unmount_escalating(struct recovery *r, const struct target *t)
{
	int err = unmount_target(t, UMOUNT_PLAIN);

	if (err == -ETIMEDOUT) {	/* umount2(2) is waiting for the server */
		abort_if_hung(r, t, true);
		return unmount_wait(LIMIT_MS);
	}
	if (err != -EBUSY)
		return err;
	report(r->to, "busy", "busy");
	abort_if_hung(r, t, false);
	err = retry_plain(t);
	if (err != -EBUSY)
		return err;
	/* Where fusectl is out of reach, MNT_FORCE aborts the connection. */
	err = unmount_target(t, is_abort_due(r, judge_connection(r, t->connection), find_conn(r, t->connection))
			     ? UMOUNT_ABORT : UMOUNT_LAZY);
	if (!err) {
		report(r->to, "detached", "detached; it goes when the last one lets go");
		report_holders(r->to, t->major, t->minor);
	}
	return err == 0 ? 1 : err;
}

static int unmount_and_report(struct recovery *r, const struct target *t)
{
	int err = unmount_escalating(r, t);

	if (err == 0)
		report(r->to, "unmounted", "%s at %s: unmounted", t->type, t->at.path);
	else if (err == -ENOENT)
		report(r->to, "unmounted", "%s at %s: unmounted meanwhile by another process", t->type,
		       t->at.path);
	else if (err < 0 && err != -ESTALE)
		report(r->to, "failed", "%s at %s: %s", t->type, t->at.path, msg_reason(err));
	return err < 0 && err != -ENOENT ? err : 0;
}

/* ---- Every mount of a connection in this mount namespace ---- */

struct next { struct recovery *r; uint64_t connection, id; uint32_t major, minor; char path[8192]; };

static int match_next(const struct table_row *row, void *data)
{
	struct next *n = data;
	struct out path = OUT_TEXT(n->path);

	if (!table_is_fuse(row) || !is_recovery_target(n->r, table_connection(row)))
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

/* Find the next mount to recover and unmount the top of its stack: that mount, or a mount that
   covers it. 1: unmounted, and more may be left; 0: none is left; or -errno. `before` is the id
   of the mount that the last call unmounted, to notice when it is still there. */
static int unmount_next(struct recovery *r, uint64_t *before)
{
	static struct next n;
	static struct target top;
	int err;

	n.r = r;
	err = table_each(NULL, match_next, &n);
	if (err < 0)
		report(r->to, "failed", "the mount table: %s", msg_reason(err));
	if (err <= 0)
		return err;
	err = target_find(n.path, &top);
	if (!is_recovery_target(r, n.connection)		/* gone meanwhile */
	    || ((err || !top.fuse) && !table_has(n.id, n.major, n.minor))) {
		if (!err)
			target_close(&top);
		return 1;
	}
	if (err) {
		report(r->to, "failed", "%s: %s", n.path, target_why(&top, err));
		return err;
	}
	if (!top.fuse) {
		report(r->to, "failed", "%s is covered by %s; unmount that first", n.path, top.type);
		err = -EBUSY;
	} else if (top.id && !is_stacked_on(top.id, n.id)) {
		report(r->to, "failed", "%s: another mount is there now", n.path);
		err = -EBUSY;
	} else if (top.id == *before) {
		report(r->to, "failed", "%s is mounted still", n.path);
		err = -EBUSY;
	} else if (top.at.below && !is_answering(r, top.outer)) {
		report(r->to, "failed", "%s lies below conn:%llu, which does not answer; recover that",
		       n.path, (unsigned long long)top.outer);
		err = -EBUSY;
	} else {
		*before = top.id;
		err = unmount_and_report(r, &top);
	}
	target_close(&top);
	return err && err != -ESTALE ? err : 1;
}

struct count { const struct recovery *r; size_t count; };

static int count_mount(const struct table_row *row, void *data)
{
	struct count *c = data;

	c->count += table_is_fuse(row) && is_recovery_target(c->r, table_connection(row));
	return 0;
}

/* Count the mounts in the mount namespace of process pid (NULL: this process); 0 if its table
   cannot be read. */
static size_t count_mounts(const struct recovery *r, const char *pid)
{
	struct count c = { r, 0 };

	return table_each(pid, count_mount, &c) < 0 ? 0 : c.count;
}

/* Allow two rounds for each mount, since another mount may cover it. The limit ends a race with
   a process that keeps mounting. */
static int sweep_namespace(struct recovery *r)
{
	size_t rounds = ROUNDS + 2 * count_mounts(r, NULL);
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
	return table_is_fuse(row) && is_recovery_target(data, table_connection(row));
}

struct sweeping { struct recovery *r; const char *pid; };

/* Run in a child process; the parent reports the result. */
static int enter_and_sweep(void *data)
{
	static const struct report silent = { .object = "", .quiet = true };
	struct sweeping *s = data;
	int err = fumount_enter(s->pid);

	s->r->to = &silent;
	return err ? err : sweep_namespace(s->r);
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
		left = err == -ETIMEDOUT ? count_mounts(r, pid) : 0;
	} while (left && left < before);
	if (err == -ETIMEDOUT)
		child_leave(&child);
	return err;
}

static int sweep_other_namespace(uint64_t number, int pid, void *data)
{
	struct elsewhere *e = data;
	char text[12], command[16];
	struct out out = OUT_TEXT(text);
	int err, left;

	out_fmt(&out, "%d", pid);
	if (number == e->own || table_each(out_text(&out), match_target, e->r) <= 0)
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
	note_status(e->r, err);
	return 0;
}

/* ---- All mount namespaces ---- */

static void report_leftover_connection(struct recovery *r, uint64_t connection)
{
	int64_t waiting = fusectl_waiting(connection);
	uint32_t major = (uint32_t)(connection >> 20), minor = connection & 0xfffff;

	if (waiting == -ENOENT || !is_recovery_target(r, connection)) {
		report(r->to, "gone", "connection %llu is gone", (unsigned long long)connection);
		return;
	}
	report(r->to, "kept", "connection %llu is not mounted any more, and stays for those who hold it",
	       (unsigned long long)connection);
	report_holders(r->to, major, minor);
}

static int sweep_all(struct recovery *r)
{
	enum { TRIES = 8 };
	struct elsewhere e = { r, proc_namespace(), true };
	bool hidden = false;
	int err = sweep_namespace(r);

	note_status(r, err);
	sys_keep_places();
	for (int i = 0; e.own && e.again && i < TRIES; i++) {
		e.again = false;
		proc_each_namespace(sweep_other_namespace, &e, &hidden);
	}
	if (hidden)
		report(r->to, "unknown", "other mount namespaces cannot all be seen by this user");
	for (size_t i = 0; r->status == FUMOUNT_OK && i < r->census.count; i++)
		report_leftover_connection(r, r->census.conns[i].connection);
	return r->status;
}

int fumount_recover_all(const struct fumount *f, const struct report *to, struct census *all)
{
	struct recovery r = { .f = f, .to = to, .census = *all, .others.identify = true };

	return sweep_all(&r);
}

static int add_connection(const struct table_row *row, void *data)
{
	return table_is_fuse(row) ? census_add(data, table_connection(row)) : 0;
}

/* Add a connection that is mounted nowhere but still exists. */
static int add_detached(const char *word, struct census *census)
{
	uint64_t connection;

	if (target_connection(word, &connection) < 0)
		return 0;
	return fusectl_waiting(connection) < 0 ? 0 : census_add(census, connection);
}

/* The mount table has no such mount: success, unless the path does not exist, something else
   than FUSE is mounted there, or the word is malformed. */
static int report_no_mount(const struct report *to, const char *word, int err)
{
	static struct target t;

	if (err && target_is_name(word)) {
		report(to, "failed", "conn: and mnt-id: go with a number");
		return FUMOUNT_FAILED;
	}
	if (!target_is_name(word)) {
		int before = err;

		err = target_find(word, &t);
		/* Not a path but the source of a mount that has gone. */
		if (err == -ENOENT && strchr(word, ':'))
			err = -EINVAL;
		if (!err && t.fuse)	/* it is mounted after all */
			err = before ? before : -EAGAIN;
		if (!err) {
			report(to, "refused", "not a FUSE mount");
			err = -EBUSY;
		} else if (err != -EINVAL) {
			report(to, "failed", "%s", target_why(&t, err));
		}
		target_close(&t);
	}
	if (err && err != -EINVAL)
		return FUMOUNT_FAILED;
	report(to, "nothing", "nothing is mounted there");
	return FUMOUNT_OK;
}

/* A connection that is mounted nowhere can only be aborted: do so if it hangs, or with -f. */
static int recover_detached(struct recovery *r, uint64_t connection)
{
	enum conn_state state = judge_connection(r, connection);

	report_state(r, state, find_conn(r, connection));
	if (is_abort_due(r, state, find_conn(r, connection)) && fusectl_abort(connection) == 0)
		report(r->to, "aborted", "connection %llu is aborted: who waited is woken",
		       (unsigned long long)connection);
	return sweep_all(r);
}

int fumount_recover(const struct fumount *f, const struct report *to, const char *word)
{
	struct recovery r = { .f = f, .to = to, .census.identify = true, .others.identify = true };
	int err = target_each(word, add_connection, &r.census);
	size_t mounted = r.census.count;

	if (!err && !mounted)
		err = add_detached(word, &r.census);
	if (!r.census.count)
		return report_no_mount(to, word, err);
	return mounted ? sweep_all(&r) : recover_detached(&r, r.census.conns[0].connection);
}
