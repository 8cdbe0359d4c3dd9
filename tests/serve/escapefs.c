/* SPDX-License-Identifier: MIT */
/* escapefs [--files] DIRECTORY MOUNTPOINT: a server that was taken over. A read of a file in
 * MOUNTPOINT makes it try what a server should not be able to do, and tells how that went, a
 * line each. OUTSIDE, of the environment, is a directory that it should not come to. Files:
 *   report.PID  everything that does no harm; PID is its unmounter
 *   kill.PID    have the kernel send SIGKILL to that process, on the next request
 *   threads.N   start N threads
 *   table.0     call every system call number, and list those that the filter lets through
 *   ask.N       ask the unmounter N times to unmount
 *   outlive.0   end the connection, wait for OUTSIDE/go, and ask the unmounter to abort */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
#include "fuse/session.h"

struct args { struct serve_args serve; bool files; };

enum { FIRST = FUSE_ROOT_ID + 1 };

static char report[16384];
static int directory, readable, unmounter, device;
static struct { uint32_t bytes; int type; unsigned char handle[128]; } handle;

static void tell(const char *what, long result)
{
	size_t used = strlen(report);
	int error = errno;

	if (result >= 0)
		snprintf(report + used, sizeof(report) - used, "%s: done\n", what);
	else if (error == EPERM || error == EACCES || error == EXDEV || error == EROFS)
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

/* With uid 0, but without capabilities: root owns these files. */
static void on_attributes(const char *outside)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/file", outside);
	tell("chmod", fchmodat(AT_FDCWD, path, 0666, 0));
	tell("chown", fchownat(AT_FDCWD, path, 1, 1, 0));
	tell("setxattr", setxattr(path, "user.x", "y", 1, 0));
}

/* Sets the owner and mode that the file has already, which changes nothing: without a sandbox it
   succeeds. */
static void on_proc(void)
{
	tell("chmod in /proc", fchmodat(AT_FDCWD, "/proc/version", 0444, 0));
	tell("the same from here", fchmodat(AT_FDCWD, "../../version", 0444, 0));
	tell("chown in /proc, from here", fchownat(AT_FDCWD, "../../version", 0, 0, 0));
	tell("chown of here", fchownat(AT_FDCWD, ".", (uid_t)-1, (gid_t)-1, 0));
	tell("what is above", faccessat(AT_FDCWD, "../status", F_OK, 0));
	tell("and above that", faccessat(AT_FDCWD, "../../version", F_OK, 0));
}

/* Tries each open descriptor, including inherited ones. */
static void on_descriptors(const char *outside)
{
	char above[600], here[32];
	int found = -1;

	snprintf(above, sizeof(above), "../../../../../../../../..%s/file", outside);
	for (int fd = 3; fd < 64 && found < 0; fd++)
		found = fchmodat(fd, above, 0666, 0);
	tell("chmod by a descriptor", found);
	found = -1;
	for (int fd = 3; fd < 64 && found < 0; fd++) {
		snprintf(here, sizeof(here), "%d", fd);
		if ((found = openat(AT_FDCWD, here, O_PATH)) >= 0) {
			int beyond = fchmodat(found, above, 0666, 0);

			close(found);
			found = beyond;
		}
	}
	tell("the same from here", found);
}

/* Set the mode that a file has already, by a descriptor's name in the working directory. */
static int keep_mode(int fd)
{
	char here[32];
	uint16_t st[128];	/* struct statx: the filter has no fstat(2) */

	snprintf(here, sizeof(here), "%d", fd);
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 2 /* STATX_MODE */, st) < 0)
		return -1;
	return (int)syscall(SYS_fchmodat, AT_FDCWD, here, st[14] & 07777);
}

static void on_names_of_descriptors(void)
{
	tell("mode of the device", keep_mode(device));
	tell("mode of output", keep_mode(1));
	tell("mode of errors", keep_mode(2));
}

/* Ways by which the kernel could signal, or delay, a process that holds a descriptor. */
static void on_commands(void)
{
	int on = 1, one = 1;
	struct { int type, pid; } owner = { 1, 1 };

	TRY(fcntl(readable, F_SETOWN, 1));
	TRY(fcntl(readable, F_SETOWN_EX, &owner));
	TRY(fcntl(readable, F_SETSIG, SIGKILL));
	TRY(fcntl(readable, F_SETFL, O_ASYNC));
	TRY(fcntl(readable, F_SETLEASE, F_RDLCK));
	TRY(fcntl(readable, F_NOTIFY, DN_RENAME));
	TRY(fcntl(readable, F_SETFL, O_ASYNC | O_RDONLY));
	tell("FIOASYNC", ioctl(device, FIOASYNC, &on));
	tell("FIOSETOWN", ioctl(device, FIOSETOWN, &one));
	tell("SIOCSPGRP", ioctl(device, SIOCSPGRP, &one));
	tell("TIOCSTI", ioctl(0, TIOCSTI, "x"));
	tell("clone the device", (int)syscall(SYS_ioctl, device, FUSE_DEV_IOC_CLONE, &device));
	tell("register a file", (int)syscall(SYS_ioctl, device, FUSE_DEV_IOC_BACKING_OPEN, &(struct fuse_backing_map) { .fd = readable }));
	tell("freeze the file system", (int)syscall(SYS_ioctl, readable, _IOWR('X', 119, int), &one));
	tell("F_SETOWN of 64 bits", syscall(SYS_fcntl, readable, 0x100000000 | F_SETOWN, 1));
	tell("a second filter", syscall(SYS_seccomp, 1, 1, NULL));
}

#ifdef __x86_64__
static jmp_buf not_there;
static void on_fault(int sig) { (void)sig; longjmp(not_there, 1); }

/* getpid(2) of the 32-bit ABI, whose number is that of another call here. */
static long by_32_bits(void)
{
	long result = -EPERM;

	if (setjmp(not_there) == 0)
		__asm__ volatile ("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	return result < 0 ? -1 : 0;
}
#else
static long by_32_bits(void) { errno = EPERM; return -1; }
#endif

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
	TRY(kill(unmounter, 0));
	TRY(ptrace(PTRACE_SEIZE, 1, 0, 0));
	TRY(ptrace(PTRACE_SEIZE, unmounter, 0, 0));
	TRY(unshare(CLONE_NEWUSER));
	TRY(unshare(CLONE_NEWNS));
}

static void on_the_rest(void)
{
	TRY(mount("none", "/", "tmpfs", 0, NULL));
	TRY(umount2("/", MNT_DETACH));
	TRY(chroot("/"));
	TRY(sethostname("taken", 5));
	TRY((int)syscall(SYS_setuid, 0));	/* libc's function would change all threads */
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
	tell("by the 32-bit ABI", by_32_bits());
}

static void everything(void)
{
	const char *outside = getenv("OUTSIDE");

	on_files(outside);
	on_attributes(outside);
	on_proc();
	on_descriptors(outside);
	on_names_of_descriptors();
	on_processes();
	on_the_rest();
}

static void kill_by_kernel(void)
{
	TRY(fcntl(device, F_SETSIG, SIGKILL));
	TRY(fcntl(device, F_SETOWN, unmounter));
	TRY(fcntl(device, F_SETFL, O_RDWR | O_ASYNC));
}

static void *wait_for_ever(void *nothing)
{
	for (;;)
		poll(NULL, 0, -1);
	return nothing;
}

static void start_threads(void)
{
	int count = 0;
	pthread_t thread;

	for (int i = 0; i < unmounter; i++)
		count += pthread_create(&thread, NULL, wait_for_ever, NULL) == 0;
	snprintf(report, sizeof(report), "%d\n", count);
}

/* They end or derail the caller. The last two (uretprobe, uprobe) pass any filter, and raise SIGILL. */
static bool ends_caller(long n)
{
	return n == SYS_exit || n == SYS_exit_group || n == SYS_rt_sigreturn || n == 335 || n == 336;
}

/* No argument is valid, so that a call which is let through does nothing. Under sanitizers there is no filter. */
static void try_every_number(void)
{
	if (syscall(SYS_getppid) >= 0)
		return;
	for (long n = 0; n < 600; n++)
		if (!ends_caller(n) && (syscall(n, -1L, -1L, -1L, -1L, -1L, -1L) >= 0 || errno != EPERM))
			snprintf(strchr(report, '\0'), 8, "%ld\n", n);
}

/* Tries each descriptor; /dev/fuse rejects a write of a single byte. */
static void ask_unmounter(char what, int times)
{
	for (int fd = 3; fd < 32; fd++)
		for (int i = 0; i < times && write(fd, &what, 1) == 1; i++)
			;
}

static void ask_often(void) { ask_unmounter('u', unmounter); tell("asked", 0); }

static void outlive(void)
{
	char go[512];

	snprintf(go, sizeof(go), "%s/go", getenv("OUTSIDE"));
	close(device);
	while (access(go, F_OK) < 0)
		poll(NULL, 0, 50);
	ask_unmounter('a', 1);
	poll(NULL, 0, 1000);
	_exit(0);
}

static const struct { const char *name; void (*try)(void); } files[] = {
	{ "report", everything }, { "kill", kill_by_kernel }, { "threads", start_threads },
	{ "ask", ask_often }, { "outlive", outlive }, { "table", try_every_number },
};

static int attr(struct fuse_req *req, uint64_t node, struct fuse_attr *a)
{
	(void)req;
	return node == FUSE_ROOT_ID ? fuse_dir(a, node, 0755) : fuse_file(a, node, 0444, sizeof(report));
}

static int lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	const char *dot = strchr(name, '.');

	if (parent != FUSE_ROOT_ID || !dot)
		return -ENOENT;
	unmounter = atoi(dot + 1);
	for (unsigned int i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strlen(files[i].name) == (size_t)(dot - name) && strncmp(name, files[i].name, (size_t)(dot - name)) == 0)
			return fuse_entry(req, FIRST + i);
	return -ENOENT;
}

static int read_it(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	const struct args *args = req->session->fs;

	device = req->device;
	if (offset == 0) {
		*report = '\0';
		files[node - FIRST].try();
		if (node == FIRST && args->serve.sandbox)	/* otherwise they would end this process */
			on_commands();
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
#ifdef __x86_64__
	sigaction(SIGSEGV, &(struct sigaction) { .sa_handler = on_fault, .sa_flags = SA_NODEFER }, NULL);
#endif
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
	OPT(0, "files", OPT_FLAG, struct args, files, "", "as one that serves the files of DIRECTORY"),
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
