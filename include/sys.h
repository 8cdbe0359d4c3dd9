/* SPDX-License-Identifier: MIT */
/* sys: every system call that fusebox makes.
 *
 * Each function returns what the system call returns, or -errno; the value of
 * errno afterwards means nothing. The caller keeps ownership of paths and
 * buffers, and owns each descriptor that a function returns. Tests make calls
 * fail here, so code outside core/sys makes no system call of its own (apart
 * from the memory and string functions of libc). Where no comment says
 * otherwise, the man page in section 2 describes the call.
 */
#ifndef FUSEBOX_SYS_H
#define FUSEBOX_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Older libcs do not define these; the values are the kernel's. */
#ifndef O_PATH
#define O_PATH 010000000
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#define SYS_FSOPEN_CLOEXEC 1
#define SYS_FSMOUNT_CLOEXEC 1

enum fsconfig_op { FSCONFIG_FLAG, FSCONFIG_STRING, FSCONFIG_CREATE = 6, FSCONFIG_RECONFIGURE };

enum attach_attr {
	ATTR_RDONLY = 1, ATTR_NOSUID = 2, ATTR_NODEV = 4, ATTR_NOEXEC = 8,
	ATTR_NOATIME = 0x10, ATTR_STRICTATIME = 0x20, ATTR_NODIRATIME = 0x80,
	ATTR_ATIME = 0x70, /* a mask */ ATTR_IDMAP = 0x100000, ATTR_NOSYMFOLLOW = 0x200000,
};

/* The fields of statx(2) that fusebox uses. fusebox stats only descriptors and magic links
   below /proc, with AT_STATX_DONT_SYNC, so that no call waits for a FUSE server that hangs. */
struct sys_stat {
	uint64_t mount_id;	/* never reused if unique_id, else reused after unmounting; 0: unknown */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t rdev_major, rdev_minor;	/* of a device node */
	uint32_t mode;		/* 0: unknown (another user's FUSE mount) */
	uint32_t uid;
	bool unique_id;
	bool inside;		/* certainly not the root of a mount; always false before 5.8 */
};

/* Whether the file of a sys_statx() has the device numbers of /dev/fuse. */
static inline bool sys_is_fuse_device(const struct sys_stat *st)
{
	enum { MISC_MAJOR = 10, FUSE_MINOR = 229 };

	return st->rdev_major == MISC_MAJOR && st->rdev_minor == FUSE_MINOR;
}

/* Opens /proc, /sys, /etc, /run and /dev (O_PATH). All later lookups below /proc and /sys/block, and of
   /etc/passwd, /etc/group and the five directories themselves, start at these descriptors, so that the
   owner of a mount namespace that this process enters cannot replace them. 0; -ENOENT if /proc is not
   a proc file system: later lookups below /proc then fail. */
int sys_keep_places(void);

/* Makes the directory `root`, a descriptor that the caller keeps, the root directory of this
   process. The working directory becomes a detached, read-only mount of /proc/self/fd: ".." does
   not leave it, and sys_fd_path() returns names relative to it. Needs CAP_SYS_ADMIN,
   CAP_SYS_CHROOT and mount_setattr(2) (Linux 5.12). 0 or -errno: -EPERM if this process may not
   clone mounts, and nothing has changed; -ENOTDIR if /proc is not procfs. */
int sys_chroot_with_proc(int root);

/* Files */
int sys_open(const char *path, int flags, mode_t mode);
int sys_openat(int dir, const char *path, int flags, mode_t mode);
/* Opens the file `name` in the directory `dir` for reading and writing, without following
   symbolic links. If the file does not exist, creates it with mode 0600, whatever the umask. */
int sys_open_private(int dir, const char *name);
/* Takes an OFD write lock (F_OFD_SETLK) on one byte of a file, which the open file description
   holds until its last descriptor is closed. 0; -EAGAIN while another description holds it. */
int sys_lock_byte(int fd, uint64_t byte);
/* Clones the mount of the directory or file fd, from there on, with or without its submounts, as a
   detached mount: open_tree(2), since 5.2. Returns an O_PATH descriptor, or -errno. */
int sys_clone_mount(int fd, bool submounts);
/* openat2(2). -ENOSYS before Linux 5.6; -EPERM under a seccomp filter that does not know it. */
enum sys_resolve { RESOLVE_SAME_MOUNT = 1, RESOLVE_NO_LINKS = 4, RESOLVE_WITHIN = 8, RESOLVE_ROOTED = 0x10 };
int sys_openat2(int dir, const char *path, int flags, unsigned int resolve /* enum sys_resolve */);
/* The file system's magic number, statfs(2)'s f_type, or -errno. On a FUSE mount this waits for
   the server: call it only if the server is known to answer. */
enum { SYS_PROC_MAGIC = 0x9fa0, SYS_FUSECTL_MAGIC = 0x65735543, SYS_FUSE_MAGIC = 0x65735546 };
int64_t sys_magic(int fd);
int sys_close(int fd);
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_write(int fd, const void *buf, size_t size);
ssize_t sys_writev(int fd, const struct iovec *iov, int count);
int sys_dup2(int from, int to);
int sys_pipe(int fd[2]);		/* close-on-exec */
int sys_dup_above(int fd, int least);	/* a duplicate, close-on-exec, numbered `least` or more */
int sys_set_cloexec(int fd, bool on);
int sys_set_nonblocking(int fd);
int sys_fd_valid(int fd);
/* Closes all descriptors above 2 except the `count` ones in kept (-1 is ignored); `inherited`:
   only those without close-on-exec, which this process inherited. Call it while the process has
   one thread. */
void sys_close_others(const int *kept, size_t count, bool inherited);
/* Closes descriptors 0 to 2 except the kept ones. */
void sys_close_stdio(const int *kept, size_t count);
/* Makes descriptors 0 to 2 /dev/null, if it can be opened. */
void sys_silence_stdio(void);
ssize_t sys_readlink(const char *path, char *buf, size_t size);
ssize_t sys_readlinkat(int dir, const char *path, char *buf, size_t size);
int sys_getdents(int dir, void *buf, size_t size);
int sys_mkdirat(int dir, const char *path, mode_t mode);
int sys_linkat(const char *from, int dir, const char *to);
int sys_symlinkat(const char *target, int dir, const char *path);
int sys_unlink(const char *path);
int sys_chdir(const char *path);
int sys_fchdir(int fd);
/* For calls that have no directory argument: changes the working directory to `dir` and stores a
   descriptor of the one before, which the caller passes to sys_leave_directory() even if this fails.
   0 or -errno. */
int sys_enter_directory(int dir, int *before);
void sys_leave_directory(int before);
int sys_getcwd(char *buf, size_t size);
const char *sys_fd_path(char path[32], int fd); /* "/proc/self/fd/N" */

/* Changes the working directory to /proc/self/fd; sys_fd_path() then returns names relative to
   it. They stay valid if /proc is moved, and resolve a fifth faster. A child process must call
   it again. 0 or -errno. */
int sys_enter_fd_directory(void);
int sys_access(int fd, int how);	/* by the effective ids; fd may be O_PATH */

/* 0 if path is an executable regular file, or -errno; *setuid_root tells whether it is set-uid
   root. Follows symbolic links and may wait for a FUSE server, so the path must not lie on a
   FUSE mount. */
int sys_executable(const char *path, bool *setuid_root);

/* statx(2) with AT_STATX_DONT_SYNC, of dirfd itself if path is "", else of path, following
   symbolic links. `full` also asks for the inode number, owner, mode and unique mount id; without
   it the call succeeds on another user's FUSE mount, too. 0 or -errno. */
int sys_statx(int dirfd, const char *path, bool full, struct sys_stat *st);

/* The same for a path, by an O_PATH descriptor that is closed at once, since an open descriptor
   keeps a mount busy. flags: O_NOFOLLOW, or 0. */
int sys_stat_path(const char *path, int flags, bool full, struct sys_stat *st);

/* Reads up to the end of the file, at most size bytes. Returns how many bytes, or -errno. */
ssize_t sys_read_all(int fd, void *buf, size_t size);
/* Writes all size bytes. 0, or -errno after a partial write. */
int sys_write_all(int fd, const void *buf, size_t size);
/* Reads a file, such as one below /proc, into buf: at most size - 1 bytes, and a NUL. Returns how
   many bytes, or -errno. */
ssize_t sys_read_file(const char *path, char *buf, size_t size);

/* Mounts */
int sys_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const void *data);
int sys_umount2(const char *target, int flags);
int sys_enter_mount_namespace(int fd);
int sys_new_mount_namespace(void);
int sys_new_user_namespace(void);	/* and a mount namespace that it owns */
int sys_fsopen(const char *type);
int sys_fsconfig(int fs, enum fsconfig_op op, const char *key, const char *value);
int sys_fsmount(int fs, unsigned int attrs);
int sys_move_mount(int from, int to);	/* both are descriptors */
/* Attaches the mount `from` below the mount whose root `to` is, which stays on top. Since Linux 6.5,
   else -EINVAL; also -EINVAL below a root file system or a locked mount. */
int sys_move_mount_beneath(int from, int to);
/* mount_setattr(2), since 5.12: sets and clears enum attach_attr of the mount whose root `mount` is, and
   its propagation (MS_SHARED, MS_SLAVE, MS_PRIVATE; 0: unchanged). user_namespace: a descriptor for
   ATTR_IDMAP, else ignored. 0 or -errno. */
int sys_set_mount(int mount, uint64_t set, uint64_t clear, uint64_t propagation, int user_namespace);

/* statmount(2) and listmount(2), both since 6.8. sys_statmount() describes the mount with this
   unique id: buf receives a struct statmount with the parts in mask. sys_listmount() writes the
   unique ids of at most `count` mounts to ids: those that stand on the mount `below`, on one of these, and so on, or
   with EVERY_MOUNT all of the mount namespace. They are in ascending order from the first one behind `after`, or with
   newest_first (since 6.12, else -EINVAL) in descending order; `after` 0 starts with the oldest or newest
   mount. Returns how many, or -errno. */
#define EVERY_MOUNT UINT64_MAX	/* LSMT_ROOT of linux/mount.h */
int sys_statmount(uint64_t id, uint64_t mask, void *buf, size_t size);
int sys_listmount(uint64_t below, uint64_t after, uint64_t *ids, size_t count, bool newest_first);

/* Opens another /dev/fuse descriptor for the connection of `device` (FUSE_DEV_IOC_CLONE), from
   which another thread or process can read requests. Returns it (close-on-exec), or -errno. */
int sys_clone_device(int device);

/* Opens the file of the descriptor `fd` again, by a detached read-only mount of that file alone.
   A device there is writable, but chmod(2) and chown(2) by /proc/self/fd fail. Needs
   CAP_SYS_ADMIN and Linux 5.12. Returns a descriptor, or -errno: -EPERM if this process may not
   clone mounts; -EINVAL if fd is in another mount namespace, or in none (a pipe). */
int sys_reopen_read_only_mount(int fd, int flags);

/* Replaces the /dev/fuse descriptor `device`, whose number stays the same, by a clone that is
   opened in this way. Call it before a request is read from `device`. 0 or -errno, as above. */
int sys_move_device_to_read_only_mount(int device);

/* Processes */
pid_t sys_fork(void);
int sys_exec(const char *path, char **argv, char **envp);
pid_t sys_wait(pid_t pid, int *status);	/* retries after EINTR */
/* The signal that ended the process of a status from sys_wait(); 0: it exited with sys_exit_code(). */
static inline int sys_exit_signal(int status) { return status & 0x7f; }
static inline int sys_exit_code(int status) { return status >> 8 & 0xff; }
pid_t sys_wait_ended(pid_t pid, int *status); /* 0 while the process runs */
int sys_kill(pid_t pid, int sig);
/* A pidfd (close-on-exec, the caller closes it), and a signal through it. The signal never
   reaches a new process that reuses the pid: -ESRCH once the process has ended. -ENOSYS before
   Linux 5.3. */
int sys_pidfd_open(pid_t pid);
int sys_pidfd_kill(int pidfd, int sig);	/* sig 0: only check whether the process exists */
pid_t sys_getpid(void);
pid_t sys_getppid(void);
pid_t sys_setsid(void);
int sys_die_with_parent(void);
int sys_signal_after_parent(int sig);	/* sent to this process when its parent ends */
int sys_adopt_orphans(void);		/* child subreaper: orphaned descendants become children of this process */
/* kcmp(2): 1 if two threads share one file descriptor table, 0 if not, or -errno. */
int sys_share_files(pid_t a, pid_t b);
int sys_name_process(const char *name);	/* PR_SET_NAME: at most 15 bytes */
int sys_block_signals(void);		/* blocks all signals that can be blocked */
uid_t sys_getuid(void);
uid_t sys_geteuid(void);
gid_t sys_getgid(void);
gid_t sys_getegid(void);
void sys_exit(int status) __attribute__((noreturn));
/* Stores the kernel's release, such as "6.18.0", as uname(2) has it. Returns 0 or -errno. */
enum { SYS_RELEASE = 65 };
int sys_kernel_release(char text[SYS_RELEASE]);
/* Resets the state that survives execve(2): sets every signal disposition to SIG_DFL, unblocks
   all signals and stops the interval timers. */
void sys_reset_signals(void);
/* Installs a handler with SA_RESTART and unblocks the signal, or SIG_DFL or SIG_IGN. 0 or -errno. */
int sys_signal(int sig, void (*handler)(int));
/* The same, unless sig is ignored: a process that nohup(1) started keeps ignoring SIGHUP. */
int sys_catch_signal(int sig, void (*handler)(int));
/* Whether the signal's disposition is SIG_IGN. */
bool sys_ignores_signal(int sig);
/* Has the kernel send SIGCONT to this process whenever fd becomes readable (O_ASYNC, F_SETSIG):
   SIGCONT resumes a stopped process and does not affect a running one. 0 or -errno. */
int sys_sigcont_on_input(int fd);
int sys_poll_in(int fd, int milliseconds);	/* 1: readable or closed; 0: timeout */
int sys_poll_alive(int fd, int milliseconds);	/* the same, but -EPIPE on POLLERR or POLLHUP */
/* Waits until the peer has closed the socket. read(2) would wait for a lock of the socket, deaf to SIGKILL, while
   another process reads into a page that its FUSE server does not deliver. */
void sys_poll_hangup(int socket);
/* Waits until one of two descriptors is readable or closed. Returns 0 for the first, or for
   both, 1 for the second, -ETIMEDOUT, or -errno. */
int sys_poll_either(int first, int second, int milliseconds);
/* Polls without waiting. Returns poll(2)'s revents (POLLIN …), or -errno. */
int sys_poll_now(int fd);
/* Duplicates a descriptor of another process (close-on-exec), or -errno: pidfd_getfd(2), since
   5.6, if this process may ptrace(2) the other. The other process may meanwhile have replaced
   the file: closing a descriptor on a FUSE mount can wait for its server, and neither SIGKILL
   nor exiting interrupts that wait. */
int sys_fetch_fd(pid_t pid, int fd);
void sys_sleep_ms(int milliseconds);
enum { US_PER_S = 1000000, NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };
uint64_t sys_clock_ns(void);			/* CLOCK_MONOTONIC */
uint64_t sys_since_boot(void);			/* seconds, including suspend (CLOCK_BOOTTIME) */
uint64_t sys_cpu_time_ns(pid_t pid);		/* of all its threads; 0: it has ended */
uint64_t sys_today(void);			/* seconds since 1970 */
uint64_t sys_today_us(void);			/* microseconds since 1970 */
/* Whether fd is the controlling terminal of this process; and TIOCNOTTY, which detaches the
   process from it, 0 or -errno. A session leader must not call sys_give_up_terminal(): its whole
   session would lose the terminal. */
bool sys_has_terminal(int fd);
int sys_give_up_terminal(int fd);
bool sys_leads_session(void);
int sys_terminal_width(int fd);			/* columns; 0: not a terminal */

/* Unmaps the program's read-only pages (MADV_DONTNEED). The kernel maps a page again when it
   is used, so that only the pages that merely starting needed stay unmapped. */
void sys_release_program(void);

/* Frees the pages of the stack below this call. For a process with one thread. */
void sys_release_stack(void);

uint32_t sys_page_size(void);	/* bytes: 4096, or more */

uint64_t sys_memory(void);	/* bytes in this machine; 0: unknown */
uint64_t sys_secret(void);	/* a random number, the same in this process and its children until exec */

/* Memory: zeroed pages by mmap(2), which the caller frees with the same size in bytes; NULL if
   there is no memory. sys_more_pages() grows a mapping with mremap(2), which may move it, and
   adds zeroed pages at its end; size 0 allocates a new one. On NULL the old mapping remains. */
void *sys_pages(size_t size);
void *sys_shared_pages(size_t size);	/* the same, which child processes share */
void *sys_more_pages(void *pages, size_t size, size_t new_size);
void sys_free_pages(void *pages, size_t size);

/* Sockets */
int sys_socketpair(int fd[2]);			/* AF_UNIX stream, close-on-exec */
/* Returns a socket that is bound to path (a leading '@': abstract) and listens, or -errno. The
   socket file has mode 0600 and belongs to uid; *made identifies it. -ESTALE if another file
   has replaced it meanwhile. */
int sys_listen(const char *path, uid_t uid, struct sys_stat *made);
int64_t sys_peer_uid(int socket);		/* SO_PEERCRED: the peer's uid, or -errno */
int sys_accept(int socket);			/* close-on-exec */
/* Sends a datagram to the socket at path (a leading '@': abstract), with `count` descriptors, at most
   SYS_DATAGRAM_FDS. 0 or -errno; -EAGAIN: for as many seconds the receiver's queue was full (0: is full). */
enum { SYS_DATAGRAM_FDS = 2 };
int sys_unix_datagram(const char *path, const void *data, size_t size, const int *fds, size_t count, int seconds);
/* Receives one byte with a descriptor (SCM_RIGHTS) and returns the descriptor, close-on-exec.
   -EPROTO if the peer has closed the socket or has sent no descriptor. */
int sys_receive_fd(int socket);
/* Sends a zero byte with fd; neither waits for buffer space nor raises SIGPIPE. 0 or -errno. */
int sys_send_fd(int socket, int fd);
/* Sends size bytes in the same way, with fd unless it is -1. The receiver sees this process's
   pid and `uid` (SCM_CREDENTIALS); a uid other than its own needs CAP_SETUID. 0 or -errno:
   -EPIPE if only a part was sent. */
int sys_send_as(int socket, uid_t uid, const void *data, size_t size, int fd);
int sys_is_unix_socket(int fd);			/* 0, or -ENOTSOCK, -EBADF */

#endif
