/* SPDX-License-Identifier: MIT */
/* filter: see filter.h. */
#define _GNU_SOURCE
#include "sys/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/priv.h"

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

/* The further calls of a server that opens files below `root`. */
static const uint16_t file_syscalls[] = {
	SYS_openat, NR_OPENAT2, SYS_statx, SYS_getdents64, SYS_readlinkat, SYS_faccessat, NR_FACCESSAT2,
	SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_pwritev2, SYS_lseek, SYS_fsync, SYS_fdatasync,
	SYS_syncfs, SYS_fallocate, SYS_copy_file_range, SYS_mkdirat, SYS_mknodat, SYS_symlinkat,
	SYS_linkat, SYS_unlinkat, SYS_renameat2, SYS_fchmodat, SYS_fchownat, SYS_utimensat, SYS_umask,
	SYS_getxattr, SYS_listxattr, SYS_setxattr, SYS_removexattr, SYS_flock, SYS_dup,
	SYS_capget, SYS_capset, SYS_fstatfs, NR_STATMOUNT /* of mounts below the root directory */,
	SYS_truncate, SYS_ftruncate, SYS_setfsuid, SYS_setresgid, SYS_setgroups, SYS_geteuid, SYS_getegid,
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
	SYS_setfsuid32, SYS_setresgid32, SYS_setgroups32, SYS_geteuid32, SYS_getegid32,
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

int filter_offered(void)
{
	return MACHINE ? 0 : -ENOSYS;
}

int filter_server(bool files)
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

int filter_seal(void)
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

/* ---- The set-uid helper ---- */

/* The system calls of the helper and of the processes that it forks, as strace(1) showed them. */
static const uint16_t helper_syscalls[] = {
	SYS_openat, NR_OPENAT2, SYS_readlinkat, SYS_statx, SYS_name_to_handle_at /* before 5.8 */, SYS_getdents64,
	SYS_faccessat, NR_FACCESSAT2, SYS_fcntl, SYS_fstatfs,
	SYS_chdir, SYS_fchdir, SYS_getcwd, SYS_mount, SYS_umount2, NR_OPEN_TREE, NR_MOVE_MOUNT, NR_FSOPEN,
	NR_FSCONFIG, NR_FSMOUNT, NR_STATMOUNT, NR_LISTMOUNT, SYS_setresuid, SYS_setresgid, SYS_setfsuid,
	SYS_getresuid, SYS_getresgid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_capget, SYS_capset,
	SYS_sendmsg, SYS_recvmsg, SYS_sendto, SYS_socketpair, SYS_getsockopt, SYS_clone, SYS_wait4, SYS_kill,
	NR_PIDFD_OPEN, NR_PIDFD_SEND_SIGNAL, SYS_setsid, SYS_prctl, SYS_umask,
#ifdef SYS_fcntl64
	SYS_fcntl64, SYS_fstatfs64,
#endif
#ifdef SYS_setresuid32
	SYS_setresuid32, SYS_setresgid32, SYS_setfsuid32, SYS_getresuid32, SYS_getresgid32,
	SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32,
#endif
};

int filter_helper(void)
{
	struct filter f;
	int err = priv_no_new();

	if (err || !MACHINE)	/* mount without a filter, rather than not at all */
		return err;
	begin_filter(&f);
	allow_calls(&f, helper_syscalls, sizeof(helper_syscalls) / sizeof(*helper_syscalls));
	return finish_filter(&f);
}
