/* sys: the system calls, and nothing else. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "call.h"

/* Some of libc's wrappers bring much along that is not needed here: fork its
   locks and malloc, clock_gettime the vdso's reader, others their ways around
   kernels older than ours may be. */
#ifdef SYS_fcntl64
enum { NR_FCNTL = SYS_fcntl64 };
#else
enum { NR_FCNTL = SYS_fcntl };
#endif

/* clone(2): on s390 the stack comes first. */
#ifdef __s390__
#define FORK_ARGUMENTS 0, SIGCHLD
#else
#define FORK_ARGUMENTS SIGCHLD, 0
#endif

/* The directories that sys_keep_places() holds; NONE: there is no such one. */
enum { PROC, ETC, RUN, DEV, PLACES, NONE = -2 };
static const char place_names[PLACES][6] = { "/proc", "/etc", "/run", "/dev" };
static int places[PLACES];
static bool kept;

int sys_keep_places(void)
{
	if (kept)
		return 0;
	for (int i = 0; i < PLACES; i++) {
		places[i] = sys_open(place_names[i], O_PATH | O_DIRECTORY, 0);
		if (places[i] >= 0 && i == PROC && sys_magic(places[i]) != SYS_PROC_MAGIC) {
			sys_close(places[i]);
			places[i] = NONE;
		}
		places[i] = places[i] < 0 ? NONE : places[i];
	}
	kept = true;
	return places[PROC] < 0 ? -ENOENT : 0;
}

/* How much of the name of a descriptor the working directory stands for. */
static size_t unsaid;
static const char descriptors[] = "/proc/self/fd/";

int sys_go_among_descriptors(void)
{
	int err = sys_chdir(descriptors);

	if (!err)
		unsaid = sizeof(descriptors) - 1;
	return err;
}

/* A mount of its own, attached nowhere. Read-only: chmod(2) and chown(2) fail there, which
   Landlock does not restrict. */
static int clone_read_only(int dir, const char *path, uint64_t more)
{
	enum { CLONE_TREE = 1 };
	const uint64_t attributes[4] = { ATTR_RDONLY | more, 0, 0, 0 };
	int mount = (int)result(syscall(NR_OPEN_TREE, dir, path, CLONE_TREE | O_CLOEXEC | AT_EMPTY_PATH)), err;

	if (mount < 0)
		return mount;
	err = (int)result(syscall(NR_MOUNT_SETATTR, mount, "", AT_EMPTY_PATH, attributes, sizeof(attributes)));
	if (err)
		sys_close(mount);
	return err ? err : mount;
}

int sys_reopen_read_only_mount(int file, int flags)
{
	char name[32];
	int mount = clone_read_only(file, "", 0), fd;

	if (mount < 0)
		return mount;
	fd = sys_open(sys_fd_path(name, mount), flags, 0);
	sys_close(mount);
	return fd;
}

/* Nothing but descriptors can be reached from the clone: a mount that is attached nowhere ends
   ".." at its root. Writing to the files that the links lead to is their own mounts' affair. */
static int clone_descriptors(void)
{
	int mount = clone_read_only(AT_FDCWD, descriptors, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);

	if (mount < 0 || sys_magic(mount) == SYS_PROC_MAGIC)
		return mount;
	sys_close(mount);
	return -ENOTDIR;
}

int sys_stay_in(int root)
{
	int mount = clone_descriptors(), err;

	if (mount < 0)
		return mount;
	err = sys_fchdir(root);
	if (!err)
		err = (int)result(syscall(SYS_chroot, "."));
	if (!err)
		err = sys_fchdir(mount);
	sys_close(mount);	/* the working directory keeps it */
	unsaid = err ? 0 : sizeof(descriptors) - 1;
	return err;
}

/* What is asked for in them by name, and no mountpoint that lies there. */
static bool is_kept(int place, const char *rest)
{
	return !*rest || (place == PROC && *rest == '/')
	       || (place == ETC && (strcmp(rest, "/passwd") == 0 || strcmp(rest, "/group") == 0));
}

/* Where a path begins, and what is left of it. */
static int start_of(const char **path)
{
	for (int i = 0; kept && i < PLACES; i++) {
		size_t len = strlen(place_names[i]);

		if (strncmp(*path, place_names[i], len) != 0 || !is_kept(i, *path + len))
			continue;
		*path += len;
		*path = **path ? *path + 1 : ".";
		return places[i];
	}
	return AT_FDCWD;
}

int sys_open(const char *path, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	int start = dir == AT_FDCWD ? start_of(&path) : dir;

	return start == NONE ? -ENOENT : (int)result(openat(start, path, flags | O_CLOEXEC, mode));
}

CALL(int, sys_clone_mount, (int fd), syscall(NR_OPEN_TREE, fd, "", O_CLOEXEC | 1 /* OPEN_TREE_CLONE */ | AT_EMPTY_PATH))

/* Where many files are renamed, the kernel asks for another try. */
int sys_openat2(int dir, const char *path, int flags, unsigned int resolve)
{
	const uint64_t how[3] = { (unsigned int)(flags | O_CLOEXEC), 0, resolve };
	int fd, tries = 100;

	do
		fd = (int)result(syscall(NR_OPENAT2, dir, path, how, sizeof(how)));
	while (fd == -EAGAIN && --tries > 0);
	return fd;
}

int64_t sys_magic(int fd)
{
	struct statfs s;

	if (fstatfs(fd, &s) < 0)
		return -errno;
	return (uint32_t)s.f_type;
}

int sys_open_private(int dir, const char *name)
{
	mode_t mask = umask(0);
	int fd = sys_openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);

	umask(mask);
	return fd;
}

int sys_lock_byte(int fd, uint64_t byte)
{
	enum { OFD_SETLK = 37 };	/* <fcntl.h> has it only for some */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1 };

	return (int)result(syscall(NR_FCNTL, fd, OFD_SETLK, &lock));
}

CALL(int, sys_close, (int fd), close(fd))
CALL(ssize_t, sys_read, (int fd, void *buf, size_t size), read(fd, buf, size))
CALL(ssize_t, sys_write, (int fd, const void *buf, size_t size), write(fd, buf, size))
CALL(ssize_t, sys_writev, (int fd, const struct iovec *iov, int count), writev(fd, iov, count))
CALL(int, sys_dup2, (int from, int to), dup2(from, to))
CALL(int, sys_pipe, (int fd[2]), syscall(SYS_pipe2, fd, O_CLOEXEC))
CALL(int, sys_set_cloexec, (int fd, bool on), syscall(NR_FCNTL, fd, F_SETFD, on ? FD_CLOEXEC : 0))
CALL(int, sys_set_nonblocking, (int fd), syscall(NR_FCNTL, fd, F_SETFL, syscall(NR_FCNTL, fd, F_GETFL) | O_NONBLOCK))
CALL(int, sys_fd_valid, (int fd), syscall(NR_FCNTL, fd, F_GETFD) < 0 ? -1 : 0)
CALL(ssize_t, sys_readlinkat, (int dir, const char *path, char *buf, size_t size),
     syscall(SYS_readlinkat, dir, path, buf, size))
ssize_t sys_readlink(const char *path, char *buf, size_t size)
{
	int start = start_of(&path);

	return sys_readlinkat(start, path, buf, size);
}

CALL(int, sys_getdents, (int dir, void *buf, size_t size), syscall(SYS_getdents64, dir, buf, size))
CALL(int, sys_mkdirat, (int dir, const char *path, mode_t mode), mkdirat(dir, path, mode))
CALL(int, sys_linkat, (const char *from, int dir, const char *to), linkat(AT_FDCWD, from, dir, to, 0))
CALL(int, sys_symlinkat, (const char *target, int dir, const char *path), symlinkat(target, dir, path))
CALL(int, sys_unlink, (const char *path), unlink(path))
CALL(int, sys_chdir, (const char *path), chdir(path))
CALL(int, sys_fchdir, (int fd), syscall(SYS_fchdir, fd))
CALL(int, sys_getcwd, (char *buf, size_t size), syscall(SYS_getcwd, buf, size) < 0 ? -1 : 0)

CALL(int, sys_mount, (const char *source, const char *target, const char *type,
		      unsigned long flags, const void *data),
     mount(source, target, type, flags, data))
/* umount2(2) takes no directory to begin in: go there, and come back. Only for the name of a
   descriptor: any other path is one of this mount namespace. */
int sys_umount2(const char *target, int flags)
{
	bool descriptor = strncmp(target, descriptors, sizeof(descriptors) - 1) == 0;
	int start = descriptor ? start_of(&target) : AT_FDCWD, here, err;

	if (start == AT_FDCWD)
		return (int)result(umount2(target, flags));
	here = sys_open(".", O_PATH | O_DIRECTORY, 0);
	err = start == NONE ? -ENOENT : sys_fchdir(start);
	if (!err)
		err = (int)result(umount2(target, flags));
	if (here >= 0) {
		sys_fchdir(here);
		sys_close(here);
	}
	return err;
}

CALL(int, sys_enter_mount_namespace, (int fd), syscall(SYS_setns, fd, CLONE_NEWNS))
CALL(int, sys_new_mount_namespace, (void), syscall(SYS_unshare, CLONE_NEWNS))
CALL(int, sys_new_user_namespace, (void), syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS))
CALL(int, sys_fsopen, (const char *type), syscall(NR_FSOPEN, type, SYS_FSOPEN_CLOEXEC))
CALL(int, sys_fsconfig, (int fs, enum fsconfig_op op, const char *key, const char *value),
     syscall(NR_FSCONFIG, fs, op, key, value, 0))
CALL(int, sys_fsmount, (int fs, unsigned int attrs),
     syscall(NR_FSMOUNT, fs, SYS_FSMOUNT_CLOEXEC, attrs))
CALL(int, sys_move_mount, (int from, int to),
     syscall(NR_MOVE_MOUNT, from, "", to, "", 0x44 /* both paths are empty */))

static int attach_device(int fd, int device)
{
	int err;

	if (fd < 0)
		return fd;
	err = (int)result(syscall(SYS_ioctl, fd, _IOR(229, 0, uint32_t), &device));
	if (err < 0)
		sys_close(fd);
	return err < 0 ? err : fd;
}

int sys_clone_device(int device)
{
	return attach_device(sys_open("/dev/fuse", O_RDWR, 0), device);
}

int sys_move_device_to_read_only_mount(int device)
{
	int fd = sys_reopen_read_only_mount(device, O_RDWR), own, err;

	if (fd == -EINVAL) {	/* it was opened in another mount namespace */
		own = sys_open("/dev/fuse", O_PATH, 0);
		fd = own < 0 ? own : sys_reopen_read_only_mount(own, O_RDWR);
		if (own >= 0)
			sys_close(own);
	}
	fd = attach_device(fd, device);
	if (fd < 0)
		return fd;
	err = sys_dup2(fd, device);
	sys_close(fd);
	return err < 0 ? err : sys_set_cloexec(device, true);
}

/* struct mnt_id_req, as it was when the calls came (6.8). */
struct mount_request { uint32_t size, unused; uint64_t id, param; };

int sys_statmount(uint64_t id, uint64_t mask, void *buf, size_t size)
{
	struct mount_request request = { sizeof(request), 0, id, mask };

	return (int)result(syscall(NR_STATMOUNT, &request, buf, size, 0));
}

int sys_listmount(uint64_t after, uint64_t *ids, size_t count, bool newest_first)
{
	struct mount_request request = { sizeof(request), 0, UINT64_MAX /* the root */, after };

	return (int)result(syscall(NR_LISTMOUNT, &request, ids, count, newest_first));
}

CALL(pid_t, sys_fork, (void), syscall(SYS_clone, FORK_ARGUMENTS, 0, 0, 0))
CALL(int, sys_exec, (const char *path, char **argv, char **envp), execve(path, argv, envp))
CALL(int, sys_kill, (pid_t pid, int sig), kill(pid, sig))
CALL(int, sys_pidfd_open, (pid_t pid), syscall(NR_PIDFD_OPEN, pid, 0))
CALL(int, sys_pidfd_kill, (int pidfd, int sig), syscall(NR_PIDFD_SEND_SIGNAL, pidfd, sig, NULL, 0))
CALL(pid_t, sys_wait_ended, (pid_t pid, int *status), waitpid(pid, status, WNOHANG))
CALL(pid_t, sys_setsid, (void), setsid())
CALL(int, sys_die_with_parent, (void), syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
CALL(int, sys_adopt_orphans, (void), syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
CALL(int, sys_name_process, (const char *name), syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0))
CALL(int, sys_block_signals, (void),
     syscall(SYS_rt_sigprocmask, SIG_SETMASK, &(const uint64_t) { UINT64_MAX }, NULL, sizeof(uint64_t)))
int sys_share_files(pid_t a, pid_t b)
{
	enum { FILES = 2 /* KCMP_FILES */ };
	long order = syscall(SYS_kcmp, a, b, FILES, 0, 0);

	return order < 0 ? -errno : order == 0;
}

pid_t sys_getpid(void) { return getpid(); }
pid_t sys_getppid(void) { return getppid(); }
uid_t sys_getuid(void) { return getuid(); }
uid_t sys_geteuid(void) { return geteuid(); }
gid_t sys_getgid(void) { return getgid(); }
gid_t sys_getegid(void) { return getegid(); }
void sys_exit(int status) { _exit(status); }

pid_t sys_wait(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int sys_signal(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	return sigaction(sig, &action, NULL) < 0 ? -errno : 0;
}

void sys_reset_signals(void)
{
	static const uint64_t nothing[8];	/* SIG_DFL; an empty set; a timer that is off */

	for (long sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, nothing, NULL, sizeof(uint64_t));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL, sizeof(uint64_t));
	for (long timer = ITIMER_REAL; timer <= ITIMER_PROF; timer++)
		syscall(SYS_setitimer, timer, nothing, NULL);
}

int sys_catch_signal(int sig, void (*handler)(int))
{
	struct sigaction now = { .sa_handler = SIG_DFL };

	if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
		return 0;
	return sys_signal(sig, handler);
}

int sys_goes_on_for(int fd)
{
	enum { SET_SIGNAL = 10 };

	sys_signal(SIGIO, SIG_IGN);	/* what the kernel falls back to */
	if (fcntl(fd, SET_SIGNAL, SIGCONT) < 0 || fcntl(fd, F_SETOWN, getpid()) < 0)
		return -errno;
	return (int)result(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

/* Interrupted, it begins again. */
static int poll_again(struct pollfd *p, nfds_t count, int milliseconds)
{
	int n;

	do
		n = (int)result(poll(p, count, milliseconds));
	while (n == -EINTR);
	return n;
}

int sys_poll_in(int fd, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll_again(&p, 1, milliseconds);
}

int sys_poll_alive(int fd, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = poll_again(&p, 1, milliseconds);

	return n > 0 && p.revents & (POLLERR | POLLHUP | POLLNVAL) ? -EPIPE : n;
}

int sys_poll_either(int first, int second, int milliseconds)
{
	struct pollfd p[2] = { { .fd = first, .events = POLLIN }, { .fd = second, .events = POLLIN } };
	int n = poll_again(p, 2, milliseconds);

	return n < 0 ? n : n == 0 ? -ETIMEDOUT : !p[0].revents;
}

int sys_poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int err = poll_again(&p, 1, 0);

	return err < 0 ? err : p.revents;
}

int sys_fetch_fd(pid_t pid, int fd)
{
	int process = sys_pidfd_open(pid), got;

	if (process < 0)
		return process;
	got = (int)result(syscall(NR_PIDFD_GETFD, process, fd, 0));
	sys_close(process);
	return got;
}

void sys_sleep_ms(int milliseconds)
{
	poll_again(NULL, 0, milliseconds);
}

static uint64_t clock_ns(int clock)
{
	int64_t now[2] = { 0, 0 };	/* seconds and nanoseconds, as 64-bit time has them */

#ifdef SYS_clock_gettime64
	struct timespec old;

	if (syscall(SYS_clock_gettime64, clock, now) < 0 && clock_gettime(clock, &old) == 0) {
		now[0] = old.tv_sec;	/* before 5.1 */
		now[1] = old.tv_nsec;
	}
#else
	syscall(SYS_clock_gettime, clock, now);
#endif
	return (uint64_t)now[0] * 1000000000 + (uint64_t)now[1];
}

uint64_t sys_clock_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t sys_since_boot(void) { return clock_ns(CLOCK_BOOTTIME) / 1000000000; }
uint64_t sys_today(void) { return clock_ns(CLOCK_REALTIME) / 1000000000; }

int sys_terminal_width(int fd)
{
	struct winsize size = { .ws_col = 0 };

	if (syscall(SYS_ioctl, fd, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col ? size.ws_col : 80;	/* a serial line does not know */
}

bool sys_has_terminal(int fd)
{
	int session;

	return syscall(SYS_ioctl, fd, TIOCGSID, &session) >= 0;
}

CALL(int, sys_give_up_terminal, (int fd), syscall(SYS_ioctl, fd, TIOCNOTTY))
bool sys_leads_session(void) { return syscall(SYS_getsid, 0) == getpid(); }

/* The linker's: where the program's first page is. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

void sys_release_program(void)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *segment;

	if (!base || __ehdr_start.e_type != ET_EXEC)
		return;
	segment = (const void *)(base + __ehdr_start.e_phoff);
	for (int i = 0; i < __ehdr_start.e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			syscall(SYS_madvise, segment->p_vaddr, segment->p_filesz, MADV_DONTNEED);
}

uint32_t sys_page_size(void)
{
	return (uint32_t)getauxval(AT_PAGESZ);
}

void *sys_pages(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void *sys_more_pages(void *pages, size_t size, size_t new_size)
{
	if (!size)
		return sys_pages(new_size);
	pages = mremap(pages, size, new_size, MREMAP_MAYMOVE);
	return pages == MAP_FAILED ? NULL : pages;
}

void sys_free_pages(void *pages, size_t size)
{
	munmap(pages, size);
}

enum { WANT_TYPE_MODE_UID = 0xb, WANT_INO = 0x100, MNT_ID = 0x1000, MNT_ID_UNIQUE = 0x4000 };
enum { ATTRIBUTE_MOUNT_ROOT = 0x2000 };

/* Before 5.8 only this call tells: not of every file system, but of FUSE's. */
static uint64_t mount_id_of(int fd, void *no_handle)
{
	int id = 0;

	syscall(SYS_name_to_handle_at, fd, "", no_handle, &id, AT_EMPTY_PATH);
	return (uint64_t)id;
}

int sys_statx(int dirfd, const char *path, bool full, struct sys_stat *st)
{
	struct kernel_statx x;
	unsigned int mask = full ? WANT_TYPE_MODE_UID | WANT_INO | MNT_ID_UNIQUE : 0;
	int flags = AT_STATX_DONT_SYNC | (*path ? 0 : AT_EMPTY_PATH);

	memset(&x, 0, sizeof(x));
	if (dirfd == AT_FDCWD)
		dirfd = start_of(&path);
	/* Before 4.19 FUSE tells those whom it does not let in not even this. */
	if (syscall(SYS_statx, dirfd, path, flags, mask, &x) < 0 && (full || *path || errno != EACCES))
		return -errno;
	*st = (struct sys_stat) {
		.mount_id = x.mask & (MNT_ID | MNT_ID_UNIQUE) ? x.mnt_id : *path ? 0 : mount_id_of(dirfd, x.spare),
		.unique_id = (x.mask & MNT_ID_UNIQUE) != 0,
		.inode = x.ino, .mode = x.mode, .uid = x.uid,
		.dev_major = x.dev_major, .dev_minor = x.dev_minor,
		.rdev_major = x.rdev_major, .rdev_minor = x.rdev_minor,
		.inside = x.attributes_mask & ~x.attributes & ATTRIBUTE_MOUNT_ROOT,
	};
	return 0;
}

int sys_stat_path(const char *path, int flags, bool full, struct sys_stat *st)
{
	int fd = sys_open(path, O_PATH | flags, 0), err;

	if (fd < 0)
		return fd;
	err = sys_statx(fd, "", full, st);
	sys_close(fd);
	return err;
}

int sys_executable(const char *path, bool *setuid_root)
{
	struct kernel_statx x;

	if (syscall(SYS_statx, AT_FDCWD, path, 0, WANT_TYPE_MODE_UID, &x) < 0
	    || syscall(SYS_faccessat, AT_FDCWD, path, X_OK) < 0)
		return -errno;
	if (!S_ISREG(x.mode))
		return -EACCES;
	*setuid_root = (x.mode & S_ISUID) && x.uid == 0;
	return 0;
}

ssize_t sys_read_all(int fd, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = sys_read(fd, (char *)buf + done, size - done);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int sys_write_all(int fd, const void *buf, size_t size)
{
	const char *at = buf;

	while (size) {
		ssize_t n = sys_write(fd, at, size);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t sys_read_file(const char *path, char *buf, size_t size)
{
	int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);	/* in place of a file there may be a FIFO */
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_read_all(fd, buf, size - 1);
	sys_close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

int sys_socketpair(int fd[2])
{
	return (int)result(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
}

/* A socket, and the address that path ('@': abstract) is; or -errno. */
static int unix_socket(int type, const char *path, struct sockaddr_un *address, socklen_t *size)
{
	size_t length = strlen(path);

	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	if (*path == '@')
		address->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return (int)result(syscall(SYS_socket, AF_UNIX, type | SOCK_CLOEXEC, 0));
}

int sys_unix_datagram(const char *path, const void *data, size_t size)
{
	struct sockaddr_un to;
	socklen_t length;
	int fd = unix_socket(SOCK_DGRAM, path, &to, &length);
	long sent;

	if (fd < 0)
		return fd;
	sent = result(sendto(fd, data, size, MSG_NOSIGNAL, (struct sockaddr *)&to, length));
	close(fd);
	return sent < 0 ? (int)sent : 0;
}

/* Whoever owns the directory may have put another file in the place of the socket: what is
   given to uid is a socket of mode 0600 that is ours. */
static int give_socket(const char *path, uid_t uid, struct sys_stat *made)
{
	int fd = sys_open(path, O_PATH | O_NOFOLLOW, 0);
	int err = fd < 0 ? fd : sys_statx(fd, "", true, made);

	if (!err && (made->mode != (S_IFSOCK | 0600) || made->uid != geteuid()))
		err = -ESTALE;
	if (!err && uid != geteuid())
		err = (int)result(fchownat(fd, "", uid, (gid_t)-1, AT_EMPTY_PATH));
	if (fd >= 0)
		sys_close(fd);
	return err;
}

int sys_listen(const char *path, uid_t uid, struct sys_stat *made)
{
	struct sockaddr_un at;
	socklen_t length;
	int fd = unix_socket(SOCK_STREAM, path, &at, &length), err = 0;
	mode_t mask;

	if (fd < 0)
		return fd;
	mask = umask(0177);
	if (syscall(SYS_bind, fd, &at, length) < 0)
		err = -errno;
	umask(mask);
	if (!err && *path != '@')
		err = give_socket(path, uid, made);
	if (!err)
		err = (int)result(syscall(SYS_listen, fd, 8));
	if (err)
		close(fd);
	return err ? err : fd;
}

int64_t sys_peer_uid(int socket)
{
	struct { int32_t pid; uint32_t uid, gid; } peer;	/* struct ucred */
	socklen_t size = sizeof(peer);

	return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? -errno : (int64_t)peer.uid;
}

int sys_accept(int socket)
{
	int fd;

	do
		fd = (int)result(syscall(SYS_accept4, socket, NULL, NULL, SOCK_CLOEXEC));
	while (fd == -EINTR);
	return fd;
}

const char *sys_fd_path(char path[32], int fd)
{
	char digits[12], *digit = digits + sizeof(digits) - 1;

	*digit = '\0';
	do
		*--digit = (char)('0' + fd % 10);
	while (fd /= 10);
	memcpy(path, descriptors, sizeof(descriptors));
	strcat(path, digit);
	return path + unsaid;
}

/* Before 5.8 there is no flag for the descriptor itself, but its name in /proc. */
int sys_access(int fd, int how)
{
	char path[32];

	if (syscall(NR_FACCESSAT2, fd, "", how, AT_EACCESS | AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	return (int)result(syscall(SYS_faccessat, AT_FDCWD, sys_fd_path(path, fd), how));
}

int sys_is_socket(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return (int)result(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size));
}

/* Room for one descriptor beside the message. */
union one_fd { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; };

/* Room for a sender's ids, and behind them for one descriptor. */
struct ids { int32_t pid; uint32_t uid, gid; };
union sent { struct cmsghdr header; char room[CMSG_SPACE(sizeof(struct ids)) + CMSG_SPACE(sizeof(int))]; };

static size_t attach(union sent *control, size_t at, int type, const void *data, size_t size)
{
	struct cmsghdr header = { .cmsg_len = (socklen_t)CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = type };

	memcpy(control->room + at, &header, sizeof(header));
	memcpy(control->room + at + CMSG_LEN(0), data, size);
	return at + CMSG_SPACE(size);
}

int sys_send_as(int socket, uid_t uid, const void *data, size_t size, int fd)
{
	union sent control = { .room = { 0 } };
	struct ids ids = { getpid(), uid, getgid() };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	size_t used = 0;
	long n;

	/* The kernel adds the real ids where the sender names none. */
	if (uid != getuid())
		used = attach(&control, used, 2 /* SCM_CREDENTIALS */, &ids, sizeof(ids));
	if (fd >= 0)
		used = attach(&control, used, SCM_RIGHTS, &fd, sizeof(fd));
	message.msg_controllen = (socklen_t)used;
	n = result(syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
	return n < 0 ? (int)n : (size_t)n == size ? 0 : -EPIPE;
}

int sys_send_fd(int socket, int fd)
{
	return sys_send_as(socket, getuid(), "", 1, fd);
}

/* In the padding of the room for one descriptor there is room for another one. */
static void close_received(const struct cmsghdr *c)
{
	for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
		int fd;

		memcpy(&fd, (const char *)c + at, sizeof(fd));
		close(fd);
	}
}

int sys_receive_fd(int socket)
{
	union one_fd control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	const struct cmsghdr *c;
	ssize_t n;
	int fd;

	do
		n = syscall(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&message);
	if (n == 0 || !c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	if (c->cmsg_len != CMSG_LEN(sizeof(int))) {
		close_received(c);
		return -EPROTO;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}
