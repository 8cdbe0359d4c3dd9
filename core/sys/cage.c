/* cage: see cage.h. */
#define _GNU_SOURCE
#include "sys/cage.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/priv.h"
#include "sys.h"

/* ---- Landlock: restrict access to files ---- */

enum { NR_CREATE_RULESET = 444, NR_ADD_RULE, NR_RESTRICT_SELF };
enum { TRUNCATE_VERSION = 3 /* Linux 6.2 */, TCP_VERSION, IOCTL_VERSION, SCOPE_VERSION /* 6.12 */ };
enum {
	EXECUTE = 1, FILES = 0x7fff, IOCTL_ON_DEVICES = 0x8000, BIND_AND_CONNECT = 3, ABSTRACT_SOCKETS_AND_SIGNALS = 3,
	PATH_BENEATH = 1, ASK_VERSION = 1,
};

static int landlock_version(void)
{
	return (int)call_result(syscall(NR_CREATE_RULESET, NULL, 0, ASK_VERSION));
}

int cage_offered(void)
{
	return landlock_version() < TRUNCATE_VERSION ? -ENOSYS : 0;
}

static int restrict_files(int root)
{
	int version = landlock_version(), rules, err = 0;
	/* A kernel accepts a larger structure than its own if the unknown fields are 0. */
	const struct { uint64_t files, tcp, scopes; } handled = {
		version < IOCTL_VERSION ? FILES : FILES | IOCTL_ON_DEVICES,
		version < TCP_VERSION ? 0 : BIND_AND_CONNECT,
		version < SCOPE_VERSION ? 0 : ABSTRACT_SOCKETS_AND_SIGNALS,
	};
	const struct __attribute__((packed)) { uint64_t allowed; int32_t fd; } rule = { FILES & ~EXECUTE, root };

	rules = (int)call_result(syscall(NR_CREATE_RULESET, &handled, sizeof(handled), 0));
	if (rules < 0)
		return rules;
	if (root >= 0)
		err = (int)call_result(syscall(NR_ADD_RULE, rules, PATH_BENEATH, &rule, 0));
	if (!err)
		err = (int)call_result(syscall(NR_RESTRICT_SELF, rules, 0));
	sys_close(rules);
	return err;
}

/* ---- seccomp: restrict system calls ---- */

/* AUDIT_ARCH_*: the machine's ELF number (EM_*), a flag for 64 bits, a flag for little-endian. */
#define OF_64_BITS 0x80000000u
#define LITTLE 0x40000000u
#if defined __x86_64__ && !defined __ILP32__
#define MACHINE (62 | OF_64_BITS | LITTLE)
#elif defined __i386__
#define MACHINE (3 | LITTLE)
#elif defined __aarch64__
#define MACHINE (183 | OF_64_BITS | LITTLE)
#elif defined __arm__
#define MACHINE (40 | LITTLE)
#elif defined __riscv && __riscv_xlen == 64
#define MACHINE (243 | OF_64_BITS | LITTLE)
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define MACHINE (21 | OF_64_BITS | LITTLE)
#elif defined __s390x__
#define MACHINE (22 | OF_64_BITS)
#else
#define MACHINE 0u
#endif

/* What every server needs. A 32-bit machine may have several numbers for one call, with wider
   ids, offsets or times; calls that a machine lacks are left out. */
static const uint16_t server_syscalls[] = {
	SYS_read, SYS_write, SYS_writev, SYS_close, SYS_exit, SYS_exit_group, SYS_rt_sigreturn,
	SYS_rt_sigprocmask, SYS_restart_syscall, SYS_getpid, SYS_gettid, SYS_munmap,
	SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_sched_getaffinity, SYS_set_robust_list, SYS_ppoll,
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
#ifdef SYS_futex
	SYS_futex,
#endif
#ifdef SYS_futex_time64
	SYS_futex_time64,
#endif
#ifdef SYS_clock_gettime
	SYS_clock_gettime,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
#ifdef SYS_sigreturn
	SYS_sigreturn,
#endif
#if defined __GLIBC__ && defined SYS_rseq
	SYS_rseq,	/* glibc aborts if a new thread may not register it */
#endif
};

/* What a server of files below `root` needs besides. */
static const uint16_t file_syscalls[] = {
	SYS_openat, NR_OPENAT2, SYS_statx, SYS_getdents64, SYS_readlinkat, SYS_faccessat, NR_FACCESSAT2,
	SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_pwritev2, SYS_lseek, SYS_fsync, SYS_fdatasync,
	SYS_syncfs, SYS_fallocate, SYS_copy_file_range, SYS_mkdirat, SYS_mknodat, SYS_symlinkat,
	SYS_linkat, SYS_unlinkat, SYS_renameat2, SYS_fchmodat, SYS_fchownat, SYS_utimensat, SYS_umask,
	SYS_getxattr, SYS_listxattr, SYS_setxattr, SYS_removexattr, SYS_flock, SYS_dup,
	SYS_capget, SYS_capset, SYS_fstatfs,
	SYS_truncate, SYS_ftruncate, SYS_setfsuid, SYS_setfsgid, SYS_setgroups, SYS_geteuid, SYS_getegid,
#ifdef SYS_open
	SYS_open,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_truncate64
	SYS_truncate64, SYS_ftruncate64, SYS_fstatfs64,
#endif
#ifdef SYS_setfsuid32
	SYS_setfsuid32, SYS_setfsgid32, SYS_setgroups32, SYS_geteuid32, SYS_getegid32,
#endif
#ifdef SYS_utimensat_time64
	SYS_utimensat_time64,
#endif
};

/* The other fcntl(2) commands could have the kernel signal any process (F_SETOWN, F_SETSIG,
   O_ASYNC) or make other processes wait (F_SETLEASE). libc needs F_SETFD for close-on-exec. */
static const uint32_t descriptor_commands[] = {
	F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, 36 /* F_OFD_GETLK */, 37 /* F_OFD_SETLK */,
};

/* The ioctls that passfs forwards, as 32-bit and 64-bit callers encode them: lsattr(1),
   chattr(1), project ids. Inside the cage the server neither clones /dev/fuse nor registers
   backing files for passthrough. */
static const uint32_t file_ioctls[] = {
	_IOR('f', 1, int), _IOR('f', 1, int64_t), _IOW('f', 2, int), _IOW('f', 2, int64_t),	/* FS_IOC_GETFLAGS, SETFLAGS */
	_IOR('v', 1, int), _IOR('v', 1, int64_t),	/* FS_IOC_GETVERSION */
	_IOR('X', 31, char[28]), _IOW('X', 32, char[28]),	/* FS_IOC_FSGETXATTR, FSSETXATTR */
};

/* The clone(2) flags of pthread_create() in musl and glibc: allowing these alone lets the server
   start threads but no processes. musl adds CLONE_DETACHED, which the kernel ignores. */
enum { THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
	| CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID };
static const uint32_t thread_flags[] = { THREAD, THREAD | CLONE_DETACHED };
static const uint32_t unshare_flags[] = { CLONE_FS };

enum { SET_MODE_FILTER = 1, ALL_THREADS = 1 };
static const uint32_t all_threads[] = { ALL_THREADS };

/* Classic BPF over struct seccomp_data: call number, architecture, six arguments. */
struct insn { uint16_t code; uint8_t yes, no; uint32_t k; };
enum { LOAD = 0x20, IF_EQUAL = 0x15, RETURN = 0x06 };
enum { NUMBER = 0, ARCH = 4, ARGUMENTS = 16, LOW = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0 };
#define ALLOW 0x7fff0000u
#define REFUSE (0x00050000u | EPERM)

struct filter { uint16_t count; struct insn insn[320]; };

static void add_insn(struct filter *f, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	f->insn[f->count++] = (struct insn) { code, yes, no, k };
}

static void allow_calls(struct filter *f, const uint16_t *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add_insn(f, IF_EQUAL, 0, 1, calls[i]);
		add_insn(f, RETURN, 0, 0, ALLOW);
	}
}

/* Allows a call only if one of its arguments, of which the kernel reads 32 bits, has one of
   these values. */
static void allow_with(struct filter *f, uint32_t call, uint32_t argument, const uint32_t *values, uint8_t count)
{
	add_insn(f, IF_EQUAL, 0, (uint8_t)(2 * count + 2), call);
	add_insn(f, LOAD, 0, 0, ARGUMENTS + argument * 8 + LOW);
	for (uint8_t i = 0; i < count; i++) {
		add_insn(f, IF_EQUAL, 0, 1, values[i]);
		add_insn(f, RETURN, 0, 0, ALLOW);
	}
	add_insn(f, RETURN, 0, 0, REFUSE);
}
#define ALLOW_WITH(f, call, argument, values) allow_with(f, call, argument, values, sizeof(values) / sizeof(*(values)))

#ifdef __s390__
enum { CLONE_FLAGS = 1 };	/* the stack comes first */
#else
enum { CLONE_FLAGS = 0 };
#endif

static void begin_filter(struct filter *f)
{
	f->count = 0;
	add_insn(f, LOAD, 0, 0, ARCH);
	add_insn(f, IF_EQUAL, 1, 0, MACHINE);
	add_insn(f, RETURN, 0, 0, REFUSE);
	add_insn(f, LOAD, 0, 0, NUMBER);
	allow_calls(f, server_syscalls, sizeof(server_syscalls) / sizeof(*server_syscalls));
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool sanitized = true;	/* the system calls of sanitizers are not listed here */
#else
static const bool sanitized = false;
#endif

static int install_filter(const struct filter *f, unsigned int flags)
{
	const struct { uint16_t count; const struct insn *insn; } program = { f->count, f->insn };
	long err = sanitized ? 0 : call_result(syscall(SYS_seccomp, SET_MODE_FILTER, flags, &program));

	return err > 0 ? -EAGAIN : (int)err;	/* ALL_THREADS: the id of a thread whose filters differ */
}

static int finish_filter(struct filter *f)
{
	add_insn(f, RETURN, 0, 0, REFUSE);
	return install_filter(f, 0);
}

static int restrict_syscalls(bool files)
{
	struct filter f;

	begin_filter(&f);
	if (files) {
		allow_calls(&f, file_syscalls, sizeof(file_syscalls) / sizeof(*file_syscalls));
		ALLOW_WITH(&f, SYS_fcntl, 1, descriptor_commands);
#ifdef SYS_fcntl64
		ALLOW_WITH(&f, SYS_fcntl64, 1, descriptor_commands);
#endif
		ALLOW_WITH(&f, SYS_ioctl, 1, file_ioctls);
	}
	ALLOW_WITH(&f, SYS_clone, CLONE_FLAGS, thread_flags);
	ALLOW_WITH(&f, SYS_unshare, 0, unshare_flags);
	ALLOW_WITH(&f, SYS_seccomp, 1, all_threads);
	/* clone3(2) passes its flags in memory, where BPF cannot read them: glibc falls back to
	   clone(2) on ENOSYS. */
	add_insn(&f, IF_EQUAL, 0, 1, NR_CLONE3);
	add_insn(&f, RETURN, 0, 0, (REFUSE & 0xffff0000u) | ENOSYS);
	return finish_filter(&f);
}

int cage_seal(void)
{
	static const uint16_t forbidden[] = { SYS_clone, SYS_seccomp };
	struct filter f = { .count = 0 };

	add_insn(&f, LOAD, 0, 0, NUMBER);
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++) {
		add_insn(&f, IF_EQUAL, 0, 1, forbidden[i]);
		add_insn(&f, RETURN, 0, 0, REFUSE);
	}
	add_insn(&f, RETURN, 0, 0, ALLOW);
	return install_filter(&f, ALL_THREADS);
}

/* ---- Standard streams ---- */

static void __attribute__((noreturn)) copy_output(int from, int to)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE };
	char bytes[512];
	ssize_t n;

	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sys_signal(ignored[i], SIG_IGN);
	sys_name_process("fuse-output");
	sys_close_others(&from, 1, false);
	sys_chdir("/");
	if (priv_keep_only(0) == 0 && restrict_syscalls(false) == 0)
		while ((n = sys_read(from, bytes, sizeof(bytes))) > 0 && sys_write_all(to, bytes, (size_t)n) == 0)
			;
	sys_exit(0);
}

/* Forks a process that copies a pipe to the descriptor `to` until the last writer closes the
   pipe. Returns the pipe's write end, or -errno. */
static int start_copying(int to)
{
	int pipe[2], err = sys_pipe(pipe);

	if (err)
		return err;
	err = sys_fork();
	if (err == 0)
		copy_output(pipe[0], to);
	sys_close(pipe[0]);
	if (err < 0)
		sys_close(pipe[1]);
	return err < 0 ? err : pipe[1];
}

/* Reopens a terminal for writing only, since standard output on a terminal is mostly readable,
   too. A process that may not clone mounts (-EPERM) may not change the device's owner or mode
   either, or (hellofs) can open no names at all: then a plain reopen is enough. */
static int reopen_terminal(int device)
{
	char path[32];
	int fd = sys_reopen_read_only_mount(device, O_WRONLY | O_NOCTTY);

	return fd == -EPERM ? sys_open(sys_fd_path(path, device), O_WRONLY | O_NOCTTY, 0) : fd;
}

/* Replaces an output descriptor, unless it is a socket. By /proc/self/fd an attacker in the
   server could change the mode and owner of the output's file, read a pipe or a FIFO, or start a
   lookup at a directory. */
static int replace_output(int output)
{
	struct sys_stat st;
	int fd = sys_statx(output, "", true, &st), err;

	if (fd || (st.mode & S_IFMT) == S_IFSOCK)
		return fd;
	fd = (st.mode & S_IFMT) == S_IFCHR ? reopen_terminal(output) : -ENOTTY;
	if (fd < 0)
		fd = start_copying(output);
	if (fd < 0)
		return fd;
	err = sys_dup2(fd, output);
	sys_close(fd);
	return err < 0 ? err : 0;
}

/* Makes standard input a pipe without a writer, which is at end of file. */
static int replace_input(void)
{
	int pipe[2], err = sys_pipe(pipe);

	if (err)
		return err;
	err = sys_dup2(pipe[0], 0);
	sys_close(pipe[0]);
	sys_close(pipe[1]);
	return err < 0 ? err : 0;
}

/* Capabilities that would open the cage: with CAP_MKNOD a server could create a node of the disk. */
enum { CAP_SYS_ADMIN_BIT = 21, CAP_MKNOD_BIT = 27 };

/* A user other than root may not clone mounts: then the server keeps its root directory, where
   it still sees all names, and drops all capabilities, which would apply to all of them. Root
   must not go on like that, since root owns most files. */
static int chroot_or_drop_caps(int root, uint64_t *capabilities)
{
	int err = sys_chroot_with_proc(root);

	if (err != -EPERM || sys_geteuid() == 0)
		return err;
	*capabilities = 0;
	return 0;
}

int cage_close(int root, uint64_t capabilities)
{
	const uint64_t excluded = (uint64_t)1 << CAP_SYS_ADMIN_BIT | (uint64_t)1 << CAP_MKNOD_BIT;
	int err = replace_input();

	for (int fd = 1; !err && fd <= 2; fd++)
		err = replace_output(fd);
	if (!err && root >= 0)
		err = chroot_or_drop_caps(root, &capabilities);
	if (!err)
		err = priv_keep_only(capabilities & ~excluded);
	if (!err)
		err = restrict_files(root);
	return err ? err : restrict_syscalls(root >= 0);
}

/* The system calls of the helper and of the processes that it forks, as strace(1) showed them. */
static const uint16_t helper_syscalls[] = {
	SYS_openat, NR_OPENAT2, SYS_readlinkat, SYS_statx, SYS_name_to_handle_at /* before 5.8 */, SYS_getdents64,
	SYS_faccessat, NR_FACCESSAT2, SYS_fcntl, SYS_fstatfs,
	SYS_chdir, SYS_fchdir, SYS_getcwd, SYS_mount, SYS_umount2, NR_OPEN_TREE, NR_MOVE_MOUNT, NR_FSOPEN,
	NR_FSCONFIG, NR_FSMOUNT, NR_STATMOUNT, NR_LISTMOUNT, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid,
	SYS_getresuid, SYS_getresgid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_capget, SYS_capset,
	SYS_sendmsg, SYS_recvmsg, SYS_sendto, SYS_socketpair, SYS_getsockopt, SYS_clone, SYS_wait4, SYS_kill,
	NR_PIDFD_OPEN, NR_PIDFD_SEND_SIGNAL, SYS_setsid, SYS_prctl, SYS_umask,
#ifdef SYS_fcntl64
	SYS_fcntl64, SYS_fstatfs64,
#endif
#ifdef SYS_setresuid32
	SYS_setresuid32, SYS_setresgid32, SYS_setfsuid32, SYS_setfsgid32, SYS_getresuid32, SYS_getresgid32,
	SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32,
#endif
};

int cage_helper(void)
{
	struct filter f;
	int err = priv_no_new();

	if (err)
		return err;
	begin_filter(&f);
	allow_calls(&f, helper_syscalls, sizeof(helper_syscalls) / sizeof(*helper_syscalls));
	return finish_filter(&f);
}
