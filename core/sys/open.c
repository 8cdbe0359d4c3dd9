/* SPDX-License-Identifier: MIT */
/* open: open and read files by path, from the directories of sys_keep_places(). See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/places.h"

int sys_open(const char *path, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	int start = dir == AT_FDCWD ? place_of(&path) : dir;

	return start == NO_PLACE ? -ENOENT : (int)call_result(openat(start, path, flags | O_CLOEXEC, mode));
}

/* With RESOLVE_BENEATH or RESOLVE_IN_ROOT the kernel returns EAGAIN if a rename or mount happened
   during the lookup of "..": try again. */
int sys_openat2(int dir, const char *path, int flags, unsigned int resolve)
{
	const uint64_t how[3] = { (unsigned int)(flags | O_CLOEXEC), 0, resolve };
	int fd, tries = 100;

	do
		fd = (int)call_result(syscall(NR_OPENAT2, dir, path, how, sizeof(how)));
	while (fd == -EAGAIN && --tries > 0);
	return fd;
}

int sys_open_private(int dir, const char *name)
{
	enum { FLAGS = O_RDWR | O_NOFOLLOW | O_NONBLOCK };
	int fd = sys_openat(dir, name, FLAGS, 0);
	mode_t mask;

	/* Before Linux 6.12 O_CREAT waits for the directory's lock, which a user can hold, even if the file exists. */
	if (fd != -ENOENT)
		return fd;
	mask = umask(0);
	fd = sys_openat(dir, name, FLAGS | O_CREAT, 0600);
	umask(mask);
	return fd;
}

ssize_t sys_readlink(const char *path, char *buf, size_t size)
{
	int start = place_of(&path);

	return sys_readlinkat(start, path, buf, size);
}
