/* faults: plays a scenario of those below once to see which system calls it makes, and then
 * once for each of them and each errno that it may well fail with. However it goes, in the
 * end there is no mount, no process, no connection and no descriptor left that should not be
 * there; what succeeded works; what failed said so, and its status tells.
 *
 *	faults -e | -s | -o PROCESS:CALL:ERRNO BUILD CLEAN-BUILD SCENARIO
 *
 * -e: every one. -s: one errno each, and one call of those that are made on the same way.
 * -o: that fault alone. Without arguments, the names of all scenarios. In a directory and a mount namespace of its own; ./ctl is fusectl.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../faults/plan.h"

enum { LIMIT_MS = 10000, OUTPUT = 16384 };

static struct plan *plan;
static char here[512], faulty[600], clean[600], mnt[600];
static const char *scenario;
static const struct plan_record *hit;	/* the call that is to fail; NULL: each other, or none */
static int complaints, baseline;
static char output[OUTPUT], errors[OUTPUT];

/* ---- What may happen to a call ---- */

#define MAY(number, ...) case number: { static const int some[] = { __VA_ARGS__, 0 }; return some; }

static const int never[] = { 0 };

static const int *for_descriptor(const struct plan_record *r)
{
	switch (r->file * 1000 + r->number) {
	MAY(PLAN_FUSE_DEVICE * 1000 + SYS_read, EINTR, EAGAIN, ENOENT)
	MAY(PLAN_FUSE_DEVICE * 1000 + SYS_writev, EINTR, EAGAIN, EINVAL)
	MAY(PLAN_PEER * 1000 + SYS_read, EINTR, PLAN_SHORT)
	MAY(PLAN_PEER * 1000 + SYS_write, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_read, EIO, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_write, ENOSPC, EIO, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_pread64, EIO, EINTR, PLAN_SHORT)
	MAY(PLAN_FILE * 1000 + SYS_pwrite64, ENOSPC, EINTR, EIO, PLAN_SHORT)
	MAY(PLAN_OTHER * 1000 + SYS_write, EPIPE, EINTR)
	}
	return never;
}

static const int *may_fail_with(const struct plan_record *r)
{
	switch (r->number) {
	case SYS_read: case SYS_write: case SYS_writev: case SYS_pread64: case SYS_pwrite64:
		return for_descriptor(r);
	MAY(SYS_openat, EMFILE, EACCES, ENOENT, ENOMEM)
	MAY(SYS_close, EIO, EINTR)
	MAY(SYS_poll, EINTR)
	MAY(SYS_pipe2, EMFILE)
	case SYS_fcntl: case SYS_rt_sigaction: case SYS_rt_sigprocmask:
		return never;	/* as they are used, they do not */
	MAY(SYS_dup2, EMFILE)
	MAY(SYS_readlinkat, EACCES, ENOENT)
	MAY(SYS_getdents64, ENOENT, EIO)
	MAY(SYS_mkdir, EACCES, ENOSPC)
	MAY(SYS_link, EXDEV, EPERM, ENOSPC)
	MAY(SYS_symlink, EACCES, ENOSPC)
	MAY(SYS_unlink, EACCES)
	MAY(SYS_chdir, EACCES, ENOENT)
	MAY(SYS_fchdir, EACCES)
	MAY(SYS_getcwd, ENOENT)
	MAY(SYS_mount, EPERM, ENODEV, ENOMEM, EINVAL)
	MAY(SYS_umount2, EBUSY, EPERM, EINVAL)
	MAY(SYS_setns, EPERM, EINVAL)
	MAY(SYS_unshare, EPERM, ENOSPC, EINVAL)
	MAY(SYS_fsopen, ENOSYS, EPERM, ENODEV, EMFILE)
	MAY(SYS_fsconfig, EINVAL, EPERM, ENOMEM)
	MAY(SYS_fsmount, EPERM, EMFILE, ENOMEM)
	MAY(SYS_move_mount, EINVAL, EPERM, ENOENT)
	MAY(SYS_ioctl, ENOTTY, EINVAL, EPERM, ENOMEM)
	MAY(SYS_statx, ENOENT, EACCES, ENOSYS, ENOMEM)
	MAY(SYS_faccessat, EACCES, ENOENT)
	MAY(439, ENOSYS, EPERM, EACCES)
	MAY(457, ENOSYS, EPERM, ENOENT, EOVERFLOW)
	MAY(458, ENOSYS, EPERM, EINVAL)
	MAY(SYS_clone, EAGAIN, ENOMEM)
	MAY(SYS_clone3, EAGAIN)
	MAY(SYS_execve, ENOENT, EACCES, ENOEXEC, ENOMEM)
	MAY(SYS_kill, ESRCH, EPERM)
	MAY(SYS_wait4, ECHILD)
	MAY(SYS_setsid, EPERM)
	MAY(SYS_prctl, EINVAL, EPERM)
	MAY(SYS_mmap, ENOMEM)
	MAY(SYS_mremap, ENOMEM)
	MAY(SYS_socket, EMFILE, EACCES)
	MAY(SYS_socketpair, EMFILE, ENOMEM)
	MAY(SYS_accept4, EMFILE, ECONNABORTED)
	MAY(SYS_bind, EADDRINUSE, EACCES)
	MAY(SYS_listen, EADDRINUSE)
	MAY(SYS_sendto, ECONNREFUSED, EAGAIN)
	MAY(SYS_sendmsg, EPIPE, EAGAIN)
	MAY(SYS_recvmsg, ECONNRESET, EINTR, ENOMEM)
	MAY(SYS_getsockopt, ENOTSOCK)
	MAY(SYS_capget, EPERM)
	MAY(SYS_capset, EPERM)
	MAY(SYS_setresuid, EAGAIN, EPERM)
	MAY(SYS_setresgid, EPERM)
	MAY(SYS_setfsuid, EPERM)
	MAY(SYS_setfsgid, EPERM)
	MAY(SYS_setgroups, EPERM, ENOMEM)
	MAY(SYS_prlimit64, EPERM)
	MAY(SYS_sched_setaffinity, EINVAL, EPERM)
	MAY(SYS_sched_getaffinity, ENOSYS)
	MAY(SYS_io_uring_setup, ENOSYS, EPERM, ENOMEM, EMFILE)
	MAY(SYS_io_uring_register, EINVAL, EPERM)
	MAY(SYS_io_uring_enter, EINTR)
	MAY(SYS_futex, EINTR)
	MAY(SYS_mkdirat, ENOSPC, EIO)
	MAY(SYS_mknodat, ENOSPC, EPERM)
	MAY(SYS_symlinkat, ENOSPC, EROFS)
	MAY(SYS_linkat, EMLINK, EIO)
	MAY(SYS_unlinkat, EIO, EBUSY)
	MAY(SYS_renameat2, EIO, EINVAL, ENOSPC)
	MAY(SYS_truncate, EIO, EFBIG)
	MAY(SYS_ftruncate, EIO, EINTR)
	MAY(SYS_fallocate, EOPNOTSUPP, ENOSPC, EINTR)
	MAY(SYS_fsync, EIO)
	MAY(SYS_fdatasync, EIO)
	MAY(SYS_syncfs, EIO)
	MAY(SYS_fstatfs, EIO, ENOSYS)
	MAY(SYS_fchmodat, EPERM, EIO)
	MAY(SYS_fchownat, EPERM, EIO)
	MAY(SYS_utimensat, EPERM, EINVAL)
	MAY(SYS_getxattr, ENODATA, EOPNOTSUPP, EIO)
	MAY(SYS_listxattr, EOPNOTSUPP, EIO)
	MAY(SYS_setxattr, ENOSPC, EOPNOTSUPP)
	MAY(SYS_removexattr, ENODATA, EIO)
	MAY(SYS_lseek, ENXIO, EINVAL)
	MAY(SYS_flock, EINTR, ENOLCK)
	MAY(SYS_copy_file_range, EXDEV, EIO, ENOSPC)
	MAY(SYS_name_to_handle_at, EOPNOTSUPP, EOVERFLOW)
	MAY(SYS_open_by_handle_at, ESTALE, EPERM)
	MAY(437, ENOSYS, EXDEV)
	MAY(SYS_pwritev2, ENOSPC, EOPNOTSUPP)
	default:
		switch (0) { MAY(0, EIO) }
	}
	return NULL;
}

/* ---- What is said ---- */

static const char *error_name(int how)
{
	return how == PLAN_SHORT ? "SHORT" : how == PLAN_ALL_INTERRUPTED ? "all are interrupted"
	       : how == PLAN_ALL_SHORT ? "all are short" : strerrorname_np(how);
}

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list args;

	complaints++;
	if (hit)
		printf("# %s: call %u of %llx, number %u (%lld, %lld), %s: ", scenario, hit->call,
		       (unsigned long long)hit->process, hit->number, (long long)hit->first,
		       (long long)hit->second, error_name(plan->how));
	else
		printf("# %s: %s: ", scenario, plan->how ? error_name(plan->how) : "no fault");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	if (*errors)
		printf(" [%.*s]", (int)strcspn(errors, "\n"), errors);
	puts("");
	fflush(stdout);
}

static void die(const char *what)
{
	printf("Bail out! faults: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Whether something may go wrong in this run. */
static bool may_fail(void) { return hit && plan->fired; }

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int milliseconds) { poll(NULL, 0, milliseconds); }

#define WITHIN(milliseconds, condition) ({						\
	int64_t end = now_ms() + (milliseconds);					\
	int pause = 1;									\
	bool met;									\
	while (!(met = (condition)) && now_ms() < end) {				\
		sleep_ms(pause);							\
		pause += pause < 20;							\
	}										\
	met; })

/* ---- Processes: all are this one's children in the end ---- */

static int slurp(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

	if (fd >= 0)
		close(fd);
	to[n > 0 ? n : 0] = '\0';
	return (int)n;
}

/* Calls fn for each descendant of this process. */
static int each_child(int of, int (*fn)(int pid))
{
	char path[64], list[4096], *at = list;
	int count = 0, pid, used;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", of, of);
	slurp(path, list, sizeof(list));
	for (; sscanf(at, "%d%n", &pid, &used) == 1; at += used) {
		count += each_child(pid, fn);
		count += fn(pid);
	}
	return count;
}

static int kill_it(int pid) { kill(pid, SIGKILL); return 1; }

static int show_it(int pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	slurp(path, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	printf("#	%d (%s): ", pid, text);
	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	slurp(path, text, sizeof(text));
	for (char *c = text; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	puts(text);
	return 1;
}

static int descriptors_of(int pid)
{
	char path[64];
	DIR *dir;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

enum { FAULTY = 1, AS_NOBODY = 2, KEEP = 4 };

static char *const *environment(bool inject)
{
	static char path[1400], plan_path[600], *env[8];
	int n = 0;

	snprintf(path, sizeof(path), "PATH=%s:/usr/bin:/bin", inject ? faulty : clean);
	snprintf(plan_path, sizeof(plan_path), "FAULTS=%s/plan", here);
	env[n++] = path;
	if (inject)
		env[n++] = plan_path;
	env[n] = NULL;
	return env;
}

static int start(int how, const char *const *argv)
{
	char path[700];
	int pid;

	snprintf(path, sizeof(path), "%s/%s", how & FAULTY ? faulty : clean, argv[0]);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		const char *to[2] = { how & FAULTY ? "output" : "/dev/null", how & FAULTY ? "errors" : "/dev/null" };

		close(0);
		open("/dev/null", O_RDONLY);
		for (int fd = 1; fd <= 2; fd++) {
			close(fd);
			open(to[fd - 1], O_WRONLY | O_CREAT | O_APPEND | (how & KEEP ? 0 : O_TRUNC), 0666);
		}
		if (how & AS_NOBODY && (setgid(65534) || setuid(65534)))
			_exit(125);
		execve(path, (char *const *)argv, environment(how & FAULTY));
		_exit(124);
	}
	return pid;
}

static void heard(void)
{
	slurp("output", output, sizeof(output));
	slurp("errors", errors, sizeof(errors));
}

/* Waits for the end of it. Its status; -1: it hangs, -2: a signal, of both it was told. */
static int finish(int pid, int milliseconds)
{
	int status = 0, got;

	if (!WITHIN(milliseconds, (got = waitpid(pid, &status, WNOHANG)) != 0)) {
		heard();
		complain("it hangs");
		each_child(getpid(), show_it);
		return -1;
	}
	heard();
	if (got != pid || WIFEXITED(status))
		return got == pid ? WEXITSTATUS(status) : 0;
	complain("ended by signal %d", WTERMSIG(status));
	return -2;
}

#define ARGV(...) (const char *const[]) { __VA_ARGS__, NULL }
#define RUN(how, ...) finish(start(how, ARGV(__VA_ARGS__)), LIMIT_MS)

/* ---- Mounts ---- */

/* The connections that were seen mounted; a number is soon another's, the inode of its
   directory is not. */
static struct { unsigned int number; ino_t identity; } seen[64];
static size_t seen_count;

static ino_t identity(unsigned int number)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "ctl/%u", number);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void see(unsigned int number)
{
	ino_t now = identity(number);

	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].number == number && seen[i].identity == now)
			return;
	if (now && seen_count < sizeof(seen) / sizeof(*seen)) {
		seen[seen_count].number = number;
		seen[seen_count++].identity = now;
	}
}

static bool connections_left(void)
{
	for (size_t i = 0; i < seen_count; i++)
		if (identity(seen[i].number) == seen[i].identity)
			return true;
	return false;
}

/* How many FUSE mounts are below here, whose path ends in `suffix`; all are detached if asked. */
static int mounts(const char *suffix, bool detach)
{
	char line[8192], path[4096], type[256];
	unsigned int number;
	size_t length = strlen(here);
	FILE *table = fopen("/proc/self/mountinfo", "re");
	int count = 0;

	while (table && fgets(line, sizeof(line), table)) {
		const char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*s %*s 0:%u %*s %4095s", &number, path) != 2 || sscanf(dash, " - %255s", type) != 1
		    || strncmp(type, "fuse", 4) != 0 || strcmp(type, "fusectl") == 0
		    || strncmp(path, here, length) != 0 || path[length] != '/')
			continue;
		if (suffix && (strlen(path) < strlen(suffix) || strcmp(path + strlen(path) - strlen(suffix), suffix)))
			continue;
		count++;
		see(number);
		if (detach)
			umount2(path, MNT_FORCE | MNT_DETACH);
	}
	if (table)
		fclose(table);
	return count;
}

static bool mounted(void) { return mounts("/mnt", false) > 0; }

/* Whether the mount answers: a child asks it, which a server that hangs cannot stop us by. */
static bool answers(const char *file, const char *text)
{
	char got[64] = "", path[700];
	int pid = fork(), status = 1;

	if (pid == 0) {
		snprintf(path, sizeof(path), "%s/%s", mnt, file);
		slurp(path, got, sizeof(got));
		_exit(strcmp(got, text) != 0);
	}
	if (WITHIN(LIMIT_MS, waitpid(pid, &status, WNOHANG) == pid))
		return status == 0;
	complain("%s is read for ever", file);
	each_child(getpid(), show_it);
	mounts(NULL, true);
	return false;
}

static bool all_ended(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* However a run went. */
static void nothing_left(void)
{
	heard();
	if (mounts(NULL, false)) {
		if (!may_fail() || !strstr(errors, ": left mounted"))
			complain("a mount is left");
		mounts(NULL, true);
	}
	if (!WITHIN(3000, all_ended())) {
		complain("a process is left");
		each_child(getpid(), show_it);
		mounts(NULL, true);
		each_child(getpid(), kill_it);
		WITHIN(3000, all_ended());
	}
	if (!WITHIN(3000, !connections_left()))
		complain("a connection is left");
	seen_count = 0;
}

/* Whether there is a line "applet: what: why". */
static bool has_message(void)
{
	for (const char *line = errors; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line + strspn(line, "abcdefghijklmnopqrstuvwxyz3.-"), ": ", 2) == 0)
			return true;
	return false;
}

static void failed_well(int status)
{
	if (status < 0)
		return;
	if (!may_fail())
		complain("failed, with %d", status);
	if (status >= 128)
		complain("status %d", status);
	/* Told in vain. */
	if (hit && hit->number == SYS_write && hit->first == 2)
		return;
	if (!has_message())
		complain("failed with %d, without a message", status);
}

/* As many are open as when nothing fails; `pid` and its like do not grow. */
static void same_descriptors(void)
{
	int now = each_child(getpid(), descriptors_of) - 0;

	if (plan->recording)
		baseline = now;
	else if (now > baseline && !WITHIN(300, (now = each_child(getpid(), descriptors_of)) <= baseline))
		complain("%d descriptors are open, not %d", now, baseline);
}

/* Who serves, and not who only watches. */
static int tell_to_end(int pid)
{
	char path[64], link[32] = "";
	bool serves = false;

	for (int fd = 0; fd < 64 && !serves; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		serves = readlink(path, link, sizeof(link) - 1) == 9 && strncmp(link, "/dev/fuse", 9) == 0;
	}
	return serves && kill(pid, SIGTERM) == 0;
}

/* ---- Scenarios ---- */

/* The server ends when it is told to, and with it the mount; where it cannot unmount it says so,
   and when it is told a second time it ends all the same. */
static void end_server(void)
{
	int patience = may_fail() ? 200 : 3000;

	each_child(getpid(), tell_to_end);
	if (WITHIN(patience, all_ended()))
		return;
	if (!may_fail())
		complain("it does not end when it is told to");
	each_child(getpid(), tell_to_end);
	if (!WITHIN(3000, all_ended()))
		complain("it does not end when it is told to twice");
}

/* After a command that mounts and returns. */
static void judge_mount(int status)
{
	if (status != 0) {
		failed_well(status);
		return;
	}
	if (!WITHIN(may_fail() ? 500 : 3000, mounted())) {
		complain("succeeded, and nothing is mounted");
		return;
	}
	if (!answers("hello", "hello") && !answers("hello", "hello"))
		complain("succeeded, and does not answer");
	same_descriptors();
	end_server();
}

/* A command that serves until it is told to end. */
static void judge_foreground(int pid)
{
	int status = 0;

	if (!WITHIN(LIMIT_MS, (mounted() && answers("hello", "hello")) || waitpid(pid, &status, WNOHANG) == pid)) {
		heard();
		complain("neither serves nor ends");
		return;
	}
	heard();
	if (WIFEXITED(status) && WEXITSTATUS(status)) {
		failed_well(WEXITSTATUS(status));
		return;
	}
	if (WIFSIGNALED(status))
		complain("ended by signal %d", WTERMSIG(status));
	if (status == 0 && !mounted())
		return;
	same_descriptors();
	end_server();
	heard();
}

static void hellofs_back(void) { judge_mount(RUN(FAULTY, "hellofs", "-b", mnt)); }
static void hellofs_front(void) { judge_foreground(start(FAULTY, ARGV("hellofs", mnt))); }
static void fmount_wait(void) { judge_mount(RUN(FAULTY, "fmount", "--wait", mnt, "--", "hellofs")); }
static void fmount_front(void) { judge_foreground(start(FAULTY, ARGV("fmount", mnt, "--", "hellofs"))); }
static void fmount_other(void)
{
	judge_foreground(start(FAULTY, ARGV("fmount", "--user", "nobody", "--drop-caps", "--no-new-privs", "--clones",
					    "2", "--auto-unmount", mnt, "--", "hellofs")));
}

/* What is unmounted: a server without faults, and a mount that somebody may be in. */
static int holder = -1;

static void serve_clean(bool busy)
{
	char path[700];

	if (RUN(0, "hellofs", "-b", mnt) != 0)
		die("a server without faults");
	snprintf(path, sizeof(path), "%s/hello", mnt);
	if (busy)
		holder = open(path, O_RDONLY | O_CLOEXEC);
}

static void let_go(void)
{
	if (holder >= 0)
		close(holder);
	holder = -1;
	if (mounts(NULL, false))
		mounts(NULL, true);
}

/* After a command that is to unmount. */
static void judge_unmount(int status)
{
	if (status == 0 && mounted())
		complain("succeeded, and is mounted still");
	if (status > 0)
		failed_well(status);
	if (status > 0 && !mounted())
		complain("failed, and is unmounted");
	let_go();
}

static void fumount_plain(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "fumount", mnt)); }
static void fumount_lazy(void) { serve_clean(true); judge_unmount(RUN(FAULTY, "fumount", "-l", mnt)); }
static void fumount_force(void) { serve_clean(true); judge_unmount(RUN(FAULTY, "fumount", "-f", mnt)); }
static void fumount_helper(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "umount.fuse", mnt)); }
static void fumount_all(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "fumount", "-a", "-t", "fuse.hellofs")); }
static void fumount_recover(void) { serve_clean(false); judge_unmount(RUN(FAULTY, "fumount", "-R", mnt)); }

static void fumount_recover_dead(void)
{
	serve_clean(true);
	each_child(getpid(), kill_it);
	judge_unmount(RUN(FAULTY, "fumount", "-R", mnt));
}

static void fumount_busy(void)
{
	int status;

	serve_clean(true);
	status = RUN(FAULTY, "fumount", mnt);
	if (status != 32 && (status <= 0 || !may_fail()))
		complain("status %d when it is busy", status);
	if (!mounted())
		complain("unmounted when it is busy");
	if (status > 0 && !*errors && !(hit && hit->number == SYS_write && hit->first == 2))
		complain("nothing is said");
	let_go();
}

static const struct { const char *name; void (*play)(void); } scenarios[] = {
	{ "hellofs -b", hellofs_back },
	{ "hellofs", hellofs_front },
	{ "fmount --wait", fmount_wait },
	{ "fmount", fmount_front },
	{ "fmount --user", fmount_other },
	{ "fumount", fumount_plain },
	{ "fumount -l", fumount_lazy },
	{ "fumount -f", fumount_force },
	{ "fumount -a", fumount_all },
	{ "fumount -R", fumount_recover },
	{ "fumount -R, dead", fumount_recover_dead },
	{ "fumount, busy", fumount_busy },
	{ "umount.fuse", fumount_helper },
};

/* ---- The whole ---- */

static void play(void (*scene)(void), const struct plan_record *record, int how)
{
	hit = record;
	plan->how = how;
	plan->fired = 0;
	plan->process = record ? record->process : 0;
	plan->call = record ? record->call : 0;
	memset(plan->execs, 0, sizeof(plan->execs));
	*errors = *output = '\0';
	scene();
	nothing_left();
}

static void prepare(void)
{
	int fd = open("plan", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (!getcwd(here, sizeof(here)) || fd < 0 || ftruncate(fd, sizeof(*plan)) < 0)
		die("plan");
	fchmod(fd, 0666);
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (plan == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("mmap");
	close(fd);
	snprintf(mnt, sizeof(mnt), "%s/mnt", here);
	mkdir(mnt, 0755);
}

/* The reply to INIT is not refused. */
static bool cannot_be(const struct plan_record *records, uint32_t n, int how)
{
	if (how != EINVAL || records[n].number != SYS_writev)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (records[i].number == SYS_writev && records[i].process == records[n].process)
			return false;
	return true;
}

/* Whether a call that was made on the same way comes before it. */
static bool is_repeated(const struct plan_record *records, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (records[i].stack == records[n].stack && records[i].number == records[n].number)
			return true;
	return false;
}

static int run(void (*scene)(void), bool brief, const char *only)
{
	static struct plan_record records[PLAN_RECORDS];
	uint32_t count, runs = 0, distinct = 0, fired = 0;
	int64_t began = now_ms();

	plan->recording = 1;
	plan->count = 0;
	play(scene, NULL, 0);
	plan->recording = 0;
	count = plan->count > PLAN_RECORDS ? PLAN_RECORDS : plan->count;
	memcpy(records, plan->records, count * sizeof(*records));
	if (!only && !complaints) {
		play(scene, NULL, PLAN_ALL_INTERRUPTED);
		play(scene, NULL, PLAN_ALL_SHORT);
	}
	for (uint32_t n = 0; n < count; n++) {
		const int *how = may_fail_with(records + n);
		int choices = 0;

		if (brief && is_repeated(records, n))
			continue;
		while (how[choices])
			choices++;
		for (int i = 0; i < choices; i++) {
			char name[64];

			if (cannot_be(records, n, how[i]))
				continue;
			if (brief && i != (int)(distinct % (uint32_t)choices))
				continue;
			snprintf(name, sizeof(name), "%llx:%u:%s", (unsigned long long)records[n].process,
				 records[n].call, error_name(how[i]));
			if (only && strcmp(only, name) != 0)
				continue;
			play(scene, records + n, how[i]);
			runs++;
			fired += plan->fired;
		}
		distinct++;
	}
	printf("# %s: %u calls, %u runs, %u faults, %lld ms, %d complaints\n", scenario, count, runs, fired,
	       (long long)(now_ms() - began), complaints);
	/* Where it takes another way each time, most of them are met all the same. */
	if (runs == 0 || fired * 2 < runs)
		complain("too few faults");
	return complaints != 0;
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	bool brief = false;
	int option;

	while ((option = getopt(argc, argv, "eso:")) != -1) {
		brief |= option == 's';
		if (option == 'o')
			only = optarg;
	}
	argv += optind;
	if (argc - optind == 0) {
		for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
			puts(scenarios[i].name);
		return 0;
	}
	if (argc - optind != 3)
		return 2;
	snprintf(faulty, sizeof(faulty), "%s/bin", argv[0]);
	snprintf(clean, sizeof(clean), "%s/bin", argv[1]);
	prepare();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (strcmp(scenarios[i].name, scenario = argv[2]) == 0)
			return run(scenarios[i].play, brief, only);
	die(argv[2]);
}
