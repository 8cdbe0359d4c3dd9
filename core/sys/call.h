/* SPDX-License-Identifier: MIT */
/* call: how core/sys makes system calls. */
#ifndef FUSEBOX_CALL_H
#define FUSEBOX_CALL_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>

/* core/sys calls the kernel by number where libc's wrapper links much code: fork() locks malloc,
   clock_gettime() reads the vdso, other wrappers emulate calls for kernels older than 4.18. */
#ifdef SYS_fcntl64
enum { NR_FCNTL = SYS_fcntl64 };
#else
enum { NR_FCNTL = SYS_fcntl };
#endif

/* Since 5.2 a new call has the same number on all machines. */
enum {
	NR_PIDFD_SEND_SIGNAL = 424,
	NR_OPEN_TREE = 428, NR_MOVE_MOUNT, NR_FSOPEN, NR_FSCONFIG, NR_FSMOUNT,
	NR_PIDFD_OPEN = 434, NR_CLONE3, NR_CLOSE_RANGE, NR_OPENAT2, NR_PIDFD_GETFD, NR_FACCESSAT2, NR_MOUNT_SETATTR = 442, NR_STATMOUNT = 457, NR_LISTMOUNT,
};

/* Converts the result of a libc call: -errno instead of -1. */
long call_result(long returned);

#define CALL(type, name, params, call) \
	type name params { return (type)call_result((long)(call)); }

/* struct statx, without the members that fusebox does not read. Older libcs lack it. */
struct kernel_time { int64_t seconds; uint32_t nanoseconds; int32_t unused; };
struct kernel_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad0;
	uint64_t ino, size, blocks, attributes_mask;
	struct kernel_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t spare[13];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "statx(2)");

#endif
