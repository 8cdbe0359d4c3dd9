/* SPDX-License-Identifier: MIT */
/* run: mount, or adopt what another process has mounted, and serve until it is unmounted. */
#include "serve/serving.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "fuse/loop.h"
#include "fuse/proto.h"
#include "health/fusectl.h"
#include "launch/mount_or_report.h"
#include "launch/stale.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "cli/env.h"
#include "cli/notify.h"
#include "msg.h"
#include "proc/proc.h"
#include "serve/resume.h"
#include "sys.h"
#include "sys/cage.h"
#include "sys/priv.h"
#include "target/unmount.h"

static void trace_request(const struct fuse_req *req, bool replied, uint64_t nanoseconds)
{
	char line[1024];
	struct out out = OUT_TEXT(line);

	proto_show_request(req, &out);
	if (replied) {
		out_str(&out, " -> ");
		proto_show_reply(req, &out);
	}
	out_fmt(&out, " (%llu us)", (unsigned long long)(nanoseconds / NS_PER_US));
	msg_plain("%s", out_text(&out));
}

static void fail_uring(int err)
{
	serving_detach();
	sys_exit(msg_errno(1, "io_uring", err));
}

/* Serving in the background or in the sandbox replaces descriptors 0 to 2, and messages go to 2: move
   a descriptor that has another use above them, and leave /dev/null in its place. */
static int move_above_output(int fd)
{
	int above, null;

	if (fd < 0 || fd > 2)
		return fd;
	above = sys_dup_above(fd, 3);
	null = sys_open("/dev/null", O_RDWR, 0);
	if (null >= 0) {
		sys_dup2(null, fd);
		sys_close(null);
	}
	return above;
}

/* systemd takes MAINPID= from a process that is not the main one under NotifyAccess=all. */
static void notify_ready(void)
{
	char text[32];
	struct out out = OUT_TEXT(text);

	out_str(&out, "READY=1");
	if (serving.args->background)
		out_fmt(&out, "\nMAINPID=%d", sys_getpid());
	notify_systemd(out_text(&out));
}

static void enter_sandbox(struct fuse_session *session)
{
	static bool entered;

	if (!serving.args->sandbox || entered)
		return;
	entered = true;
	serving.args->ready_fd = move_above_output(serving.args->ready_fd);
	sandbox_enter(session);
}

static void on_ready(struct fuse_session *session)
{
	serving.args->ready_fd = move_above_output(serving.args->ready_fd);
	if (session->transport == FUSE_TRANSPORT_URING && !(session->flags & FUSE_OVER_IO_URING))
		msg("io_uring is not available (see /sys/module/fuse/parameters/enable_uring); using /dev/fuse");
	if (session->request_timeout && !(session->flags & FUSE_REQUEST_TIMEOUT))
		msg("--request-timeout: takes Linux 6.15; there is no limit");
	if (!session->kept)
		notify_ready();
	if (serving.args->background) {
		if (serving.shown)
			unmounter_ask(&serving.unmounter, UNMOUNTER_BACKGROUND);
		sys_silence_stdio();
	}
	enter_sandbox(session);
	if (serving.args->ready_fd >= 0) {
		sys_write_all(serving.args->ready_fd, "\n", 1);
		sys_close(serving.args->ready_fd);
	}
	if (serving.args->background)
		background_ready();
	resume_serving(session);
	sys_release_program();
}

/* fmount attaches the mount later, and tells where: "NUMBER:PATH", of the connection (wait_server.c). connection: what
   fdinfo tells; NULL: nothing. */
static bool adopt_later(const char *told, const uint64_t *connection)
{
	struct out path = OUT_TEXT(serving.at.path);
	const char *colon = told ? strchr(told, ':') : NULL;

	if (!colon || (connection && *connection != text_number(told)))
		return false;
	serving.at.mounted.dev_minor = (uint32_t)text_number(told);
	out_str(&path, colon + 1);
	out_text(&path);
	return serving.later = true;
}

/* /dev/fd/N: another process, such as fmount, has mounted. Find the mountpoint in the mount
   table if fdinfo shows the connection's number. */
static int adopt(const char *where)
{
	const char *number = where + sizeof(SERVING_DEVICE) - 1, *later = env_take("FUSEBOX_LATER");
	uint64_t connection;
	int fd = serving_take_device(where);
	bool told = proc_connection("self", number, &connection) == 0;

	if (fd < 0)
		return fd;
	if (serving.session.kept) {	/* The keeper unmounts: no mountpoint is needed. */
		serving.at.mounted.dev_major = (uint32_t)(serving.session.kept->device >> 32);
		serving.at.mounted.dev_minor = (uint32_t)serving.session.kept->device;
	} else if ((told && unmounter_find_mount(&serving.at, connection) == 0)
		   || adopt_later(later, told ? &connection : NULL)) {
		serving.shown = serving.at.path;
	}
	return serving.session.kept ? fd : move_above_output(fd);
}

/* Unmounts the top mount there if its server is dead or hangs. 1: done, and another may be below it; 0:
   there is none; or -errno once the error is printed. */
static int unmount_stale(const char *where)
{
	static struct target t;
	enum umount_how how;
	int err;

	if (target_find(where, &t) != TARGET_FOUND)
		return 0;	/* mount_or_report() prints the error */
	if (!t.fuse || t.named) {
		target_close(&t);
		return 0;
	}
	err = stale_check(where, t.connection, &how);
	if (err > 0) {
		err = unmount_target(&t, how);
		err = err ? -msg_errno(-err, where, err) : 1;
	}
	target_close(&t);
	return err;
}

/* --replace-stale. 0 or -errno. */
static int clear_place(const char *where)
{
	enum { LAYERS = 16 };
	int fd = sys_open(where, O_PATH, 0), left = fd < 0 ? 0 : 1;

	if (fd >= 0)	/* A word that is no path may be the source of a mount. */
		sys_close(fd);
	for (int i = 0; i < LAYERS && left > 0; i++)
		left = unmount_stale(where);
	fusectl_release();	/* serving_close_inherited() will close its descriptor */
	return left < 0 ? left : 0;
}

/* The descriptor of the mountpoint that the program passes which has made it (mount_server.c), or -1. */
static int passed_mountpoint(const char *where)
{
	const char *passed = env_take("FUSEBOX_MOUNTPOINT"), *path = passed ? strchr(passed, ':') : NULL;
	char number[12];
	uint64_t fd;

	if (!path || strcmp(path + 1, where) != 0)
		return -1;
	text_fmt(number, sizeof(number), "%.*s", (int)(path - passed), passed);
	return opt_number(number, INT32_MAX, &fd) == 0 && sys_set_cloexec((int)fd, true) == 0 ? (int)fd : -1;
}

static int open_session(const char *where)
{
	int fd, held = passed_mountpoint(where);

	serving.adopted = serving_is_device(where);
	if (serving.adopted) {
		fd = adopt(where);
		return fd < 0 ? msg_errno(fd, where, fd) : fd;
	}
	serving.shown = where;
	if (serving.args->replace_stale) {
		if (held >= 0)
			sys_close(held);	/* open on the mount that goes */
		held = -1;
		fd = clear_place(where);
		if (fd < 0)
			return fd;
	}
	return mount_or_report(&serving.at, held, where, &serving.args->mount);
}

/* Fork the unmounter, then drop the privileges that only it needs. */
static int fork_unmounter(int device)
{
	const char *step = "fork";
	int err = 0;

	serving_close_inherited();
	serving.unmounter = (struct unmounter) { .at = &serving.at, .later = serving.later, .shown = serving.shown, .adopted = serving.adopted,
					       .detach_at_end = serving.args->auto_unmount, .pipe = -1 };
	if (serving.shown)
		err = unmounter_start(&serving.unmounter);
	if (!err)
		err = resume_hold(&serving.session);
	if (!err) {
		step = serving.args->sandbox ? "sandbox" : "drop capabilities";
		err = serving.args->sandbox ? sandbox_protect_device(device) : priv_keep_only(serving.session.ops->capabilities);
	}
	if (err && serving.shown)
		commfd_umount_known(&serving.at, UMOUNT_LAZY);
	return err ? msg_errno(1, step, err) : 0;
}

static void set_session(int device)
{
	serving.session.device = device;
	serving.session.own_device = (uint64_t)serving.at.mounted.dev_major << 32 | serving.at.mounted.dev_minor;
	serving.session.ready = on_ready;
	serving.session.resumes = enter_sandbox;	/* The former server may have been taken over. */
	serving.session.fails = fail_uring;
	serving.session.thread_starts = serving.session.ops->thread_starts;
	serving.session.trace = serving.args->debug ? trace_request : NULL;
	serving.session.kernel_checks = !serving.adopted && serving.args->mount.default_permissions;
	serving.session.read_only = serving.session.kernel_checks && (serving.args->mount.flags & MOUNT_RDONLY);
}

int run(const char *where)
{
	int fd, err = serving.args->sandbox ? cage_offered() : 0;

	if (err)
		return msg_refuse("sandbox: not available; it needs Landlock (Linux 6.2) and seccomp");
	signals_catch_end();
	fd = open_session(where);
	if (fd < 0)
		return 1;
	signals_set_others();
	if (fork_unmounter(fd) != 0)
		return 1;
	serving.begun = true;
	if (serving.early)
		signals_end(0);
	if (!serving.adopted && (!serving.args->background || serving.args->verbose))
		msg_plain("Mounting %s on \"%s\"", msg_applet, where);
	/* At shutdown systemd sends SIGSTOP to all processes and accesses the root directory
	   before they continue. The server of the root must answer then. */
	if (serving.below_all)
		sys_sigcont_on_input(fd);
	if (serving.args->background)
		sys_chdir("/");
	if (serving.session.ops->mounted)
		serving.session.ops->mounted();
	set_session(fd);
	err = loop_serve(&serving.session);
	if (err) {
		serving_detach();
		return msg_errno(1, serving.shown ? serving.shown : where, err);
	}
	unmounter_end(&serving.unmounter);
	if (serving.session.aborted && serving.signals > 1)
		msg("%s: aborted", serving.shown);
	return serving.session.aborted && serving.signals > 1;
}
