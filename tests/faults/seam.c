/* SPDX-License-Identifier: MIT */
/* seam: makes system calls fail, one by one. Only in the build CONFIG=faults: its linker replaces each
 * call of a WRAPPED function by __wrap_NAME. All system calls of core/sys go through these. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "plan.h"

static struct plan *plan;

/* A thread counts as a process. */
static __thread struct { uint64_t process; uint32_t calls, children; bool again; } me;
static uint64_t family;		/* the process that threads belong to */
static uint32_t threads;

long __real_syscall(long number, ...);

static uint64_t child_of(uint64_t process, uint32_t which)
{
	return process * 1000003 + which;
}

static void attach(void)
{
	enum { AFTER_EXEC = 1000 };
	const char *path = getenv("FAULTS");
	int fd = path ? (int)__real_syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *at = fd < 0 ? MAP_FAILED
			  : (void *)__real_syscall(SYS_mmap, NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
						   MAP_SHARED, fd, 0L);
	int pid = getpid();

	if (fd >= 0)
		__real_syscall(SYS_close, fd);
	if (at == MAP_FAILED)
		return;
	plan = at;
	me.process = 1;
	for (int i = 0; i < PLAN_EXECS; i++)
		if (plan->execs[i].pid == pid)
			me.process = child_of(plan->execs[i].process, AFTER_EXEC);
	family = me.process;
}

/* A hash of the return addresses: the same number for the same call path. */
static uint64_t stack(void)
{
	const uintptr_t *frame = __builtin_frame_address(0);
	uint64_t sum = 0;

	for (int i = 0; i < 40; i++) {
		const uintptr_t *next = (const uintptr_t *)frame[0];

		sum = sum * 31 + frame[1];
		if (next <= frame || next > frame + 32 * 1024 || (uintptr_t)next % sizeof(*next))
			break;
		frame = next;
	}
	return sum;
}

static uint16_t kind_of(int fd)
{
	enum { PROC_MAGIC = 0x9fa0 };
	struct statfs fs;
	struct stat st;

	if (__real_syscall(SYS_fstat, fd, &st) < 0)
		return PLAN_OTHER;
	if (S_ISREG(st.st_mode) && __real_syscall(SYS_fstatfs, fd, &fs) == 0 && fs.f_type == PROC_MAGIC)
		return PLAN_PROC;
	return S_ISREG(st.st_mode) ? PLAN_FILE : S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ? PLAN_PEER
	       : S_ISCHR(st.st_mode) && st.st_rdev == makedev(10, 229) ? PLAN_FUSE_DEVICE : PLAN_OTHER;
}

static bool transfers(long number)
{
	switch (number) {
	case SYS_read: case SYS_write: case SYS_writev: case SYS_pread64: case SYS_pwrite64:
		return true;
	}
	return false;
}

/* waitpid(2) with WNOHANG does not wait: the kernel never interrupts it. */
static bool waits(long number, long second)
{
	switch (number) {
	case SYS_wait4:
		return !(second & WNOHANG);
	case SYS_read: case SYS_write: case SYS_writev:
	case SYS_poll: case SYS_accept4: case SYS_recvmsg: case SYS_futex:
	case SYS_io_uring_enter:
		return true;
	}
	return false;
}

/* A write to /proc is taken as a whole; a read may be short. */
static bool can_be_short(long number, int fd)
{
	uint16_t kind = transfers(number) ? kind_of(fd) : PLAN_FUSE_DEVICE;

	return kind != PLAN_FUSE_DEVICE && (kind != PLAN_PROC || number == SYS_read) && number != SYS_pread64;
}

/* Whether this call fails: 0, an errno, or PLAN_SHORT. */
static int fault(long number, long first, long second)
{
	uint32_t at;

	if (!plan)
		attach();
	if (!plan)
		return 0;
	if (!me.process)
		me.process = child_of(family, 500 + __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED));
	me.calls++;
	if (plan->recording) {
		at = __atomic_fetch_add(&plan->count, 1, __ATOMIC_RELAXED);
		if (at < PLAN_RECORDS)
			plan->records[at] = (struct plan_record) {
				.process = me.process, .stack = stack(), .first = first, .second = second,
				.call = me.calls, .number = (uint16_t)number,
				.file = transfers(number) ? kind_of((int)first) : PLAN_OTHER,
			};
	} else if (plan->how == PLAN_ALL_INTERRUPTED) {
		me.again = waits(number, second) && !me.again;
		return me.again ? EINTR : 0;
	} else if (plan->how == PLAN_ALL_SHORT) {
		return can_be_short(number, (int)first) ? PLAN_SHORT : 0;
	} else if (plan->always && plan->always == number) {
		plan->fired = 1;
		return plan->how;
	} else if (plan->how && !plan->fired && plan->process == me.process && plan->call <= me.calls
		   && plan->number == number && (!transfers(number) || plan->file == kind_of((int)first))) {
		plan->fired = 1;
		if (plan->how == PLAN_KILLED)
			__real_syscall(SYS_kill, __real_syscall(SYS_getpid), SIGKILL);
		return plan->how;
	}
	return 0;
}

/* Returns -1 with errno set, or 0 if the call is to be made. */
static int fails(long number, long first, long second)
{
	int err = fault(number, first, second);

	if (err && err != PLAN_SHORT)
		errno = err;
	return err && err != PLAN_SHORT ? -1 : 0;
}

/* Returns how many of size bytes the call transfers; -1 with errno set. */
static ssize_t part(long number, int fd, size_t size)
{
	int err = fault(number, fd, (long)size);

	if (err == PLAN_SHORT)
		return (ssize_t)(number == SYS_pwrite64 || size <= 7 ? (size + 1) / 2 : 7);
	if (err)
		errno = err;
	return err ? -1 : (ssize_t)size;
}

#define WRAPPED(type, name, number, parameters, arguments, first, second)	\
	type __real_##name parameters;						\
	type __wrap_##name parameters;						\
	type __wrap_##name parameters						\
	{									\
		if (fails(number, (long)(first), (long)(second)) < 0)		\
			return (type)-1;					\
		return __real_##name arguments;					\
	}

WRAPPED(int, chdir, SYS_chdir, (const char *p), (p), 0, 0)
WRAPPED(int, dup2, SYS_dup2, (int a, int b), (a, b), a, b)
WRAPPED(int, fallocate, SYS_fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), fd, mode)
WRAPPED(int, fchownat, SYS_fchownat, (int fd, const char *p, uid_t u, gid_t g, int f), (fd, p, u, g, f), fd, u)
WRAPPED(int, fdatasync, SYS_fdatasync, (int fd), (fd), fd, 0)
WRAPPED(int, fstatfs, SYS_fstatfs, (int fd, struct statfs *s), (fd, s), fd, 0)
WRAPPED(int, fsync, SYS_fsync, (int fd), (fd), fd, 0)
WRAPPED(int, ftruncate, SYS_ftruncate, (int fd, off_t size), (fd, size), fd, size)
WRAPPED(int, getsockopt, SYS_getsockopt, (int fd, int l, int o, void *v, socklen_t *n), (fd, l, o, v, n), fd, o)
WRAPPED(ssize_t, getxattr, SYS_getxattr, (const char *p, const char *n, void *v, size_t s), (p, n, v, s), 0, s)
WRAPPED(int, kill, SYS_kill, (pid_t pid, int sig), (pid, sig), pid, sig)
WRAPPED(int, link, SYS_link, (const char *a, const char *b), (a, b), 0, 0)
WRAPPED(int, linkat, SYS_linkat, (int a, const char *p, int b, const char *q, int f), (a, p, b, q, f), a, b)
WRAPPED(ssize_t, listxattr, SYS_listxattr, (const char *p, char *l, size_t s), (p, l, s), 0, s)
WRAPPED(off_t, lseek, SYS_lseek, (int fd, off_t at, int whence), (fd, at, whence), fd, whence)
WRAPPED(int, mkdir, SYS_mkdir, (const char *p, mode_t m), (p, m), 0, m)
WRAPPED(int, mkdirat, SYS_mkdirat, (int fd, const char *p, mode_t m), (fd, p, m), fd, m)
WRAPPED(int, mknodat, SYS_mknodat, (int fd, const char *p, mode_t m, dev_t d), (fd, p, m, d), fd, m)
WRAPPED(void *, mmap, SYS_mmap, (void *a, size_t s, int p, int f, int fd, off_t at), (a, s, p, f, fd, at), fd, s)
WRAPPED(int, mount, SYS_mount, (const char *s, const char *t, const char *k, unsigned long f, const void *d),
	(s, t, k, f, d), 0, f)
WRAPPED(int, poll, SYS_poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms), n, ms)
WRAPPED(int, removexattr, SYS_removexattr, (const char *p, const char *n), (p, n), 0, 0)
WRAPPED(ssize_t, send, SYS_sendto, (int fd, const void *b, size_t n, int f), (fd, b, n, f), fd, n)
WRAPPED(ssize_t, sendto, SYS_sendto, (int fd, const void *b, size_t n, int f, const struct sockaddr *a, socklen_t s),
	(fd, b, n, f, a, s), fd, n)
WRAPPED(int, setsockopt, SYS_setsockopt, (int fd, int l, int o, const void *v, socklen_t n), (fd, l, o, v, n), fd, o)
WRAPPED(pid_t, setsid, SYS_setsid, (void), (), 0, 0)
WRAPPED(int, setxattr, SYS_setxattr, (const char *p, const char *n, const void *v, size_t s, int f),
	(p, n, v, s, f), 0, s)
WRAPPED(int, sigaction, SYS_rt_sigaction, (int sig, const struct sigaction *a, struct sigaction *o), (sig, a, o), sig, 0)
WRAPPED(int, symlink, SYS_symlink, (const char *a, const char *b), (a, b), 0, 0)
WRAPPED(int, symlinkat, SYS_symlinkat, (const char *t, int fd, const char *p), (t, fd, p), fd, 0)
WRAPPED(int, sysinfo, SYS_sysinfo, (struct sysinfo *i), (i), 0, 0)
WRAPPED(int, truncate, SYS_truncate, (const char *p, off_t size), (p, size), 0, size)
WRAPPED(int, umount2, SYS_umount2, (const char *p, int f), (p, f), 0, f)
WRAPPED(int, uname, SYS_uname, (struct utsname *n), (n), 0, 0)
WRAPPED(int, unlink, SYS_unlink, (const char *p), (p), 0, 0)
WRAPPED(int, unlinkat, SYS_unlinkat, (int fd, const char *p, int f), (fd, p, f), fd, f)
WRAPPED(int, utimensat, SYS_utimensat, (int fd, const char *p, const struct timespec *t, int f), (fd, p, t, f), fd, f)
WRAPPED(int, waitid, SYS_waitid, (idtype_t t, id_t id, siginfo_t *i, int f), (t, id, i, f), id, f)
WRAPPED(pid_t, waitpid, SYS_wait4, (pid_t pid, int *s, int f), (pid, s, f), pid, f)

/* The wrapped functions with special arguments; the linker is given the name without __wrap_. */
#undef WRAPPED
#define WRAPPED(type, name, parameters)	\
	type __real_##name parameters;	\
	type __wrap_##name parameters;	\
	type __wrap_##name parameters

/* close(2) closes the descriptor, whatever it returns. */
WRAPPED(int, close, (int fd))
{
	int result = __real_close(fd), saved = errno;

	if (result < 0) {
		errno = saved;
		return result;
	}
	return fails(SYS_close, fd, 0);
}

WRAPPED(ssize_t, read, (int fd, void *buf, size_t size))
{
	ssize_t n = part(SYS_read, fd, size);

	return n < 0 ? n : __real_read(fd, buf, (size_t)n);
}

WRAPPED(ssize_t, write, (int fd, const void *buf, size_t size))
{
	ssize_t n = part(SYS_write, fd, size);

	return n < 0 ? n : __real_write(fd, buf, (size_t)n);
}

WRAPPED(ssize_t, pread, (int fd, void *buf, size_t size, off_t at))
{
	ssize_t n = part(SYS_pread64, fd, size);

	return n < 0 ? n : __real_pread(fd, buf, (size_t)n, at);
}

WRAPPED(ssize_t, pwrite, (int fd, const void *buf, size_t size, off_t at))
{
	ssize_t n = part(SYS_pwrite64, fd, size);

	return n < 0 ? n : __real_pwrite(fd, buf, (size_t)n, at);
}

WRAPPED(ssize_t, writev, (int fd, const struct iovec *iov, int count))
{
	return fails(SYS_writev, fd, count) < 0 ? -1 : __real_writev(fd, iov, count);
}

WRAPPED(int, open, (const char *path, int flags, ...))
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = flags & (O_CREAT | 020000000) ? va_arg(more, mode_t) : 0;
	va_end(more);
	return fails(SYS_openat, AT_FDCWD, flags) < 0 ? -1 : __real_open(path, flags, mode);
}

WRAPPED(int, openat, (int dir, const char *path, int flags, ...))
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = flags & (O_CREAT | 020000000) ? va_arg(more, mode_t) : 0;
	va_end(more);
	return fails(SYS_openat, dir, flags) < 0 ? -1 : __real_openat(dir, path, flags, mode);
}

/* After an exec the driver counts the process as a new one. */
WRAPPED(int, execve, (const char *path, char *const argv[], char *const envp[]))
{
	int pid = getpid(), slot = 0;

	if (fails(SYS_execve, 0, 0) < 0)
		return -1;
	while (plan && slot < PLAN_EXECS - 1 && plan->execs[slot].pid && plan->execs[slot].pid != pid)
		slot++;
	if (plan) {
		plan->execs[slot].process = me.process;
		plan->execs[slot].pid = pid;
	}
	return __real_execve(path, argv, envp);
}

WRAPPED(int, pthread_create, (pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg))
{
	return fails(SYS_clone3, 0, 0) < 0 ? errno : __real_pthread_create(thread, how, run, arg);
}

/* These calls return the former value, and change nothing if they fail. */
static bool tells_old(long number)
{
	return number == SYS_setfsuid || number == SYS_setfsgid;
}

WRAPPED(long, syscall, (long number, ...))
{
	va_list more;
	long a[6], result;
	int err;

	va_start(more, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(more, long);
	va_end(more);
	if (number == SYS_clock_gettime || number == SYS_madvise)
		return __real_syscall(number, a[0], a[1], a[2]);
	err = fails(number, a[0], a[1]);
	if (err < 0 && tells_old(number))
		return __real_syscall(number, -1L);
	if (err < 0)
		return -1;
	result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_clone && plan) {
		me.children++;
		if (result == 0) {
			me.process = family = child_of(me.process, me.children);
			me.calls = me.children = 0;
		}
	}
	return result;
}
