/* SPDX-License-Identifier: MIT */
/* whole: files read to their end. Makes no system call but by sys.h. See there. */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>

ssize_t sys_read_all(int fd, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = sys_read(fd, (char *)buf + done, size - done);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t sys_read_file(const char *path, char *buf, size_t size)
{
	int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);	/* the path may name a FIFO */
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_read_all(fd, buf, size - 1);
	sys_close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}
