/* cage: see cage.h. */
#define _GNU_SOURCE
#include "cage.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "priv.h"
#include "sys.h"

/* ---- Landlock: which files ---- */

enum { NR_CREATE_RULESET = 444, NR_ADD_RULE, NR_RESTRICT_SELF };
enum {
	OF_6_2 = 3,		/* before it files anywhere could be cut short */
	ALL_OF_6_2 = 0x7fff, EXECUTE = 1, PATH_BENEATH = 1, ASK_VERSION = 1,
};

int cage_offered(void)
{
	return syscall(NR_CREATE_RULESET, NULL, 0, ASK_VERSION) < OF_6_2 ? -ENOSYS : 0;
}

static int only_below(int root)
{
	const uint64_t handled = ALL_OF_6_2;
	const struct __attribute__((packed)) { uint64_t allowed; int32_t fd; } rule = { ALL_OF_6_2 & ~EXECUTE, root };
	int rules = (int)result(syscall(NR_CREATE_RULESET, &handled, sizeof(handled), 0)), err = 0;

	if (rules < 0)
		return rules;
	if (root >= 0)
		err = (int)result(syscall(NR_ADD_RULE, rules, PATH_BENEATH, &rule, 0));
	if (!err)
		err = (int)result(syscall(NR_RESTRICT_SELF, rules, 0));
	sys_close(rules);
	return err;
}

/* ---- seccomp: which system calls ---- */

/* AUDIT_ARCH_*: the machine's ELF number, whether it is one of 64 bits, little-endian. */
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

/* On 32-bit machines a call may have several numbers: for ids, offsets and times of more
   bits. What a machine has not is left out. */
static const uint16_t serving[] = {
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
	SYS_rseq,	/* its threads end the process when they may not */
#endif
};

static const uint16_t on_files[] = {
	SYS_openat, NR_OPENAT2, SYS_statx, SYS_getdents64, SYS_readlinkat, SYS_faccessat, NR_FACCESSAT2,
	SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_pwritev2, SYS_lseek, SYS_fsync, SYS_fdatasync,
	SYS_syncfs, SYS_fallocate, SYS_copy_file_range, SYS_mkdirat, SYS_mknodat, SYS_symlinkat,
	SYS_linkat, SYS_unlinkat, SYS_renameat2, SYS_fchmodat, SYS_fchownat, SYS_utimensat, SYS_umask,
	SYS_getxattr, SYS_listxattr, SYS_setxattr, SYS_removexattr, SYS_flock, SYS_fcntl, SYS_dup,
	SYS_ioctl, SYS_capget, SYS_capset, SYS_fstatfs,
	SYS_truncate, SYS_ftruncate, SYS_setfsuid, SYS_setfsgid, SYS_setgroups, SYS_geteuid, SYS_getegid,
#ifdef SYS_open
	SYS_open,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_truncate64
	SYS_truncate64, SYS_ftruncate64, SYS_fcntl64, SYS_fstatfs64,
#endif
#ifdef SYS_setfsuid32
	SYS_setfsuid32, SYS_setfsgid32, SYS_setgroups32, SYS_geteuid32, SYS_getegid32,
#endif
#ifdef SYS_utimensat_time64
	SYS_utimensat_time64,
#endif
};

/* Classic BPF over struct seccomp_data: the number, the machine, six arguments. */
struct insn { uint16_t code; uint8_t yes, no; uint32_t k; };
enum { LOAD = 0x20, IF_EQUAL = 0x15, IF_ANY_BIT = 0x45, RETURN = 0x06 };
enum { NUMBER = 0, ARCH = 4, ARGUMENTS = 16, LOW = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0 };
#define ALLOW 0x7fff0000u
#define REFUSE (0x00050000u | EPERM)

struct filter { uint16_t count; struct insn insn[256]; };

static void add(struct filter *f, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	f->insn[f->count++] = (struct insn) { code, yes, no, k };
}

static void allow(struct filter *f, const uint16_t *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add(f, IF_EQUAL, 0, 1, calls[i]);
		add(f, RETURN, 0, 0, ALLOW);
	}
}

/* Only with that argument: which is equal to `value`, or has that bit. */
static void allow_if(struct filter *f, uint32_t call, uint32_t argument, uint16_t test, uint32_t value)
{
	add(f, IF_EQUAL, 0, 4, call);
	add(f, LOAD, 0, 0, ARGUMENTS + argument * 8 + LOW);
	add(f, test, 0, 1, value);
	add(f, RETURN, 0, 0, ALLOW);
	add(f, RETURN, 0, 0, REFUSE);
}

#ifdef __s390__
enum { CLONE_FLAGS = 1 };	/* the stack comes first */
#else
enum { CLONE_FLAGS = 0 };
#endif

static void begin(struct filter *f)
{
	f->count = 0;
	add(f, LOAD, 0, 0, ARCH);
	add(f, IF_EQUAL, 1, 0, MACHINE);
	add(f, RETURN, 0, 0, REFUSE);
	add(f, LOAD, 0, 0, NUMBER);
	allow(f, serving, sizeof(serving) / sizeof(*serving));
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool sanitized = true;	/* what a sanitizer calls besides is not known */
#else
static const bool sanitized = false;
#endif

static int enforce(struct filter *f)
{
	enum { SET_MODE_FILTER = 1 };
	struct { uint16_t count; const struct insn *insn; } program;

	add(f, RETURN, 0, 0, REFUSE);
	program.count = f->count;
	program.insn = f->insn;
	return sanitized ? 0 : (int)result(syscall(SYS_seccomp, SET_MODE_FILTER, 0, &program));
}

static int only_serving(bool files)
{
	struct filter f;

	begin(&f);
	if (files)
		allow(&f, on_files, sizeof(on_files) / sizeof(*on_files));
	allow_if(&f, SYS_clone, CLONE_FLAGS, IF_ANY_BIT, CLONE_THREAD);
	allow_if(&f, SYS_unshare, 0, IF_EQUAL, CLONE_FS);
	/* Whose flags are out of sight: glibc then takes the other. */
	add(&f, IF_EQUAL, 0, 1, NR_CLONE3);
	add(&f, RETURN, 0, 0, (REFUSE & 0xffff0000u) | ENOSYS);
	return enforce(&f);
}

/* Of those that open everything: a device node is as good as the disk. */
enum { CAP_SYS_ADMIN_BIT = 21, CAP_MKNOD_BIT = 27 };

int cage_close(int root, uint64_t capabilities)
{
	const uint64_t never = (uint64_t)1 << CAP_SYS_ADMIN_BIT | (uint64_t)1 << CAP_MKNOD_BIT;
	int err = root < 0 ? 0 : sys_stay_in(root);

	if (!err || err == -EPERM)
		err = priv_keep_only(capabilities & ~never);
	if (!err)
		err = only_below(root);
	return err ? err : only_serving(root >= 0);
}

/* As its process and those that it forks make them, by strace. */
static const uint16_t helping[] = {
	SYS_openat, SYS_readlinkat, SYS_statx, SYS_name_to_handle_at /* before 5.8 */, SYS_getdents64,
	SYS_faccessat, NR_FACCESSAT2, SYS_fcntl, SYS_fstatfs,
	SYS_chdir, SYS_fchdir, SYS_getcwd, SYS_mount, SYS_umount2, NR_OPEN_TREE, NR_MOVE_MOUNT, NR_FSOPEN,
	NR_FSCONFIG, NR_FSMOUNT, NR_STATMOUNT, NR_LISTMOUNT, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid,
	SYS_getresuid, SYS_getresgid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_capget, SYS_capset,
	SYS_sendmsg, SYS_recvmsg, SYS_sendto, SYS_socketpair, SYS_getsockopt, SYS_clone, SYS_wait4, SYS_kill,
	SYS_setsid, SYS_prctl, SYS_rt_sigaction,
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
	begin(&f);
	allow(&f, helping, sizeof(helping) / sizeof(*helping));
	return enforce(&f);
}
