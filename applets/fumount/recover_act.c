/* SPDX-License-Identifier: MIT */
/* recover_act: unmount one mount, and abort its connection if its server hangs. See recovery.h. */
#include "recovery.h"

#include <errno.h>
#include <signal.h>

#include "health/fusectl.h"
#include "health/server.h"
#include "msg.h"
#include "proc/proc.h"
#include "sys.h"
#include "target/unmount.h"
#include "wake.h"

/* What an unmount may wait for. LIMIT_TRIES of retry_plain() take about as long, BRIEF_TRIES 45 ms. */
enum { LIMIT_MS = 300, LIMIT_TRIES = 25, BRIEF_TRIES = 10 };

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

/* Signal the process that serves the connection; with signal 0, only find out whether SIGKILL could be sent.
   Hold the process while checking it again, since the kernel reuses pids. /proc shows any process with the
   descriptor as a server, so SIGKILL is refused if a second process has it or this process serves another
   connection; and root kills only a process of the mount's owner. */
static int signal_server(const struct conn *conn, int64_t owner, int sig)
{
	struct duty duty = { .connection = conn ? conn->connection : 0, .aborted = sig == SIGCONT };
	struct proc_held held;
	int err = conn && conn->pid ? proc_hold(&held, conn->pid) : -ESRCH;

	if (err)
		return err;
	server_of(held.pid, check_duty, &duty);
	if (sig != SIGCONT && (conn->others[0] || duty.another
			       || (sys_geteuid() == 0 && !is_owned_by(held.pid, owner))))
		err = -EPERM;
	else
		err = duty.serves && (sig == SIGCONT || census_is_same(conn)) ? proc_signal(&held, sig) : -ESRCH;
	proc_release(&held);
	return err;
}

/* The connection is over once its server exits, so a user who may not abort it in fusectl can
   still kill their own server. */
int recover_kill_server(const struct recovery *r, const struct conn *conn, int64_t owner, bool really)
{
	int err = signal_server(conn, owner, really ? SIGKILL : 0);

	if (!err)
		report(r->to, really ? "killed" : "would", "connection %llu cannot be aborted by this user, so its server, "
		       "process %d, %s killed", (unsigned long long)conn->connection, conn->pid,
		       really ? "is" : "would be");
	return err;
}

/* NULL also if the target is gone, and another connection has its number. */
static const struct conn *judge(struct recovery *r, const struct target *t)
{
	const struct conn *conn = recover_judge(r, t->connection);

	return !conn || !t->identity || conn->unidentified || conn->identity == t->identity ? conn : NULL;
}

void recover_abort_if_hung(struct recovery *r, const struct target *t, bool unmounting)
{
	const struct conn *conn = judge(r, t);
	int err;

	if (!recover_abort_is_due(r, conn) || (unmounting && !(conn && census_is_same(conn))))
		return;
	err = unmounting ? -ENOENT : unmount_abort(t);
	if (err == -ENOENT && conn)
		err = fusectl_abort_known(t->connection, conn->identity);
	/* Only the server's own threads can return requests that are under way to its io_uring
	   ring: let a stopped server run. */
	if (!err && signal_server(conn, t->owner, SIGCONT) == 0 && recover_state(conn) == CONN_STOPPED)
		report(r->to, "signalled", "its server, process %d, is resumed by SIGCONT", conn->pid);
	if (!err)
		report(r->to, "aborted", "connection %llu is aborted: waiting processes get an error",
		       (unsigned long long)t->connection);
	else if (err != -ENOENT && err != -ESTALE && recover_kill_server(r, conn, t->owner, true) < 0)
		report_error(r->to, "failed", err, "cannot abort connection %llu: %s",
		       (unsigned long long)t->connection, msg_reason(err));
}

/* The waiting processes get an error, and then need a moment to close their files: tries of 1 ms, 2 ms… */
static int retry_plain(const struct target *t, int tries)
{
	int err = -EBUSY;

	for (int i = 0; i < tries && err == -EBUSY; i++) {
		sys_sleep_ms(i);
		err = unmount_target(t, UMOUNT_PLAIN);
	}
	return err;
}

/* No open file survives an abort, so first end only the waiting requests. Their callers may then close
   their files, so that a plain unmount succeeds. */
static int wake_and_unmount(struct recovery *r, const struct target *t)
{
	const struct conn *conn = judge(r, t);
	long woken = 0;

	if (fumount_wake_waiters && !r->f->force && conn && recover_abort_is_due(r, conn))
		woken = fumount_wake_waiters(conn);
	if (woken <= 0)
		return -EBUSY;
	report(r->to, "woken", "%ld request%s ended with ETIMEDOUT", woken, out_plural((uint64_t)woken));
	return retry_plain(t, LIMIT_TRIES);
}

static int unmount_escalating(struct recovery *r, const struct target *t)
{
	int err = unmount_target(t, UMOUNT_PLAIN);
	const struct conn *conn;

	if (err == -EBUSY)
		report(r->to, "busy", "busy");
	if (err == -EBUSY || err == -ETIMEDOUT)
		recover_report_state(r, judge(r, t));
	if (err == -EBUSY)
		err = wake_and_unmount(r, t);
	if (err == -ETIMEDOUT) {	/* umount2(2) is waiting for the server */
		recover_abort_if_hung(r, t, true);
		return unmount_wait(LIMIT_MS);
	}
	if (err != -EBUSY)
		return err;
	recover_abort_if_hung(r, t, false);
	err = retry_plain(t, BRIEF_TRIES);
	if (err != -EBUSY)
		return err;
	/* Where fusectl is out of reach, MNT_FORCE aborts the connection. */
	conn = judge(r, t);
	err = unmount_target(t, recover_abort_is_due(r, conn) ? UMOUNT_ABORT : UMOUNT_LAZY);
	if (!err) {
		r->unsure |= recover_state(conn) == CONN_UNKNOWN && !r->f->force;
		report(r->to, "detached", "detached; it ends once no process holds it");
		report_holders(r->to, t->major, t->minor);
	}
	return err == 0 ? 1 : err;
}

int recover_unmount(struct recovery *r, const struct target *t)
{
	int err = unmount_escalating(r, t);

	if (err == 0)
		report(r->to, "unmounted", "%s at %s: unmounted", t->type, t->at.path);
	else if (err == -ENOENT)
		report(r->to, "unmounted", "%s at %s: unmounted meanwhile by another process", t->type,
		       t->at.path);
	else if (err < 0 && err != -ESTALE)
		report_error(r->to, "failed", err, "%s at %s: %s", t->type, t->at.path, msg_reason(err));
	return err < 0 && err != -ENOENT ? err : 0;
}
