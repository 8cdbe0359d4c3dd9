/* SPDX-License-Identifier: MIT */
/* vfs: see vfs.h. */
#define _GNU_SOURCE
#include "sys/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "call.h"
#include "sys.h"

/* The path of a descriptor, for system calls that do not accept an O_PATH descriptor. */
struct name { char text[32]; };
#define NAME(fd) sys_fd_path((struct name) { "" }.text, fd)

/* Defines a function on a descriptor. If fd is an error, the function returns it: a negative number
   has no path below /proc/self/fd, and -100 is AT_FDCWD. */
#define CALL_ON(type, name, params, call) \
	type name params { return fd < 0 ? (type)fd : (type)call_result((long)(call)); }

/* FUSE encodes device numbers as the kernel's new_encode_dev() does. */
static uint32_t encode(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static dev_t decode(uint32_t device)
{
	return makedev((device & 0xfff00) >> 8, (device & 0xff) | (device >> 12 & 0xfff00));
}

int vfs_stat(int fd, bool ask, struct vfs_stat *st)
{
	enum { BASIC = 0x7ff, APPEND_ONLY = 0x20 };
	struct kernel_statx x;

	if (fd < 0)
		return fd;
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | (ask ? 0 : AT_STATX_DONT_SYNC), BASIC, &x) < 0)
		return -errno;
	st->device = (uint64_t)x.dev_major << 32 | x.dev_minor;
	st->owner = x.uid;
	st->mode = x.mode;
	st->append_only = x.attributes & APPEND_ONLY;
	st->attr = (struct fuse_attr) {
		.ino = x.ino, .size = x.size, .blocks = x.blocks, .blksize = x.blksize,
		.atime = (uint64_t)x.atime.seconds, .atimensec = x.atime.nanoseconds,
		.mtime = (uint64_t)x.mtime.seconds, .mtimensec = x.mtime.nanoseconds,
		.ctime = (uint64_t)x.ctime.seconds, .ctimensec = x.ctime.nanoseconds,
		.mode = x.mode, .nlink = x.nlink, .uid = x.uid, .gid = x.gid,
		.rdev = encode(x.rdev_major, x.rdev_minor), .flags = 0,	/* all members: nothing is cleared first */
	};
	return 0;
}

uint64_t vfs_inode_at(int dir, const char *name)
{
	enum { INODE = 0x100 };
	struct kernel_statx x;

	return syscall(SYS_statx, dir, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, INODE, &x) < 0 ? 0 : x.ino;
}

/* FUSE's structure is the kernel's, without the spare space at its end. */
int vfs_statx(int fd, unsigned int flags, unsigned int mask, struct fuse_statx *stat)
{
	struct kernel_statx x;

	if (fd < 0)
		return fd;
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | (flags & 0x6000 /* AT_STATX_SYNC_TYPE */), mask, &x) < 0)
		return -errno;
	_Static_assert(sizeof(*stat) == sizeof(x), "statx(2)");
	memcpy(stat, &x, sizeof(*stat));
	return 0;
}

int vfs_statfs(int fd, struct fuse_kstatfs *stat, uint32_t *type)
{
	struct statfs s;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &s) < 0)
		return -errno;
	*type = (uint32_t)s.f_type;
	*stat = (struct fuse_kstatfs) {
		.blocks = s.f_blocks, .bfree = s.f_bfree, .bavail = s.f_bavail, .files = s.f_files,
		.ffree = s.f_ffree, .bsize = (uint32_t)s.f_bsize, .namelen = (uint32_t)s.f_namelen,
		.frsize = (uint32_t)s.f_frsize,
	};
	return 0;
}

/* By statmount(2), which does not wait for a server. */
static int statmount_type(int fd, uint32_t *type, uint8_t *limits)
{
	enum { UNIQUE = 0x4000, PARTS = 3, MASK = 1, MAGIC = 3, ATTRIBUTES = 8 };
	uint64_t mount[64];	/* struct statmount, by words */
	struct kernel_statx x;
	int err;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, UNIQUE, &x) < 0)
		return -errno;
	err = x.mask & UNIQUE ? sys_statmount(x.mnt_id, PARTS, mount, sizeof(mount)) : -ENOSYS;
	if (err || (mount[MASK] & PARTS) != PARTS)
		return err ? err : -ENOSYS;
	*type = (uint32_t)mount[MAGIC];
	*limits = (uint8_t)(mount[ATTRIBUTES] & (VFS_NOSUID | VFS_NODEV));
	return 0;
}

int vfs_mount_of(int fd, uint32_t *type, uint8_t *limits)
{
	struct statfs s;

	if (statmount_type(fd, type, limits) == 0)
		return 0;
	if (fstatfs(fd, &s) < 0)
		return -errno;
	*type = (uint32_t)s.f_type;
	*limits = (uint8_t)(s.f_flags & (VFS_NOSUID | VFS_NODEV));
	return 0;
}

CALL_ON(int, vfs_reopen, (int fd, int flags), openat(AT_FDCWD, NAME(fd), (flags & ~O_NOFOLLOW) | O_CLOEXEC))	/* musl's open() makes a second system call for O_CLOEXEC */
CALL_ON(int, vfs_chmod, (int fd, mode_t mode), syscall(SYS_fchmodat, AT_FDCWD, NAME(fd), mode))
CALL_ON(int, vfs_chown, (int fd, uid_t uid, gid_t gid), fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
CALL_ON(int, vfs_truncate, (int fd, uint64_t size), truncate(NAME(fd), (off_t)size))
CALL_ON(int, vfs_ftruncate, (int fd, uint64_t size), ftruncate(fd, (off_t)size))
CALL(int, vfs_mkdir, (int dir, const char *name, mode_t mode), mkdirat(dir, name, mode))
CALL(int, vfs_mknod, (int dir, const char *name, mode_t mode, uint32_t device), mknodat(dir, name, mode, decode(device)))
CALL(int, vfs_symlink, (const char *target, int dir, const char *name), symlinkat(target, dir, name))
CALL_ON(int, vfs_link, (int fd, int dir, const char *name), linkat(AT_FDCWD, NAME(fd), dir, name, AT_SYMLINK_FOLLOW))
CALL(int, vfs_unlink, (int dir, const char *name, bool directory), unlinkat(dir, name, directory ? AT_REMOVEDIR : 0))
CALL(int, vfs_rename, (int dir, const char *name, int new_dir, const char *new_name, uint32_t flags),
     syscall(SYS_renameat2, dir, name, new_dir, new_name, flags))
CALL_ON(ssize_t, vfs_pread, (int fd, void *buf, size_t size, uint64_t offset), pread(fd, buf, size, (off_t)offset))
CALL_ON(ssize_t, vfs_pwrite, (int fd, const void *buf, size_t size, uint64_t offset), pwrite(fd, buf, size, (off_t)offset))
CALL_ON(ssize_t, vfs_append, (int fd, const void *buf, size_t size),
     syscall(SYS_pwritev2, fd, &(struct iovec) { (void *)buf, size }, 1L, 0L, 0L, 0x10L /* RWF_APPEND */))
CALL_ON(int, vfs_fsync, (int fd, bool data_only), data_only ? fdatasync(fd) : fsync(fd))
CALL(int, vfs_syncfs, (int fd), syscall(SYS_syncfs, fd))
CALL_ON(int, vfs_fallocate, (int fd, int mode, uint64_t offset, uint64_t length),
     fallocate(fd, mode, (off_t)offset, (off_t)length))
CALL_ON(ssize_t, vfs_getxattr, (int fd, const char *name, void *value, size_t size), getxattr(NAME(fd), name, value, size))
CALL_ON(ssize_t, vfs_listxattr, (int fd, char *list, size_t size), listxattr(NAME(fd), list, size))
CALL_ON(int, vfs_setxattr, (int fd, const char *name, const void *value, size_t size, int flags),
     setxattr(NAME(fd), name, value, size, flags))
CALL_ON(int, vfs_removexattr, (int fd, const char *name), removexattr(NAME(fd), name))

void vfs_umask(mode_t mask)
{
	enum { KNOWN = 01000 };		/* above all bits of a umask */
	static __thread mode_t set;	/* the thread's umask, and KNOWN once this function has set it */

	if (set != (mask | KNOWN))
		umask(mask);
	set = mask | KNOWN;
}

/* Where the kernel has another call for times past 2038, libc knows which of the two works. */
static int set_times(int dir, const char *path, const struct timespec times[2], int flags)
{
#ifdef SYS_utimensat_time64
	return utimensat(dir, path, times, flags);
#else
	return (int)syscall(SYS_utimensat, dir, path, times, flags);
#endif
}

int vfs_utimes(int fd, const struct vfs_time times[2])
{
	const struct timespec t[2] = {
		{ .tv_sec = (time_t)times[0].seconds, .tv_nsec = (long)times[0].nanoseconds },
		{ .tv_sec = (time_t)times[1].seconds, .tv_nsec = (long)times[1].nanoseconds },
	};

	if (set_times(fd, "", t, AT_EMPTY_PATH) == 0)
		return 0;
	return errno != EINVAL ? -errno : (int)call_result(set_times(AT_FDCWD, NAME(fd), t, 0)); /* before 5.8 */
}

int64_t vfs_lseek(int fd, int64_t offset, int whence)
{
	off_t at = lseek(fd, (off_t)offset, whence);

	return at < 0 ? -errno : at;
}

ssize_t vfs_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, size_t length, unsigned int flags)
{
	int64_t in = (int64_t)from_offset, out = (int64_t)to_offset;

	return (ssize_t)call_result(syscall(SYS_copy_file_range, from, &in, to, &out, length, flags));
}

int vfs_lock(int fd, bool get, struct fuse_file_lock *lock)
{
	enum { OFD_GETLK = 36, OFD_SETLK = 37 };
	struct flock l = {
		.l_type = (short)lock->type, .l_whence = SEEK_SET, .l_start = (off_t)lock->start,
		.l_len = lock->end >= INT64_MAX ? 0 : (off_t)(lock->end - lock->start + 1),
	};

	if (syscall(NR_FCNTL, fd, get ? OFD_GETLK : OFD_SETLK, &l) < 0)
		return -errno;
	if (get)
		*lock = (struct fuse_file_lock) {
			.start = (uint64_t)l.l_start, .type = (uint32_t)l.l_type, .pid = (uint32_t)l.l_pid,
			.end = l.l_len ? (uint64_t)(l.l_start + l.l_len - 1) : INT64_MAX,
		};
	return 0;
}

CALL(int, vfs_flock, (int fd, uint32_t type),
     syscall(SYS_flock, fd, type == F_UNLCK ? LOCK_UN : (type == F_RDLCK ? LOCK_SH : LOCK_EX) | LOCK_NB))
CALL_ON(int, vfs_access, (int fd, uint32_t mask), syscall(SYS_faccessat, AT_FDCWD, NAME(fd), mask))
CALL_ON(int, vfs_open_flags, (int fd), syscall(NR_FCNTL, fd, F_GETFL))
CALL_ON(int, vfs_dup, (int fd), syscall(NR_FCNTL, fd, F_DUPFD_CLOEXEC, 0))	/* musl's fcntl() sets the flag once more */
CALL_ON(int, vfs_ioctl, (int fd, uint32_t command, void *data), syscall(SYS_ioctl, fd, command, data))

CALL(int, vfs_handle_of, (int fd, struct vfs_handle *handle),
     (handle->size = sizeof(handle->bytes), syscall(SYS_name_to_handle_at, fd, "", handle, &(int) { 0 }, AT_EMPTY_PATH)))
CALL(int, vfs_open_handle, (int mount, const struct vfs_handle *handle),
     syscall(SYS_open_by_handle_at, mount, handle, O_PATH | O_CLOEXEC))
CALL(int, vfs_backing_open, (int device, int fd),
     syscall(SYS_ioctl, device, FUSE_DEV_IOC_BACKING_OPEN, &(struct fuse_backing_map) { .fd = fd }))
CALL(int, vfs_backing_close, (int device, int32_t id), syscall(SYS_ioctl, device, FUSE_DEV_IOC_BACKING_CLOSE, &id))

/* Root may raise the hard limit, that of descriptors up to fs.nr_open. */
static uint64_t raise_limit(int resource, uint64_t to)
{
	struct { uint64_t now, most; } limit = { to, to };	/* struct rlimit64 */

	if (syscall(SYS_prlimit64, 0, resource, &limit, NULL) < 0
	    && syscall(SYS_prlimit64, 0, resource, NULL, &limit) == 0) {
		limit.now = limit.most > to ? to : limit.most;
		syscall(SYS_prlimit64, 0, resource, &limit, NULL);
	}
	return limit.now;
}

void vfs_raise_file_size(void)
{
	raise_limit(RLIMIT_FSIZE, RLIM_INFINITY);
}

uint32_t vfs_raise_descriptors(void)
{
	enum { ALL = 1 << 20, AT_ONCE = 16 * 1024 };
	uint64_t limit = raise_limit(RLIMIT_NOFILE, ALL);

	/* The kernel doubles the descriptor table when it is full, and once several threads share
	   the table each time takes an RCU grace period. So grow it before threads start. */
	if (limit > AT_ONCE)
		close(dup2(0, AT_ONCE - 1));
	return (uint32_t)limit;
}
