/* SPDX-License-Identifier: MIT */
/* dir: see dir.h. */
#include "sys/dir.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "sys.h"

int sys_enter_directory(int dir, int *before)
{
	*before = sys_open(".", O_PATH | O_DIRECTORY, 0);
	return sys_fchdir(dir);
}

void sys_leave_directory(int before)
{
	if (before < 0)
		return;
	sys_fchdir(before);
	sys_close(before);
}

struct dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

int sys_opendir(struct sys_dir *dir, int dirfd, const char *path)
{
	dir->at = dir->end = 0;
	dir->fd = sys_openat(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	return dir->fd < 0 ? dir->fd : 0;
}

const char *sys_readdir(struct sys_dir *dir)
{
	for (;;) {
		const struct dirent64 *entry;

		if (dir->at >= dir->end) {
			dir->at = 0;
			dir->end = sys_getdents(dir->fd, dir->buf, sizeof(dir->buf));
			if (dir->end <= 0)
				return NULL;
		}
		entry = (const void *)((const char *)dir->buf + dir->at);
		dir->at += entry->reclen;
		if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
			return entry->name;
	}
}
