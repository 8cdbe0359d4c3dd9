/* sys: every system call that fusebox makes.
 *
 * Each function returns what the call returns, or -errno; none touches errno
 * for its caller. Paths and buffers stay the caller's. This is the one seam
 * where a test can make a call fail, so nothing outside core/sys calls the
 * kernel by another way (memory and string functions of libc excepted).
 * The contract of each is its man page in section 2, unless a comment says
 * otherwise.
 */
#ifndef FUSEBOX_SYS_H
#define FUSEBOX_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* What older libcs do not name; the figures are the kernel's. */
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
	ATTR_NOSYMFOLLOW = 0x200000,
};

/* What fusebox asks of statx(2): always of a descriptor, or of a magic link
   below /proc, and never synchronised, so that a mount whose server does not
   answer is not asked. */
struct sys_stat {
	uint64_t mount_id;	/* unique for ever if unique_id, else reusable; 0: not told */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t rdev_major, rdev_minor;	/* of a device itself */
	uint32_t mode;		/* 0: not told (a FUSE mount of somebody else) */
	uint32_t uid;
	bool unique_id;
	bool inside;		/* certainly not the root of a mount (told from 5.8 on) */
};

/* From now on what is below /proc, the directories /etc, /run and /dev, and /etc's passwd and
   group are looked up in what these directories are now, in another mount namespace too, where
   whoever owns that could have put others in their places. 0; -ENOENT when /proc is no proc file system: from now on there is none. */
int sys_keep_places(void);

/* From now on the directory `root`, a descriptor that the caller keeps, is the root directory
   of this process, and its working directory a read-only mount of /proc/self/fd alone, which
   ".." does not leave and by which sys_fd_path() goes. Takes CAP_SYS_ADMIN, CAP_SYS_CHROOT and
   mount_setattr(2) (Linux 5.12). 0 or -errno: -EPERM before anything is changed, if this process
   may not clone mounts; -ENOTDIR if /proc is not procfs. */
int sys_chroot_with_proc(int root);

/* Files */
int sys_open(const char *path, int flags, mode_t mode);
int sys_openat(int dir, const char *path, int flags, mode_t mode);
/* Opens the file `name` in the directory `dir` for reading and writing, follows no link, and
   makes it with mode 0600, whatever the umask, if it is not there. */
int sys_open_private(int dir, const char *name);
/* Locks one byte of a file for this open file description (F_OFD_SETLK), until its last
   descriptor is closed. 0; -EAGAIN while another description has it. */
int sys_lock_byte(int fd, uint64_t byte);
/* The mount that fd is in, from that directory on, without those on it, attached nowhere:
   open_tree(2), since 5.2. A descriptor (O_PATH), or -errno. */
int sys_clone_mount(int fd);
/* openat2(2), since 5.6: -ENOSYS before, and a filter of system calls that does not know it
   gives -EPERM. */
enum sys_resolve { RESOLVE_SAME_MOUNT = 1, RESOLVE_NO_LINKS = 4, RESOLVE_WITHIN = 8, RESOLVE_ROOTED = 0x10 };
int sys_openat2(int dir, const char *path, int flags, unsigned int resolve /* enum sys_resolve */);
/* What kind of file system a descriptor is in: statfs(2)'s f_type, or -errno. Asks a FUSE
   server: not for a mount that is not known to answer. */
enum { SYS_PROC_MAGIC = 0x9fa0, SYS_FUSECTL_MAGIC = 0x65735543, SYS_FUSE_MAGIC = 0x65735546 };
int64_t sys_magic(int fd);
int sys_close(int fd);
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_write(int fd, const void *buf, size_t size);
ssize_t sys_writev(int fd, const struct iovec *iov, int count);
int sys_dup2(int from, int to);
int sys_pipe(int fd[2]);		/* close-on-exec */
int sys_set_cloexec(int fd, bool on);
int sys_set_nonblocking(int fd);
int sys_fd_valid(int fd);
/* Closes all descriptors above 2 but the `count` ones in kept (-1 stands for none); inherited:
   only those that came over an exec, which lack close-on-exec. While no other thread runs. */
void sys_close_others(const int *kept, size_t count, bool inherited);
ssize_t sys_readlink(const char *path, char *buf, size_t size);
ssize_t sys_readlinkat(int dir, const char *path, char *buf, size_t size);
int sys_getdents(int dir, void *buf, size_t size);
int sys_mkdirat(int dir, const char *path, mode_t mode);
int sys_linkat(const char *from, int dir, const char *to);
int sys_symlinkat(const char *target, int dir, const char *path);
int sys_unlink(const char *path);
int sys_chdir(const char *path);
int sys_fchdir(int fd);
int sys_getcwd(char *buf, size_t size);
const char *sys_fd_path(char path[32], int fd); /* "/proc/self/fd/N" */

/* From now on the working directory is /proc/self/fd, by which sys_fd_path() goes: it is found
   wherever /proc is moved to, and a fifth faster. For this process alone. 0 or -errno. */
int sys_enter_fd_directory(void);
int sys_access(int fd, int how);	/* 0 if the effective ids may; for what O_PATH holds too */

/* Whether path is an executable file, and whether it is set-uid root: follows
   links, so never for a path that may lie on a FUSE mount. */
int sys_executable(const char *path, bool *setuid_root);

/* statx with AT_STATX_DONT_SYNC. With path "" it is about dirfd itself, else
   links are followed. `full` asks for owner, mode and the unique mount id
   as well; without it a FUSE mount of another user answers too. */
int sys_statx(int dirfd, const char *path, bool full, struct sys_stat *st);

/* The same of what is at a path, held by a descriptor only for that moment: one
   on a mount keeps it busy. flags: O_NOFOLLOW, or 0. */
int sys_stat_path(const char *path, int flags, bool full, struct sys_stat *st);

/* Reads until size bytes or the end of the file. */
ssize_t sys_read_all(int fd, void *buf, size_t size);
/* Writes it all, or -errno. */
int sys_write_all(int fd, const void *buf, size_t size);
/* Reads a small file such as those of /proc into buf, NUL-terminated. */
ssize_t sys_read_file(const char *path, char *buf, size_t size);

/* Mounts */
int sys_mount(const char *source, const char *target, const char *type,
	      unsigned long flags, const void *data);
int sys_umount2(const char *target, int flags);
int sys_enter_mount_namespace(int fd);
int sys_new_mount_namespace(void);
int sys_new_user_namespace(void);	/* and a mount namespace in it */
int sys_fsopen(const char *type);
int sys_fsconfig(int fs, enum fsconfig_op op, const char *key, const char *value);
int sys_fsmount(int fs, unsigned int attrs);
int sys_move_mount(int from, int to);	/* both by descriptor, AT_EMPTY_PATH */

/* statmount(2), 6.8 on: the mount with this unique id, asked for the parts in
   mask, into buf. listmount(2): the unique ids of all mounts of the namespace
   that come behind `after` (0: the first), or with newest_first (6.12 on, else
   -EINVAL) before it; returns how many of them, at most count, are in ids. */
int sys_statmount(uint64_t id, uint64_t mask, void *buf, size_t size);
int sys_listmount(uint64_t after, uint64_t *ids, size_t count, bool newest_first);

/* A second descriptor for the connection of `device` (FUSE_DEV_IOC_CLONE), to be
   read by another thread or process; close-on-exec. */
int sys_clone_device(int device);

/* Opens the file of the descriptor `fd` again, by a read-only mount of that file alone, attached
   nowhere. A device can be written to there, but its mode and owner cannot be changed by the name of
   the descriptor. Takes CAP_SYS_ADMIN and Linux 5.12. Returns a descriptor, the caller's, or -errno:
   -EPERM if this process may not clone mounts, -EINVAL if fd is of another mount namespace, or
   of no mount (a pipe). */
int sys_reopen_read_only_mount(int fd, int flags);

/* Has the /dev/fuse descriptor `device`, which stays the caller's, stand for such a clone,
   before a request is read from it. 0 or -errno, as above. */
int sys_move_device_to_read_only_mount(int device);

/* Processes */
pid_t sys_fork(void);
int sys_exec(const char *path, char **argv, char **envp);
pid_t sys_wait(pid_t pid, int *status);	/* EINTR is retried */
pid_t sys_wait_ended(pid_t pid, int *status); /* 0 when it has not ended yet */
int sys_kill(pid_t pid, int sig);
/* A descriptor of a process (close-on-exec, the caller closes it), and a signal through it:
   it reaches that process, or with -ESRCH none, even if the number is another process's by
   now. -ENOSYS before Linux 5.3. */
int sys_pidfd_open(pid_t pid);
int sys_pidfd_kill(int pidfd, int sig);	/* sig 0: only whether the process is still there */
pid_t sys_getpid(void);
pid_t sys_getppid(void);
pid_t sys_setsid(void);
int sys_die_with_parent(void);
int sys_adopt_orphans(void);		/* descendants become children when their parent ends */
/* Whether two threads have one table of open files: 1, 0, or -errno. */
int sys_share_files(pid_t a, pid_t b);
int sys_name_process(const char *name);	/* as ps and pgrep show it: 15 bytes */
int sys_block_signals(void);		/* all that can be blocked, for good */
uid_t sys_getuid(void);
uid_t sys_geteuid(void);
gid_t sys_getgid(void);
gid_t sys_getegid(void);
void sys_exit(int status) __attribute__((noreturn));
/* Undoes what a process keeps over execve(2): every disposition is the default again, no
   signal is blocked, and no interval timer runs. */
void sys_reset_signals(void);
/* Calls handler on sig, restarting what it interrupted; SIG_DFL, SIG_IGN too. */
int sys_signal(int sig, void (*handler)(int));
/* The same, unless the process was started with sig ignored, as nohup(1) does: then it stays
   ignored. */
int sys_catch_signal(int sig, void (*handler)(int));
/* From now on, when something comes to be read there, the kernel sends this process SIGCONT:
   who was stopped goes on, and who was not does not notice. 0 or -errno. */
int sys_sigcont_on_input(int fd);
int sys_poll_in(int fd, int milliseconds);	/* 1 readable or closed, 0 time is up */
int sys_poll_alive(int fd, int milliseconds);	/* the same, but -EPIPE when it is closed or broken */
/* Which of two is readable or closed (0, 1; the first if both are), -ETIMEDOUT. */
int sys_poll_either(int first, int second, int milliseconds);
/* What poll(2) says at once (POLLIN …), or -errno. */
int sys_poll_now(int fd);
/* A copy (close-on-exec) of a descriptor of another process, or -errno; from 5.6 on, and by who
   may trace it. That process can have put another file there: closing one of a FUSE mount
   waits for its server, and neither SIGKILL nor exiting ends that. */
int sys_fetch_fd(pid_t pid, int fd);
void sys_sleep_ms(int milliseconds);
uint64_t sys_clock_ns(void);			/* CLOCK_MONOTONIC */
uint64_t sys_since_boot(void);			/* seconds, with those asleep */
uint64_t sys_today(void);			/* seconds since 1970 */
/* Whether fd is the controlling terminal of this process; and to have none from now on (not
   for a session's leader, whose whole session would lose it). 0 or -errno. */
bool sys_has_terminal(int fd);
int sys_give_up_terminal(int fd);
bool sys_leads_session(void);
int sys_terminal_width(int fd);			/* columns; 0: not a terminal */

/* Lets go of the pages of the program itself, which come back from the file when
   they are used: what only the start took stays away. */
void sys_release_program(void);

uint32_t sys_page_size(void);	/* bytes: 4096, or more */

/* Memory: zeroed pages. NULL when there are none. To have more (of none, size 0,
   as well): the same pages, moved, with zeroed ones behind them. */
void *sys_pages(size_t size);
void *sys_more_pages(void *pages, size_t size, size_t new_size);
void sys_free_pages(void *pages, size_t size);

/* Sockets */
int sys_socketpair(int fd[2]);			/* AF_UNIX stream, close-on-exec */
/* A socket that is bound to path ('@': abstract) and listens; *made tells which file it is, of
   mode 0600 and owned by uid. -ESTALE when another file took its place at once. */
int sys_listen(const char *path, uid_t uid, struct sys_stat *made);
int64_t sys_peer_uid(int socket);		/* of the process that connected; or -errno */
int sys_accept(int socket);			/* close-on-exec */
int sys_unix_datagram(const char *path, const void *data, size_t size); /* '@': abstract */
/* Receives one byte and the descriptor that came with it (close-on-exec);
   -EPROTO when the peer closed or sent none. */
int sys_receive_fd(int socket);
/* Sends one byte of zero and fd with it; never waits for room, nor raises SIGPIPE. */
int sys_send_fd(int socket, int fd);
/* Sends size bytes in the same way, and fd with them unless it is -1. The receiver sees
   the message come from this process and uid (SCM_CREDENTIALS), which may be another
   than the real one for a process with CAP_SETUID. 0; -EPIPE if only a part was sent. */
int sys_send_as(int socket, uid_t uid, const void *data, size_t size, int fd);
int sys_is_socket(int fd);			/* 0, or -ENOTSOCK, -EBADF */

#endif
