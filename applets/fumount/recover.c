/* fumount -R: what people run when nothing else helps.
 *
 * Plain first; what is dead or is shown to hang is aborted; what is healthy and busy is
 * detached; and so for every layer of a stack, every bind of the same connection, in
 * every mount namespace that can be entered. Each step is reported. Run again, it finds
 * nothing to do.
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
	struct census census;	/* what is to go, wherever it is mounted */
	struct census others;	/* what only stands in the way, and is judged as well */
	bool judged;
	int status;		/* the worst so far */
};

static void worse(struct recovery *r, int err)
{
	int status = fumount_status(err);

	if (status > r->status)
		r->status = status;
}

static const struct conn *conn_of(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);

	return conn ? conn : census_find(&r->others, connection);
}

/* Whether it is still that connection, or its number is another's by now. */
static bool is_same(const struct conn *conn)
{
	return conn && conn->identity == conn_identity(conn->connection);
}

/* Whether a mount of it is to go. What cannot be told now, or could not before, makes no
   other of it. */
static bool is_ours(const struct recovery *r, uint64_t connection)
{
	const struct conn *conn = census_find(&r->census, connection);
	uint64_t now = conn_identity(connection);

	return conn && (now ? !conn->identity || conn->identity == now : conn_waiting(connection) != -ENOENT);
}

/* ---- Is it healthy? ---- */

static const char *const verdicts[] = {
	[CONN_STARTING] = "its server has not answered INIT",
	[CONN_DEAD] = "its server is dead",
	[CONN_ABORTED] = "it is aborted",
	[CONN_STOPPED] = "its server is stopped",
	[CONN_HUNG] = "its server does not answer",
	[CONN_UNKNOWN] = "whether its server answers is not known",
};

/* All at once, so that five hung layers take no longer than one. */
static enum conn_state state_of(struct recovery *r, uint64_t connection)
{
	if (census_find(&r->census, connection)) {
		if (!r->judged)
			census_look(&r->census, WATCH_MS);
		r->judged = true;
		return census_state(conn_of(r, connection));
	}
	if (!census_find(&r->others, connection)) {
		if (census_add(&r->others, connection) < 0)
			return CONN_UNKNOWN;
		census_look(&r->others, WATCH_MS);
	}
	return census_state(conn_of(r, connection));
}

static bool is_answering(struct recovery *r, uint64_t connection)
{
	const struct conn *conn;

	state_of(r, connection);
	conn = conn_of(r, connection);
	return !conn || census_answers(conn);
}

static void tell_state(const struct recovery *r, enum conn_state state, const struct conn *conn)
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

/* Only a connection that is shown to keep requests waiting, unless -f says so; one that is over
   needs no abort. */
static bool is_to_abort(const struct recovery *r, enum conn_state state, const struct conn *conn)
{
	return r->f->force ? state != CONN_DEAD && state != CONN_ABORTED : conn && census_blocks(conn);
}

struct duty { uint64_t connection; bool aborted, serves, another; };

static int note_duty(const struct server *server, void *data)
{
	struct duty *duty = data;

	if (server->connection != duty->connection)
		duty->another = true;
	else
		duty->serves |= duty->aborted || !server_is_over(server);
	return 0;
}

static bool is_of_user(int pid, int64_t uid)
{
	struct proc_facts facts;

	return proc_facts(pid, &facts) == 0 && facts.uid == uid;
}

/* Signals the one process that serves t, which is held and looked at again for that. Whoever
   was handed the descriptor serves, too, as far as /proc tells: root kills no process but the
   mount's owner's, and none that serves another connection. */
static int signal_server(const struct recovery *r, const struct target *t, int sig)
{
	const struct conn *conn = conn_of(r, t->connection);
	struct duty duty = { .connection = t->connection, .aborted = sig == SIGCONT };
	struct proc_held held;
	int err = conn && conn->pid ? proc_hold(&held, conn->pid) : -ESRCH;

	if (err)
		return err;
	server_of(held.pid, note_duty, &duty);
	if (sig == SIGKILL && (conn->others[0] || duty.another
			       || (sys_geteuid() == 0 && !is_of_user(held.pid, t->owner))))
		err = -EPERM;
	else
		err = duty.serves ? proc_signal(&held, sig) : -ESRCH;
	proc_release(&held);
	return err;
}

/* Its end is the abort that its own user may always have; if it serves nothing else. */
static int kill_server(const struct recovery *r, const struct target *t)
{
	int err = signal_server(r, t, SIGKILL);

	if (!err)
		report(r->to, "killed", "connection %llu cannot be aborted by this user: its server, process %d "
		       "is killed", (unsigned long long)t->connection, conn_of(r, t->connection)->pid);
	return err;
}

/* unmounting: the kernel has begun, and waits; the mount may be in no table any more. */
static void abort_if_hung(struct recovery *r, const struct target *t, bool unmounting)
{
	enum conn_state state = state_of(r, t->connection);
	int err;

	tell_state(r, state, conn_of(r, t->connection));
	if (!is_to_abort(r, state, conn_of(r, t->connection)) || (unmounting && !is_same(conn_of(r, t->connection))))
		return;
	err = unmounting ? -ENOENT : unmount_abort(t);
	if (err == -ENOENT && is_same(conn_of(r, t->connection)))
		err = conn_abort_known(t->connection, conn_of(r, t->connection)->identity);
	/* What is on its way to a stopped server's ring, that must give back itself. */
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

/* Those who are woken need a moment to let go. */
static int plain_again(const struct target *t)
{
	int err = -EBUSY;

	for (int i = 0; i < 10 && err == -EBUSY; i++) {
		sys_sleep_ms(i);
		err = unmount_target(t, UMOUNT_PLAIN);
	}
	return err;
}

static int take_away(struct recovery *r, const struct target *t)
{
	int err = unmount_target(t, UMOUNT_PLAIN);

	if (err == -ETIMEDOUT) {	/* the kernel waits for the server */
		abort_if_hung(r, t, true);
		return unmount_wait(LIMIT_MS);
	}
	if (err != -EBUSY)
		return err;
	report(r->to, "busy", "busy");
	abort_if_hung(r, t, false);
	err = plain_again(t);
	if (err != -EBUSY)
		return err;
	/* MNT_FORCE is the abort where fusectl is out of reach. */
	err = unmount_target(t, is_to_abort(r, state_of(r, t->connection), conn_of(r, t->connection))
			     ? UMOUNT_ABORT : UMOUNT_LAZY);
	if (!err) {
		report(r->to, "detached", "detached; it goes when the last one lets go");
		report_holders(r->to, t->major, t->minor);
	}
	return err == 0 ? 1 : err;
}

static int take_target(struct recovery *r, const struct target *t)
{
	int err = take_away(r, t);

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

static int is_next(const struct table_row *row, void *data)
{
	struct next *n = data;
	struct out path = OUT_TEXT(n->path);

	if (!table_is_fuse(row) || !is_ours(n->r, table_connection(row)))
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

static int is_climbed(const struct table_row *row, void *data)
{
	struct climb *climb = data;

	climb->parent = row->parent;
	return row->id == climb->id;
}

/* Whether the mount `top` is that of `id`, or mounted over it: a user may have swapped the
   names that lead there. */
static bool is_over(uint64_t top, uint64_t id)
{
	enum { LAYERS = 64 };
	struct climb climb = { .id = top };

	for (int i = 0; i < LAYERS && climb.id != id; i++) {
		if (table_each(NULL, is_climbed, &climb) <= 0)
			return false;
		climb.id = climb.parent;
	}
	return climb.id == id;
}

/* What is on top there: that mount, or another that covers it. 1 when it has gone, and
   another may be left; 0 when there is none; -errno. */
static int take_next(struct recovery *r, uint64_t *before)
{
	static struct next n;
	static struct target top;
	int err;

	n.r = r;
	err = table_each(NULL, is_next, &n);
	if (err < 0)
		report(r->to, "failed", "the mount table: %s", msg_reason(err));
	if (err <= 0)
		return err;
	err = target_find(n.path, &top);
	if (!is_ours(r, n.connection)		/* it went by itself */
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
	} else if (top.id && !is_over(top.id, n.id)) {
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
		err = take_target(r, &top);
	}
	target_close(&top);
	return err && err != -ESTALE ? err : 1;
}

struct count { const struct recovery *r; size_t count; };

static int count_mount(const struct table_row *row, void *data)
{
	struct count *c = data;

	c->count += table_is_fuse(row) && is_ours(c->r, table_connection(row));
	return 0;
}

/* In the mount namespace of process pid (NULL: our own); 0 if its table cannot be read. */
static size_t count_mounts(const struct recovery *r, const char *pid)
{
	struct count c = { r, 0 };

	return table_each(pid, count_mount, &c) < 0 ? 0 : c.count;
}

/* Twice as often as there are mounts, since others may cover them; somebody who mounts again
   and again is not run after for ever. */
static int sweep_here(struct recovery *r)
{
	size_t rounds = ROUNDS + 2 * count_mounts(r, NULL);
	uint64_t before = 0;
	int more = 1;

	while (rounds-- && more > 0)
		more = take_next(r, &before);
	return more;
}

/* ---- Other mount namespaces ---- */

struct elsewhere { struct recovery *r; uint64_t own; bool again; };

static int is_to_go(const struct table_row *row, void *data)
{
	return table_is_fuse(row) && is_ours(data, table_connection(row));
}

struct sweeping { struct recovery *r; const char *pid; };

/* In a child; its parent tells what came of it. */
static int enter_and_sweep(void *data)
{
	static const struct report silent = { .object = "", .quiet = true };
	struct sweeping *s = data;
	int err = fumount_enter(s->pid);

	s->r->to = &silent;
	return err ? err : sweep_here(s->r);
}

static int sweep_in(struct recovery *r, const char *pid)
{
	struct sweeping s = { r, pid };
	struct aside aside;
	size_t left = SIZE_MAX, before;
	int err = aside_start(&aside, enter_and_sweep, &s);

	if (err)
		return err;
	/* There may be thousands: as long as they become fewer. */
	do {
		before = left;
		err = aside_wait(&aside, 3 * UNMOUNT_LIMIT_MS);
		left = err == -ETIMEDOUT ? count_mounts(r, pid) : 0;
	} while (left && left < before);
	if (err == -ETIMEDOUT)
		aside_leave(&aside);
	return err;
}

static int look_elsewhere(uint64_t number, int pid, void *data)
{
	struct elsewhere *e = data;
	char text[12], command[16];
	struct out out = OUT_TEXT(text);
	int err, left;

	out_fmt(&out, "%d", pid);
	if (number == e->own || table_each(out_text(&out), is_to_go, e->r) <= 0)
		return 0;
	err = sweep_in(e->r, text);
	left = err ? table_each(text, is_to_go, e->r) : 0;
	if (left < 0) {	/* the process has ended; the namespace may have others */
		e->again = true;
		return 0;
	}
	err = left ? err : 0;
	proc_command(pid, command);
	report(e->r->to, err ? "failed" : "unmounted", "in the mount namespace of %d (%s): %s", pid, command,
	       err ? msg_reason(err) : "unmounted");
	worse(e->r, err);
	return 0;
}

/* ---- The whole ---- */

static void tell_rest(struct recovery *r, uint64_t connection)
{
	int64_t waiting = conn_waiting(connection);
	uint32_t major = (uint32_t)(connection >> 20), minor = connection & 0xfffff;

	if (waiting == -ENOENT || !is_ours(r, connection)) {
		report(r->to, "gone", "connection %llu is gone", (unsigned long long)connection);
		return;
	}
	report(r->to, "kept", "connection %llu is not mounted any more, and stays for those who hold it",
	       (unsigned long long)connection);
	report_holders(r->to, major, minor);
}

static int sweep(struct recovery *r)
{
	enum { TRIES = 8 };
	struct elsewhere e = { r, proc_namespace(), true };
	bool hidden = false;
	int err = sweep_here(r);

	worse(r, err);
	sys_keep_places();
	for (int i = 0; e.own && e.again && i < TRIES; i++) {
		e.again = false;
		proc_each_namespace(look_elsewhere, &e, &hidden);
	}
	if (hidden)
		report(r->to, "unknown", "other mount namespaces cannot all be seen by this user");
	for (size_t i = 0; r->status == FUMOUNT_OK && i < r->census.count; i++)
		tell_rest(r, r->census.conns[i].connection);
	return r->status;
}

int fumount_recover_all(const struct fumount *f, const struct report *to, struct census *all)
{
	struct recovery r = { .f = f, .to = to, .census = *all, .others.identify = true };

	return sweep(&r);
}

static int take_connection(const struct table_row *row, void *data)
{
	return table_is_fuse(row) ? census_add(data, table_connection(row)) : 0;
}

/* One that is mounted nowhere any more, but has not gone. */
static int take_detached(const char *word, struct census *census)
{
	uint64_t connection;

	if (target_connection(word, &connection) < 0)
		return 0;
	return conn_waiting(connection) < 0 ? 0 : census_add(census, connection);
}

/* The mount table has nothing by this name. That is what was wanted, if it is a place. */
static int nothing_there(const struct report *to, const char *word, int err)
{
	static struct target t;

	if (err && target_is_name(word)) {
		report(to, "failed", "conn: and mnt-id: go with a number");
		return FUMOUNT_FAILED;
	}
	if (!target_is_name(word)) {
		int before = err;

		err = target_find(word, &t);
		/* No path: a source that is mounted no more. */
		if (err == -ENOENT && strchr(word, ':'))
			err = -EINVAL;
		if (!err && t.fuse)	/* it is there, and something went wrong */
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

/* What nobody has mounted any more can only be aborted; if it hangs, or -f says so. */
static int recover_detached(struct recovery *r, uint64_t connection)
{
	enum conn_state state = state_of(r, connection);

	tell_state(r, state, conn_of(r, connection));
	if (is_to_abort(r, state, conn_of(r, connection)) && conn_abort(connection) == 0)
		report(r->to, "aborted", "connection %llu is aborted: who waited is woken",
		       (unsigned long long)connection);
	return sweep(r);
}

int fumount_recover(const struct fumount *f, const struct report *to, const char *word)
{
	struct recovery r = { .f = f, .to = to, .census.identify = true, .others.identify = true };
	int err = target_each(word, take_connection, &r.census);
	size_t mounted = r.census.count;

	if (!err && !mounted)
		err = take_detached(word, &r.census);
	if (!r.census.count)
		return nothing_there(to, word, err);
	return mounted ? sweep(&r) : recover_detached(&r, r.census.conns[0].connection);
}
