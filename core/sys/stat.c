/* SPDX-License-Identifier: MIT */
/* stat: attributes and mount of a file. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/places.h"

enum { WANT_TYPE_MODE_UID = 0xb, WANT_INO = 0x100, MNT_ID = 0x1000, MNT_ID_UNIQUE = 0x4000 };
enum { ATTRIBUTE_MOUNT_ROOT = 0x2000 };

/* Before 5.8 statx(2) returns no mount id, but name_to_handle_at(2) does, even without a handle, on
   FUSE among others. */
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
		dirfd = place_of(&path);
	/* Before 4.19, statx(2) on another user's FUSE mount fails with EACCES. */
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
