/* SPDX-License-Identifier: MIT */
/* unmounter: see unmounter.h. */
#include "serve/unmounter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "health/fusectl.h"
#include "cli/notify.h"
#include "msg.h"
#include "health/report.h"
#include "sys.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "out.h"

enum { LOOK_EVERY_MS = 20 };

enum { LEFT_MOUNTED = 2 };	/* an exit status */

/* Hold the connection from the start: a compromised server may outlive its connection and wait
   until the kernel gives the number to another connection. */
static void hold_connection(struct unmounter *k)
{
	uint64_t connection = k->at->mounted.dev_minor;

	k->held = fusectl_hold(connection);
	k->identity = k->held < 0 ? fusectl_identity(connection) : 0;
	fusectl_release();
}

struct search { struct mountpoint *at; uint64_t connection; };

static int match_connection(const struct table_row *row, void *data)
{
	const struct search *s = data;
	struct out path = OUT_TEXT(s->at->path);

	if (!table_is_fuse(row) || table_connection(row) != s->connection)
		return 0;
	out_str(&path, row->mountpoint);
	out_text(&path);
	return 1;
}

int unmounter_find_mount(struct mountpoint *at, uint64_t connection)
{
	struct search s = { at, connection };
	struct sys_stat st;
	int err = table_each(NULL, match_connection, &s) > 0 ? sys_stat_path(at->path, O_NOFOLLOW, true, &st) : -ENOENT;

	if (!err && connection_of_device(st.dev_major, st.dev_minor) != connection)
		err = -ESTALE;
	if (!err)
		at->mounted = st;
	return err;
}

static bool is_over(const struct unmounter *k)
{
	uint64_t now = k->identity ? fusectl_identity(k->at->mounted.dev_minor) : 0;

	return k->held >= 0 ? fusectl_held_is_over(k->held) : now && now != k->identity;
}

static int abort_connection(const struct unmounter *k)
{
	if (k->held >= 0)
		return fusectl_abort_held(k->held);
	return k->identity ? fusectl_abort_known(k->at->mounted.dev_minor, k->identity) : -ENOENT;
}

/* fmount --wait --replace-stale attaches the mount only once the server has answered. 0; -ENOENT: not yet; -ESTALE:
   another mount covers it, or the connection is over. */
static int find_if_later(struct unmounter *k)
{
	int err = !k->later ? 0 : is_over(k) ? -ESTALE : unmounter_find_mount(k->at, k->at->mounted.dev_minor);

	k->later = err != 0;
	return err;
}

/* fmount attaches the mount as soon as it sees that the server has answered. */
static int unmount_plain(struct unmounter *k)
{
	enum { TRIES = 50 };
	int err = is_over(k) ? -ESTALE : find_if_later(k);

	for (int i = 0; i < TRIES && err == -ENOENT; i++) {
		sys_sleep_ms(LOOK_EVERY_MS);
		err = find_if_later(k);
	}
	return err ? err : commfd_umount_in_parent(k->at);
}

/* Runs in a child. Returns its exit status. */
static int unmount(struct unmounter *k)
{
	const struct sys_stat *mounted = &k->at->mounted;
	struct report to = { .object = k->shown, .except = k->server };
	int err = unmount_plain(k);
	bool busy = err == -EBUSY, unknown = err == -EAGAIN;

	if (err == -ENOENT && k->later) {
		msg("%s: not mounted yet", k->shown);
		return LEFT_MOUNTED;
	}
	notify_systemd(busy || unknown ? "STOPPING=1\nSTATUS=busy: served until no process holds it" : "STOPPING=1");
	/* commfd_umount_known() needs no parent directory and no path. */
	if (err && err != -ESTALE)
		err = commfd_umount_known(k->at, UMOUNT_LAZY);
	/* Detach first: reading /proc can block on a process whose execve(2) waits for a hung server. */
	if (err != -ESTALE && (busy || unknown))
		busy |= report_holders(&to, mounted->dev_major, mounted->dev_minor) > 0;
	if (!err && busy && !is_over(k))
		msg("%s: busy: detached, and served until no process holds it; "
		    "signal again to abort", k->shown);
	if (err == -ESTALE) {
		msg("%s: covered, moved or detached meanwhile; served until it is unmounted and no process "
		    "holds it; signal again to abort", k->shown);
		if (!is_over(k))
			report_holders(&to, mounted->dev_major, mounted->dev_minor);
	} else if (err) {
		msg_errno(1, k->shown, err);
	}
	/* Unmounting failed, for example because fusermount3 is missing. End the server anyway,
	   as the signal asked for. */
	if (err && err != -ESTALE) {
		msg("%s: still mounted, but no longer served; fumount conn:%u unmounts it", k->shown,
		    k->at->mounted.dev_minor);
		return LEFT_MOUNTED;
	}
	return err != 0;
}

/* Before Linux 5.3 there is no pidfd_open(2): getppid(2) is the server's pid while it lives. */
static void end_server(const struct unmounter *k)
{
	if (k->process >= 0)
		sys_pidfd_kill(k->process, SIGUSR1);
	else if (sys_getppid() == k->server)
		sys_kill(k->server, SIGUSR1);
}

static void detach_and_abort(struct unmounter *k)
{
	int err = -ESTALE;

	if (!is_over(k)) {
		if (find_if_later(k) == 0)
			commfd_detach_soon(k->at);
		err = abort_connection(k);
	}
	/* fusectl is not accessible: end the server instead. Its exit closes the connection's
	   last /dev/fuse descriptor, which aborts the connection. */
	if (err < 0) {
		msg("%s: aborted", k->shown);
		end_server(k);
	}
}

/* Unmounting may wait for the server's replies, so a child does it; the unmounter keeps reading and
   can abort meanwhile. */
static void unmount_in_child(struct unmounter *k)
{
	k->child = sys_fork();
	if (k->child == 0)
		sys_exit(unmount(k));
	if (k->child < 0)
		commfd_umount_known(k->at, UMOUNT_LAZY);
}

/* The kernel does not reuse the child's pid before sys_wait_ended() reaps it. */
static bool is_child_running(struct unmounter *k)
{
	int status;

	if (k->child <= 0 || sys_wait_ended(k->child, &status) == 0)
		return k->child > 0;
	k->child = 0;
	if (status == LEFT_MOUNTED << 8)
		end_server(k);
	return false;
}

/* Give the child time to print its messages, then kill it. */
static void end_child(struct unmounter *k)
{
	enum { TRIES = 50 };

	for (int i = 0; i < TRIES && is_child_running(k); i++)
		sys_sleep_ms(LOOK_EVERY_MS);
	if (!is_child_running(k))
		return;
	sys_kill(k->child, SIGKILL);
	sys_wait(k->child, NULL);
}

static bool read_request(struct unmounter *k, int pipe, char *what)
{
	while (is_child_running(k) && sys_poll_in(pipe, LOOK_EVERY_MS) == 0)
		;
	return sys_read_all(pipe, what, 1) == 1;
}

/* Serve each request once: each forks a process and scans /proc, which a compromised server
   could repeat without end. */
static bool is_first(char what)
{
	static char asked[UNMOUNTER_REQUESTS + 1];
	size_t count = strlen(asked);

	if (count == UNMOUNTER_REQUESTS || !what || strchr(asked, what))
		return false;
	asked[count] = what;
	return true;
}

static void serve_request(struct unmounter *k, char what)
{
	switch (what) {
	case UNMOUNTER_BACKGROUND:
		sys_silence_stdio();
		break;
	case UNMOUNTER_UNMOUNT:
		unmount_in_child(k);
		break;
	case UNMOUNTER_DETACH:
		if (!is_over(k) && find_if_later(k) == 0)
			commfd_detach_soon(k->at);
		break;
	case UNMOUNTER_ABORT:
		detach_and_abort(k);
		break;
	}
}

static void __attribute__((noreturn)) keep(struct unmounter *k, int pipe)
{
	/* The terminal sends these to the whole process group; the server handles them. */
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	int kept[] = { pipe, k->process, -1 };
	char what;

	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sys_signal(ignored[i], SIG_IGN);
	sys_signal(SIGCHLD, SIG_DFL);
	sys_name_process("fuse-unmounter");
	hold_connection(k);
	kept[2] = k->held;
	sys_close_others(kept, sizeof(kept) / sizeof(*kept), false);
	sys_chdir("/");
	sys_release_program();
	while (read_request(k, pipe, &what))
		if (is_first(what))
			serve_request(k, what);
	end_child(k);
	if (k->detach_at_end && find_if_later(k) == 0)
		commfd_detach_soon(k->at);
	sys_exit(0);
}

int unmounter_start(struct unmounter *k)
{
	int pipe[2], err = sys_pipe(pipe);

	if (err)
		return err;
	k->server = sys_getpid();
	k->process = sys_pidfd_open(k->server);
	err = sys_fork();
	if (err == 0) {
		sys_close(pipe[1]);
		keep(k, pipe[0]);
	}
	sys_close(pipe[0]);
	if (k->process >= 0)
		sys_close(k->process);
	if (err < 0)
		sys_close(pipe[1]);
	else
		k->pipe = pipe[1];
	k->pid = err;
	return err < 0 ? err : 0;
}

/* Wait for the unmounter's pid alone: the server may have other children, inherited over exec(2) or,
   as process 1, orphans. */
void unmounter_end(const struct unmounter *k)
{
	if (k->pipe < 0)
		return;
	sys_close(k->pipe);
	sys_wait(k->pid, NULL);
}

int unmounter_ask(const struct unmounter *k, enum unmounter_ask what)
{
	return sys_write_all(k->pipe, &(char) { (char)what }, 1);
}
