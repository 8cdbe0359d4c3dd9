/* SPDX-License-Identifier: MIT */
/* file: files and directories by descriptor and by name. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

CALL(int, sys_close, (int fd), close(fd))
CALL(ssize_t, sys_read, (int fd, void *buf, size_t size), read(fd, buf, size))
CALL(ssize_t, sys_write, (int fd, const void *buf, size_t size), write(fd, buf, size))
CALL(ssize_t, sys_writev, (int fd, const struct iovec *iov, int count), writev(fd, iov, count))
CALL(int, sys_dup2, (int from, int to), dup2(from, to))
CALL(int, sys_pipe, (int fd[2]), syscall(SYS_pipe2, fd, O_CLOEXEC))
CALL(int, sys_dup_above, (int fd, int least), syscall(NR_FCNTL, fd, F_DUPFD_CLOEXEC, least))
CALL(int, sys_set_cloexec, (int fd, bool on), syscall(NR_FCNTL, fd, F_SETFD, on ? FD_CLOEXEC : 0))
CALL(int, sys_set_nonblocking, (int fd), syscall(NR_FCNTL, fd, F_SETFL, syscall(NR_FCNTL, fd, F_GETFL) | O_NONBLOCK))
CALL(int, sys_fd_valid, (int fd), syscall(NR_FCNTL, fd, F_GETFD) < 0 ? -1 : 0)
CALL(ssize_t, sys_readlinkat, (int dir, const char *path, char *buf, size_t size),
     syscall(SYS_readlinkat, dir, path, buf, size))
CALL(int, sys_getdents, (int dir, void *buf, size_t size), syscall(SYS_getdents64, dir, buf, size))
CALL(int, sys_mkdirat, (int dir, const char *path, mode_t mode), mkdirat(dir, path, mode))
CALL(int, sys_linkat, (const char *from, int dir, const char *to), linkat(AT_FDCWD, from, dir, to, 0))
CALL(int, sys_symlinkat, (const char *target, int dir, const char *path), symlinkat(target, dir, path))
CALL(int, sys_unlink, (const char *path), unlink(path))
CALL(int, sys_chdir, (const char *path), chdir(path))
CALL(int, sys_fchdir, (int fd), syscall(SYS_fchdir, fd))
CALL(int, sys_getcwd, (char *buf, size_t size), syscall(SYS_getcwd, buf, size) < 0 ? -1 : 0)

int64_t sys_magic(int fd)
{
	struct statfs s;

	if (fstatfs(fd, &s) < 0)
		return -errno;
	return (uint32_t)s.f_type;
}

int sys_lock_byte(int fd, uint64_t byte)
{
	enum { OFD_SETLK = 37 };	/* <fcntl.h> defines it only with some feature macros */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1 };

	return (int)call_result(syscall(NR_FCNTL, fd, OFD_SETLK, &lock));
}

int sys_write_all(int fd, const void *buf, size_t size)
{
	const char *at = buf;

	while (size) {
		ssize_t n = sys_write(fd, at, size);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}
