/* SPDX-License-Identifier: MIT */
/* keep: fmount --keep: the mount outlives its server. See fmount.h, and keep_mode.h for what the servers are
 * handed.
 *
 * The keeper has /dev/fuse open. While no server runs, the kernel therefore queues requests instead
 * of failing them, and the next server answers them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "cli/notify.h"
#include "fmount.h"
#include "health/server.h"
#include "keep_mode.h"
#include "keep_pace.h"
#include "keep_queue.h"
#include "keep_unmount.h"
#include "mount/umount.h"
#include "msg.h"
#include "out.h"
#include "serve/repeat.h"
#include "sys.h"
#include "sys/child.h"
#include "sys/keep.h"

/* How long a server has to serve before the next one starts without a pause. */
enum { WORKED_MS = 15 };

static struct {
	const struct fmount *f;
	const struct mountpoint *at;
	const struct keep_mode *mode;
	int device, signals;
	int server, unmounter;	/* pids; 0: none */
	int status;		/* of the server that ended last; once none follows, the keeper's exit status */
	int keeper;		/* its own pid */
	uint64_t began;		/* when the server was started, in ms */
	uint32_t lives;		/* how many servers were started */
	bool works, ready, replacing, stopping;
} keep;

static uint64_t now_ms(void)
{
	return sys_clock_ns() / NS_PER_MS;
}

/* POLLERR: the connection was unmounted or aborted. */
static bool is_over(void)
{
	return sys_poll_alive(keep.device, 0) == -EPIPE;
}

/* ps(1) and fuse-info(8) show the number. A command name has 15 bytes, which leaves 4 for it: from 10,000 on, thousands. */
static void show_restarts(void)
{
	char text[80];
	uint32_t restarts = keep.lives ? keep.lives - 1 : 0;
	bool relays = keep.mode->relays && keep.mode->relays(), many = restarts >= 10000;

	sys_name_process(text_fmt(text, sizeof(text), "fuse-%s:%u%s", relays ? "relay" : "keep",
				  many ? restarts / 1000 : restarts, many ? "k" : ""));
	notify_systemd(text_fmt(text, sizeof(text), "%sSTATUS=serving; started again %u time%s", keep.ready ? "READY=1\n" : "",
				restarts, out_plural(restarts)));
}

/* ---- Starting a server ---- */

static int prepare(void)
{
	/* SIGPIPE: the relay may write to a socket whose other end is closed. */
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	int err = keep.mode->prepare();

	if (!err)
		err = keep.signals = sys_signal_fd(signals, sizeof(signals) / sizeof(*signals));
	return err < 0 ? err : 0;
}

/* A change of the user resets what prctl(2) has set, so it comes after that. */
int fmount_die_with_keeper(void)
{
	sys_die_with_parent();
	return sys_getppid() == keep.keeper ? 0 : 1;
}

static void __attribute__((noreturn)) become_server(char **argv, int (*exec)(const struct fmount *, char **))
{
	if (fmount_die_with_keeper() != 0 || keep.mode->become() < 0)
		sys_exit(1);
	sys_unblock_signals();
	sys_exit(exec(keep.f, argv));
}

static int start_server(char **argv, int (*exec)(const struct fmount *, char **))
{
	int err;

	keep.works = false;
	err = keep.mode->begin(++keep.lives);
	if (err)
		return err;
	show_restarts();
	keep.began = now_ms();
	keep.server = sys_fork();
	if (keep.server == 0)
		become_server(argv, exec);
	keep.mode->begun(keep.server);
	if (keep.server > 0)
		return 0;
	err = keep.server;
	keep.server = 0;
	return err;
}

/* ---- Unmounting ---- */

/* Watches the connection, but fusermount3, which it may run, must not have the device. */
static void __attribute__((noreturn)) become_unmounter(void)
{
	sys_name_process(SERVER_UNMOUNTER);
	keep.mode->leave();
	sys_set_cloexec(keep.device, true);
	sys_exit(fmount_die_with_keeper() ? 1 : keep_unmount(keep.at, keep.device, keep.server));
}

static void start_unmounting(void)
{
	keep.stopping = true;
	keep.unmounter = sys_fork();
	if (keep.unmounter == 0)
		become_unmounter();
	if (keep.unmounter < 0)
		commfd_umount_known(keep.at, UMOUNT_LAZY);
}

static int detach(void *unused)
{
	(void)unused;
	keep.mode->leave();
	sys_close(keep.device);
	return commfd_umount_known(keep.at, UMOUNT_LAZY);
}

/* Detaches the mount in a child, and waits for at most a second: umount2(2) may wait for the server. */
static void detach_soon(void)
{
	enum { LIMIT_MS = 1000 };

	child_run_on(detach, NULL, LIMIT_MS);
}

/* The keeper's own descriptor is the connection's last one once the server is gone. */
static void __attribute__((noreturn)) abort_and_exit(int status)
{
	detach_soon();
	if (keep.server > 0)
		sys_kill(keep.server, SIGKILL);
	keep.mode->close();
	sys_exit(status);
}

static void __attribute__((noreturn)) fail(int err)
{
	if (err == -ENOBUFS && keep.mode->no_room)
		msg("%s", keep.mode->no_room);
	else
		msg_errno(1, err == -ETIMEDOUT ? "--keep: the former server does not end" : "--keep", err);
	abort_and_exit(1);
}

static void give_up(const char *program, const char *why)
{
	msg("%s: %s; unmounted", program, why);
	notify_systemd("STATUS=given up");
	detach_soon();
	keep_queue_fail(keep.device);
}

/* ---- When a server has ended ---- */

static void report_end(const char *program, int status)
{
	if (sys_exit_signal(status))
		msg("%s: killed by signal %d", program, sys_exit_signal(status));
	else
		msg("%s: ended with status %d", program, sys_exit_code(status));
}

/* Takes note of each child that has ended. As process 1 the keeper is the parent of orphans, too. */
static void reap(void)
{
	bool succeeded;
	int status, pid;

	while ((pid = sys_ended_child(&succeeded)) > 0) {
		if (keep.mode->child_ended)
			keep.mode->child_ended(pid, succeeded);
		sys_wait(pid, &status);
		if (pid == keep.server) {
			keep.status = status;
			keep.server = 0;	/* The kernel may give the number to another process now. */
		} else if (pid == keep.unmounter) {
			keep.unmounter = 0;
			if (status && !is_over()) {
				msg("%s: still mounted, but no longer served", keep.at->path);
				abort_and_exit(1);
			}
			if (!is_over())
				notify_systemd("STATUS=busy: served until no process holds it");
		}
	}
}

/* Whether there are others than the unmounter, which may wait for the server. */
static bool has_children(void)
{
	enum { TRIES = 200, EACH_MS = 10 };
	bool succeeded;

	for (int i = 0; i < TRIES && !keep.unmounter; i++, sys_sleep_ms(EACH_MS)) {
		reap();
		if (sys_ended_child(&succeeded) < 0)
			return false;
	}
	return !keep.unmounter;
}

/* Why no other server is started, or NULL. */
static const char *why_give_up(int status)
{
	const char *why = NULL;

	if (!keep.works && keep.lives == 1 && (status == 126 || status == 127))
		why = "cannot be run";
	if (!why)
		why = keep.mode->refuse(keep.f, status, has_children);
	return why ? why : keep_pace_ends_too_often((uint32_t)keep.f->keep_tries) ? "it ends too often" : NULL;
}

/* ---- The loop ---- */

static void handle_end_signal(void)
{
	if (repeat_is_echo())
		return;
	if (keep.stopping)
		abort_and_exit(1);
	msg_plain("Unmounting \"%s\"", keep.at->path);
	notify_systemd("STOPPING=1");
	start_unmounting();
}

/* SIGHUP: start another server, for example of a newer program. The kernel delivers to it the requests
   that this one has read and not answered. */
static void replace_server(void)
{
	if (keep.server <= 0)
		return;
	keep.replacing = true;
	sys_kill(keep.server, SIGKILL);
}

static void note_serving(void)
{
	if (!keep.works || keep.ready)
		return;
	keep.ready = true;
	show_restarts();
}

/* Returns the signal. */
static int take_signal(void)
{
	int sig = sys_read_signal(keep.signals);

	switch (sig) {
	case SIGCHLD:	reap(); break;
	case SIGHUP:	replace_server(); break;
	case SIGTERM:
	case SIGINT:	handle_end_signal(); break;
	}
	return sig;
}

static void wait_for_server(void)
{
	while (keep.server) {
		if (keep.mode->wait(keep.signals, keep.server, &keep.works))
			take_signal();
		else
			note_serving();
	}
}

/* Ends with the connection, or at a signal for the keeper. A child that ends may be no server. */
static void pause_for(int ms)
{
	enum { SLICE_MS = 50 };
	uint64_t end = now_ms() + (uint64_t)ms, now;
	int sig = SIGCHLD;

	while ((sig == SIGCHLD || sig == SIGPIPE) && (now = now_ms()) < end && !is_over())
		if (sys_poll_in(keep.signals, end - now < SLICE_MS ? (int)(end - now) : SLICE_MS) > 0)
			sig = take_signal();
}

/* Returns whether fmount starts another server. err: this one could not be started, which counts as its end. */
static bool goes_on(const char *program, int err)
{
	bool worked = keep.works && now_ms() - keep.began >= WORKED_MS, over = is_over();
	bool failed = !over && !keep.replacing;
	const char *why = NULL;

	if (failed && err)
		msg("%s: not started: %s", program, msg_reason(err));
	else if (failed)
		report_end(program, keep.status);
	keep.status = err ? 1 : launch_exit_status(keep.status);
	keep.replacing = false;
	if (failed)
		why = why_give_up(keep.status);
	keep.mode->end(over, &keep.status);
	if (why) {
		give_up(program, why);
		keep.status = keep.status ? keep.status : 1;	/* nothing is mounted */
		return false;
	}
	if (failed)
		pause_for(keep_pace_next(worked));
	return !is_over();
}

/* Give the unmounter time to print its messages. */
static void wait_for_unmounter(void)
{
	for (int i = 0; keep.unmounter > 0 && i < 100; i++, reap())
		sys_sleep_ms(10);
}

int fmount_keep(const struct fmount *f, const struct mountpoint *at, int device, char **argv,
		int (*exec)(const struct fmount *, char **))
{
	int err;

	keep.keeper = sys_getpid();
	keep.f = f;
	keep.at = at;
	keep.device = device;
	keep.mode = f->relay ? &keep_relay : &keep_direct;
	err = keep.mode->take_over(at, device, &keep.lives);
	if (!err)
		err = f->keep_tries > KEEP_PACE_MOST_TRIES ? -EINVAL : launch_leave_terminal(&f->launch);
	if (!err)
		err = prepare();
	if (err)
		fail(err);
	do {
		err = start_server(argv, exec);
		if (err && keep.lives == 1)
			fail(err);
		wait_for_server();
	} while (goes_on(argv[0], err));
	wait_for_unmounter();
	keep.mode->close();
	return keep.status;
}
