/* SPDX-License-Identifier: MIT */
/* fd_path: paths of descriptors below /proc/self/fd. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/places.h"

/* Once the working directory is /proc/self/fd, sys_fd_path() returns relative paths: it skips so
   many bytes at the beginning. */
static size_t fd_path_skip;
static const char descriptors[] = FD_DIRECTORY;

int sys_enter_fd_directory(void)
{
	int err = sys_chdir(descriptors);

	if (!err)
		fd_path_skip = sizeof(descriptors) - 1;
	return err;
}

/* Clones a mount as a detached, read-only mount, where chmod(2) and chown(2) fail: Landlock does
   not restrict those. Returns a descriptor, or -errno. */
static int clone_read_only(int dir, const char *path, uint64_t more)
{
	enum { CLONE_TREE = 1 };
	const uint64_t attributes[4] = { ATTR_RDONLY | more, 0, 0, 0 };
	int mount = (int)call_result(syscall(NR_OPEN_TREE, dir, path, CLONE_TREE | O_CLOEXEC | AT_EMPTY_PATH)), err;

	if (mount < 0)
		return mount;
	err = (int)call_result(syscall(NR_MOUNT_SETATTR, mount, "", AT_EMPTY_PATH, attributes, sizeof(attributes)));
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

/* Clones the mount of /proc/self/fd, from that directory on: ".." does not leave the root of a
   detached mount, so a lookup there finds only descriptors. Read-only does not apply to the files
   that the magic links lead to, which are on their own mounts. */
static int clone_descriptors(void)
{
	int mount = clone_read_only(AT_FDCWD, descriptors, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);

	if (mount < 0 || sys_magic(mount) == SYS_PROC_MAGIC)
		return mount;
	sys_close(mount);
	return -ENOTDIR;
}

int sys_chroot_with_proc(int root)
{
	int mount = clone_descriptors(), err;

	if (mount < 0)
		return mount;
	err = sys_fchdir(root);
	if (!err)
		err = (int)call_result(syscall(SYS_chroot, "."));
	if (!err)
		err = sys_fchdir(mount);
	sys_close(mount);	/* the working directory pins the mount */
	fd_path_skip = err ? 0 : sizeof(descriptors) - 1;
	return err;
}

const char *sys_fd_path(char path[32], int fd)
{
	size_t end = sizeof(descriptors) - 1;

	for (int rest = fd; rest > 9; rest /= 10)
		end++;
	path[end + 1] = '\0';
	for (; end >= sizeof(descriptors) - 1; end--, fd /= 10)
		path[end] = (char)('0' + fd % 10);
	memcpy(path, descriptors, sizeof(descriptors) - 1);
	return path + fd_path_skip;
}

/* Before 5.8 faccessat(2) cannot check a descriptor itself: use its path below /proc. */
int sys_access(int fd, int how)
{
	char path[32];

	if (syscall(NR_FACCESSAT2, fd, "", how, AT_EACCESS | AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	return (int)call_result(syscall(SYS_faccessat, AT_FDCWD, sys_fd_path(path, fd), how));
}
