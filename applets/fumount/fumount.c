/* SPDX-License-Identifier: MIT */
/* fumount: unmount FUSE file systems, and report the processes that hold them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "health/fusectl.h"
#include "fumount.h"
#include "cli/match.h"
#include "msg.h"
#include "wait_holders.h"
#include "sys.h"
#include "mount/table.h"
#include "target/unmount.h"
#include "wake.h"

static const struct opt options[] = {
	OPT('l', "lazy", OPT_FLAG, struct fumount, lazy, NULL, "detach now; processes that hold it go on"),
	OPT('f', "force", OPT_FLAG, struct fumount, force, NULL, "abort the connection, so that requests fail; then unmount"),
	OPT('R', "recover", OPT_FLAG, struct fumount, recover, NULL, "clear a dead or hung mount, all its layers and binds"),
	OPT(0, "abort", OPT_FLAG, struct fumount, abort, NULL, "abort the connection, and keep the mount"),
	OPT(0, "wake", OPT_MAYBE, struct fumount, wake, "ERRNO", "end what waits with an error; mount and server stay"),
	OPT(0, "older", OPT_NUMBER, struct fumount, older, "SECONDS", "--wake: only what has waited for so long"),
	OPT(0, "pid", OPT_STRING, struct fumount, pid, "PID", "--wake: only this process"),
	OPT(0, "node", OPT_STRING, struct fumount, node, "N", "--wake: only requests for this node"),
	OPT(0, "dry-run", OPT_FLAG, struct fumount, dry_run, NULL, "--wake: show what waits; end nothing"),
	OPT('a', "all", OPT_FLAG, struct fumount, all, NULL, "all FUSE mounts"),
	OPT('t', "types", OPT_STRING, struct fumount, types, "TYPES", "only these types: fuse.a,fuse.b; nofuse.a: all others"),
	OPT('O', "test-opts", OPT_STRING, struct fumount, options, "OPTS", "with -a: only mounts with these options"),
	OPT('w', "wait", OPT_NUMBER, struct fumount, wait, "SECONDS", "wait until no process holds it"),
	OPT('k', "kill", OPT_MAYBE, struct fumount, kill, "SIGNAL", "signal the processes that hold it first (TERM)"),
	OPT('N', "namespace", OPT_STRING, struct fumount, namespace, "NS", "in the mount namespace of a process, or at a path"),
	OPT('i', NULL, OPT_FLAG, struct fumount, any, NULL, "also unmount what is not FUSE"),
	OPT('q', "quiet", OPT_FLAG, struct fumount, quiet, NULL, "print nothing; the exit status tells"),
	OPT('v', "verbose", OPT_FLAG, struct fumount, verbose, NULL, "report what was done"),
	OPT(0, "json", OPT_FLAG, struct fumount, json, NULL, "print JSON"),
	OPT('r', "read-only", OPT_FLAG, struct fumount, read_only, NULL, "if it is busy, make it read-only"),
	OPT('n', NULL, OPT_FLAG, struct fumount, ignored, NULL, NULL),
	OPT('z', NULL, OPT_FLAG, struct fumount, lazy, NULL, "same as -l, as in fusermount3"),
	OPT('u', NULL, OPT_FLAG, struct fumount, ignored, NULL, NULL),
	OPT_END
};

static int report_failure(const struct report *to, int err)
{
	report_error(to, "failed", err, "%s", err == -ENOENT ? "nothing is mounted there"
	       : err == -ESTALE ? "covered or moved meanwhile; run fumount again" : msg_reason(err));
	return fumount_status(err);
}

static int unmount_plain(const struct fumount *f, const struct report *to, const struct target *t)
{
	int err = unmount_target(t, UMOUNT_PLAIN);

	if (err == -EBUSY && (f->kill || f->wait > 0 || f->settling))
		err = wait_holders(to, t, f->kill ? wait_holders_signal_number(f->kill) : 0,
				   f->wait >= 0 ? f->wait : FUMOUNT_SETTLE_S);
	if (err == -EBUSY && f->read_only && unmount_read_only(t) == 0) {
		report(to, "read-only", "busy: now read-only");
		return FUMOUNT_KEPT;
	}
	if (err == -EBUSY) {
		report_busy(to, t->fuse, t->connection);
		wait_holders_report(to, t);
		return FUMOUNT_FAILED;
	}
	return err;
}

/* ---- Abort and detach ---- */

/* After an unmount that left the connection, or may have. */
static void report_kept(const struct report *to, uint64_t connection, bool visible)
{
	int64_t waiting = fusectl_waiting(connection);

	if (!visible)
		report(to, "unknown", "whether a process still holds connection %llu is not visible to this user",
		       (unsigned long long)connection);
	else if (waiting > 0 && !fusectl_is_over(connection))
		report(to, "kept", "connection %llu stays, and %lld of its requests still wait%s; "
		       "fumount -R conn:%llu ends that", (unsigned long long)connection, (long long)waiting,
		       waiting == 1 ? "s" : "", (unsigned long long)connection);
	else
		report(to, "kept", "connection %llu stays until no process holds it", (unsigned long long)connection);
}

/* Report that the target's connection is gone, or else its holders. */
static void report_aftermath(const struct report *to, const struct target *t)
{
	int held;

	if (!t->fuse || to->quiet)
		return;
	if (t->identity && fusectl_identity(t->connection) != t->identity) {
		report(to, "gone", "connection %llu is gone", (unsigned long long)t->connection);
		return;
	}
	report_kept(to, t->connection, t->identity != 0);
	held = report_holders(to, t->major, t->minor);
	if (report_binds(to, t->major, t->minor) + held == 0)
		report(to, "unknown", "no process that is visible to this user holds it");
}

/* umount2(2) is waiting for the server. On fuseblk it waits for the answer to DESTROY, and the
   mount has left the mount table: no retry can help then, so abort the connection if the
   server hangs. */
static int await_unmount(const struct report *to, const struct target *t, int err)
{
	enum { PATIENCE = 30 };
	struct census census = { .count = 0 };
	bool blocks = false;

	if (!t->fuse || census_add(&census, t->connection) < 0)
		return err;
	for (int i = 0; err == -ETIMEDOUT && !blocks && i < PATIENCE; i++) {
		census_look(&census, 1000);
		blocks = census_blocks(census.conns);
		err = unmount_wait(0);
	}
	if (err != -ETIMEDOUT)
		return err;
	if (t->major && blocks && fusectl_abort_known(t->connection, t->identity) == 0) {
		report(to, "aborted", "its server does not answer: connection %llu is aborted",
		       (unsigned long long)t->connection);
		return unmount_wait(UNMOUNT_LIMIT_MS);
	}
	report(to, "waiting", "the kernel waits for the server, which does not answer; "
	       "fumount --abort conn:%llu ends that", (unsigned long long)t->connection);
	return err;
}

static int detach_mount(const struct report *to, const struct target *t)
{
	int err = unmount_target(t, UMOUNT_LAZY);

	if (err == -ETIMEDOUT)
		err = await_unmount(to, t, err);
	if (!err)
		report_aftermath(to, t);
	return err;
}

static int abort_connection(const struct report *to, const struct target *t)
{
	struct report others = *to;
	int err = unmount_abort(t);

	if (err)
		return err;
	report(to, "aborted", "connection %llu is aborted", (unsigned long long)t->connection);
	others.mount_id = t->id;
	report_dead(&others, t->major, t->minor);
	return 0;
}

/* A server may unmount its own mount once the connection is aborted: success. */
static bool is_gone(const struct target *t, int err)
{
	return t->fuse && err == -ENOENT;
}

/* The abort wakes the waiting processes: retry, so that they can close their files. */
static int abort_and_unmount(const struct report *to, const struct target *t)
{
	int err = t->fuse ? abort_connection(to, t) : 0, aborted = err;

	if (err == -ENOENT)
		return err;
	for (int i = 0; i < 5 && aborted == 0; i++) {
		err = unmount_target(t, UMOUNT_PLAIN);
		if (err != -EBUSY)
			return is_gone(t, err) ? 0 : err;
		sys_sleep_ms(10);
	}
	err = unmount_target(t, UMOUNT_ABORT);
	if (is_gone(t, err) && !aborted)
		err = 0;
	if (err == -EPERM && aborted)
		report_error(to, "failed", err, "its connection cannot be aborted by this user");
	if (!err)
		report_aftermath(to, t);
	return err;
}

static int unmount_found(const struct fumount *f, const struct report *to, const struct target *t)
{
	int err = f->abort ? abort_connection(to, t) : f->force ? abort_and_unmount(to, t)
		  : f->lazy ? detach_mount(to, t) : unmount_plain(f, to, t);

	if (err == -ETIMEDOUT && !f->lazy && !f->force)
		err = await_unmount(to, t, err);
	if (err == -EINVAL && !t->id)	/* Without /proc the path was tried untested. */
		err = -ENOENT;
	if (err > 0)
		return err == FUMOUNT_KEPT ? FUMOUNT_OK : err;
	if (err)
		return report_failure(to, err);
	if ((f->verbose || to->json) && !f->abort)
		report(to, "unmounted", f->lazy ? "detached" : "unmounted");
	return FUMOUNT_OK;
}

/* A lookup of the path would ask the server of the enclosing FUSE mount. */
static bool is_outer_answering(const struct target *t)
{
	struct census census = { .count = 0 };

	if (!t->outer || census_add(&census, t->outer) < 0)
		return true;
	census_look(&census, 500);
	return census_answers(census.conns);
}

/* Abort a connection that is not mounted here: a process still holds it, or it is mounted in other
   mount namespaces. */
static int abort_detached(const struct report *to, const char *word)
{
	uint64_t connection;
	int err;

	err = target_connection(word, &connection) < 0 ? -ENOENT : fusectl_abort(connection);
	if (err) {
		report_error(to, "failed", err, "%s", err == -ENOENT ? "no such connection" : msg_reason(err));
		return fumount_status(err);
	}
	report(to, "aborted", "connection %llu is aborted", (unsigned long long)connection);
	report_dead(to, (uint32_t)(connection >> 20), connection & 0xfffff);
	return FUMOUNT_OK;
}

static int check_and_unmount(const struct fumount *f, const struct report *to, const struct target *t)
{
	if (!t->fuse && !f->any) {
		report(to, "refused", "not a FUSE mount%s%s", *t->cover ? "; " : "", t->cover);
		return FUMOUNT_FAILED;
	}
	if (f->types && !match_type(f->types, t->type)) {
		report(to, "refused", "its type is %s, which -t %s leaves out", t->type, f->types);
		return FUMOUNT_FAILED;
	}
	if (!t->id && f->verbose)
		report(to, "unknown", "without /proc, what is mounted there is not known");
	if (t->at.below && !is_outer_answering(t)) {
		report(to, "refused", "it lies below another FUSE mount, conn:%llu, which does not answer; "
		       "unmount that first", (unsigned long long)t->outer);
		return FUMOUNT_FAILED;
	}
	return unmount_found(f, to, t);
}

static int run_target(const struct fumount *f, const struct report *to)
{
	static struct target t;
	enum target_result result;
	int status;

	if (f->recover)
		return fumount_recover(f, to, to->object);
	result = target_find(to->object, &t);
	if (result == TARGET_UNKNOWN && f->abort)
		return abort_detached(to, to->object);
	if (result != TARGET_FOUND) {
		report_error(to, "failed", target_errno(&t, result), "%s", target_why(&t, result));
		return FUMOUNT_FAILED;
	}
	status = check_and_unmount(f, to, &t);
	target_close(&t);
	return status;
}

/* ---- The command line ---- */

static const char *find_contradiction(const struct fumount *f, char **operands)
{
	if (f->lazy + f->force * !f->recover + f->abort + f->recover > 1)
		return "-l, -f, -R and --abort exclude each other";
	if ((f->kill || f->wait >= 0) && f->lazy + f->force + f->abort + f->recover)
		return "-w and -k exclude -l, -f, -R and --abort";
	if (f->kill && f->all)
		return "-k excludes -a";
	if (f->kill && wait_holders_signal_number(f->kill) < 0)
		return "-k: no such signal";
	if ((f->recover && !fumount_recover) || (f->all && !fumount_all))
		return "this build has no -a and -R";
	if (f->all && *operands)
		return "-a takes no target";
	if (f->all && f->abort)
		return "-a excludes --abort";
	if (f->types && f->recover && !f->all)
		return "-t with -R needs -a";
	if (f->options && !f->all)
		return "-O needs -a";
	if (f->read_only && f->lazy + f->force + f->abort + f->recover)
		return "-r excludes -l, -f, -R and --abort";
	if (f->wake && (f->lazy + f->recover + f->abort + f->read_only || f->kill || f->wait >= 0 || f->options))
		return "--wake excludes -l, -R, -r, -k, -w, -O and --abort";
	if (f->wake && !fumount_wake)
		return "this build has no --wake";
	return f->all || *operands ? fumount_wake_contradiction ? fumount_wake_contradiction(f) : NULL
				   : "no mountpoint is given";
}

static int run_word(const struct fumount *f, const struct report *to)
{
	if (f->wake)
		return fumount_wake(f, to, f->all ? NULL : to->object);
	return f->all ? fumount_all(f, to) : run_target(f, to);
}

/* Each target is one JSON object: {"target":…,"events":[…],"status":0}. */
static int run_reported(const struct fumount *f, struct report *to)
{
	int status;

	if (!to->json)
		return run_word(f, to);
	json_open(to->json, NULL, '{');
	json_text(to->json, "target", to->object);
	json_open(to->json, "events", '[');
	status = run_word(f, to);
	json_close(to->json, ']');
	json_number(to->json, "status", status);
	json_close(to->json, '}');
	return status;
}

static int run(struct fumount *f, char **operands)
{
	char text[4096];
	struct out out = OUT_FD(text, 1);
	struct json json = { .out = &out };
	struct report to = { .object = "-a", .json = f->json ? &json : NULL, .quiet = f->quiet };
	struct fumount_tally tally = { 0, 0, 0 };
	int status = FUMOUNT_OK;

	if (f->json)
		json_open(&json, NULL, '[');
	if (f->all)
		status = run_reported(f, &to);
	for (; !f->all && *operands; operands++) {
		to.object = *operands;
		f->settling = tally.good > 0;
		fumount_count(&tally, run_reported(f, &to));
	}
	if (!f->all)
		status = fumount_total(&tally);
	if (f->json) {
		json_close(&json, ']');
		out_char(&out, '\n');
		if (msg_flush(&out))
			return FUMOUNT_SYSTEM;
	}
	return status;
}

/* -N: run in that mount namespace. */
static int enter_and_run(struct fumount *f, char **operands)
{
	int err = f->namespace ? fumount_enter(f->namespace) : 0;

	if (!err)
		return run(f, operands);
	msg("%s: %s", f->namespace, err == -EINVAL ? "not a mount namespace" : msg_reason(err));
	return FUMOUNT_FAILED;
}

static int fumount_main(char **argv)
{
	struct fumount f = { .wait = -1, .older = -1 };
	struct opt_rest rest;
	const char *why;

	if (!applet_parse(options, &f, argv, &rest))
		return FUMOUNT_USAGE;
	why = find_contradiction(&f, rest.operands);
	if (why)
		return applet_usage(why);
	return enter_and_run(&f, rest.operands);
}

#define MORE "TARGET: a mountpoint, conn:N, mnt-id:N, or the source of a mount\n\n" \
	"Examples:\n" \
	"  fumount -R mnt           clear a dead or hung mount\n" \
	"  fumount -k -w 5 mnt      end the processes that hold it, then unmount\n" \
	"Exit status: 0: unmounted; 1: usage, or no permission; 2: system error;\n" \
	"  32: not unmounted; 64: some of the targets were\n"

APPLET(fumount, "fumount", "usr/bin", "TARGET...", "unmount, and name the processes that hold the mount", options, MORE)

/* The options that umount(8) passes to its helpers; those without a meaning here are ignored. */
static const struct opt helper_options[] = {
	OPT('f', NULL, OPT_FLAG, struct fumount, force, NULL, "abort the connection"),
	OPT('l', NULL, OPT_FLAG, struct fumount, lazy, NULL, "detach now"),
	OPT('n', NULL, OPT_FLAG, struct fumount, ignored, NULL, NULL),
	OPT('r', NULL, OPT_FLAG, struct fumount, read_only, NULL, "if it is busy, make it read-only"),
	OPT('v', NULL, OPT_FLAG, struct fumount, verbose, NULL, "report what was done"),
	OPT('t', NULL, OPT_STRING, struct fumount, options, "TYPE", "ignored: any FUSE type will do"),
	OPT('N', NULL, OPT_STRING, struct fumount, namespace, "NS", "the mount namespace, a path or a process"),
	OPT_END
};

static int umount_fuse_main(char **argv)
{
	struct fumount f = { .wait = -1, .older = -1 };
	struct opt_rest rest;

	if (!applet_parse(helper_options, &f, argv, &rest))
		return FUMOUNT_USAGE;
	if (!rest.operands[0] || rest.operands[1])
		return applet_usage("wanted: one mountpoint");
	return enter_and_run(&f, rest.operands);
}

APPLET(umount_fuse, "umount.fuse", "sbin", "MOUNTPOINT", "unmount, as umount(8) calls it",
       helper_options, "Example: umount -t fuse.sshfs mnt\nExit status: as fumount\n")
