/* serve: parses a server's command line, mounts, serves, and unmounts. See serve.h. */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "sys/cage.h"
#include "fuse/loop.h"
#include "serve/unmounter.h"
#include "mount/mount.h"
#include "mount_args.h"
#include "msg.h"
#include "sys/priv.h"
#include "proc/proc.h"
#include "fuse/proto.h"
#include "launch/remount.h"
#include "launch/mount_or_report.h"
#include "sys.h"
#include "mount/table.h"
#include "thread.h"
#include "mount/umount.h"

const struct opt serve_options[] = { SERVE_OPTIONS, OPT_END };

enum { MOST_THREADS = 64 };

/* One process serves one mount. It is static because signal handlers use it. */
static struct {
	struct mountpoint at;
	const char *shown;		/* the mountpoint as the user gave it; NULL: unknown */
	struct fuse_session session;
	struct serve_args *args;
	const struct opt *options;
	struct unmounter unmounter;
	bool adopted;			/* another process mounted; this one got the descriptor */
	bool below_all;			/* fmount --root-daemon marks argv[0] with "@" */
	volatile bool begun;		/* mounted, and the unmounter runs */
	volatile int early, signals;	/* end signals before and after `begun` */
	int ready[2];			/* -b: the pipe from which the parent reads the result */
} self;

static void on_sigusr1(int sig)
{
	(void)sig;
	sys_exit(self.signals > 1 || !self.adopted);
}

/* The handler itself asks the unmounter: a flag that the loop tests before each read could be
   set just after the test. */
static void on_signal(int sig)
{
	(void)sig;
	/* Not mounted yet: remember the signal and unmount once mounted. A second signal exits
	   at once. */
	if (!self.begun) {
		if (self.early++)
			sys_exit(1);
		return;
	}
	if (!self.shown) {	/* The mountpoint is unknown: exit without unmounting. */
		msg("left mounted, and served no longer");
		sys_exit(0);
	}
	if (!self.signals++)
		msg_plain("Unmounting \"%s\"", self.shown);
	if (unmounter_ask(&self.unmounter, self.signals > 1 ? UNMOUNTER_ABORT : UNMOUNTER_UNMOUNT) < 0) {
		msg("%s: left mounted: the process that unmounts it is gone; fumount does that, too", self.shown);
		sys_exit(1);
	}
}

static void trace_request(const struct fuse_req *req, bool replied, uint64_t nanoseconds)
{
	char line[1024];
	struct out out = OUT_TEXT(line);

	proto_show_request(req, &out);
	if (replied) {
		out_str(&out, " -> ");
		proto_show_reply(req, &out);
	}
	out_fmt(&out, " (%llu us)", (unsigned long long)(nanoseconds / 1000));
	msg_plain("%s", out_text(&out));
}

static void detach_mount(void)
{
	if (self.shown && unmounter_ask(&self.unmounter, UNMOUNTER_DETACH) == 0)
		unmounter_end(&self.unmounter);
}

static void fail_uring(int err)
{
	detach_mount();
	sys_exit(msg_errno(1, "io_uring", err));
}

/* Threads beside the session's own: one retries locks, one frees descriptors. With allow_other,
   spare threads serve requests while the session's threads are blocked; each reserved thread
   takes memory even if it never runs. */
enum { OTHER_THREADS = 2, SPARE_THREADS = 30 };

/* Create every thread before the last seccomp filter, which forbids clone(2): RLIMIT_NPROC does
   not limit root, so compromised server code could start any number of processes. */
static int close_cage(struct fuse_session *session)
{
	const struct fuse_ops *ops = session->ops;
	int err = cage_close(ops->sandbox ? ops->sandbox(session->fs) : -1, ops->capabilities);

	session->most = session->threads == 1 ? 0
			: session->threads + (self.args->mount.allow_other ? SPARE_THREADS : 0);
	if (!err)
		err = thread_reserve(session->most + (ops->sandbox ? OTHER_THREADS : 0));
	return err ? err : cage_seal();
}

static void report_no_sandbox(int err)
{
	msg("sandbox: %s%s", msg_reason(err), err == -EPERM ? "; as root it takes CAP_SYS_ADMIN and CAP_SYS_CHROOT" : "");
}

/* The server has read only its command line and the kernel's INIT so far, no user's request. */
static void enter_sandbox(struct fuse_session *session)
{
	int err = close_cage(session);
	unsigned char code = (unsigned char)-err;

	if (!err)
		return;
	if (self.args->background)	/* Standard error is /dev/null: the parent reports. */
		sys_write_all(self.ready[1], &code, 1);
	else
		report_no_sandbox(err);
	detach_mount();
	sys_exit(1);
}

static void on_ready(struct fuse_session *session)
{
	const char *notify = getenv("NOTIFY_SOCKET");

	if (session->transport == FUSE_TRANSPORT_URING && !(session->flags & FUSE_OVER_IO_URING))
		msg("io_uring: not to be had (see /sys/module/fuse/parameters/enable_uring): "
		    "/dev/fuse carries the requests");
	if (notify)
		sys_unix_datagram(notify, "READY=1", 7);
	if (self.args->background) {
		if (self.shown)
			unmounter_ask(&self.unmounter, UNMOUNTER_BACKGROUND);
		leave_terminal();
	}
	if (self.args->sandbox)
		enter_sandbox(session);
	if (self.args->ready_fd >= 0) {
		sys_write_all(self.args->ready_fd, "\n", 1);
		sys_close(self.args->ready_fd);
	}
	if (self.args->background) {
		sys_write_all(self.ready[1], "", 1);
		sys_close(self.ready[1]);
	}
	sys_release_program();
}

/* Runs in the parent: waits until the server is ready or dead. Returns the exit status. */
static int wait_until_ready(int child)
{
	unsigned char code = 0;	/* errno of a failed sandbox */
	int status;

	sys_close(self.ready[1]);
	if (sys_read_all(self.ready[0], &code, 1) == 1 && !code)
		return 0;
	if (code)
		report_no_sandbox(-code);
	if (sys_wait(child, &status) < 0 || (status & 0x7f))
		return 1;
	return status >> 8 & 0xff;
}

/* Returns -1 in the server, and the exit status in its parent. */
static int fork_server(void)
{
	int child, err = sys_pipe(self.ready);

	child = err ? err : sys_fork();
	if (child < 0)
		return msg_errno(1, "fork", child);
	if (child > 0)
		return wait_until_ready(child);
	sys_close(self.ready[0]);
	sys_setsid();
	return -1;
}

static int match_connection(const struct table_row *row, void *connection)
{
	struct out path = OUT_TEXT(self.at.path);

	if (!table_is_fuse(row) || table_connection(row) != *(uint64_t *)connection)
		return 0;
	out_str(&path, row->mountpoint);
	out_text(&path);
	return 1;
}

/* /dev/fd/N: another process, such as fmount, has mounted. Find the mountpoint in the mount
   table if fdinfo shows the connection's number. */
static int adopt(const char *number)
{
	uint64_t fd, connection;

	if (opt_number(number, INT32_MAX, &fd) < 0 || sys_fd_valid((int)fd) < 0)
		return -EBADF;
	sys_set_cloexec((int)fd, true);
	if (proc_connection("self", number, &connection) == 0
	    && table_each(NULL, match_connection, &connection) > 0
	    && sys_stat_path(self.at.path, O_NOFOLLOW, true, &self.at.mounted) == 0)
		self.shown = self.at.path;
	return (int)fd;
}

static int open_session(const char *where)
{
	int fd;

	self.adopted = strncmp(where, "/dev/fd/", 8) == 0;
	if (self.adopted) {
		fd = adopt(where + 8);
		return fd < 0 ? msg_errno(fd, where, fd) : fd;
	}
	self.shown = where;
	return mount_or_report(&self.at, where, &self.args->mount);
}

static void catch_end_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sys_catch_signal(ends[i], on_signal);
}

static void set_other_signals(void)
{
	sys_signal(SIGUSR1, on_sigusr1);	/* sent by the unmounter */
	sys_signal(SIGPIPE, SIG_IGN);
	sys_signal(SIGCHLD, SIG_IGN);	/* The kernel reaps children, and orphans if this is process 1. */
}

/* The socket whose end of file tells fmount --auto-unmount that this process has ended, or -1. */
static int watch_socket(void)
{
	const char *number = getenv("FUSEBOX_WATCH");
	uint64_t fd;

	return number && opt_number(number, INT32_MAX, &fd) == 0 && sys_is_socket((int)fd) == 0 ? (int)fd : -1;
}

/* An attacker who takes over this process could use inherited descriptors: from a directory's,
   openat(2) leads out of any root. */
static void close_inherited(void)
{
	const int kept[] = { self.args->ready_fd, watch_socket() };

	sys_close_others(kept, sizeof(kept) / sizeof(*kept), true);
}

/* A sandboxed server that reaches its descriptors through /proc/self/fd could change the mode and
   owner of /dev/fuse. Ignore EPERM: cage_close() reports it to root, and drops every capability
   of other users. */
static int protect_device(int device)
{
	int err = self.session.ops->sandbox ? sys_move_device_to_read_only_mount(device) : 0;

	return err == -EPERM ? 0 : err;
}

/* Fork the unmounter, which unmounts, then drop the privileges that only it needs. */
static int fork_unmounter(int device)
{
	int err = 0;

	close_inherited();
	self.unmounter = (struct unmounter) { .at = &self.at, .shown = self.shown, .adopted = self.adopted, .pipe = -1 };
	if (self.shown)
		err = unmounter_start(&self.unmounter);
	if (!err)
		err = self.args->sandbox ? protect_device(device) : priv_keep_only(self.session.ops->capabilities);
	if (err && self.shown)
		commfd_umount_known(&self.at, UMOUNT_LAZY);
	return err;
}

static int serve_mounted(const char *where)
{
	int fd, err = self.args->sandbox ? cage_offered() : 0;

	if (err) {
		msg("sandbox: not to be had here: it takes Landlock (Linux 6.2) and seccomp");
		return 1;
	}
	catch_end_signals();
	fd = open_session(where);
	if (fd < 0)
		return 1;
	set_other_signals();
	err = fork_unmounter(fd);
	if (err)
		return msg_errno(1, self.args->sandbox ? "sandbox" : "fork", err);
	self.begun = true;
	if (self.early)
		on_signal(0);
	if (!self.adopted)
		msg_plain("Mounting %s on \"%s\"", msg_applet, where);
	/* At shutdown systemd sends SIGSTOP to all processes and accesses the root directory
	   before they continue. The server of the root must answer then. */
	if (self.below_all)
		sys_sigcont_on_input(fd);
	if (self.args->background)
		sys_chdir("/");
	if (self.session.ops->mounted)
		self.session.ops->mounted();
	self.session.device = fd;
	self.session.own_device = (uint64_t)self.at.mounted.dev_major << 32 | self.at.mounted.dev_minor;
	self.session.ready = on_ready;
	self.session.fails = fail_uring;
	self.session.thread_starts = self.session.ops->thread_starts;
	self.session.trace = self.args->debug ? trace_request : NULL;
	self.session.read_only = !self.adopted && (self.args->mount.flags & MOUNT_RDONLY)
				 && self.args->mount.default_permissions;
	err = loop_serve(&self.session);
	if (err) {
		detach_mount();
		return msg_errno(1, self.shown ? self.shown : where, err);
	}
	unmounter_end(&self.unmounter);
	if (self.session.aborted && self.signals > 1)
		msg("%s: aborted", self.shown);
	return self.session.aborted && self.signals > 1;
}

static const char *set_transport(void *to, char *value, const char **bad)
{
	int which = opt_word("auto|dev|uring", value);

	(void)bad;
	if (which < 0)
		return "not auto, dev or uring";
	*(enum fuse_transport *)to = (enum fuse_transport)which;
	return NULL;
}

/* fstab(5) has one field for options, so a server's own options may be in the list of mount
   options. */
static bool take_server_option(struct optlist *list, char *option, const char **why)
{
	const char *bad, *wrong = opt_named(self.options, self.args, option, &bad);

	(void)list;
	*why = wrong == opt_unknown ? NULL : wrong;
	return wrong != opt_unknown || optlist_is_for_mount(option);
}

static void set_defaults(const struct fuse_ops *ops)
{
	self.args->ready_fd = -1;
	self.args->options = (struct opt_set) { optlist_option, &self.args->mount };
	self.args->transport = (struct opt_set) { set_transport, &self.session.transport };
	self.args->mount = (struct optlist) {
		.flags = MOUNT_NOSUID | MOUNT_NODEV | (ops->immutable ? MOUNT_RDONLY : 0),
		.default_permissions = ops->immutable || ops->kernel_checks,
		.allow_other = sys_geteuid() == 0,
		.subtype = msg_applet,
		.first = take_server_option,
	};
}

/* BusyBox's mount starts the server of TYPE#SOURCE itself and waits until it exits, because
   libfuse servers go to the background by default. */
static bool is_started_by_mount(void)
{
	char path[32], words[256] = "";
	struct out out = OUT_TEXT(path);
	const char *name;

	out_fmt(&out, "/proc/%d/cmdline", sys_getppid());
	if (sys_read_file(out_text(&out), words, sizeof(words)) <= 0)
		return false;
	name = applet_name(words);
	if (strcmp(name, "busybox") == 0 && words + sizeof(words) > strchr(name, '\0') + 1)
		name = applet_name(strchr(name, '\0') + 1);
	return strcmp(name, "mount") == 0;
}

int serve(char **argv, const struct fuse_ops *ops, void *fs)
{
	static struct serve_args args;

	return serve_with(argv, serve_options, &args, ops, fs);
}

int serve_with(char **argv, const struct opt *options, struct serve_args *args,
	       const struct fuse_ops *ops, void *fs)
{
	struct opt_rest rest;
	const char *where, *wrong;
	int status, count = 0;

	self.session.ops = ops;
	self.session.fs = fs;
	self.args = args;
	self.options = options;
	self.below_all = *argv[0] == '@';
	set_defaults(ops);
	if (!applet_parse(options, args, argv, &rest))
		return 1;
	args->background |= !args->foreground && is_started_by_mount();
	if (args->threads > MOST_THREADS)
		return applet_usage("64 threads are the most");
	self.session.threads = (uint32_t)args->threads;
	if (args->sandbox) {
		/* seccomp does not filter io_uring operations. */
		if (self.session.transport == FUSE_TRANSPORT_URING)
			return applet_usage("--sandbox needs --transport=dev");
		self.session.transport = FUSE_TRANSPORT_DEV;
	}
	if (self.below_all && self.session.transport == FUSE_TRANSPORT_AUTO)
		self.session.transport = FUSE_TRANSPORT_DEV;	/* An io_uring cannot deliver SIGCONT on input. */
	wrong = ops->settle ? ops->settle(fs, &self.session) : NULL;
	if (wrong)
		return applet_usage(wrong);
	/* Without allow_other only the server's own user has access, and the permissions of the
	   server decide. */
	if (ops->kernel_checks && !args->mount.allow_other)
		args->mount.default_permissions = false;
	while (count < 3 && rest.operands[count])
		count++;
	if (count < 1)
		return applet_usage("no mountpoint is given");
	if (count > 2)
		return applet_usage("too many operands");
	where = rest.operands[count - 1];
	if (ops->prepare) {
		const char *source = count == 2 ? rest.operands[0] : NULL;
		int err = ops->prepare(fs, source);

		if (err)
			return source ? msg_errno(1, source, err) : applet_usage("no source is given");
	}
	if (!self.args->mount.fsname)
		self.args->mount.fsname = count == 2 ? rest.operands[0] : msg_applet;
	if (self.args->background && (status = fork_server()) >= 0)
		return status;
	return serve_mounted(where);
}

int serve_as_mount(char **argv, int (*serve_words)(char **argv))
{
	static struct mount_args args;
	char *words[8] = { argv[0], (char *)"-b" };
	size_t n = 2;

	if (mount_args_parse(argv, &args) != 0)
		return 1;
	if (args.fake)
		return 0;
	if (args.remount)
		return remount(args.mountpoint, args.options, false, true);
	if (args.setuid || args.drop_privileges)
		return applet_usage("setuid= and drop_privileges are for other servers: mount.fuse3 starts those");
	msg_applet += strlen("mount.");
	if (*args.options) {
		words[n++] = (char *)"-o";
		words[n++] = args.options;
	}
	words[n++] = (char *)"--";
	if (args.source)
		words[n++] = (char *)args.source;
	words[n] = (char *)args.mountpoint;
	return serve_words(words);
}

static int serve_self(char **argv)
{
	return serve(argv, self.session.ops, self.session.fs);
}

int serve_for_mount(char **argv, const struct fuse_ops *ops, void *fs)
{
	self.session.ops = ops;
	self.session.fs = fs;
	return serve_as_mount(argv, serve_self);
}
