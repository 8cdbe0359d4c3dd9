/* escapefs [--files] DIRECTORY MOUNTPOINT: a server that was taken over. Whoever reads the
 * file report.PID makes it try what a server should not be able to do, and reads how that
 * went, a line each. PID is its keeper; OUTSIDE, of the environment, a directory that it should
 * not come to. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "applet.h"
#include "fuse_fs.h"
#include "serve.h"

struct args { struct serve_args serve; bool files; };

enum { REPORT = FUSE_ROOT_ID + 1 };

static char report[8192];
static int directory, readable, keeper;
static struct { uint32_t bytes; int type; unsigned char handle[128]; } handle;

static void tell(const char *what, long result)
{
	size_t used = strlen(report);
	int error = errno;

	if (result >= 0)
		snprintf(report + used, sizeof(report) - used, "%s: done\n", what);
	else if (error == EPERM || error == EACCES || error == EXDEV)
		snprintf(report + used, sizeof(report) - used, "%s: refused\n", what);
	else
		snprintf(report + used, sizeof(report) - used, "%s: error %d\n", what, error);
}
#define TRY(what) tell(#what, what)

static int close_if(int fd) { return fd < 0 ? fd : close(fd); }

static void on_files(const char *outside)
{
	char path[512], above[600];

	snprintf(path, sizeof(path), "%s/file", outside);
	snprintf(above, sizeof(above), "../../../../../../../../..%s", path);
	tell("read outside", close_if(open(path, O_RDONLY)));
	tell("write outside", close_if(open(path, O_WRONLY)));
	tell("read by ..", close_if(openat(directory, above, O_RDONLY)));
	tell("read by init's root", close_if(open("/proc/1/root/etc/passwd", O_RDONLY)));
	tell("init's directory", close_if(open("/proc/1/cwd", O_RDONLY)));
	tell("the same from here", close_if(open("1/root/etc/passwd", O_RDONLY)));
	tell("above", close_if(open("../../etc/passwd", O_RDONLY)));
	tell("own memory", close_if(open("/proc/self/mem", O_RDWR)));
	tell("the same from here", close_if(open("self/mem", O_RDWR)));
	tell("cut short", truncate(path, 0));
	tell("remove", unlinkat(AT_FDCWD, path, 0));
	tell("by handle", close_if((int)syscall(SYS_open_by_handle_at, readable, &handle, O_RDWR)));
	snprintf(above, sizeof(above), "%s/new", outside);
	tell("make", close_if(open(above, O_CREAT | O_WRONLY, 0600)));
	tell("make a directory", mkdirat(AT_FDCWD, above, 0700));
	tell("make a device", mknodat(directory, "disk", S_IFBLK | 0600, 0x800));
	tell("link in", linkat(AT_FDCWD, path, directory, "linked", 0));
	tell("inside", close_if(openat(directory, "inside", O_CREAT | O_RDWR, 0600)));
}

/* With root's identity, but not his rights: he owns these. */
static void on_attributes(const char *outside)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/file", outside);
	tell("chmod", fchmodat(AT_FDCWD, path, 0666, 0));
	tell("chown", fchownat(AT_FDCWD, path, 1, 1, 0));
	tell("setxattr", setxattr(path, "user.x", "y", 1, 0));
}

static void on_processes(void)
{
	long child;

	tell("fork", child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	if (child == 0)
		_exit(0);
	tell("a user namespace", child = syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0));
	if (child == 0)
		_exit(0);
	TRY(execve("/none", (char *[]) { NULL }, (char *[]) { NULL }));
	TRY(kill(1, 0));
	TRY(kill(keeper, 0));
	TRY(ptrace(PTRACE_SEIZE, 1, 0, 0));
	TRY(ptrace(PTRACE_SEIZE, keeper, 0, 0));
	TRY(unshare(CLONE_NEWUSER));
	TRY(unshare(CLONE_NEWNS));
}

static void on_the_rest(void)
{
	TRY(mount("none", "/", "tmpfs", 0, NULL));
	TRY(umount2("/", MNT_DETACH));
	TRY(chroot("/"));
	TRY(sethostname("taken", 5));
	TRY(setuid(0));
	TRY(close_if(socket(AF_INET, SOCK_STREAM, 0)));
	TRY(close_if(socket(AF_UNIX, SOCK_STREAM, 0)));
	TRY((int)syscall(SYS_io_uring_setup, 0, NULL));
	TRY((int)syscall(SYS_bpf, 0, NULL, 0));
	TRY((int)syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
	TRY((int)syscall(SYS_add_key, "user", "x", "y", 1, -1));
	TRY((int)syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0));
	TRY((int)syscall(SYS_reboot, 0, 0, 0, NULL));
	TRY((int)syscall(SYS_init_module, NULL, 0, ""));
	TRY((int)syscall(0x40000000 | SYS_mkdir, "/x32", 0700));
}

static int attr(struct fuse_req *req, uint64_t node, struct fuse_attr *a)
{
	(void)req;
	return node == FUSE_ROOT_ID ? fuse_dir(a, node, 0755) : fuse_file(a, node, 0444, sizeof(report));
}

static int lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	if (parent != FUSE_ROOT_ID || strncmp(name, "report.", 7) != 0)
		return -ENOENT;
	keeper = atoi(name + 7);
	return fuse_entry(req, REPORT);
}

static int read_it(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	const char *outside = getenv("OUTSIDE");

	(void)node;
	if (offset == 0) {
		*report = '\0';
		on_files(outside);
		on_attributes(outside);
		on_processes();
		on_the_rest();
	}
	return fuse_bytes(req, report, strlen(report), offset, size);
}

static int prepare(void *fs, const char *source)
{
	char path[512];
	int mount;

	(void)fs;
	if (!source)
		return -EINVAL;
	directory = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/file", getenv("OUTSIDE"));
	readable = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	handle.bytes = sizeof(handle.handle);
	return syscall(SYS_name_to_handle_at, AT_FDCWD, path, &handle, &mount, 0) < 0 ? -errno : 0;
}

static int sandbox(void *fs)
{
	(void)fs;
	return directory;
}

static struct fuse_ops ops = {
	.attr = attr, .lookup = lookup, .read = read_it, .prepare = prepare, .timeout = 1000,
};

static const struct opt options[] = {
	SERVE_OPTIONS,
	OPT(0, "files", OPT_FLAG, struct args, files, NULL, "as one that serves the files of DIRECTORY"),
	OPT_END
};

static const char *settle(void *fs, struct fuse_session *session)
{
	(void)session;
	if (((struct args *)fs)->files) {
		ops.sandbox = sandbox;
		ops.capabilities = 0x892002df;	/* as passfs */
	}
	return NULL;
}

static int escapefs_main(char **argv)
{
	static struct args args;

	ops.settle = settle;
	return serve_with(argv, options, &args.serve, &ops, &args);
}

APPLET(escapefs, "escapefs", "usr/bin", "DIRECTORY MOUNTPOINT", "try to break out", options)
